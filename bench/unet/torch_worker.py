"""PyTorch's turn: the network of stdlib/unet3d.ss, channels last. Usage: torch_worker.py float32|bf16 FILTERS DEPTH X Y Z BATCH."""

import contextlib

import torch
from torch import nn

import worker

mode, filters, depth, shape, batch = worker.arguments()
torch.set_num_threads(2)


class Block(nn.Module):
    def __init__(self, inputs, filters):
        super().__init__()
        layers = []
        for n in (inputs, filters):
            layers += [nn.Conv3d(n, filters, 3, padding=1), nn.BatchNorm3d(filters, eps=1e-3), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


class UNet(nn.Module):
    def __init__(self, filters, depth):
        super().__init__()
        sizes = [filters * 2**level for level in range(depth + 1)]
        self.down = nn.ModuleList(Block(a, b) for a, b in zip([1] + sizes, sizes[:-1]))
        self.bottom = nn.Sequential(Block(sizes[-2], sizes[-1]), Block(sizes[-1], sizes[-1]))
        steps = list(zip(sizes[::-1], sizes[-2::-1]))
        self.up = nn.ModuleList(nn.ConvTranspose3d(a, b, 3, 2, 1, 1) for a, b in steps)
        self.join = nn.ModuleList(Block(2 * b, b) for _, b in steps)
        self.pool, self.drop, self.out = nn.MaxPool3d(2), nn.Dropout(0.05), nn.Conv3d(filters, 1, 1)

    def forward(self, x):
        kept = []
        for block in self.down:
            kept.append(block(x))
            x = self.drop(self.pool(kept[-1]))
        x = self.bottom(x)
        for up, block in zip(self.up, self.join):
            x = block(self.drop(torch.cat([torch.relu(up(x)), kept.pop()], 1)))
        return torch.sigmoid(self.out(x))


net = UNet(filters, depth).to(memory_format=torch.channels_last_3d)
adam = torch.optim.Adam(net.parameters(), 1e-3, eps=1e-7)
image = torch.rand(batch, 1, *shape[::-1]).to(memory_format=torch.channels_last_3d)
target = (torch.rand(batch, 1, *shape[::-1]) > 0.5).float()


def precision():
    return torch.autocast("cpu", dtype=torch.bfloat16) if mode == "bf16" else contextlib.nullcontext()


def step():
    net.train()
    with precision():
        p = net(image)
    p = p.float()
    axes = (1, 2, 3, 4)
    loss = (1 - (2 * (p * target).sum(axes) + 1) / (p.sum(axes) + target.sum(axes) + 1)).mean()
    adam.zero_grad(set_to_none=True)
    loss.backward()
    adam.step()
    return loss.item()


def infer():
    net.eval()
    with torch.inference_mode(), precision():
        return net(image[:1]) is not None


statistics = [b for name, b in net.named_buffers() if not name.endswith("num_batches_tracked")]
worker.serve(sum(t.numel() for t in [*net.parameters(), *statistics]), step, infer)
