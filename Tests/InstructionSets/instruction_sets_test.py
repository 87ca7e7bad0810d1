"""The program with the lesser instruction sets: chosen by SKULLSTRIP_ISA, and under an emulator of processors that have no more.

Usage: instruction_sets_test.py PATH-OF-SKULLSTRIP. Python's standard library only; the emulated part needs qemu-x86_64 (Debian's qemu-user). Prints
"N passed, N failed, N skipped".

The emulator ends the program at an instruction that its processor lacks, so that what it runs shows that no wide instruction is anywhere in the way.
"""

import os
import re
import shutil
import subprocess
import sys

PROGRAM = os.path.abspath(sys.argv[1])
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
# Processor: what is chosen on it. Westmere has no AVX, Haswell AVX2 and FMA, no AVX-512.
PROCESSORS = {"Westmere": "baseline", "Haswell": "avx2"}

# Large enough for every algorithm: Winograd's with both tile sizes and widths, direct sweeps, transposed convolutions, dropout.
# With Adam's usual epsilon a gradient that is zero but for rounding (a bias' before batch normalisation) moves its weight by a whole step in one
# direction or the other; a large one leaves such weights where they are.
TRAINING = """
head = phantom(seed=1, shape=16, spacing=12)
pair = {image: normalize(head.image), mask: head.mask}
net = unet3d(filters=8, depth=2, dropout=0.1, seed=3)
run = fit(net, [pair], epochs=3, batch=1, optimizer=adam(1e-3, epsilon=1e-3))
for epoch in run.history { print(epoch.loss) }
print(mean(probability(net, pair.image)))
"""
passed = failed = skipped = 0


def check(name, condition, message=""):
    global passed, failed
    if condition:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {name}: {message}")


def run(*arguments, processor=None, **environment):
    emulator = ["qemu-x86_64", "-cpu", processor] if processor else []
    return subprocess.run(
        [*emulator, PROGRAM, *arguments], text=True, capture_output=True, timeout=600, cwd=ROOT, stdin=subprocess.DEVNULL,
        env={**os.environ, **environment})


def numbers(result):
    return [float(line) for line in result.stdout.split()]


def close(name, result, reference):
    """Rounding differs: fused multiply–adds, and the order of sums within a vector. Measured: 2e-8 of the first step's loss, 1e-6 of the
    third's, 1e-5 of the mean prediction with running averages."""
    check(name, result.returncode == 0, result.stderr[-500:])
    found = numbers(result) if result.returncode == 0 else []
    errors = [abs(a - b) / abs(b) for a, b in zip(found, reference)]
    good = len(errors) == len(reference) == 4 and all(e < bound for e, bound in zip(errors, (1e-6, 1e-5, 1e-5, 1e-4)))
    check(name + ", numbers", good, f"{found} against {reference}")


def chosen(result):
    found = re.search(r"kernels +(\w+) of", result.stdout)
    return found[1] if found else None


native = run("-e", TRAINING)
check("training", native.returncode == 0, native.stderr)
reference = numbers(native)
language = run("examples/language.ss").stdout

for name in ("baseline", "avx2"):
    version = run("--version", "-v", SKULLSTRIP_ISA=name)
    if chosen(version) != name:  # the processor that this runs on may have less
        skipped += 1
        continue
    close(f"SKULLSTRIP_ISA={name}", run("-e", TRAINING, SKULLSTRIP_ISA=name), reference)

for processor, name in PROCESSORS.items():
    if not shutil.which("qemu-x86_64"):
        skipped += 1
        continue
    version = run("--version", "-v", processor=processor)
    check(f"{processor} chooses {name}", chosen(version) == name, version.stdout + version.stderr)
    close(processor, run("-e", TRAINING, processor=processor), reference)
    script = run("examples/language.ss", processor=processor)
    check(f"{processor} language", script.returncode == 0 and script.stdout == language, script.stdout + script.stderr)

print(f"instruction sets: {passed} passed, {failed} failed, {skipped} skipped")
sys.exit(failed > 0)
