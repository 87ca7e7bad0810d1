"""Reference numbers for models that come from and go to other programs: onnxruntime on what this program exported, Keras and PyTorch on what it imports.

Usage: make.py SKULLSTRIP [DATA]      (needs numpy, torch, tensorflow, onnx, onnxruntime; DATA is the folder with the published models, DATA/models)

Writes beside this script:
  every_layer.safetensors, every_layer.onnx   a network of every layer with drawn weights (every_layer.ss builds it), and the same as exported
  every_layer_output.safetensors              an input, and onnxruntime's output for it
  keras/                                      a small network in TensorFlow.js' format
  keras_output.safetensors                    an input, and Keras' output for it
  meshnet_NAME.safetensors                    an input, and PyTorch's output for it, for each published model
"""

import json
import os
import struct
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def write(name, tensors, metadata=None):
    header, offset, blob = {"__metadata__": metadata or {}}, 0, b""
    for key, array in tensors.items():
        data = np.ascontiguousarray(array.astype("<f4")).tobytes()
        header[key] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        blob += data
    text = json.dumps(header).encode()
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + blob)


def read(name):
    with open(os.path.join(HERE, name), "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        blob = f.read()
    metadata = header.pop("__metadata__", {})
    return {k: np.frombuffer(blob[slice(*v["data_offsets"])], "<f4").reshape(v["shape"]) for k, v in header.items()}, metadata


def every_layer(skullstrip):
    import onnx
    import onnxruntime

    def run(*lines):
        subprocess.run([skullstrip, "-e", "\n".join(lines)], check=True, cwd=HERE)

    subprocess.run([skullstrip, "every_layer.ss"], check=True, cwd=HERE)
    # Norms start at 1 and 0, which would hide an exchange of the two.
    tensors, metadata = read("every_layer.safetensors")
    rng = np.random.default_rng(3)
    for name, array in tensors.items():
        if "running_var" in name:
            tensors[name] = rng.uniform(0.5, 2, array.shape)
        elif array.ndim == 1:
            tensors[name] = array + rng.normal(0, 0.3, array.shape)
    write("every_layer.safetensors", tensors, metadata)
    run('save(load("every_layer.safetensors"), "every_layer.onnx")')
    path = os.path.join(HERE, "every_layer.onnx")
    onnx.checker.check_model(onnx.load(path), full_check=True)
    image = rng.normal(size=(1, 1, 8, 12, 16)).astype("f")
    output = onnxruntime.InferenceSession(path).run(None, {"image": image})[0]
    write("every_layer_output.safetensors", {"input": image, "output": output})


def keras_model():
    """A network written out in Keras 2's topology by hand, as TensorFlow.js publishes it, and run by Keras."""
    import keras
    from keras import layers as kl

    keras.utils.set_random_seed(4)
    made = []

    def config(layer, name, inbound, **own):
        kind = type(layer).__name__
        own |= {"name": name}
        made.append({
            "class_name": kind, "config": own, "name": name,
            "inbound_nodes": [[[i, 0, 0, {}] for i in inbound]] if inbound else []})

    def convolution(x, name, before, filters, kernel, strides=(1, 1, 1), dilation=(1, 1, 1), groups=1, bias=True, activation="linear"):
        layer = kl.Conv3D(filters, kernel, strides, "same", dilation_rate=dilation, groups=groups, use_bias=bias, activation=activation,
                          bias_initializer=keras.initializers.RandomNormal(0, 0.5), name=name)
        config(layer, name, [before], filters=filters, kernel_size=kernel, strides=strides, dilation_rate=dilation, groups=groups,
               padding="same", data_format="channels_last", use_bias=bias, activation=activation)
        return layer(x)

    image = keras.Input((12, 8, 10, 1), name="input")
    made.append({"class_name": "InputLayer", "name": "input", "inbound_nodes": [],
                 "config": {"batch_input_shape": [None, 12, 8, 10, 1], "name": "input"}})
    a = convolution(image, "first", "input", 4, (3, 1, 2), activation="relu")
    b = convolution(a, "grouped", "first", 6, (2, 3, 3), dilation=(1, 2, 1), groups=2, bias=False)
    norm = kl.BatchNormalization(epsilon=0.01, name="norm", gamma_initializer=keras.initializers.RandomNormal(1, 0.3),
                                 beta_initializer=keras.initializers.RandomNormal(0, 0.3),
                                 moving_mean_initializer=keras.initializers.RandomNormal(0, 0.3),
                                 moving_variance_initializer=keras.initializers.RandomUniform(0.5, 2))
    config(norm, "norm", ["grouped"], axis=[4], momentum=0.9, epsilon=0.01)
    c = norm(b)
    pool = kl.MaxPooling3D(2, name="pool")
    config(pool, "pool", ["norm"], pool_size=(2, 2, 2), strides=(2, 2, 2), padding="valid")
    d = pool(c)
    drop = kl.Dropout(0.4, name="drop")
    config(drop, "drop", ["pool"], rate=0.4)
    d = drop(d)
    up = kl.Conv3DTranspose(5, (3, 2, 3), 2, "same", bias_initializer=keras.initializers.RandomNormal(0, 0.5), name="up")
    config(up, "up", ["drop"], filters=5, kernel_size=(3, 2, 3), strides=(2, 2, 2), padding="same", use_bias=True, activation="linear")
    e = up(d)
    larger = kl.UpSampling3D(2, name="larger")
    config(larger, "larger", ["drop"], size=(2, 2, 2))
    f = larger(d)
    join = kl.Concatenate(name="join")
    config(join, "join", ["up", "larger", "first"])
    g = join([e, f, a])
    h = convolution(g, "one", "join", 3, (1, 1, 1), activation="elu")
    i = convolution(g, "two", "join", 3, (1, 3, 1), activation="silu")
    add = kl.Add(name="sum")
    config(add, "sum", ["one", "two"])
    k = add([h, i])
    output = convolution(k, "output", "sum", 3, (1, 1, 1))
    network = keras.Model(image, output)

    x = np.random.default_rng(5).normal(size=(1, 12, 8, 10, 1)).astype("f")
    scores = network.predict(x, verbose=0)
    exponentials = np.exp(scores - scores.max(-1, keepdims=True))
    probabilities = exponentials / exponentials.sum(-1, keepdims=True)
    manifest, blob = [], b""
    for layer in network.layers:
        for variable in layer.weights:
            value = np.asarray(variable.numpy(), "<f4")
            if layer.name != "drop":
                manifest.append({"name": f"{layer.name}/{variable.name}", "shape": list(value.shape), "dtype": "float32"})
                blob += value.tobytes()
    os.makedirs(os.path.join(HERE, "keras"), exist_ok=True)
    with open(os.path.join(HERE, "keras", "weights.bin"), "wb") as f:
        f.write(blob)
    topology = {"class_name": "Functional", "config": {
        "name": "model", "layers": made, "input_layers": [["input", 0, 0]], "output_layers": [["output", 0, 0]]}}
    with open(os.path.join(HERE, "keras", "model.json"), "w") as f:
        json.dump({"format": "layers-model", "modelTopology": {"keras_version": "2.7.0", "backend": "tensorflow", "model_config": topology},
                   "weightsManifest": [{"paths": ["weights.bin"], "weights": manifest}]}, f, indent=1)
        f.write("\n")
    # Axes x, y, z, channel → channel, z, y, x.
    write("keras_output.safetensors", {"input": x[0].transpose(3, 2, 1, 0), "output": probabilities[0].transpose(3, 2, 1, 0)})


def published(folder):
    """A published MeshNet by PyTorch."""
    import meshnet

    x = np.random.default_rng(6).uniform(size=(20, 18, 24)).astype("f")
    p = meshnet.probabilities(folder, x)
    # Tensors of the file are x, y, z.
    write(f"meshnet_{os.path.basename(folder)}.safetensors", {"input": x[None].transpose(0, 3, 2, 1), "output": p.transpose(0, 3, 2, 1)})


if __name__ == "__main__":
    every_layer(os.path.abspath(sys.argv[1]))
    keras_model()
    for name in sorted(os.listdir(os.path.join(sys.argv[2], "models"))) if len(sys.argv) > 2 else []:
        published(os.path.join(sys.argv[2], "models", name))
