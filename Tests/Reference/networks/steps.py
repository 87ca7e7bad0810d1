"""Whole U-Nets from PyTorch in double precision: a training step, fifty steps, and predictions of sizes that no pooling divides.

Weights, images and targets are formulas of an index, so that the test computes them itself. An array's values are stored as 64 random projections:
with independent signs s, the mean of (s · a − s · b)² over projections estimates ‖a − b‖², whatever the difference looks like.

The gradient of such a network is not continuous: an input of a ReLU that lies so near 0 that rounding moves it across, or a pooling window whose
largest values are that close, changes the gradients by about 1 / sqrt(values of that layer), far more than rounding itself. So the steps whose
gradients are compared closely have weights from a seed that keeps all of those apart ("margin", relative to the root mean square of the tensor), and
biases that keep most values away from 0. The larger steps are as they come, the last at half of the tutorial's size; each is stored with what single precision alone does to PyTorch's own gradients
and with the difference that the test allows ("within").
Run: python steps.py (needs torch and numpy; a few minutes); writes unet_steps.json.
"""
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = 0x9E3779B97F4A7C15


def bits(name, count):
    """SplitMix64 (Steele, Lea, Flood 2014) of count places, from a stream that is the name's FNV-1a hash."""
    stream = 0xCBF29CE484222325
    for byte in name.encode():
        stream = (stream ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(stream) + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def uniform(name, shape):
    """From −1 to below 1, exact in single precision."""
    u = (bits(name, int(np.prod(shape))) >> np.uint64(40)).astype(np.float64) / 2**23 - 1
    return torch.from_numpy(u.reshape(shape))


def projections(values):
    flat = values.detach().numpy().ravel()
    signs = bits("signs", flat.size)
    return [float(f"{np.sum(np.where(signs >> np.uint64(j) & np.uint64(1), flat, -flat)):.9g}") for j in range(64)]


def described(values):
    return {"norm": float(f"{values.detach().norm():.9g}"), "projections": projections(values)}


class UNet(torch.nn.Module):
    def __init__(self, filters, depth, seed=0):
        super().__init__()
        self.seed, self.margin = seed, None
        self.filters, self.depth = filters, depth
        self.layers, self.names, self.index = torch.nn.ModuleDict(), {}, 0
        # The graph numbers its layers in the order in which they run; the input is 0.
        self.channels = 1
        for level in range(depth):
            self.block(filters << level)
            self.index += 2  # pooling, dropout
        self.block(filters << depth)
        self.block(filters << depth)
        for level in reversed(range(depth)):
            n = filters << level
            self.add("upconv3d", torch.nn.ConvTranspose3d(self.channels, n, 3, stride=2))
            self.index += 3  # ReLU, concat, dropout
            self.channels = 2 * n
            self.block(n)
        self.add("conv3d", torch.nn.Conv3d(self.channels, 1, 1))
        self.set_weights()

    def add(self, kind, module):
        self.index += 1
        self.layers[str(len(self.layers))] = module
        for name, _ in list(module.named_parameters()) + list(module.named_buffers()):
            if name != "num_batches_tracked":
                self.names[f"layers.{len(self.layers) - 1}.{name}"] = f"layer.{self.index}.{kind}.{name}"

    def block(self, n):
        for _ in range(2):
            self.add("conv3d", torch.nn.Conv3d(self.channels, n, 3, padding=1))
            self.add("batchnorm", torch.nn.BatchNorm3d(n, eps=1e-3, momentum=0.01))
            self.index += 1  # ReLU
            self.channels = n

    def arrays(self):
        own = dict(self.named_parameters()) | dict(self.named_buffers())
        return {name: own[key] for key, name in self.names.items()}

    def set_weights(self):
        for name, p in self.arrays().items():
            u = uniform(f"{self.seed} {name}", tuple(p.shape))
            kind, what = name.split(".")[2:]
            if what == "weight" and kind == "batchnorm":
                u = 1 + 0.25 * u
            elif what == "weight":
                inputs = p.shape[0] if kind == "upconv3d" else p.shape[1]
                u = u * (6 / (inputs * p[0, 0].numel())) ** 0.5
            elif what == "running_var":
                u = 1 + 0.5 * u
            elif what == "bias" and kind != "conv3d":
                u = torch.where(u < 0, -1.5, 1.5) + 0.125 * u
            else:
                u = 0.125 * u
            p.data = u.float().double()

    def forward(self, x):
        layers = iter(self.layers.values())

        def block(x):
            for _ in range(2):
                convolution, norm = next(layers), next(layers)
                x = self.relu(self.normalised(norm, convolution(x)))
            return x

        skips = []
        for _ in range(self.depth):
            x = block(x)
            skips.append(x)
            x = self.pool(x)
        x = block(block(x))
        for skip in reversed(skips):
            up = next(layers)
            # "Same" as Keras cuts it: the first 2n of the 2n + 1 planes.
            x = self.relu(up(x)[:, :, :-1, :-1, :-1])
            x = block(torch.cat([x, skip], 1))
        return next(layers)(x).sigmoid()

    def keep_margin(self, gap, scale):
        if self.margin is not None and gap.numel() > 0:
            self.margin = min(self.margin, (gap.min() / scale.square().mean().sqrt()).item())

    def relu(self, x):
        self.keep_margin(x.detach().abs(), x.detach())
        return x.relu()

    def pool(self, x):
        windows = x.detach().unfold(2, 2, 2).unfold(3, 2, 2).unfold(4, 2, 2).reshape(-1, 8)
        first, second = windows.topk(2).values.unbind(1)
        self.keep_margin((first - second)[second > 0], x.detach())
        return F.max_pool3d(x, 2)

    def normalised(self, norm, x):
        """As the module, but that the running variance follows the biased variance, as the program (and Keras) has it."""
        if not self.training:
            return norm(x)
        with torch.no_grad():
            norm.running_mean.mul_(0.99).add_(0.01 * x.mean((0, 2, 3, 4)))
            norm.running_var.mul_(0.99).add_(0.01 * x.var((0, 2, 3, 4), unbiased=False))
        return F.batch_norm(x, None, None, norm.weight, norm.bias, True, 0, norm.eps)


def heads(shape, batch):
    """Balls that are brighter than the noise around them. Shape is (x, y, z); tensors are N, C, z, y, x."""
    image, target = [], []
    for n in range(batch):
        z, y, x = np.meshgrid(*(np.arange(s) for s in reversed(shape)), indexing="ij")
        # In half voxels, so that the border is decided exactly.
        centre = [s + (n * s) // 4 for s in shape]
        inside = (2 * x - centre[0]) ** 2 + (2 * y - centre[1]) ** 2 + (2 * z - centre[2]) ** 2 < (min(shape) * 3 // 4) ** 2
        target.append(torch.from_numpy(inside.astype(np.float64)))
        image.append(target[-1] + uniform(f"image {n}", inside.shape))
    return torch.stack(image).float().double().unsqueeze(1), torch.stack(target).unsqueeze(1)


def dice_loss(p, target):
    axes = (1, 2, 3, 4)
    return (1 - (2 * (p * target).sum(axes) + 1) / (p.sum(axes) + target.sum(axes) + 1)).mean()


def gradients(filters, depth, shape, batch, seed, dtype=torch.float64):
    net = UNet(filters, depth, seed).to(dtype)
    image, target = heads(shape, batch)
    net.margin = float("inf")
    out = net(image.to(dtype))
    loss = dice_loss(out, target.to(dtype))
    loss.backward()
    return net, out, loss


def farthest_from_edges(filters, depth, shape, batch, seeds):
    def margin(seed):
        net = UNet(filters, depth, seed)
        net.margin = float("inf")
        with torch.no_grad():
            net(heads(shape, batch)[0])
        return net.margin

    return max(range(seeds), key=margin)


def step(filters, depth, shape, batch, seeds=1, within=1e-3):
    seed = farthest_from_edges(filters, depth, shape, batch, seeds)
    net, out, loss = gradients(filters, depth, shape, batch, seed)
    arrays = net.arrays()
    wanted = {name: p.grad for name, p in arrays.items() if p.requires_grad}
    single = gradients(filters, depth, shape, batch, seed, torch.float32)[0].arrays()
    differences = [float((single[name].grad - g).norm() / g.norm()) for name, g in wanted.items() if g.norm() > 1e-12]
    print(filters, depth, shape, batch, "seed", seed, "margin", net.margin, "single precision", max(differences))
    return {
        "filters": filters, "depth": depth, "shape": shape, "batch": batch, "seed": seed, "margin": float(f"{net.margin:.3g}"), "within": within,
        "single_precision": float(f"{max(differences):.3g}"), "loss": loss.item(), "output": described(out),
        "gradients": {name: described(g) for name, g in wanted.items()},
        "statistics": {name: described(p) for name, p in arrays.items() if not p.requires_grad},
    }


def curve(filters, depth, shape, batch, steps):
    net = UNet(filters, depth)
    image, target = heads(shape, batch)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, eps=1e-7)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = dice_loss(net(image), target)
        loss.backward()
        optimizer.step()
        losses.append(float(f"{float(loss):.9g}"))
    return {"filters": filters, "depth": depth, "shape": shape, "batch": batch, "losses": losses}


def prediction(filters, depth, shape):
    """Zeros up to the next multiple at the far ends, and cut off again."""
    net = UNet(filters, depth).eval()
    image = uniform("image", tuple(reversed(shape))).float().double()[None, None]
    pads = []
    for s in shape:
        pads += [0, -s % (1 << depth)]
    with torch.no_grad():
        out = net(F.pad(image, pads))[:, :, : shape[2], : shape[1], : shape[0]]
    return {"filters": filters, "depth": depth, "shape": shape, "output": described(out)}


result = {
    "steps": [
        step(16, 2, (8, 16, 8), 2, seeds=150), step(16, 3, (16, 16, 8), 1, seeds=150), step(8, 2, (16, 12, 8), 3, seeds=150),
        step(16, 3, (32, 32, 48), 2, within=2e-2), step(16, 4, (48, 64, 80), 1),
    ],
    "curves": [curve(16, 3, (16, 24, 32), 2, 50), curve(8, 2, (16, 24, 20), 2, 50)],
    "predictions": [prediction(16, 3, s) for s in [(1, 1, 1), (2, 3, 5), (9, 8, 7), (97, 61, 43)]] + [prediction(8, 3, (61, 43, 97))],
}
with open(os.path.join(HERE, "unet_steps.json"), "w") as f:
    json.dump(result, f, separators=(",", ":"))
    f.write("\n")
