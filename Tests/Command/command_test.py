"""The program as a user runs it: exit codes, streams, bad input, examples, the whole path on a small cohort.

Usage: command_test.py PATH-OF-SKULLSTRIP. Python's standard library only. Prints "N passed, N failed, N skipped".
"""

import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

from harness import DATA, PROGRAM, ROOT, Skip, evaluate, expect, expect_error, main, nifti, run, test


# The command line


@test
def version_and_help():
    expect(re.search(r"\d+\.\d+", run("--version").stdout), "no version")
    text = run("--help").stdout
    expect("skullstrip" in text and "-e" in text, text)


@test
def threads_from_option_environment_and_script():
    expect(evaluate("threads()", env={"SKULLSTRIP_THREADS": "3"}).stdout == "3\n", "SKULLSTRIP_THREADS")
    result = run("--threads", "5", "-e", "threads()", env={"SKULLSTRIP_THREADS": "3"})
    expect(result.stdout == "5\n", f"--threads goes before the environment: {result.stdout}{result.stderr}")
    expect(evaluate("[threads(256), threads()]").stdout == "[256, 256]\n", "threads(n) sets and tells")
    expect(" 7 threads" in run("--threads", "7", "--version", "-v").stdout, "--version -v says the threads")
    for value in ("0", "257", "-1", "two", "1.5", "99999999999999999999"):
        result = run("-e", "1", env={"SKULLSTRIP_THREADS": value})
        expect(result.returncode == 2 and f"SKULLSTRIP_THREADS: expected a whole number from 1 to 256, got '{value}'" in result.stderr,
               f"{value}: {result.stderr}")
        result = run(f"--threads={value}", "-e", "1")
        expect(result.returncode == 2 and value in result.stderr, f"--threads={value}: {result.stderr}")
    for value in ("0", "257", "1.5"):
        expect_error(evaluate(f"threads({value})"), value)


@test
def a_training_does_not_depend_on_the_number_of_threads():
    code = """
head = phantom(seed=1, shape=16, spacing=12)
pair = {{image: normalize(head.image), mask: head.mask}}
net = unet3d(filters=4, depth=2, dropout=0.1, seed=3)
fit(net, [pair], epochs=3, batch=1, seed=2)
save(net, "{}")
"""
    files = []
    for number, threads in enumerate((2, 2, 1)):
        name = f"threads{number}.safetensors"
        result = run("--threads", str(threads), "-e", code.format(name))
        expect(result.returncode == 0, result.stderr)
        files.append(open(name, "rb").read())
    expect(files[0] == files[1], "two trainings with 2 threads differ")
    expect(files[0] == files[2], "a training with 1 thread differs from one with 2")


@test
def two_processes_share_a_folder_of_results():
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "share.ss")
        with open(script, "w") as file:
            file.write(
                """fn work(i) = phantom(seed=i, shape=[24, 28, 32], spacing=8).image |> gaussian(6)
quick = cached(work, "kept")
for turn in 0:3 { for i in 0:12 { print(i, sum(map(0:24, k -> mean(quick(i)[k, :, :])))) } }
"""
            )
        started = [
            subprocess.Popen([PROGRAM, script], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)
        ]
        # A third is killed at some moment, and leaves nothing that is read as a result.
        killed = subprocess.Popen([PROGRAM, script], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.15)
        killed.kill()
        killed.wait()
        outputs = [process.communicate(timeout=300) for process in started]
        expect(outputs[0] == outputs[1] and outputs[0][1] == "", f"the processes differ: {outputs}")
        kept = os.listdir(os.path.join(folder, "kept"))
        results = [name for name in kept if name.endswith(".result")]
        expect(len(results) == 12, f"not 12 results: {kept}")
        before = {name: os.stat(os.path.join(folder, "kept", name)).st_mtime_ns for name in results}
        again = run(script, cwd=folder)
        expect(again.stdout == outputs[0][0], f"another run differs: {again}")
        after = {name: os.stat(os.path.join(folder, "kept", name)).st_mtime_ns for name in results}
        expect(before == after, "a result was computed again")


@test
def code_from_argument_file_and_standard_input():
    expect(evaluate("print(1 + 2)").stdout == "3\n", "-e")
    expect(run("-", stdin="print(6 * 7)\n").stdout == "42\n", "-")
    with open("script.ss", "w") as file:
        file.write('print(args)\nprint(options(args, {epochs: 60, quick: false}))\n')
    result = run("script.ss", "a", "--epochs", "3")
    expect(result.stdout == '["a", "--epochs", "3"]\n{epochs: 3, quick: false, rest: ["a"]}\n', result.stdout + result.stderr)
    expect("{epochs: 4, quick: true, rest: []}" in run("script.ss", "--epochs=4", "--quick").stdout, "--name=value")
    expect_error(run("script.ss", "--quick=1"), "--quick takes no value", code=1)


