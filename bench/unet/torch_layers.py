"""Seconds of a 3×3×3 layer's three computations in PyTorch: torch_layers.py contiguous|channels_last < layers, one line each, FROM TO X Y Z."""

import sys
import time

import torch

memory = torch.channels_last_3d if sys.argv[1] == "channels_last" else torch.contiguous_format
torch.set_num_threads(2)


def seconds(flops, run):
    run()
    times = []
    for _ in range(min(300, max(5, int(6e10 / flops)))):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


for line in sys.stdin:
    inputs, outputs, x, y, z = map(int, line.split())
    image = torch.rand(1, inputs, z, y, x).contiguous(memory_format=memory)
    weights = (torch.rand(outputs, inputs, 3, 3, 3) - 0.5).contiguous(memory_format=memory)
    gradient = torch.rand(1, outputs, z, y, x).contiguous(memory_format=memory)
    flops = 2 * 27 * inputs * outputs * x * y * z

    def backward(data, weight):
        return torch.ops.aten.convolution_backward(
            gradient, image, weights, None, [1] * 3, [1] * 3, [1] * 3, False, [0] * 3, 1, [data, weight, False])

    with torch.inference_mode():
        times = [
            seconds(flops, lambda: torch.conv3d(image, weights, padding=1)), seconds(flops, lambda: backward(True, False)),
            seconds(flops, lambda: backward(False, True)),
        ]
    print(inputs, outputs, x, y, z, *times, flush=True)
