"""Trainings that are stopped: killed at random moments, on a full disk, with Ctrl-C; each goes on to the same weights, bit for bit.

Usage: resume_test.py PATH-OF-SKULLSTRIP [KILLS, default 6]. Python's standard library only. Prints "N passed, N failed, N skipped".
"""

import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.abspath(sys.argv[1])
KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 6
TESTS = []

# Batch normalisation, dropout, averages of weights, a schedule that depends on the losses, added gradients, pieces of samples: all that has a state.
HEADS = """
fn head(i) { h = phantom(seed=i, shape=32, spacing=6)
  return {image: normalize(h.image), mask: h.mask} }
train = [head(i) for i in 1:6]
valid = [head(i) for i in 20:22]
net = unet3d(filters=4, depth=2, dropout=0.2)
"""
CASES = {
    "adamw": "epochs=5, batch=2, loss=\"dice+bce\", optimizer=adamw(3e-3), schedule=cosine(warmup=3), ema=0.9, clip=0.5",
    "sgd": "epochs=4, steps=3, batch=1, accumulate=2, loss=tversky(0.4, 0.6), optimizer=sgd(0.05), schedule=plateau(0.5, patience=0), patch=[16, 24, 16]",
}


class Skip(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def script(case, more="", every=0, place=""):
    return HEADS + (
        f'run = fit(net, train, valid=valid, {CASES[case]}, checkpoint="{place}best.safetensors", every={every}, resume=true{more})\n'
        'save(net, "end.safetensors")\nprint(run.steps, run.best_epoch, [e.loss for e in run.history], [e.valid_loss for e in run.history])'
    )


def start(code, **options):
    return subprocess.Popen([PROGRAM, "-e", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def finish(code, **options):
    process = start(code, **options)
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def digest(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


def outcome(out):
    return out, digest("end.safetensors"), digest("best.safetensors")


def clean():
    for name in os.listdir("."):
        os.remove(name)


def whole(case, **options):
    """A training that nothing disturbs: what it tells, its last weights and its best model."""
    begin = time.monotonic()
    code, out, err = finish(script(case, **options))
    expect(code == 0, err)
    seconds = time.monotonic() - begin
    result = outcome(out)
    clean()
    return result, seconds


@test
def killed_at_random_moments():
    moments = random.Random(20)
    done = {case: 0 for case in CASES}
    for case in CASES:
        clean()
        expected, seconds = whole(case)
        left = (KILLS + 1) // 2
        while left > 0:
            clean()
            # Killed again and again until it comes through, or often enough; then once to the end.
            for _ in range(min(left, 4)):
                process = start(script(case))
                try:
                    process.communicate(timeout=moments.uniform(0.02, 0.7) * seconds)
                    break
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.communicate()
                    done[case] += 1
                    left -= 1
            code, out, err = finish(script(case))
            expect(code == 0, err)
            expect(outcome(out) == expected, f"{case} after {done[case]} kills: {out} and not {expected[0]}")
    print(f"  killed {sum(done.values())} times: {done}")


@test
def a_full_disk_keeps_the_old_checkpoint():
    expected, _ = whole("adamw")
    os.makedirs("disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", "disk"], capture_output=True)
    if mounted.returncode != 0:
        raise Skip("no right to mount a small tmpfs here")
    try:
        process = start(script("adamw", place="disk/"))
        while not os.path.exists("disk/best.safetensors"):
            time.sleep(0.01)
            expect(process.poll() is None, "it ended before its first checkpoint")
        filler = os.open("disk/filler", os.O_WRONLY | os.O_CREAT)
        try:
            while True:
                os.write(filler, bytes(4096))
        except OSError:
            os.close(filler)
        _, err = process.communicate(timeout=60)
        expect(process.returncode == 1 and "space" in err and "disk/best" in err, f"{process.returncode}: {err}")
        expect(sorted(n for n in os.listdir("disk")) == ["best.safetensors", "best.training.safetensors", "filler"], f"{os.listdir('disk')}")
        code, out, err = finish('print(kind(load("disk/best.safetensors")))')
        expect(out == "\"model\"\n" or out == "model\n", out + err)
        os.remove("disk/filler")
        code, out, err = finish(script("adamw", place="disk/"))
        expect(code == 0 and "goes on from step" in err, err)
        expect((out, digest("end.safetensors"), digest("disk/best.safetensors")) == expected, out)
    finally:
        subprocess.run(["umount", "disk"], check=True)


@test
def a_bound_on_file_sizes_keeps_the_old_checkpoint():
    expected, _ = whole("adamw")

    def bounded():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        # The best model fits; the state of the training, four times as large, does not.
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    code, out, err = finish(script("adamw"))
    expect(code == 0 and outcome(out) == expected, err)
    old = digest("best.training.safetensors")
    code, out, err = finish(script("adamw").replace("epochs=5", "epochs=6"), preexec_fn=bounded)
    expect(code == 1 and "best.training.safetensors" in err and "large" in err, err)
    expect(digest("best.training.safetensors") == old, "the old state is gone")


@test
def control_c_goes_on():
    expected, seconds = whole("adamw")
    process = start(script("adamw", every=100))
    time.sleep(0.5 * seconds)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    expect(process.returncode == 130 and "stopped after" in err and "resume=true goes on" in err, f"{process.returncode}: {err}")
    code, out, err = finish(script("adamw", every=100))
    expect(code == 0 and "goes on from step" in err, err)
    expect(outcome(out) == expected, out)


@test
def other_options_are_refused_by_name():
    _, _ = whole("adamw")
    code, _, err = finish(script("adamw"))
    expect(code == 0, err)
    for change, parts in [
        (("batch=2", "batch=1"), ["batch was 2, and is 1", "steps was"]),
        (("adamw(3e-3)", "adamw(1e-3)"), ["optimizer was adamw(0.003"]),
        (("dice+bce", "bce"), ["loss was dice + bce, and is bce"]),
        (("ema=0.9", "ema=0.99"), ["ema was 0.9, and is 0.99"]),
        (("filters=4", "filters=5"), ["other layers"]),
        (("1:6", "1:5"), ["samples was 5, and is 4"]),
    ]:
        code, out, err = finish(script("adamw").replace(*change))
        expect(code == 1 and all(part in err for part in parts + ["best.training.safetensors"]), f"{change}: {err}")
    # More epochs go on from where it ended.
    code, out, err = finish(script("adamw").replace("epochs=5", "epochs=7"))
    expect(code == 0 and out.startswith("21 ") and "goes on from step 15" in err, out + err)
    # A damaged state is an error that says so.
    whole_state = open("best.training.safetensors", "rb").read()
    for n in [0, 7, 100, len(whole_state) // 2, len(whole_state) - 1]:
        open("best.training.safetensors", "wb").write(whole_state[:n])
        code, out, err = finish(script("adamw").replace("epochs=5", "epochs=7"))
        expect(code == 1 and "best.training.safetensors" in err and err.count("error:") == 1, err)


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for function in TESTS:
        folder = tempfile.mkdtemp(prefix="skullstrip-resume-")
        os.chdir(folder)
        try:
            function()
            counts["passed"] += 1
        except Skip as reason:
            print(f"skipped {function.__name__}: {reason}")
            counts["skipped"] += 1
        except (AssertionError, subprocess.TimeoutExpired, OSError) as error:
            print(f"FAILED {function.__name__}: {error}")
            counts["failed"] += 1
        finally:
            os.chdir("/")
            shutil.rmtree(folder)
    print(f"{sys.argv[0]}: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    sys.exit(1 if counts["failed"] else 0)


main()