@test
def the_reference_is_up_to_date():
    stored = open(os.path.join(ROOT, "docs", "reference.md")).read()
    expect(run("--reference").stdout == stored, "docs/reference.md differs from the declarations: run `make docs`")


@test
def generated_kernels_are_up_to_date():
    os.makedirs("kernels")
    subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "make-kernels.py"), "kernels"], check=True)
    expect(len(os.listdir("kernels")) == 12, str(os.listdir("kernels")))
    for name in os.listdir("kernels"):
        stored = open(os.path.join(ROOT, "Sources", "KernelLoops", name)).read()
        expect(open(os.path.join("kernels", name)).read() == stored, f"{name} differs: run python3 scripts/make-kernels.py")


@test
def exit_codes():
    expect(evaluate("1").returncode == 0, "success")
    expect_error(evaluate("1 + nothing"), "nothing", code=2)
    expect_error(evaluate("number(\"x\")"), "number")
    expect_error(evaluate("x = ("), code=2)
    expect(run("--no-such-option").returncode == 2, "usage")
    expect_error(run("no-such-script.ss"), "no-such-script.ss")


@test
def interrupt_stops_a_script_with_130():
    for code in [
        "while true { }",
        "for i in 0:1000 { n4(phantom(seed=i, shape=96, spacing=2).image, shrink=1) }",
        "for i in 0:10000 { resample(phantom(seed=1, shape=64, spacing=3).image, shape=[256, 256, 256], spacing=1, interpolation=\"cubic\") }",
        "h = phantom(seed=1, shape=[48, 64, 64], spacing=4)\nfit(unet3d(filters=16, depth=3), [{image: h.image, mask: h.mask}], epochs=10000)\n"
        "while true { }",
    ]:
        process = subprocess.Popen([PROGRAM, "-e", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            if "fit" not in code:
                process.kill()
                raise AssertionError(f"does not stop: {code}")
            # fit ends with a usable model and the script goes on; the second Ctrl-C ends the loop after it.
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=5)
        expect(process.returncode == 130, f"exit code {process.returncode} after Ctrl-C in {code}")


@test
def errors_point_at_their_place():
    result = evaluate("a = phantom(seed=1, shape=8, spacing=20).image\nb = phantom(seed=1, shape=9, spacing=20).image\na + b")
    expect_error(result, "8×8×8", "9×9×9", "resample(b, like=a)", "^")
    expect_error(evaluate("n4(1)"), "volume", "^")
    expect_error(evaluate("resmple(1)"), "resample", code=2)


# Bad input


def describe_bad(path, *parts):
    result = evaluate(f'load("{path}")')
    expect_error(result, path, *parts)
    lines = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    expect(len(lines) == 1, result.stderr)


@test
def files_that_cannot_be_read():
    os.makedirs("folder.nii.gz", exist_ok=True)
    open("text.nii.gz", "w").write("this is no image\n" * 40)
    open("empty.nii", "w").close()
    nifti("good.nii.gz")
    whole = open("good.nii.gz", "rb").read()
    open("cut.nii.gz", "wb").write(whole[: len(whole) - 60])
    nifti("vast.nii", shape=(32000, 32000, 32000), voxels=b"\0" * 64)
    nifti("vast2.nii.gz", shape=(30000, 300, 200), voxels=b"\0" * 64)
    nifti("negative.nii", shape=(4, -5, 6), voxels=b"\0" * 480)
    nifti("short.nii", shape=(40, 50, 60), voxels=b"\0" * 64)
    nifti("magic.nii", magic=b"nix\0")
    nifti("type.nii", datatype=9999)
    nifti("offset.nii", offset=1e30)
    describe_bad("missing.nii.gz")
    for path in ["folder.nii.gz", "text.nii.gz", "empty.nii", "cut.nii.gz", "vast.nii", "vast2.nii.gz", "negative.nii", "short.nii",
                 "magic.nii", "type.nii", "offset.nii"]:
        describe_bad(path)
    expect(evaluate('load("good.nii.gz").shape').returncode == 0, "the good one")


@test
def every_truncation_is_an_error():
    nifti("whole.nii", shape=(3, 4, 2))
    whole = open("whole.nii", "rb").read()
    script = []
    for n in range(0, len(whole), 7):
        open(f"part{n}.nii", "wb").write(whole[:n])
        script.append(f'try {{ load("part{n}.nii")\nprint("read {n}") }} catch e {{ }}')
    result = evaluate("\n".join(script))
    expect(result.returncode == 0 and result.stdout == "", result.stdout + result.stderr)


@test
def voxels_that_are_not_numbers():
    values = [float("nan") if i == 7 else float(i) for i in range(4 * 5 * 6)]
    nifti("nan.nii", voxels=struct.pack("<120f", *values))
    expect_error(evaluate('normalize(load("nan.nii"))'), "nan")
    expect_error(evaluate('n4(load("nan.nii"))'))
    expect_error(evaluate('mean(load("nan.nii"))'))
    nifti("inf.nii", voxels=struct.pack("<120f", *[float("inf")] * 120))
    expect_error(evaluate('rescale(load("inf.nii"))'))
    crop = 'x = load("nan.nii")[0:4, 0:4, 0:4]\n'
    expect_error(evaluate(crop + 'fit(unet3d(filters=2, depth=1), [{image: x, mask: x > 5}], epochs=1)'), "NaN", "train[0]")
    expect_error(evaluate(crop + "predict(unet3d(filters=2, depth=1), x)"), "NaN")
    # Pictures leave such voxels dark, and replace_nonfinite mends them.
    expect(evaluate(crop + 'save(overlay(x, x > 3), "nan.png")').returncode == 0, "a picture of them")
    expect(evaluate(crop + "print(min(normalize(replace_nonfinite(x))) < 0)").stdout == "true\n", "mended")


@test
def masks_that_do_not_fit():
    make = "h = phantom(seed=1, shape=16, spacing=12)\n"
    expect_error(evaluate(make + "normalize(h.image, mask=h.mask & ~h.mask)"), "mask")
    expect_error(evaluate(make + "n4(h.image, mask=h.mask & ~h.mask)"), "mask")
    expect_error(evaluate(make + "dice(h.mask, phantom(seed=1, shape=17, spacing=12).mask)"), "16×16×16", "17×17×17")
    expect_error(evaluate(make + "overlay(h.image, phantom(seed=1, shape=17, spacing=12).mask)"), "17×17×17")
    expect_error(evaluate(make + "fit(unet3d(filters=2, depth=1), [{image: h.image, mask: phantom(seed=1, shape=18, spacing=12).mask}])"), "18×18×18")
    expect_error(evaluate(make + "fit(unet3d(filters=2, depth=1), [{image: h.image}])"), "mask")
    expect_error(evaluate(make + "fit(unet3d(filters=2, depth=1), [{image: h.image, mask: h.image}])"), "mask")


@test
def thinning_that_would_leave_too_little_is_told():
    thin = "v = phantom(seed=1, shape=[40, 40, 7], spacing=5).image\n"
    result = evaluate(thin + "print(n4(v, shrink=4, iterations=[2]).shape)")
    expect(result.returncode == 0 and result.stdout == "[40, 40, 7]\n", result.stderr)
    expect(result.stderr == "note: an image of 40×40×7 voxels is thinned by 4×4×1 instead of 4×4×4, so that at least 4 along each axis are looked at\n",
           result.stderr)
    same = evaluate(thin + "print(max(abs(n4(v, shrink=4, iterations=[2]) - n4(v, shrink=[4, 4, 1], iterations=[2]))))")
    expect(same.stdout == "0\n" and same.stderr.count("note:") == 1, f"{same.stdout}{same.stderr}")


@test
def batch_larger_than_the_cohort():
    result = evaluate(
        "h = phantom(seed=1, shape=16, spacing=12)\nfit(unet3d(filters=2, depth=1), [{image: h.image, mask: h.mask}], batch=4)")
    expect_error(result, "batch", "4", "1")


@test
def shape_that_cannot_be_halved():
    result = evaluate(
        "h = phantom(seed=1, shape=18, spacing=12)\nfit(unet3d(filters=2, depth=2), [{image: h.image, mask: h.mask}], epochs=1)")
    expect_error(result, "18×18×18", "4")


@test
def places_that_cannot_be_written():
    make = "h = phantom(seed=1, shape=16, spacing=12)\n"
    expect_error(evaluate(make + 'save(h.image, "no/such/folder/x.nii.gz")'), "no/such/folder/x.nii.gz")
    expect_error(evaluate(make + 'save(h.image, "/proc/x.nii.gz")'), "/proc/x.nii.gz")
    expect_error(evaluate(make + 'save(h.image, "x.tiff")'), "x.tiff")
    expect_error(evaluate(make + 'save(overlay(h.image, h.mask), "x.bmp")'), "x.bmp")
    expect_error(evaluate(make + 'save(3, "x.nii")'))


@test
def a_folder_without_permission():
    os.makedirs("locked")
    os.chmod("locked", 0o555)
    os.chmod(".", 0o755)
    options = {"user": 65534} if os.getuid() == 0 else {}
    make = "h = phantom(seed=1, shape=16, spacing=12)\n"
    # Root may write anywhere, so the program is copied to where another user may run it.
    program = shutil.copy(PROGRAM, "skullstrip")
    result = subprocess.run(["./skullstrip", "-e", make + 'save(h.image, "locked/x.nii.gz")'], capture_output=True, text=True, **options)
    expect_error(result, "locked/x.nii.gz", "ermission")
    expect(os.listdir("locked") == [], "something was left")


@test
def a_full_disk_leaves_nothing_behind():
    os.makedirs("full", exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "full"], capture_output=True)
    if mounted.returncode != 0:
        raise Skip("no right to mount a small tmpfs here")
    try:
        make = "h = phantom(seed=1, shape=64, spacing=3)\n"
        for name, value in [("x.nii", "h.image"), ("x.nii.gz", "h.image"), ("x.png", "overlay(h.image, h.mask)"),
                            ("x.safetensors", "unet3d(filters=4, depth=2)")]:
            expect_error(evaluate(make + f'save({value}, "full/{name}")'), f"full/{name}", "space")
            expect(os.listdir("full") == [], f"left behind: {os.listdir('full')}")
        open("full/x.nii", "w").write("old")
        expect_error(evaluate(make + 'save(h.image, "full/x.nii")'), "space")
        expect(open("full/x.nii").read() == "old", "the old file is gone")
        result = evaluate(make + 'fit(unet3d(filters=4, depth=2), [{image: h.image, mask: h.mask}], epochs=1, checkpoint="full/b.safetensors")')
        expect_error(result, "full/b.training.safetensors", "space")
        expect(os.listdir("full") == ["x.nii"], f"left behind: {os.listdir('full')}")
    finally:
        subprocess.run(["umount", "full"], check=True)


