"""Each 3×3×3 layer of the tutorial's network against PyTorch (float32) and oneDNN itself, in turn, in one run: nominal GFLOP/s of the forward pass, the
gradient of the input and that of the weights, and the ratio to the best peer; then how much of the machine's multiply–adds and memory bandwidth ours reaches.

Usage: layers.py [--quick] [--lock FILE] [--bench PATH] [--onednn PATH]

Needs `swift build -c release --product NetworkBench` and a Python with torch. --onednn is what onednn_layers.cpp was built to; without it the column
is left out. Two threads each. PyTorch is run with contiguous and with channels-last tensors, and the faster counts; its heap is kept and on huge pages.
"""

import argparse
import contextlib
import fcntl
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TUNED_HEAP = {
    "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_TOP_PAD_": "268435456",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
LAYERS = [
    (1, 16, 96, 128, 160), (16, 16, 96, 128, 160), (32, 16, 96, 128, 160), (32, 32, 48, 64, 80), (64, 32, 48, 64, 80), (64, 64, 24, 32, 40),
    (128, 128, 12, 16, 20), (256, 256, 6, 8, 10),
]


def torch_worker():
    """Answers lines "in out x y z turns" with the least seconds of the three computations."""
    import torch

    torch.set_num_threads(2)
    backward = torch.ops.aten.convolution_backward
    for line in sys.stdin:
        i, o, x, y, z, turns = map(int, line.split())
        best = [float("inf")] * 3
        for form in (torch.contiguous_format, torch.channels_last_3d):
            image = torch.randn(1, i, z, y, x).to(memory_format=form)
            weight = torch.randn(o, i, 3, 3, 3).to(memory_format=form)
            slope = torch.randn(1, o, z, y, x).to(memory_format=form)

            def gradient(mask):
                backward(slope, image, weight, [o], [1] * 3, [1] * 3, [1] * 3, False, [0] * 3, 1, mask)

            with torch.inference_mode():
                works = [
                    lambda: torch.nn.functional.conv3d(image, weight, padding=1), lambda: gradient([True, False, False]),
                    lambda: gradient([False, True, False]),
                ]
                for k, work in enumerate(works):
                    for turn in range(turns + 1):
                        began = time.monotonic()
                        work()
                        if turn > 0:
                            best[k] = min(best[k], time.monotonic() - began)
        print(*best, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--lock")
    parser.add_argument("--bench", default=os.path.join(ROOT, ".build/release/NetworkBench"))
    parser.add_argument("--onednn")
    options = parser.parse_args()
    lock = open(options.lock, "w") if options.lock else None

    @contextlib.contextmanager
    def alone():
        if lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
        if lock:
            fcntl.flock(lock, fcntl.LOCK_UN)

    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    peer = subprocess.Popen(
        [sys.executable, __file__, "--torch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment | TUNED_HEAP)
    ours, torch, onednn = {}, {}, {}

    def keep(table, key, seconds):
        table[key] = [min(a, b) for a, b in zip(table.get(key, [float("inf")] * 3), seconds)]

    for _ in range(1 if options.quick else 2):
        for layer in LAYERS:
            voxels = layer[2] * layer[3] * layer[4]
            turns = max(2, min(40, int(2e10 / (54 * layer[0] * layer[1] * voxels))))
            words = list(map(str, (*layer, turns)))
            with alone():
                out = subprocess.run([options.bench, "layer", *words], capture_output=True, text=True, check=True).stdout
                keep(ours, layer, map(float, out.split()))
                peer.stdin.write(" ".join(words) + "\n")
                peer.stdin.flush()
                keep(torch, layer, map(float, peer.stdout.readline().split()))
                if options.onednn:
                    out = subprocess.run([options.onednn, *words], capture_output=True, text=True, check=True, env=environment).stdout
                    keep(onednn, layer, map(float, out.split()))
    peer.stdin.close()
    peer.wait()
    with alone():
        text = subprocess.run([options.bench, "peak"], capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    peak, bandwidth = float(re.search(r"([\d.]+) GFLOP", text)[1]), float(re.search(r"written\) ([\d.]+)", text)[1])
    print(f"machine, two threads: {text}\n")
    print("| layer | ours | PyTorch | oneDNN | ratio to the best | of the peak, as if direct | of the bandwidth |")
    print("|---|---|---|---|---|---|---|")
    for layer in LAYERS:
        i, o, x, y, z = layer
        voxels, flops = x * y * z, 54 * layer[0] * layer[1] * layer[2] * layer[3] * layer[4]

        def rates(table):
            return " / ".join(f"{flops / s / 1e9:.0f}" for s in table[layer]) if layer in table else "–"

        best = [min(t[layer][k] for t in (torch, onednn) if layer in t) for k in range(3)]
        ratios = " / ".join(f"{b / s:.2f}" for b, s in zip(best, ours[layer]))
        share = " / ".join(f"{flops / s / 1e9 / peak:.1f}" for s in ours[layer])
        # Input and output once each; weights are few but at the bottom.
        moved = 4 * (voxels * (i + o) + 27 * i * o)
        memory = " / ".join(f"{moved / s / 1e9 / bandwidth:.2f}" for s in ours[layer])
        print(f"| {i}→{o} {x}×{y}×{z} | {rates(ours)} | {rates(torch)} | {rates(onednn)} | {ratios} | {share} | {memory} |")


if __name__ == "__main__":
    torch_worker() if "--torch" in sys.argv else main()
