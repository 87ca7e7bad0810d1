"""PyTorch's GFLOP/s for the layers of `NetworkBench general` (float32, two threads): the better of plain and channels-last memory for each direction.

Usage: general_layers.py. Needs torch.
"""

import time

import torch
from torch import nn

torch.set_num_threads(2)
SHAPE = (80, 64, 48)
C, T = nn.Conv3d, nn.ConvTranspose3d
LAYERS = [
    ("5×5×5 16→16", C(16, 16, 5, padding=2)),
    ("1×1×1 32→16", C(32, 16, 1)),
    ("stride 2 16→32", C(16, 32, 3, 2, 1)),
    ("dilation 4 16→16", C(16, 16, 3, padding=4, dilation=4)),
    ("dilation 4 5→5", C(5, 5, 3, padding=4, dilation=4)),
    ("dilation 4 21→21", C(21, 21, 3, padding=4, dilation=4)),
    ("transposed 2 by 2 32→16", T(32, 16, 2, 2)),
    ("depthwise 16", C(16, 16, 3, padding=1, groups=16)),
    ("depthwise 5×5×5 16", C(16, 16, 5, padding=2, groups=16)),
    ("depthwise stride 2 16", C(16, 16, 3, 2, 1, groups=16)),
    ("groups 4 16→16", C(16, 16, 3, padding=1, groups=4)),
    ("groups 2 32→32", C(32, 32, 3, padding=1, groups=2)),
]


def best(run, repeats=3):
    run()
    times = []
    for _ in range(repeats):
        began = time.monotonic()
        run()
        times.append(time.monotonic() - began)
        if times[-1] > 3:
            break
    return min(times)


for name, layer in LAYERS:
    rates = []
    for memory in (torch.contiguous_format, torch.channels_last_3d):
        net = layer.to(memory_format=memory)
        x = torch.randn(1, layer.in_channels, *SHAPE).to(memory_format=memory).requires_grad_()
        with torch.no_grad():
            y = net(x)
        voxels = (x if isinstance(layer, T) else y)[0, 0].numel()
        flops = 2 * layer.weight.numel() * voxels
        g = torch.randn_like(y)
        out = net(x)
        with torch.no_grad():
            forward = best(lambda: net(x))
        data = best(lambda: torch.autograd.grad(out, x, g, retain_graph=True))
        weights = best(lambda: torch.autograd.grad(out, (layer.weight, layer.bias), g, retain_graph=True))
        rates.append([flops / t / 1e9 for t in (forward, data, weights)])
    f, d, w = (max(pair) for pair in zip(*rates))
    print(f"{name}: forward {f:.1f} data {d:.1f} weights {w:.1f}", flush=True)