@test
def damaged_models():
    expect(evaluate('save(unet3d(filters=2, depth=1), "m.safetensors")').returncode == 0, "save")
    whole = open("m.safetensors", "rb").read()
    for n in [0, 4, 8, 100, len(whole) // 2, len(whole) - 1]:
        open("cut.safetensors", "wb").write(whole[:n])
        expect_error(evaluate('load("cut.safetensors")'), "cut.safetensors")
    open("cut.safetensors", "wb").write(b"\xff" * 64)
    expect_error(evaluate('load("cut.safetensors")'), "cut.safetensors")


# Whole paths


@test
def geometry_survives_a_round_trip():
    code = (
        "h = phantom(seed=3, shape=[20, 24, 28], spacing=[7, 6, 5.5])\nv = h.image[2:18, 3:20, :]\nsave(v, \"a.nii.gz\")\nb = load(\"a.nii.gz\")\n"
        "print(b.shape == v.shape, b.spacing == v.spacing, max(abs(b - v)))"
    )
    result = evaluate(code)
    expect(result.stdout == "true true 0\n", result.stdout + result.stderr)


@test
def examples_with_stored_output():
    folder = os.path.join(ROOT, "examples")
    count = 0
    for name in sorted(os.listdir(folder)):
        expected = os.path.join(folder, name[:-3] + ".out")
        if not name.endswith(".ss") or not os.path.exists(expected):
            continue
        result = run(os.path.join(folder, name))
        expect(result.returncode == 0, name + ": " + result.stderr)
        expect(result.stdout == open(expected).read(), f"{name} printed\n{result.stdout}")
        count += 1
    expect(count > 0, "no example has stored output")


@test
def quickstart_reaches_its_dice():
    began = time.time()
    result = run(os.path.join(ROOT, "examples", "quickstart.ss"), "quickstart", timeout=1800)
    expect(result.returncode == 0, result.stdout + result.stderr)
    found = re.search(r"mean dice ([0-9.]+)", result.stdout)
    expect(found and float(found.group(1)) >= 0.9, result.stdout)
    for name in ["quickstart-overlay.png", "quickstart-training.png", "quickstart-brain.nii.gz", "quickstart.safetensors"]:
        expect(os.path.getsize(os.path.join("quickstart", name)) > 1000, name)
    print(f"    {found.group(0)}, {time.time() - began:.0f} s")


@test
def every_real_head_goes_through():
    heads = os.path.join(DATA, "heads")
    if not os.path.isdir(heads):
        raise Skip("no shared heads here")
    masks = {"mne_T1w": "mne_brainmask", "openms01_T1w": "openms01_T1w_brainmask", "openms01_FLAIR": "openms01_FLAIR_brainmask",
             "openms12_T2w": "openms12_T2w_brainmask", "colin27_T1w": "colin27_labels"}
    names = [n[:-7] for n in sorted(os.listdir(heads)) if re.search(r"_(T1w|T2w|FLAIR)\.nii\.gz$", n)]
    expect(len(names) >= 7, str(names))
    for name in names:
        arguments = [os.path.join(heads, name + ".nii.gz")]
        if name in masks:
            arguments.append(os.path.join(heads, masks[name] + ".nii.gz"))
        result = run(os.path.join(ROOT, "examples", "head.ss"), *arguments, "--out", "heads-" + name)
        expect(result.returncode == 0, name + ": " + result.stderr)


main("command")
