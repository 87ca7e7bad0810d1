"""This program's training step and prediction against Keras (TensorFlow) and PyTorch, in turn, in one run.

Usage: run.py [--quick] [--case NAME ...] [--peer NAME ...] [--lock FILE] [--bench PATH]

Needs `swift build -c release --product NetworkBench`, and a Python with torch, tensorflow and keras to run this with. Every program trains the
network of stdlib/unet3d.ss (10,019,185 parameters with running statistics at 16 filters, which is checked) with soft Dice and Adam on batches that are in
memory, in float32 unless its name says otherwise, with two threads (those of CPUS). A step is all of it: forward, loss, backward, optimiser.

Ours and one peer at a time are alive, each in a process of its own that has taken its steps to warm up; then they take turns (ours, peer, ours, peer …), and
a step's seconds are what the process itself measures around it. The table has medians with the range behind them, the ratio of the medians, and
the most memory that each process held. While one works the other waits for its next command: the processor time that it used meanwhile is printed, too.
PyTorch runs with its heap kept and on huge pages (TUNED_HEAP), which is faster than its default; Keras runs with TensorFlow's own settings.

--quick      fewer turns
--lock FILE  takes this lock around what is timed, for less than a minute at a stretch, so that others who hold it shared do not disturb the timing
"""

