"""The language against CPython and Lua, and voxel expressions against numpy, in turn, in one run: seconds of whole processes, and peak memory.

Usage: run.py SKULLSTRIP [--python PYTHON] [--lua LUA] [--numpy PYTHON] [--runs N] [--only WORD]

`programs/` has five small programs, each the same algorithm in three languages; what they print must agree. Times are those of whole processes, and again without the
start, which is that of an empty program. The voxel expressions work on 256×256×256 voxels in float32 that both sides read from one file; --numpy names a Python
that has numpy, and without it they are left out. Memory is the peak of the whole process; beside it, of one that only reads.
"""

import argparse
import math
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time

PROGRAMS = ["fib", "loops", "sieve", "nbody", "strings"]
SIZE = 256

# The images that are read, what skullstrip evaluates, and numpy.
EXPRESSIONS = {
    "(v - a) / b * m > 1.5": ("v", "(v - 0.5) / 0.25 * m > 1.5", "(v - 0.5) / 0.25 * m > 1.5"),
    "v * a + w * b - c": ("v w", "v * 2 + w * 3 - 0.5", "v * 2 + w * 3 - 0.5"),
    "(v > a) & (w < b) | m": ("v w", "(v > 0.3) & (w < 0.6) | m", "(v > 0.3) & (w < 0.6) | m"),
    "(v - w) ^ 2 / (v + w + a)": ("v w", "(v - w) ^ 2 / (v + w + 1)", "(v - w) ** 2 / (v + w + 1)"),
    "mean((v - w) ^ 2 * m)": ("v w", "mean((v - w) ^ 2 * m)", "numpy.mean((v - w) ** 2 * m)"),
}

# Both sides print the least time of several turns, and a number that must agree. With no turns they only read.
OURS = """
{reading}
m = v > 0.4
times = []
for turn in 0:{turns} {{
  t = clock()
  r = {expression}
  times = times + [clock() - t]
}}
if {turns} > 0 {{ print(min(times), {total}) }}
"""

THEIRS = """
import time
import numpy
def read(name):
    with open("{folder}/" + name, "rb") as file:
        file.seek(352)
        return numpy.fromfile(file, numpy.float32)
{reading}
m = v > 0.4
times = []
for turn in range({turns}):
    t = time.perf_counter()
    r = {expression}
    times.append(time.perf_counter() - t)
if times:
    print(min(times), numpy.sum(r, dtype=numpy.float64))
"""


