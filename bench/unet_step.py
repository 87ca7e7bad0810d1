"""A training step of the tutorial's U-Net (96×128×160, 16 filters, batch 1) against PyTorch's (float32, channels last), in turn, in one run.

Usage: unet_step.py SKULLSTRIP [RUNS]. Needs torch. Both use two threads; each process' peak memory is its own.
"""

import resource
import statistics
import subprocess
import sys
import time

import torch
from torch import nn

program, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
torch.set_num_threads(2)

OURS = """
head = phantom(seed=1)
pair = {image: normalize(head.image), mask: head.mask}
run = fit(unet3d(seed=1), [pair, pair], epochs=1, batch=1)
print(run.seconds / 2, peak_memory() / 1000)
"""


class Block(nn.Module):
    def __init__(self, inputs, filters):
        super().__init__()
        layers = []
        for n in (inputs, filters):
            layers += [nn.Conv3d(n, filters, 3, padding=1), nn.BatchNorm3d(filters), nn.ReLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


class UNet(nn.Module):
    def __init__(self, filters=16, depth=4):
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


net = UNet().to(memory_format=torch.channels_last_3d)
adam = torch.optim.Adam(net.parameters(), 1e-3)
image = torch.randn(1, 1, 160, 128, 96).to(memory_format=torch.channels_last_3d)
target = (torch.rand(1, 1, 160, 128, 96) > 0.8).float()


def theirs():
    began = time.monotonic()
    p = net(image)
    loss = 1 - (2 * (p * target).sum() + 1) / (p.sum() + target.sum() + 1)
    adam.zero_grad()
    loss.backward()
    adam.step()
    return time.monotonic() - began


print(f"{sum(p.numel() for p in net.parameters()):,} trainable parameters")
theirs()
times = []
for _ in range(runs):
    seconds, peak = subprocess.run([program, "-e", OURS], check=True, capture_output=True, text=True).stdout.split()[:2]
    times.append((float(seconds), theirs()))
a, b = (statistics.median(t) for t in zip(*times))
print(f"skullstrip {a:.2f} s, {float(peak):.2f} GB; PyTorch {b:.2f} s, "
      f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB; ratio of medians {b / a:.2f}")
