"""What a peer's process does: it stays alive, and takes one step each time it is told to, so that all programs are warm and take turns.

Commands come on standard input: `step` (one training step), `infer` (one prediction), `quit`. Each is answered with its seconds, the most memory
that the process has held so far in bytes, and the loss (0 after `infer`). The first line says how many parameters there are, running statistics included.
"""

import resource
import sys
import time


def serve(parameters, step, infer):
    answers = sys.stdout
    sys.stdout = sys.stderr  # what a library prints is no answer
    print(parameters, file=answers, flush=True)
    for line in sys.stdin:
        command = line.strip()
        if command == "quit":
            return
        began = time.monotonic()
        loss = step() if command == "step" else infer() and 0
        seconds = time.monotonic() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(seconds, peak, loss, file=answers, flush=True)


def arguments():
    """(mode, filters, depth, (x, y, z), batch) from the command line."""
    mode, filters, depth, x, y, z, batch = sys.argv[1], *map(int, sys.argv[2:8])
    return mode, filters, depth, (x, y, z), batch