def run(command):
    """Wall seconds, peak memory in bytes, and what was printed."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    out = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return seconds, usage.ru_maxrss * 1024, out.split()


def alternate(commands, runs):
    """Medians of the times of each command, and their outputs, of runs in turn."""
    times = {name: [] for name in commands}
    outputs = {}
    for turn in range(runs + 1):
        for name, command in commands.items():
            seconds, _, out = run(command)
            outputs[name] = out
            if turn:  # The first brings the files into memory.
                times[name].append(seconds)
    return {name: statistics.median(t) for name, t in times.items()}, outputs


def programs(options):
    names = {"skullstrip": options.skullstrip, "python": options.python, "lua": options.lua}
    starts, _ = alternate({
        "skullstrip": [options.skullstrip, "-e", "1"], "python": [options.python, "-c", "1"], "lua": [options.lua, "-e", "_ = 1"],
    }, 4 * options.runs)
    print("start (ms): " + ", ".join(f"{name} {1000 * t:.1f}" for name, t in starts.items()))
    print(f"{'program':10}{'ours':>9}{'python':>9}{'lua':>9}   {'/ python':>9}{'/ lua':>8}   without start:{'/ python':>9}{'/ lua':>8}")
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
    ratios = []
    for program in PROGRAMS:
        if options.only and options.only not in program:
            continue
        commands = {
            name: [path, os.path.join(folder, program + suffix)]
            for (name, path), suffix in zip(names.items(), (".ss", ".py", ".lua"))
        }
        times, outputs = alternate(commands, options.runs)
        if len({tuple(out) for out in outputs.values()}) != 1:
            sys.exit(f"{program}: results differ: {outputs}")
        ours, python, lua = (times[name] for name in names)
        net = {name: times[name] - starts[name] for name in names}
        ratios.append((ours / python, ours / lua, net["skullstrip"] / net["python"], net["skullstrip"] / net["lua"]))
        a, b, c, d = ratios[-1]
        print(f"{program:10}{ours:9.3f}{python:9.3f}{lua:9.3f}   {a:9.2f}{b:8.2f}                 {c:7.2f}{d:8.2f}", flush=True)
    means = [math.exp(statistics.mean(math.log(r[i]) for r in ratios)) for i in range(4)]
    print(f"{'geometric mean':37}   {means[0]:9.2f}{means[1]:8.2f}                 {means[2]:7.2f}{means[3]:8.2f}")


def write_image(path, seed):
    """A NIfTI file of numbers in 0 … 1 that look like noise."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, SIZE, SIZE, SIZE, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 16, 32)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    struct.pack_into("<2h", header, 252, 0, 1)
    struct.pack_into("<12f", header, 280, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
    header[344:348] = b"n+1\0"
    state, row = seed, bytearray()
    for _ in range(1 << 16):
        state = (1103515245 * state + 12345) & 0x7FFFFFFF
        row += struct.pack("<f", (state >> 8) / (1 << 23))
    with open(path, "wb") as file:
        file.write(header)
        for k in range(SIZE ** 3 >> 16):
            file.write(row[4 * k:] + row[:4 * k])


def voxels(options):
    print(f"\n{'expression':27}{'ours':>8}{'numpy':>8} ms{'numpy/ours':>12}   peak MB{'ours':>7}{'numpy':>7}{'ours/numpy':>12}   beyond reading{'ours':>7}{'numpy':>7}{'ours/numpy':>12}")
    with tempfile.TemporaryDirectory() as folder:
        write_image(folder + "/v.nii", 1)
        write_image(folder + "/w.nii", 2)
        for name, (images, ours, theirs) in EXPRESSIONS.items():
            def commands(turns):
                total = "r.count" if ">" in ours else "r" if ours.startswith("mean") else "sum(r)"
                reading = "\n".join(f'{i} = load("{folder}/{i}.nii")' for i in images.split())
                return (
                    [options.skullstrip, "-e", OURS.format(reading=reading, turns=turns, expression=ours, total=total)],
                    [options.numpy, "-c", THEIRS.format(
                        folder=folder, reading="\n".join(f'{i} = read("{i}.nii")' for i in images.split()), turns=turns, expression=theirs)],
                )
            times = ([], [])
            for _ in range(options.runs):
                sums = []
                for i, command in enumerate(commands(5)):
                    _, _, out = run(command)
                    times[i].append(float(out[0]))
                    sums.append(float(out[1]))
                if abs(sums[0] - sums[1]) > 1e-5 * abs(sums[1]):
                    sys.exit(f"{name}: results differ: {sums}")
            peak = [run(command)[1] / 1e6 for command in commands(1)]
            more = [p - run(command)[1] / 1e6 for p, command in zip(peak, commands(0))]
            a, b = (1000 * statistics.median(t) for t in times)
            print(f"{name:27}{a:8.1f}{b:8.1f}   {b / a:12.1f}          {peak[0]:7.0f}{peak[1]:7.0f}{peak[0] / peak[1]:12.2f}"
                  f"                 {more[0]:7.0f}{more[1]:7.0f}{more[0] / more[1]:12.2f}", flush=True)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("skullstrip")
parser.add_argument("--python", default="python3")
parser.add_argument("--lua", default="lua5.4")
parser.add_argument("--numpy")
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--only", default="")
options = parser.parse_args()
if options.only != "voxels":
    programs(options)
if options.numpy and (not options.only or options.only == "voxels"):
    voxels(options)
