"""A published MeshNet (TensorFlow.js, axes x, y, z) by PyTorch: convolutions, for names that end in _gn a normalisation of each channel without weights, activations, a softmax."""

import json
import os

import numpy as np
import torch
import torch.nn.functional as F


def probabilities(folder, image, dtype=torch.float64):
    """The probabilities (class, x, y, z) of an image (x, y, z) by the network in `folder`, model.json with its files of weights."""
    with open(os.path.join(folder, "model.json")) as f:
        file = json.load(f)
    arrays, offset = {}, 0
    for group in file["weightsManifest"]:
        blob = b"".join(open(os.path.join(folder, p), "rb").read() for p in group["paths"])
        for w in group["weights"]:
            n = int(np.prod(w["shape"]))
            arrays[w["name"]] = torch.tensor(np.frombuffer(blob, "<f4", n, offset).reshape(w["shape"])).to(dtype)
            offset += 4 * n
    t = torch.tensor(image).to(dtype)[None, None]
    with torch.inference_mode():
        for layer in file["modelTopology"]["model_config"]["config"]["layers"]:
            c = layer["config"]
            if layer["class_name"] == "Conv3D":
                kernel = arrays[c["name"] + "/kernel"].permute(4, 3, 0, 1, 2).contiguous()
                pads = [(k - 1) * d // 2 for k, d in zip(c["kernel_size"], c["dilation_rate"])]
                t = F.conv3d(t, kernel, arrays.get(c["name"] + "/bias"), padding=pads, dilation=c["dilation_rate"])
                if c["name"].endswith("_gn"):
                    t = F.instance_norm(t, eps=1e-5)
            elif layer["class_name"] == "Activation":
                t = {"relu": F.relu, "gelu": F.gelu, "elu": F.elu}[c["activation"]](t)
        return torch.softmax(t, 1)[0].numpy()
