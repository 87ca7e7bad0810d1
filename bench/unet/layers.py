"""Each 3×3×3 layer of the network, forward, gradient of the input, gradient of the weights: ours against the best of PyTorch and oneDNN.

Usage: layers.py [--onednn PROGRAM] [--lock FILE] [--bench PATH]

GFLOP/s are nominal: what a direct convolution would have to do in the same time; two threads, float32, batch 1, each the least time of many. PyTorch
runs channels last and contiguous, its heap kept and on huge pages; oneDNN is onednn_layers.cpp, compiled (see there), in layouts of its choice, on huge pages as well.
The last columns say how much of the machine's measured peaks (`NetworkBench peak`) ours comes to: nominal operations of its multiply–add peak, which Winograd's
algorithm may pass, and the least traffic (input, output, weights once each) of its bandwidth.
"""

import argparse
import os
import re
import subprocess
import sys

from run import CPUS, HERE, ROOT, TUNED_HEAP, Lock

LAYERS = [
    (1, 16, 96, 128, 160), (16, 16, 96, 128, 160), (32, 16, 96, 128, 160), (32, 32, 48, 64, 80), (64, 32, 48, 64, 80), (64, 64, 24, 32, 40),
    (128, 128, 12, 16, 20), (256, 256, 6, 8, 10),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--onednn")
    parser.add_argument("--lock")
    parser.add_argument("--bench", default=os.path.join(ROOT, ".build/release/NetworkBench"))
    options = parser.parse_args()
    lock = Lock(options.lock)
    os.sched_setaffinity(0, CPUS)

    def run(command, layers="", **environment):
        with lock.timing():
            result = subprocess.run(
                command, input=layers, text=True, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=os.environ | {"OMP_NUM_THREADS": "2"} | environment)
        return result.stdout

    def times(output):
        rows = [line.split() for line in output.splitlines()]
        return {tuple(map(int, row[:5])): list(map(float, row[5:])) for row in rows if len(row) == 8}

    def each(command, **environment):
        """One process a layer, so that the lock is held shortly."""
        return {layer: times(run(command, " ".join(map(str, layer)) + "\n", **environment))[layer] for layer in LAYERS}

    peak = run([options.bench, "peak"])
    print(peak)
    two = peak.splitlines()[-1]
    flops = float(re.search(r"([\d.]+) GFLOP/s", two)[1])
    bandwidth = float(re.search(r"triad .*? ([\d.]+) GB/s", two)[1])

    ours = times(run([options.bench, "layers", "2"]))
    peers = {
        f"PyTorch {memory}": each([sys.executable, os.path.join(HERE, "torch_layers.py"), memory], **TUNED_HEAP)
        for memory in ("channels_last", "contiguous")
    }
    if options.onednn:
        peers["oneDNN"] = each([options.onednn], **TUNED_HEAP)

    lock.release()
    for number, name in enumerate(("forward", "gradient of the input", "gradient of the weights")):
        print(f"\n{name}, GFLOP/s\n\n| layer | ours | {' | '.join(peers)} | ours : best | of FMA peak | of bandwidth |")
        print("|---" * (len(peers) + 5) + "|")
        for layer in LAYERS:
            inputs, outputs, x, y, z = layer
            work = 2 * 27 * inputs * outputs * x * y * z / 1e9
            traffic = 4 * ((inputs + outputs) * x * y * z + 27 * inputs * outputs) / 1e9
            own, others = ours[layer][number], [p[layer][number] for p in peers.values()]
            print(
                f"| {inputs}→{outputs}, {x}×{y}×{z} | {work / own:.0f} | {' | '.join(f'{work / t:.0f}' for t in others)} | {min(others) / own:.2f} "
                f"| {100 * work / own / flops:.0f} % | {100 * traffic / own / bandwidth:.0f} % |")


if __name__ == "__main__":
    main()
