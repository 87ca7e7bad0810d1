"""From a raw head's file to its mask's file: seconds and memory of `skullstrip predict`, and of all that is not the network.

Usage: whole_path.py SKULLSTRIP HEAD... [--turns N] [--model FILE] [--peer PYTHON] [--threads N]. Each head is predicted by turns with a network of one weight, whose time is nothing, so that what is left is reading,
the recipe, bringing the probabilities back, cleaning up, judging and writing, and with the U-Net of the tutorial (16 filters, random weights) or the given model. A process each, as a user
starts it. PYTHON, with SimpleITK, does all but the network in peer.py; its imports are told apart. Prints a Markdown table of medians. Python's standard library only.
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

MODELS = """
prepare = v -> v |> resample(shape=[96, 128, 160], spacing=2) |> normalize()
x = input()
save(pipeline(model(x, conv3d(x, 1, kernel=1) |> sigmoid()), prepare=prepare), "point.safetensors")
save(pipeline(unet3d(filters=16), prepare=prepare), "unet.safetensors")
"""


def run(command, folder):
    """Seconds, the most memory in bytes that the process held, and the JSON that it told."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 3):
        raise SystemExit(f"exit code {code}: {command}")
    return seconds, usage.ru_maxrss * 1024, json.loads(out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("heads", nargs="+")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--model")
    parser.add_argument("--peer")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    program, heads = os.path.abspath(options.program), [os.path.abspath(h) for h in options.heads]
    model = os.path.abspath(options.model) if options.model else "unet.safetensors"
    peer = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "-e", MODELS], cwd=folder, check=True)
        print("| head | all but the network, s | MB | SimpleITK, s (with imports) | MB | ratio | whole, s | MB |\n|---|---:|---:|---:|---:|---:|---:|---:|")
        for head in heads:
            def predict(name):
                return [program, "predict", head, "-o", "brain.nii.gz", "--mask", "mask.nii.gz", "--json", "--threads", str(options.threads), "--model", name]

            commands = {"point": predict("point.safetensors"), "whole": predict(model)}
            if options.peer:
                commands["peer"] = [options.peer, peer, head, folder, str(options.threads)]
            rows = {name: [] for name in commands}
            for _ in range(options.turns + 1):
                for name, command in commands.items():
                    rows[name].append(run(command, folder))
            # The first turn of each reads files that are not in memory yet.
            def median(name, value):
                return statistics.median(value(r) for r in rows[name][1:])

            def memory(name):
                return f"{max(r[1] for r in rows[name]) / 1e6:.0f}"

            point = median("point", lambda r: r[0])
            cells = [os.path.basename(head), f"{point:.2f}", memory("point")]
            if options.peer:
                inner, all_ = median("peer", lambda r: r[2]["seconds"]), median("peer", lambda r: r[0])
                cells += [f"{inner:.2f} ({all_:.2f})", memory("peer"), f"{inner / point:.1f}"]
            else:
                cells += ["", "", ""]
            print("| " + " | ".join(cells + [f"{median('whole', lambda r: r[0]):.2f}", memory("whole")]) + " |")


main()
