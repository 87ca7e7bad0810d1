"""PyTorch's GFLOP/s and times for the layers of `NetworkBench general` (float32, two threads): the better of plain and channels-last memory for each direction.

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

# Milliseconds for what moves more than it computes, on 16 channels.
P = nn.functional
MOVES = [
    ("maxpool 3 by 2", lambda x, c, v: P.max_pool3d(x, 3, 2, ceil_mode=True)),
    ("maxpool 3 by 1", lambda x, c, v: P.max_pool3d(x, 3, 1, 1)),
    ("avgpool 2", lambda x, c, v: P.avg_pool3d(x, 2)),
    ("avgpool 3 by 1", lambda x, c, v: P.avg_pool3d(x, 3, 1, 1, count_include_pad=False)),
    ("globalpool", lambda x, c, v: P.adaptive_avg_pool3d(x, 1)),
    ("multiply by a voxel", lambda x, c, v: x * v),
    ("multiply by a channel", lambda x, c, v: x * c),
    ("multiply", lambda x, c, v: x * x.detach()),
    ("add", lambda x, c, v: x + x.detach()),
]
for name, move in MOVES:
    times = []
    for memory in (torch.contiguous_format, torch.channels_last_3d):
        x = torch.randn(1, 16, *SHAPE).to(memory_format=memory).requires_grad_()
        c, v = torch.randn(1, 1, *SHAPE).requires_grad_(), torch.randn(1, 16, 1, 1, 1).requires_grad_()
        out = move(x, c, v)
        g = torch.randn(out.shape).to(memory_format=memory)
        wanted = [t for t in (x, c, v) if t is x or t is c and "channel" in name or t is v and "voxel" in name]
        with torch.no_grad():
            forward = best(lambda: move(x, c, v), 5)
        times.append((forward, best(lambda: torch.autograd.grad(out, wanted, g, retain_graph=True), 5)))
    f, b = (1000 * min(pair) for pair in zip(*times))
    print(f"{name}: forward {f:.2f} ms backward {b:.2f} ms", flush=True)
