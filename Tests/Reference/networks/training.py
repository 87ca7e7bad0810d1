"""Reference numbers for losses, optimisers, schedules and whole training steps, from PyTorch and MONAI in double precision.

Run: python training.py (needs torch, monai and numpy); the files are small and kept beside this script.
"""
import json
import os
import struct

import numpy as np
import torch
import torch.nn.functional as F
from monai.losses import DiceLoss, FocalLoss, TverskyLoss

torch.set_default_dtype(torch.float64)
HERE = os.path.dirname(os.path.abspath(__file__))


def write(path, tensors, metadata):
    header, offset, blob = {"__metadata__": metadata}, 0, b""
    for name, t in tensors.items():
        data = np.ascontiguousarray(t.detach().numpy().astype("<f4")).tobytes()
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        blob += data
    text = json.dumps(header).encode()
    with open(os.path.join(HERE, path), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + blob)


# Losses: for logits and targets, the loss and its gradient by the logits, and by the probabilities where each channel is by itself.

dice = DiceLoss(smooth_nr=1, smooth_dr=1)
tversky = TverskyLoss(alpha=0.3, beta=0.7, smooth_nr=0.5, smooth_dr=0.5)


def one_by_one(x, t):
    p = torch.sigmoid(x)
    return {
        "dice": dice(p, t),
        "bce": F.binary_cross_entropy(p, t),
        "dice+bce": dice(p, t) + F.binary_cross_entropy(p, t),
        "tversky": tversky(p, t),
        "focal 2": FocalLoss(gamma=2.0)(x, t),
        "focal 1.5 0.25": FocalLoss(gamma=1.5, alpha=0.25)(x, t),
    }


def classes(x, t):
    p = torch.softmax(x, 1)
    # MONAI's mean runs over the classes too.
    focal = FocalLoss(gamma=2.0, use_softmax=True)(x, t) * x.shape[1]
    return {"ce": F.cross_entropy(x, t), "dice+ce": dice(p, t) + F.cross_entropy(x, t), "focal classes 2": focal, "dice": dice(p, t)}


generator = torch.Generator().manual_seed(5)
tensors, values = {}, {}
for name, channels, losses in [("one", 1, one_by_one), ("three", 3, one_by_one), ("seventeen", 17, classes), ("two", 2, classes)]:
    shape = (2, channels, 5, 3, 7)
    x = (torch.randn(*shape, generator=generator) * 3).float().double()
    if losses is classes:
        t = F.one_hot(torch.randint(0, channels, (2, 5, 3, 7), generator=generator), channels).movedim(-1, 1).double()
    else:
        t = (torch.rand(*shape, generator=generator) < 0.3).double()
    tensors[f"{name}.logits"], tensors[f"{name}.targets"] = x, t
    for loss in losses(x, t):
        leaf = x.clone().requires_grad_()
        value = losses(leaf, t)[loss]
        values[f"{name}.{loss}"] = value.item()
        tensors[f"{name}.{loss}.gradient"] = torch.autograd.grad(value, leaf)[0]
write("losses.safetensors", tensors, {"losses": json.dumps(values), "shape": "[7, 3, 5]", "batch": "2"})

# Optimisers: 40 weights, 50 steps with given gradients of very different sizes, the rate falling along a cosine.

generator = torch.Generator().manual_seed(3)
w = torch.randn(40, generator=generator).float().double()
gradients = [(torch.randn(40, generator=generator) * 10.0 ** torch.randint(-4, 2, (40,), generator=generator)).float().double() for _ in range(50)]
tensors = {"before": w, "gradients": torch.stack(gradients)}
makers = {
    "adam": lambda p: torch.optim.Adam(p, lr=1e-2, betas=(0.8, 0.99), eps=1e-7),
    "adamw": lambda p: torch.optim.AdamW(p, lr=1e-2, betas=(0.9, 0.999), eps=1e-7, weight_decay=0.05),
    "sgd": lambda p: torch.optim.SGD(p, lr=1e-2, momentum=0.9, weight_decay=0.01),
    "nesterov": lambda p: torch.optim.SGD(p, lr=1e-2, momentum=0.9, nesterov=True),
}
for name, make in makers.items():
    p = w.clone().requires_grad_()
    optimizer = make([p])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50)
    for g in gradients:
        p.grad = g.clone()
        optimizer.step()
        schedule.step()
    tensors[name] = p

