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


def same(x, kernel, stride, dilation=(1, 1, 1)):
    """Zeros before and after each axis, x first as F.pad wants it, for Keras' "same"."""
    pads = []
    for axis in range(3):
        n, k, s, d = x.shape[4 - axis], kernel[axis], stride[axis], dilation[axis]
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        pads += [total // 2, total - total // 2]
    return pads


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

    def conv(self, x, filters, kernel=(3, 3, 3), stride=(1, 1, 1), dilation=(1, 1, 1), bias=True, groups=1):
        depthwise = 1 < groups == self.channels[x]
        kind = "conv3d_depthwise" if depthwise else "conv3d_grouped" if groups > 1 else "conv3d"
        more = {"groups": groups} if kind == "conv3d_grouped" else {}
        i = self.add(kind, [x], filters, filters=filters, kernel=kernel, stride=stride, dilation=dilation, bias=bias, **more)
        fan = self.channels[x] // groups * kernel[0] * kernel[1] * kernel[2]
        self.param(i, "weight", (filters, self.channels[x] // groups, *reversed(kernel)), (2 / fan) ** 0.5)
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

    def learnt(self, kind, x, **attributes):
        """A normalisation of each sample, with weight and bias."""
        i = self.simple(kind, x, **attributes)
        self.param(i, "weight", (self.channels[x],), 0.3, 1.0)
        self.param(i, "bias", (self.channels[x],), 0.3)
        return i

    def sum(self, parts):
        return self.add("add", parts, self.channels[parts[0]])

    def multiply(self, x, factor):
        return self.add("multiply", [x, factor], self.channels[x])

    def run(self, image, training):
        values, self.new_statistics = [image], {}
        for i, layer in enumerate(self.layers):
            if i == 0:
                continue
            x = values[layer["inputs"][0]]
            p = lambda name: self.params.get(f"layer.{i}.{layer['kind']}.{name}")
            kind = layer["kind"]
            if kind.startswith("conv3d"):
                pads = same(x, layer["kernel"], layer["stride"], layer["dilation"])
                groups = layer.get("groups", x.shape[1] if kind == "conv3d_depthwise" else 1)
                y = F.conv3d(F.pad(x, pads), p("weight"), p("bias"), stride=layer["stride"][::-1], dilation=layer["dilation"][::-1],
                             groups=groups)
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
            elif kind == "maxpool_strided":
                pads = same(x, layer["size"], layer["stride"])
                y = F.max_pool3d(F.pad(x, pads, value=-torch.inf), layer["size"][::-1], layer["stride"][::-1])
                if layer["size"] == (3, 3, 3) and all(n % 2 == 0 for n in x.shape[2:]) and layer["stride"] == (2, 2, 2):
                    assert torch.equal(y, F.max_pool3d(x, 3, 2, ceil_mode=True))
            elif kind == "avgpool":
                pads = same(x, layer["size"], layer["stride"])
                mean = lambda t: F.avg_pool3d(F.pad(t, pads), layer["size"][::-1], layer["stride"][::-1])
                y = mean(x) / mean(torch.ones_like(x))
                if layer["size"] == (3, 3, 3) and layer["stride"] == (1, 1, 1):
                    assert torch.allclose(y, F.avg_pool3d(x, 3, 1, padding=1, count_include_pad=False), atol=1e-14)
            elif kind == "globalpool":
                y = F.adaptive_avg_pool3d(x, 1)
            elif kind == "add":
                y = sum(values[j] for j in layer["inputs"])
            elif kind == "multiply":
                y = x * values[layer["inputs"][1]]
            elif kind == "instancenorm":
                y = F.instance_norm(x, weight=p("weight"), bias=p("bias"), eps=layer["epsilon"])
            elif kind in ("groupnorm", "layernorm"):
                y = F.group_norm(x, layer.get("groups", 1), p("weight"), p("bias"), layer["epsilon"])
            elif kind == "leakyrelu":
                y = F.leaky_relu(x, layer["slope"])
            elif kind == "elu":
                y = F.elu(x, layer["alpha"])
            elif kind == "gelu":
                y = F.gelu(x)
            elif kind == "silu":
                y = F.silu(x)
            elif kind == "softmax":
                y = x.softmax(1)
            elif kind == "upsample":
                y = F.interpolate(x, scale_factor=tuple(map(float, layer["size"][::-1])), mode=layer["method"])
            elif kind in ("dropout", "channeldropout"):
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


single("point_3_17", 3, ODD, lambda g: g.conv(0, 17, kernel=(1, 1, 1)))
single("conv5_3_1", 3, ODD, lambda g: g.conv(0, 1, kernel=(5, 5, 5)))
single("conv5_1_17", 1, ODD, lambda g: g.conv(0, 17, kernel=(5, 5, 5)))
single("conv5_17_3", 17, (7, 5, 4), lambda g: g.conv(0, 3, kernel=(5, 5, 5)), batch=1)
single("halved_3", 3, (8, 6, 4), lambda g: g.up(g.conv(0, 17, stride=(2, 2, 2)), 3, kernel=(2, 2, 2)))
single("halved_17", 17, (8, 6, 4), lambda g: g.up(g.conv(0, 1, stride=(2, 2, 2)), 17, kernel=(2, 2, 2)), batch=1)
single("thirds_1", 1, (9, 6, 3), lambda g: g.up(g.conv(0, 17, stride=(3, 3, 3)), 3, stride=(3, 3, 3)))


def dilated(channels):
    """The context module of MeshNet (Fedorov 2017)."""
    def build(g):
        x = 0
        for d in (2, 4, 8, 16):
            x = g.relu(g.conv(x, channels, dilation=(d, d, d)))
    return build


single("dilated_3", 3, (19, 5, 6), dilated(3))
single("dilated_17", 1, (18, 3, 5), dilated(17), batch=1)

double = (2, 2, 2)
pool = lambda g, x, size, stride: g.simple("maxpool_strided", x, size=size, stride=stride)
average = lambda g, x, size, stride: g.simple("avgpool", x, size=size, stride=stride)
for name, kind in (("pool", pool), ("average", average)):
    single(name + "_overlap_17", 17, (8, 6, 4), lambda g: g.up(kind(g, 0, (3, 3, 3), double), 2))
    single(name + "_overlap_3", 3, ODD, lambda g: kind(g, 0, (3, 3, 3), (1, 1, 1)))
    single(name + "_axes_1", 1, (12, 9, 20), lambda g: g.up(kind(g, 0, (5, 2, 4), (2, 3, 1)), 1, stride=(2, 3, 1)))
single("average_halves_8", 8, (8, 6, 4), lambda g: g.up(average(g, 0, double, double), 2, kernel=double))


def shared_pools(g):
    a = g.relu(g.conv(0, 17, kernel=(1, 1, 1)))
    g.concat([pool(g, a, (2, 3, 2), (1, 1, 1)), average(g, a, (2, 3, 2), (1, 1, 1)), a])


single("pools_shared", 3, (7, 5, 3), shared_pools)


def sums(g):
    a = g.conv(0, 17, kernel=(1, 1, 1))
    b = g.relu(g.norm(a))
    g.relu(g.sum([g.sum([a, b]), a, a]))


single("add_17", 3, ODD, sums)
single("add_1", 1, ODD, lambda g: g.sum([0, g.conv(0, 1)]))


def products(channels):
    def build(g):
        a = g.conv(0, channels, kernel=(1, 1, 1))
        b = g.simple("sigmoid", g.conv(a, channels, kernel=(1, 1, 1)))
        one = g.simple("sigmoid", g.conv(a, 1, kernel=(1, 1, 1)))
        voxel = g.simple("globalpool", b)
        scalar = g.simple("globalpool", one)
        parts = [g.multiply(a, b), g.multiply(a, a), g.multiply(a, one), g.multiply(a, voxel), g.multiply(b, scalar)]
        g.concat([g.multiply(g.sum(parts), voxel), one])
    return build


single("multiply_1", 2, ODD, products(1))
single("multiply_3", 2, ODD, products(3))
single("multiply_17", 2, ODD, products(17))


def squeeze_excite(g):
    """As stdlib/attention.ss: Hu 2018 on a tensor of 17 channels, ratio 4."""
    x = g.conv(0, 17, kernel=(1, 1, 1))
    g.multiply(x, g.simple("sigmoid", g.conv(g.relu(g.conv(g.simple("globalpool", x), 4, kernel=(1, 1, 1))), 17, kernel=(1, 1, 1))))


def attention_gate(g):
    """As stdlib/attention.ss: Oktay 2018 on a tensor of 17 channels, with a gate of 5 and 8 filters."""
    x = g.conv(0, 17, kernel=(1, 1, 1))
    mapped = g.conv(x, 8, kernel=(1, 1, 1), bias=False)
    both = g.relu(g.sum([mapped, g.conv(g.conv(0, 5), 8, kernel=(1, 1, 1))]))
    g.multiply(x, g.simple("sigmoid", g.conv(both, 1, kernel=(1, 1, 1))))


single("squeeze_excite", 2, ODD, squeeze_excite)
single("attention_gate", 2, ODD, attention_gate)

single("grouped_32", 32, (5, 4, 3), lambda g: g.relu(g.conv(0, 32, groups=2)), batch=1)
single("grouped_32_6", 32, (6, 4, 3), lambda g: g.conv(0, 6, groups=2, bias=False), batch=1)
single("grouped_6_32", 6, (6, 4, 3), lambda g: g.conv(0, 32, groups=2))
single("grouped_12_18", 12, ODD, lambda g: g.relu(g.conv(0, 18, groups=3)))
single("grouped_32_of_8", 32, (5, 4, 3), lambda g: g.conv(0, 32, groups=4), batch=1)
single("grouped_51_34", 51, (4, 3, 3), lambda g: g.relu(g.conv(0, 34, groups=17, kernel=(2, 3, 1))), batch=1)
single("grouped_strided", 4, (8, 6, 4), lambda g: g.up(g.conv(0, 34, groups=2, stride=double, kernel=(3, 2, 1), dilation=(1, 2, 1)), 1))


def grouped_shared(g):
    a = g.conv(0, 18, kernel=(1, 1, 1))
    g.concat([g.relu(a), g.conv(a, 6, groups=2), g.conv(a, 18, groups=18), g.conv(a, 36, groups=18, kernel=(1, 3, 1))])


single("grouped_shared", 2, (6, 5, 3), grouped_shared)
single("depthwise_17", 17, ODD, lambda g: g.relu(g.conv(0, 17, groups=17)))
single("depthwise_3", 3, ODD, lambda g: g.conv(0, 3, groups=3))
single("depthwise_8", 8, (11, 7, 5), lambda g: g.conv(0, 8, groups=8, kernel=(5, 3, 2), bias=False))
single("depthwise_5_10", 5, ODD, lambda g: g.conv(0, 10, groups=5))
single("depthwise_3_51", 3, (7, 3, 5), lambda g: g.conv(0, 51, groups=3, dilation=(3, 1, 2)), batch=1)
single("depthwise_strided", 17, (8, 6, 6), lambda g: g.up(g.conv(0, 17, groups=17, stride=(2, 1, 3), kernel=(5, 3, 2)), 2, stride=(2, 1, 3)))
single("depthwise_strided_2", 2, (8, 6, 6), lambda g: g.up(
    g.conv(0, 4, groups=2, stride=(2, 3, 2), kernel=(1, 2, 3), dilation=(1, 1, 3)), 1, stride=(2, 3, 2)))


single("instance_3", 3, ODD, lambda g: g.learnt("instancenorm", 0, epsilon=1e-5))
single("instance_17_relu", 17, ODD, lambda g: g.relu(g.learnt("instancenorm", 0, epsilon=1e-3)))
single("instance_conv_1", 1, ODD, lambda g: g.relu(g.learnt("instancenorm", g.conv(0, 1), epsilon=1e-5)), batch=3)
single("group_6", 6, ODD, lambda g: g.learnt("groupnorm", 0, groups=3, epsilon=1e-5))
single("group_34_relu", 34, (5, 3, 4), lambda g: g.relu(g.learnt("groupnorm", 0, groups=2, epsilon=1e-5)))
single("layer_3", 3, ODD, lambda g: g.learnt("layernorm", 0, epsilon=1e-5))
single("layer_17", 17, ODD, lambda g: g.learnt("layernorm", 0, epsilon=1e-5))
single("leakyrelu_17", 17, ODD, lambda g: g.simple("leakyrelu", 0, slope=0.01))
single("elu_3", 3, ODD, lambda g: g.simple("elu", 0, alpha=0.7))
single("gelu_3", 3, ODD, lambda g: g.simple("gelu", g.conv(0, 3)))
single("silu_17", 17, ODD, lambda g: g.simple("silu", 0))
for channels in (2, 3, 8, 16, 17, 40):
    single(f"softmax_{channels}", channels, (5, 3, 3) if channels > 8 else ODD, lambda g: g.simple("softmax", 0))
for method in ("nearest", "trilinear"):
    up = lambda g, x, size: g.simple("upsample", x, size=size, method=method)
    single(f"upsample_{method}_3", 3, (8, 6, 4), lambda g: up(g, g.simple("maxpool", 0, size=double), double))
    single(f"upsample_{method}_17", 17, (7, 5, 3), lambda g: g.conv(up(g, 0, double), 1, stride=double))
    single(f"upsample_{method}_1", 1, (7, 1, 5), lambda g: g.conv(up(g, 0, (3, 2, 4)), 2, kernel=(3, 1, 3), stride=(3, 2, 4)))


def several(channels, groups):
    # One tensor with many users, whose gradients add up.
    def build(g):
        a = g.conv(0, channels, kernel=(1, 1, 1))
        g.concat([
            g.simple("leakyrelu", a, slope=0.2), g.simple("elu", a, alpha=1), g.simple("gelu", a), g.simple("silu", a), g.simple("softmax", a),
            g.learnt("instancenorm", a, epsilon=1e-5), g.relu(g.learnt("groupnorm", a, groups=groups, epsilon=1e-5)),
            g.simple("channeldropout", a, rate=0), g.simple("upsample", a, size=(1, 1, 1), method="trilinear"),
            g.simple("upsample", g.simple("maxpool", a, size=(1, 3, 1)), size=(1, 3, 1), method="trilinear"),
        ])
    return build


single("layers_shared_6", 2, (5, 3, 2), several(6, 2))
single("layers_shared_17", 2, (5, 3, 2), several(17, 17))


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