import argparse
import contextlib
import fcntl
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CPUS = sorted(os.sched_getaffinity(0))[:2]
TUNED_HEAP = {
    "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_TOP_PAD_": "268435456",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
PEERS = {
    "Keras": ("keras_worker.py", "float32", {}),
    "Keras, XLA": ("keras_worker.py", "xla", {}),
    "Keras, bf16": ("keras_worker.py", "bf16", {}),
    "PyTorch": ("torch_worker.py", "float32", TUNED_HEAP),
    "PyTorch, bf16": ("torch_worker.py", "bf16", TUNED_HEAP),
}
# Name: (command, what is run, (filters, depth, x, y, z, batch), turns, turns when quick)
CASES = {
    "infer": ("infer", "prediction 96×128×160, 16 filters", (16, 4, 96, 128, 160, 1), 5, 3),
    "step": ("step", "training step 96×128×160, 16 filters, batch 1", (16, 4, 96, 128, 160, 1), 5, 3),
    "batch4": ("step", "training step 96×128×160, 16 filters, batch 4", (16, 4, 96, 128, 160, 4), 3, 2),
    "small8": ("step", "training step 48×64×80, 8 filters", (8, 4, 48, 64, 80, 1), 9, 5),
    "small16": ("step", "training step 48×64×80, 16 filters", (16, 4, 48, 64, 80, 1), 9, 5),
    "start": ("start", "process start to the end of the first step 48×64×80, 16 filters", (16, 4, 48, 64, 80, 1), 3, 2),
}
PARAMETERS = {16: 10_019_185}


class Worker:
    def __init__(self, command, environment):
        # Two threads each; who is killed where memory runs out is the peer and nobody else.
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=os.environ | {"OMP_NUM_THREADS": "2"} | environment, preexec_fn=self.prepare)
        self.parameters = int(self.line())
        self.peak = 0

    @staticmethod
    def prepare():
        os.sched_setaffinity(0, CPUS)
        with open("/proc/self/oom_score_adj", "w") as f:
            f.write("1000")

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            raise RuntimeError(f"{' '.join(self.process.args)} ended with status {self.process.wait()}")
        return text

    def take(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        seconds, peak, loss = map(float, self.line().split())
        self.peak = peak
        return seconds

    def processor_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        with contextlib.suppress(OSError):
            self.process.stdin.write("quit\n")
            self.process.stdin.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Lock:
    """Shared while processes start and warm up, exclusive around what is timed: kept from one timing to the next, but not much longer than HOLD seconds."""

    HOLD = 25

    def __init__(self, path):
        self.file = open(path, "w") if path else None
        self.since = None

    @contextlib.contextmanager
    def warming_up(self):
        self.release()
        if self.file:
            fcntl.flock(self.file, fcntl.LOCK_SH)
        try:
            yield
        finally:
            self.release()

    @contextlib.contextmanager
    def timing(self):
        if self.file and self.since is None:
            fcntl.flock(self.file, fcntl.LOCK_EX)
            self.since = time.monotonic()
        try:
            yield
        finally:
            if self.since is not None and time.monotonic() - self.since > self.HOLD:
                self.release()

    def release(self):
        self.since = None
        if self.file:
            fcntl.flock(self.file, fcntl.LOCK_UN)


def turn(worker, command, others):
    """One step of one worker after the others have come to rest; also the share of its time that they used all the same."""
    time.sleep(0.1)
    before = sum(w.processor_seconds() for w in others)
    seconds = worker.take(command)
    return seconds, sum(w.processor_seconds() for w in others) - before


def alternate(make, command, turns, lock, parameters):
    workers = []
    try:
        return take_turns(make, workers, command, turns, lock, parameters)
    finally:
        lock.release()
        for w in workers:
            w.end()


def take_turns(make, workers, command, turns, lock, parameters):
    with lock.warming_up():
        for start in make:
            workers.append(start())
        for w in workers:
            if parameters and w.parameters != parameters:
                raise RuntimeError(f"{' '.join(w.process.args)}: {w.parameters:,} parameters instead of {parameters:,}")
            for _ in range(2):
                w.take(command)
    times, idle = [[], []], 0.0
    for _ in range(turns):
        with lock.timing():
            for i, w in enumerate(workers):
                seconds, others = turn(w, command, workers[:i] + workers[i + 1:])
                times[i].append(seconds)
                idle += others
    return times, [w.peak for w in workers], idle


def starts(make, turns, lock):
    """Each turn starts a process, lets it take one step and ends it. One turn before is not counted: it brings the files into memory."""
    times, peaks = [[], []], [0, 0]
    for number in range(turns + 1):
        with lock.timing():
            for i, start in enumerate(make):
                began = time.monotonic()
                worker = start()
                worker.take("step")
                if number > 0:
                    times[i].append(time.monotonic() - began)
                worker.end()
                peaks[i] = max(peaks[i], worker.peak)
    lock.release()
    return times, peaks, 0.0


def figures(times):
    return f"{statistics.median(times):.3g} s ({min(times):.3g} … {max(times):.3g})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--peer", action="append", choices=PEERS)
    parser.add_argument("--lock")
    parser.add_argument("--bench", default=os.path.join(ROOT, ".build/release/NetworkBench"))
    options = parser.parse_args()
    lock = Lock(options.lock)
    for case in options.case or CASES:
        command, title, size, turns, few = CASES[case]
        size = list(map(str, size))
        print(f"\n### {title}\n\n| peer | ours | peer | ratio | memory ours | memory peer | idle ones' processor time |\n|---|---|---|---|---|---|---|", flush=True)
        for peer in options.peer or PEERS:
            script, mode, environment = PEERS[peer]
            make = [
                lambda: Worker([options.bench, "serve", *size], {}),
                lambda: Worker([sys.executable, os.path.join(HERE, script), mode, *size], environment),
            ]
            n = few if options.quick else turns
            try:
                if command == "start":
                    times, peaks, idle = starts(make, n, lock)
                else:
                    times, peaks, idle = alternate(make, command, n, lock, PARAMETERS.get(int(size[0])))
            except RuntimeError as error:
                print(f"| {peer} | failed: {error} |", flush=True)
                continue
            ratio = statistics.median(times[1]) / statistics.median(times[0])
            print(
                f"| {peer} | {figures(times[0])} | {figures(times[1])} | {ratio:.2f} | {peaks[0] / 1e9:.2f} GB | {peaks[1] / 1e9:.2f} GB "
                f"| {100 * idle / sum(map(sum, times)):.1f} % |", flush=True)


if __name__ == "__main__":
    main()