# Schedules: the factor of each of 50 steps; for the plateau that of each epoch, with the losses that it saw.

S = torch.optim.lr_scheduler


def factors(make, steps=50):
    p = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=1.0)
    schedule = make(optimizer)
    out = []
    for _ in range(steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return torch.tensor(out)


def warm(rest, length):
    def make(optimizer):
        return S.SequentialLR(optimizer, [S.LinearLR(optimizer, 1 / length, 1, length - 1), rest(optimizer)], [length])

    return make


tensors["cosine"] = factors(lambda o: S.CosineAnnealingLR(o, 50, eta_min=0.1))
tensors["poly"] = factors(lambda o: S.PolynomialLR(o, 50, 0.9))
tensors["onecycle"] = factors(lambda o: S.OneCycleLR(o, 1.0, total_steps=50, cycle_momentum=False))
tensors["warm cosine"] = factors(warm(lambda o: S.CosineAnnealingLR(o, 42), 8))
losses = (1 / (1 + torch.arange(40.0)).clamp(max=9) + 0.01 * torch.rand(40, generator=generator)).float().double()
p = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([p], lr=1.0)
plateau, seen = S.ReduceLROnPlateau(optimizer, factor=0.5, patience=3), []
for loss in losses:
    plateau.step(loss.item())
    seen.append(optimizer.param_groups[0]["lr"])
tensors["plateau losses"], tensors["plateau"] = losses, torch.tensor(seen)
write("optimisers.safetensors", tensors, {})

# Whole steps: a small network with batch normalisation, Dice and cross-entropy, AdamW, the gradient's length clipped, a cosine after a warm-up, and the running
# average of all weights and statistics.

generator = torch.Generator().manual_seed(9)


def draw(*shape, scale=1.0):
    return (torch.randn(*shape, generator=generator) * scale).float().double()


net = torch.nn.Sequential(
    torch.nn.Conv3d(1, 4, 3, padding=1, bias=False), torch.nn.BatchNorm3d(4, eps=1e-3), torch.nn.ReLU(), torch.nn.Conv3d(4, 1, 1), torch.nn.Sigmoid())
with torch.no_grad():
    for p in net.parameters():
        p.copy_(draw(*p.shape, scale=0.5))
x, t = draw(2, 1, 4, 6, 8), (torch.rand(2, 1, 4, 6, 8, generator=generator) < 0.4).double()
names = {
    "0.weight": "layer.1.conv3d.weight", "1.weight": "layer.2.batchnorm.weight", "1.bias": "layer.2.batchnorm.bias",
    "1.running_mean": "layer.2.batchnorm.running_mean", "1.running_var": "layer.2.batchnorm.running_var", "3.weight": "layer.4.conv3d.weight",
    "3.bias": "layer.4.conv3d.bias",
}
tensors = {"image": x, "target": t} | {f"before.{names[k]}": v.clone() for k, v in net.state_dict().items() if k in names}
average = {k: v.clone() for k, v in net.state_dict().items()}
optimizer = torch.optim.AdamW(net.parameters(), lr=0.05, eps=1e-7, weight_decay=0.05)
schedule = warm(lambda o: S.CosineAnnealingLR(o, 5), 3)(optimizer)
results, norms = [], []
for step in range(8):
    statistics = min(0.99, (1 + step) / (10 + step))
    net[1].momentum = 1 - statistics
    before = {k: v.clone() for k, v in net.state_dict().items()}
    optimizer.zero_grad()
    p = net(x)
    loss = dice(p, t) + F.binary_cross_entropy(p, t)
    loss.backward()
    norms.append(torch.nn.utils.clip_grad_norm_(net.parameters(), 0.2).item())
    optimizer.step()
    schedule.step()
    results.append(loss.item())
    n = x.shape[0] * x.shape[2] * x.shape[3] * x.shape[4]
    with torch.no_grad():
        # The running variance here is that of the batch itself; PyTorch's is n / (n - 1) times as large.
        change = net[1].running_var - statistics * before["1.running_var"]
        net[1].running_var.copy_(statistics * before["1.running_var"] + change * (n - 1) / n)
        keep = min(0.8, (1 + step) / (10 + step))
        for k, v in net.state_dict().items():
            if k in names:
                average[k] = keep * average[k] + (1 - keep) * v
tensors |= {f"average.{names[k]}": average[k] for k in names}
write("training.safetensors", tensors, {"losses": json.dumps(results), "norms": json.dumps(norms)})
