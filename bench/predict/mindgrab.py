"""MindGrab on a head of 256³ voxels by this program and by PyTorch: the largest difference of a probability, seconds, and memory, each in a process of its own.

Usage: mindgrab.py SKULLSTRIP MODEL HEAD [--peer PYTHON] [--turns N] [--threads N]. MODEL is the folder with MindGrab's model.json, PYTHON one with numpy and torch (this one by default).
The head is conformed and scaled between its 2 % and 98 % quantiles by this program, once; both networks get the same numbers. Prints a Markdown row for each.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

PREPARE = """
v = conform(load("HEAD"))
p = percentile(v, [2, 98])
save(clip((v - p[0]) / (p[1] - p[0] + 0.001), 0, 1), "seen.nii")
"""
OURS = """
net = load("MODEL/model.json")
x = load("seen.nii")
began = clock()
p = predict(net, x, probability=true)
print(clock() - began)
save(p, "ours.nii")
"""


def voxels(path):
    """A float32 NIfTI file's voxels as an array (x, y, z)."""
    import numpy as np

    with open(path, "rb") as f:
        head = f.read(352)
    shape, offset = np.frombuffer(head, "<i2", 3, 42), int(np.frombuffer(head, "<f4", 1, 108)[0])
    assert np.frombuffer(head, "<i2", 1, 70)[0] == 16
    return np.fromfile(path, "<f4", int(np.prod(shape.astype(int))), offset=offset).reshape(shape, order="F")


def peer(model, threads):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Tests", "Reference", "exchange"))
    import meshnet
    import torch

    torch.set_num_threads(threads)
    x = voxels("seen.nii").copy()
    began = time.perf_counter()
    p = meshnet.probabilities(model, x, torch.float32)[1]
    print(time.perf_counter() - began)
    import numpy as np

    np.save("peer.npy", p)


def run(command, folder):
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    seconds = float(process.stdout.read().split()[-1])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {command}")
    return seconds, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser()
    for name in ["program", "model", "head"]:
        parser.add_argument(name, type=os.path.abspath)
    parser.add_argument("--peer", default=sys.executable)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    o = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([o.program, "-e", PREPARE.replace("HEAD", o.head)], cwd=folder, check=True)
        ours, theirs = [], []
        for _ in range(o.turns):
            ours.append(run([o.program, "--threads", str(o.threads), "-e", OURS.replace("MODEL", o.model)], folder))
            theirs.append(run([o.peer, os.path.abspath(__file__), "--as-peer", o.model, str(o.threads)], folder))
        compare = (
            "import sys, numpy as np; sys.path.insert(0, sys.argv[1]); import mindgrab as m; a, b = m.voxels('ours.nii'), np.load('peer.npy'); d = np.abs(a - b);"
            "print(f'largest difference of a probability {d.max():.2g}, mean {d.mean():.2g}; {(a >= 0.5).sum()} and {(b >= 0.5).sum()} voxels of brain, {((a >= 0.5) != (b >= 0.5)).sum()} on another side')"
        )
        told = subprocess.run([o.peer, "-c", compare, os.path.dirname(os.path.abspath(__file__))], cwd=folder, check=True, capture_output=True, text=True).stdout
        print("| MindGrab, 256×256×256 | seconds | MB |\n|---|---:|---:|")
        for name, rows in [("this program", ours), ("PyTorch", theirs)]:
            print(f"| {name} | {statistics.median(r[0] for r in rows):.1f} | {max(r[1] for r in rows) / 1e6:.0f} |")
        print(told.strip())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--as-peer"]:
        peer(sys.argv[2], int(sys.argv[3]))
    else:
        main()
