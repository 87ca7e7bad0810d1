"""Reference numbers for the network core, from PyTorch in double precision.

Each case is a model file (safetensors layout, written here with struct and json alone) that also holds the input, the output, a gradient of the
output, and the gradients that follow from it. Run: python make.py (needs torch and numpy); the files are small and kept beside this script.
"""
import json
import os
import struct

import numpy as np
import torch
import torch.nn.functional as F

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
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + blob)


class Graph:
    """Mirrors the builder: layers with inputs, run with torch. Sizes in arguments are (x, y, z); tensors are N, C, z, y, x."""

    def __init__(self, channels, seed):
        self.layers, self.channels, self.params = [], [], {}
        self.generator = torch.Generator().manual_seed(seed)
        self.add("input", [], channels, channels=channels)

    def add(self, kind, inputs, width, **attributes):
        self.layers.append({"kind": kind, "inputs": inputs, **attributes})
        self.channels.append(width)
        return len(self.layers) - 1

    def param(self, index, name, shape, scale=1.0, shift=0.0):
        value = torch.randn(*shape, generator=self.generator) * scale + shift
        # Weights are stored in single precision: use exactly those.
        value = value.float().double()
        self.params[f"layer.{index}.{self.layers[index]['kind']}.{name}"] = value.requires_grad_(not name.startswith("running"))

    def conv(self, x, filters, kernel=(3, 3, 3), stride=(1, 1, 1), dilation=(1, 1, 1), bias=True):
        i = self.add("conv3d", [x], filters, filters=filters, kernel=kernel, stride=stride, dilation=dilation, bias=bias)
        fan = self.channels[x] * kernel[0] * kernel[1] * kernel[2]
        self.param(i, "weight", (filters, self.channels[x], *reversed(kernel)), (2 / fan) ** 0.5)
        if bias:
            self.param(i, "bias", (filters,), 0.1)
        return i

    def up(self, x, filters, kernel=(3, 3, 3), stride=(2, 2, 2)):
        i = self.add("upconv3d", [x], filters, filters=filters, kernel=kernel, stride=stride)
        fan = self.channels[x] * kernel[0] * kernel[1] * kernel[2]
        self.param(i, "weight", (self.channels[x], filters, *reversed(kernel)), (4 / fan) ** 0.5)
        self.param(i, "bias", (filters,), 0.1)
        return i

    def norm(self, x, momentum=0.99, epsilon=1e-3):
        c = self.channels[x]
        i = self.add("batchnorm", [x], c, momentum=momentum, epsilon=epsilon)
        self.param(i, "weight", (c,), 0.3, 1.0)
        self.param(i, "bias", (c,), 0.3)
        self.param(i, "running_mean", (c,), 0.1)
        self.params[f"layer.{i}.batchnorm.running_var"] = (torch.rand(c, generator=self.generator) + 0.5).float().double()
        return i

    def simple(self, kind, x, **attributes):
        return self.add(kind, [x], self.channels[x], **attributes)

    def relu(self, x):
        return self.simple("relu", x)

    def concat(self, parts):
        return self.add("concat", parts, sum(self.channels[p] for p in parts))

    def run(self, image, training):
        values, self.new_statistics = [image], {}
        for i, layer in enumerate(self.layers):
            if i == 0:
                continue
            x = values[layer["inputs"][0]]
            p = lambda name: self.params.get(f"layer.{i}.{layer['kind']}.{name}")
            kind = layer["kind"]
            if kind == "conv3d":
                pads = []
                for axis in range(3):  # x first, which is also F.pad's order
                    n, k, s, d = x.shape[4 - axis], layer["kernel"][axis], layer["stride"][axis], layer["dilation"][axis]
                    total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
                    pads += [total // 2, total - total // 2]
                y = F.conv3d(F.pad(x, pads), p("weight"), p("bias"), stride=layer["stride"][::-1], dilation=layer["dilation"][::-1])
            elif kind == "upconv3d":
                full = F.conv_transpose3d(x, p("weight"), p("bias"), stride=layer["stride"][::-1])
                cut = []
                for axis in range(3):
                    n, k, s = x.shape[4 - axis], layer["kernel"][axis], layer["stride"][axis]
                    before = max(k - s, 0) // 2
                    length = full.shape[4 - axis]
                    if length < before + n * s:  # kernel smaller than stride: only the bias there
                        pad = [0, 0] * axis + [0, before + n * s - length]
                        full = F.pad(full - p("bias").view(1, -1, 1, 1, 1), pad) + p("bias").view(1, -1, 1, 1, 1)
                    cut.append(slice(before, before + n * s))
                y = full[:, :, cut[2], cut[1], cut[0]]
            elif kind == "batchnorm":
                shape = (1, -1, 1, 1, 1)
                if training:
                    mean, var = x.mean((0, 2, 3, 4)), x.var((0, 2, 3, 4), unbiased=False)
                    m = layer["momentum"]
                    self.new_statistics[f"layer.{i}.batchnorm.running_mean"] = m * p("running_mean") + (1 - m) * mean
                    self.new_statistics[f"layer.{i}.batchnorm.running_var"] = m * p("running_var") + (1 - m) * var
                else:
                    mean, var = p("running_mean"), p("running_var")
                y = (x - mean.view(shape)) / (var.view(shape) + layer["epsilon"]).sqrt() * p("weight").view(shape) + p("bias").view(shape)
            elif kind == "relu":
                y = x.relu()
            elif kind == "sigmoid":
                y = x.sigmoid()
            elif kind == "maxpool":
                y = F.max_pool3d(x, layer["size"][::-1])
            elif kind == "dropout":
                assert layer["rate"] == 0
                y = x
            elif kind == "concat":
                y = torch.cat([values[j] for j in layer["inputs"]], 1)
            values.append(y)
        return values[-1]

    def metadata(self, shape, batch, **more):
        text = {"format": "skullstrip-model", "version": "1", "graph": json.dumps(self.layers)}
        return text | {"shape": json.dumps(shape), "batch": str(batch)} | more


def case(name, graph, shape, batch=2, loss=None):
    g = torch.Generator().manual_seed(99)
    image = torch.randn(batch, graph.channels[0], *reversed(shape), generator=g).float().double().requires_grad_()
    out = graph.run(image, True)
    tensors = {k: v.detach().clone() for k, v in graph.params.items()}
    trainable = {k: v for k, v in graph.params.items() if v.requires_grad}
    more = {}
    if loss is None:
        gradient = torch.randn(out.shape, generator=g).float().double()
        scalar = (out * gradient).sum()
        tensors["test.output_gradient"] = gradient
    else:
        target = (torch.rand(out.shape, generator=g) > 0.6).double()
        axes = tuple(range(1, 5))
        scalar = (1 - (2 * (out * target).sum(axes) + 1) / (out.sum(axes) + target.sum(axes) + 1)).mean()
        tensors["test.target"] = target
        more["loss"] = repr(float(scalar.detach()))
    gradients = torch.autograd.grad(scalar, [image] + list(trainable.values()))
    tensors |= {"test.input": image, "test.output": out, "test.input_gradient": gradients[0], "test.inference": graph.run(image, False)}
    tensors |= {"test.gradient." + k: v for k, v in zip(trainable, gradients[1:])}
    graph.run(image, True)
    tensors |= {"test.after." + k: v for k, v in graph.new_statistics.items()}
    if loss is not None:
        # Five steps of Adam on this batch.
        optimizer = torch.optim.Adam(list(trainable.values()), lr=1e-3, eps=1e-7)
        losses = []
        for _ in range(5):
            optimizer.zero_grad()
            p = graph.run(image.detach(), True)
            value = (1 - (2 * (p * target).sum(axes) + 1) / (p.sum(axes) + target.sum(axes) + 1)).mean()
            value.backward()
            optimizer.step()
            losses.append(float(value.detach()))
        more["losses"] = json.dumps(losses)
    write(os.path.join(HERE, name + ".safetensors"), tensors, graph.metadata(shape, batch, **more))


def single(name, channels, shape, build, batch=2, seed=5):
    graph = Graph(channels, seed)
    build(graph)
    case(name, graph, shape, batch)


ODD = (9, 7, 5)
single("conv_1_16", 1, ODD, lambda g: g.conv(0, 16))
single("conv_3_5", 3, ODD, lambda g: g.conv(0, 5))
single("conv_16_17", 16, ODD, lambda g: g.conv(0, 17), batch=1)
single("conv_17_16", 17, ODD, lambda g: g.conv(0, 16), batch=1)
single("conv_17_33", 17, (13, 3, 2), lambda g: g.conv(0, 33), batch=1)
single("conv_axes_3_8", 3, ODD, lambda g: g.conv(0, 8, kernel=(5, 1, 2), bias=False))
single("conv_dilated_4_2", 4, ODD, lambda g: g.conv(0, 2, dilation=(2, 3, 1)))
single("conv_point_17_1", 17, ODD, lambda g: g.conv(0, 1, kernel=(1, 1, 1)))
single("conv_relu_8_8", 8, ODD, lambda g: g.relu(g.conv(0, 8)))
single("conv_strided", 3, (12, 6, 4), lambda g: g.up(g.conv(0, 17, stride=(3, 1, 2)), 3, stride=(3, 1, 2)))
single("conv_strided_dilated", 2, (12, 8, 4), lambda g: g.up(g.conv(0, 4, kernel=(3, 2, 3), stride=(2, 2, 1), dilation=(3, 2, 2)), 1, stride=(2, 2, 1)))
single("up_axes", 3, (12, 9, 8), lambda g: g.up(g.simple("maxpool", 0, size=(2, 3, 4)), 17, kernel=(5, 1, 4), stride=(2, 3, 4)))
single("up_relu", 16, (10, 6, 4), lambda g: g.relu(g.up(g.simple("maxpool", 0, size=(2, 2, 2)), 8)))
single("norm_3", 3, ODD, lambda g: g.norm(0))
single("norm_17_relu", 17, ODD, lambda g: g.relu(g.norm(0)))
single("conv_norm_relu", 1, ODD, lambda g: g.relu(g.norm(g.conv(0, 17), momentum=0.9)))
single("sigmoid_3", 3, ODD, lambda g: g.simple("sigmoid", 0))
single("relu_5", 5, ODD, lambda g: g.relu(0))
single("pool_17", 17, (8, 6, 4), lambda g: g.up(g.simple("maxpool", 0, size=(2, 2, 2)), 2))


def joined(g):
    a = g.conv(0, 3, kernel=(1, 1, 1))
    b = g.relu(g.conv(0, 16, kernel=(1, 1, 1)))
    g.concat([a, b, a, 0])


single("concat_mixed", 2, ODD, joined)


def shared(g):
    # One tensor with three users, some of which work in place where they may.
    a = g.conv(0, 8, kernel=(1, 1, 1))
    g.concat([g.relu(a), g.simple("sigmoid", a), g.simple("dropout", g.norm(a), rate=0)])


single("shared_8", 3, ODD, shared)


def unet(filters, depth, seed):
    g = Graph(1, seed)
    block = lambda x, n: g.relu(g.norm(g.conv(g.relu(g.norm(g.conv(x, n))), n)))
    x, skips = 0, []
    for level in range(depth):
        x = block(x, filters << level)
        skips.append(x)
        x = g.simple("dropout", g.simple("maxpool", x, size=(2, 2, 2)), rate=0)
    x = block(block(x, filters << depth), filters << depth)
    for level in reversed(range(depth)):
        x = g.relu(g.up(x, filters << level))
        x = block(g.simple("dropout", g.concat([x, skips[level]]), rate=0), filters << level)
    g.simple("sigmoid", g.conv(x, 1, kernel=(1, 1, 1)))
    return g


case("unet", unet(6, 2, 11), (12, 8, 16), batch=2, loss="dice")

# Adam alone: 40 weights, five steps with given gradients.
g = torch.Generator().manual_seed(3)
w = torch.randn(40, generator=g).float().double()
steps = [(torch.randn(40, generator=g) * 10.0 ** torch.randint(-6, 3, (40,), generator=g)).float().double() for _ in range(5)]
p = w.clone().requires_grad_()
adam = torch.optim.Adam([p], lr=1e-2, betas=(0.8, 0.99), eps=1e-7)
for s in steps:
    p.grad = s.clone()
    adam.step()
write(os.path.join(HERE, "adam.safetensors"), {"before": w, "gradients": torch.stack(steps), "after": p}, {})
