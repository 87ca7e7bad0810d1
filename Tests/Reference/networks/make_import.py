"""A PyTorch network's weights under PyTorch's own names, as a user would bring them, and what the network makes of an image.

import_weights.safetensors holds the state of the module below in evaluation mode, its tensors F32, F16 and BF16 by turns (rounded before the output is computed), and the
counter of batches; import_run.safetensors an input of 6×8×10 voxels and the output. Run: python make_import.py (needs torch and numpy).
"""
import json
import os
import struct

import numpy as np
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv3d(1, 5, 3, padding=1, bias=False), nn.BatchNorm3d(5), nn.ReLU())
        self.down = nn.Conv3d(5, 6, 3, padding=1)
        self.up = nn.ConvTranspose3d(6, 5, 2, stride=2)
        self.head = nn.Linear(10, 1)

    def forward(self, x):
        skip = self.encoder(x)
        low = torch.relu(self.down(torch.max_pool3d(skip, 2)))
        both = torch.cat([torch.relu(self.up(low)), skip], 1)
        return torch.sigmoid(self.head(both.movedim(1, -1)).movedim(-1, 1))


def write(path, tensors, metadata):
    header, offset, blob = {"__metadata__": metadata}, 0, b""
    for name, (kind, t) in tensors.items():
        if kind == "BF16":
            data = (t.bfloat16().view(torch.int16)).numpy().astype("<i2").tobytes()
        else:
            data = np.ascontiguousarray(t.numpy().astype({"F32": "<f4", "F16": "<f2", "I64": "<i8"}[kind])).tobytes()
        header[name] = {"dtype": kind, "shape": list(t.shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        blob += data
    text = json.dumps(header).encode()
    with open(os.path.join(HERE, path), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + blob)


torch.manual_seed(5)
net = Net().eval()
norm = net.encoder[1]
norm.running_mean.normal_(0, 0.2)
norm.running_var.uniform_(0.5, 1.5)
norm.weight.data.uniform_(0.5, 1.5)
norm.bias.data.normal_(0, 0.2)
norm.eps = 1e-3
state, kinds = net.state_dict(), ["F32", "F16", "BF16"]
tensors = {}
for i, (name, t) in enumerate(state.items()):
    kind = "I64" if t.dtype == torch.int64 else kinds[i % 3]
    if kind == "F16":
        t.copy_(t.half().float())
    if kind == "BF16":
        t.copy_(t.bfloat16().float())
    tensors[name] = (kind, t)
net.load_state_dict(state)
net = net.double()
image = torch.randn(1, 1, 10, 8, 6).float()
with torch.no_grad():
    out = net(image.double())
write("import_weights.safetensors", tensors, {"format": "pt"})
write("import_run.safetensors", {"input": ("F32", image), "output": ("F32", out.float())}, {"shape": json.dumps([6, 8, 10]), "batch": "1"})
