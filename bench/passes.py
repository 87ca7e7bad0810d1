"""PyTorch's milliseconds for the layers of `NetworkBench passes` (float32, two threads): the better of plain and channels-last memory for each direction.

Usage: passes.py. Needs torch.
"""

import time

import torch
import torch.nn.functional as F

torch.set_num_threads(2)
SHAPE = (160, 128, 96)
HALF = (80, 64, 48)
w, b = torch.ones(16, requires_grad=True), torch.zeros(16, requires_grad=True)
up = lambda mode: lambda x: F.interpolate(x, scale_factor=2, mode=mode)
LAYERS = [
    ("relu", F.relu), ("sigmoid", torch.sigmoid),
    ("instancenorm", lambda x: F.instance_norm(x, weight=w, bias=b)),
    ("groupnorm of 4", lambda x: F.group_norm(x, 4, w, b)),
    ("layernorm", lambda x: F.group_norm(x, 1, w, b)),
    ("leakyrelu", F.leaky_relu), ("elu", F.elu), ("gelu", F.gelu), ("silu", F.silu),
    ("softmax", lambda x: x.softmax(1)), ("channeldropout", lambda x: F.dropout3d(x, 0.2)),
    ("upsample nearest", up("nearest")), ("upsample trilinear", up("trilinear")),
]


def best(run, repeats=3):
    run()
    times = []
    for _ in range(repeats):
        began = time.monotonic()
        run()
        times.append(time.monotonic() - began)
        if times[-1] > 2:
            break
    return min(times)


for name, layer in LAYERS:
    rates = []
    for memory in (torch.contiguous_format, torch.channels_last_3d):
        x = (4 * torch.rand(1, 16, *(HALF if name.startswith("upsample") else SHAPE)) - 2).to(memory_format=memory).requires_grad_()
        out = layer(x)
        g = torch.randn_like(out)
        wanted = (x, w, b) if name.endswith("norm") or name.startswith("groupnorm") else (x,)
        with torch.no_grad():
            forward = best(lambda: layer(x))
        rates.append((forward, best(lambda: torch.autograd.grad(out, wanted, g, retain_graph=True))))
    f, d = (min(pair) for pair in zip(*rates))
    print(f"{name}: forward {1000 * f:.1f} backward {1000 * d:.1f} ms", flush=True)
