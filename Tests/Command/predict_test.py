"""`skullstrip predict` as a user runs it: files in and out, exit codes, what is told and where.

Usage: predict_test.py PATH-OF-SKULLSTRIP. Python's standard library only.
"""

import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import time

from harness import PROGRAM, ROOT, Skip, evaluate, expect, expect_error, main, run, test


def weights(path, tensors):
    """A safetensors file of single numbers."""
    header, data = {}, b""
    for name, shape, value in tensors:
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4]}
        data += struct.pack("<f", value)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def prepare(more="", recipe="v |> resample(shape=[26, 32, 30], spacing=8) |> rescale()"):
    """A model that finds what is bright, and a head of which only the brain is: head.nii.gz, with its truth in truth.nii.gz."""
    weights("bright.safetensors", [("1.weight", [1, 1, 1, 1, 1], 40), ("1.bias", [1], -20)])
    result = evaluate(
        "x = input()\nnet = model(x, conv3d(x, 1, kernel=1) |> sigmoid())\nload_weights(net, \"bright.safetensors\")\n"
        f"save(pipeline(net, prepare = v -> {recipe}, volume=[500, 3000]{more}), \"model.safetensors\")\n"
        "head = phantom(seed=3, shape=[40, 50, 44], spacing=5)\nsave(head.mask, \"truth.nii.gz\")\n"
        "save(head.mask * 880 + 20, \"head.nii.gz\", dtype=\"int16\")")
    expect(result.returncode == 0, result.stderr)


def predict(*arguments, **options):
    return run("predict", *arguments, "--model", "model.safetensors", **options)


def shown(code):
    result = evaluate(code)
    expect(result.returncode == 0, result.stderr)
    return result.stdout.strip()


@test
def one_image():
    prepare()
    result = predict("head.nii.gz", "-o", "brain.nii.gz", "--mask", "mask.nii.gz", "--qc", "qc.png", "--json")
    expect(result.returncode == 0 and result.stderr == "", result.stderr)
    told = json.loads(result.stdout)
    expect(told["input"] == "head.nii.gz" and told["brain"] == "brain.nii.gz" and told["mask"] == "mask.nii.gz" and told["picture"] == "qc.png", told)
    expect(told["verdict"] == "ok" and told["reasons"] == [] and told["components"] == 1 and told["flip"] is None, told)
    expect(500 < told["volume_ml"] < 3000 and told["seconds"] > 0, told)
    expect(open("qc.png", "rb").read(4) == b"\x89PNG", "no picture")
    expect(shown('dice(load("mask.nii.gz") > 0, load("truth.nii.gz") > 0) > 0.95') == "true", "the mask is wrong")
    expect(shown('max(abs(load("brain.nii.gz") - load("head.nii.gz") * (load("mask.nii.gz") > 0))) == 0') == "true", "the brain is wrong")
    expect(shown('load("brain.nii.gz").datatype') == '"int16"', "the type was not kept")
    expect(shown(f'volume_ml(load("mask.nii.gz") > 0) - {told["volume_ml"]}') == "0", "the volume is wrong")
    expect(shown('dice(predict(load("model.safetensors"), "head.nii.gz"), load("mask.nii.gz") > 0) == 1') == "true", "a script gives another mask")


@test
def quiet_in_a_pipe():
    prepare()
    result = predict("head.nii.gz", "-o", "brain.nii.gz")
    expect((result.returncode, result.stdout, result.stderr) == (0, "", ""), result)
    expect(sorted(os.listdir(".")) == ["brain.nii.gz", "bright.safetensors", "head.nii.gz", "model.safetensors", "truth.nii.gz"], os.listdir("."))


@test
def many_images_of_which_some_fail():
    prepare()
    shown('h = load("head.nii.gz")\nsave(reorient(h, "LIA"), "turned.mgz")\nsave(h * 0 + 5, "flat.nii.gz")\nsave(h / (h > 100), "nan.nii.gz")\nsave(h[:, :, 0:20], "cut.nii.gz")')
    open("text.nii", "w").write("no image")
    result = predict("head.nii.gz", "missing.nii", "turned.mgz", "text.nii", "nan.nii.gz", "flat.nii.gz", "cut.nii.gz", "-o", "out", "--mask", "masks", "--qc", "pictures", "--json")
    expect(result.returncode == 1, result)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    expect([line["input"] for line in lines] == ["head.nii.gz", "missing.nii", "turned.mgz", "text.nii", "nan.nii.gz", "flat.nii.gz", "cut.nii.gz"], lines)
    expect(["error" in line for line in lines] == [False, True, False, True, True, True, False], lines)
    expect([line.get("verdict") for line in lines] == ["ok", None, "ok", None, None, None, "suspect"], lines)
    for name in ["missing.nii", "text.nii", "nan.nii.gz", "flat.nii.gz"]:
        expect(name in result.stderr, result.stderr)
    expect('suspect: "cut.nii.gz": ' in result.stderr and "border of the image" in result.stderr, result.stderr)
    expect(sorted(os.listdir("out")) == ["cut.nii.gz", "head.nii.gz", "turned.mgz"], os.listdir("out"))
    expect(sorted(os.listdir("pictures")) == ["cut.png", "head.png", "turned.png"], os.listdir("pictures"))
    expect(shown('dice(reorient(load("masks/turned.mgz") > 0, "RAS"), load("masks/head.nii.gz") > 0) > 0.999') == "true", "the orientation matters")


@test
def suspect_images_have_a_code_of_their_own():
    prepare()
    shown('save(load("head.nii.gz")[:, :, 0:20], "cut.nii.gz")')
    result = predict("cut.nii.gz", "head.nii.gz", "-o", "out/")
    expect(result.returncode == 3 and result.stdout == "", result)
    expect(result.stderr.count("suspect") == 1 and "ml is below the expected" in result.stderr, result.stderr)
    expect(sorted(os.listdir("out")) == ["cut.nii.gz", "head.nii.gz"], "a suspect image is written all the same")


@test
def borders_thresholds_and_mirror_images():
    prepare()
    expect(predict("head.nii.gz", "--mask", "mask.nii.gz").returncode == 0, "")
    expect(predict("head.nii.gz", "--mask", "wide.nii.gz", "--border", "5").returncode == 0, "")
    expect(predict("head.nii.gz", "--mask", "narrow.nii.gz", "--border", "-5", "--threads", "1").returncode == 0, "")
    told = json.loads(predict("head.nii.gz", "--json", "--border", "5").stdout)
    wide = float(shown('volume_ml(load("wide.nii.gz") > 0)'))
    expect(abs(told["mask_ml"] - wide) < 0.01 < told["mask_ml"] - told["volume_ml"], told)
    expect("leaves nothing" in predict("head.nii.gz", "--mask", "none.nii.gz", "--border", "-50", "--threshold", "0.999").stderr, "an empty mask goes untold")
    expect(shown('m = load("mask.nii.gz") > 0\n[dice(dilate(m, 5), load("wide.nii.gz") > 0), dice(erode(m, 5), load("narrow.nii.gz") > 0)]') == "[1, 1]", "border")
    expect(predict("head.nii.gz", "--mask", "small.nii.gz", "--threshold", "0.999").returncode == 0, "")
    expect(shown('(load("small.nii.gz") > 0).count < (load("mask.nii.gz") > 0).count') == "true", "threshold")
    told = json.loads(predict("head.nii.gz", "--json", "--flips").stdout)
    expect(told["flip"] == 0 and told["verdict"] == "ok", told)


@test
def the_first_of_several_volumes():
    prepare()
    shown('h = load("head.nii.gz")\nsave([h, h * 0, h], "series.nii.gz")')
    result = predict("series.nii.gz", "--mask", "first.nii.gz")
    expect(result.returncode == 0 and "3 images; the first is taken" in result.stderr, result)
    expect(predict("head.nii.gz", "--mask", "mask.nii.gz").returncode == 0, "")
    expect(shown('dice(load("first.nii.gz") > 0, load("mask.nii.gz") > 0) == 1') == "true", "another volume was taken")


@test
def wrong_usage():
    prepare()
    expect_error(run("predict"), "image", code=2)
    expect_error(predict("head.nii.gz"), "nothing to write", code=2)
    expect_error(predict("head.nii.gz", "-o", "brain.png"), "brain.png", code=2)
    # A name without an ending is a folder's, which is not made where anything else is wrong.
    expect_error(predict("head.nii.gz", "-o", "fresh", "--qc", "qc.jpg"), "qc.jpg", code=2)
    expect(not os.path.exists("fresh"), "a folder was left behind")
    result = predict("head.nii.gz", "-o", "fresh")
    expect(os.path.exists("fresh/head.nii.gz"), result)
    os.mkdir("heads")
    expect_error(predict("heads", "-o", "fresh/"), "\"heads\" is a directory", code=1)
    expect_error(predict("head.nii.gz", "--qc", "qc.jpg", "-o", "b.nii"), "qc.jpg", ".png", code=2)
    expect_error(predict("head.nii.gz", "-o", "head.nii.gz"), "is one of the images", code=2)
    expect_error(predict("head.nii.gz", "-o", "."), "is one of the images", code=2)
    expect_error(predict("head.nii.gz", "-o", "b.nii", "--mask", "./b.nii"), "would both be written", code=2)
    expect_error(predict("head.nii.gz", "head.nii.gz", "-o", "out"), "would both be written", code=2)
    expect_error(predict("head.nii.gz", "-o", "b.nii", "--mask", "none/such/m.nii"), "there is no folder", "mkdir -p none/such", code=2)
    expect_error(predict("head.nii.gz", "-o", "b.nii", "--border", "wide"), "--border", code=2)
    expect_error(predict("head.nii.gz", "-o", "b.nii", "--border", "51"), "from -50 to 50", code=2)
    expect_error(predict("head.nii.gz", "model.safetensors", "-o", "all.nii.gz"), "the name of one file, and there are 2 images", code=2)
    expect(not os.path.exists("all.nii.gz"), "a folder was made")
    expect_error(predict("head.nii.gz", "-o", "b.nii", "--threshold", "2"), "--threshold", code=2)
    expect_error(predict("head.nii.gz", "-o", "b.nii", "--threads", "0"), "--threads", code=2)
    expect_error(predict("head.nii.gz", "-o", "b.nii", "--colour"), "--colour", code=2)
    expect(not os.path.exists("b.nii"), "something was written")
    text = run("predict", "--help")
    expect(text.returncode == 0 and "Exit status" in text.stdout and "--border" in text.stdout, text)


@test
def models_that_are_none():
    prepare()
    expect_error(run("predict", "head.nii.gz", "-o", "b.nii", "--model", "none.safetensors"), "none.safetensors")
    expect_error(run("predict", "head.nii.gz", "-o", "b.nii", "--model", "head.nii.gz"), "head.nii.gz", "not a usable model")
    expect_error(run("predict", "head.nii.gz", "-o", "b.nii", "--model", "bright.safetensors"), "does not hold a network of this program")
    shown('x = input()\nnet = model(x, conv3d(x, 1, kernel=1) |> sigmoid())\nload_weights(net, "bright.safetensors")\nsave(net, "bare.safetensors")')
    result = run("predict", "head.nii.gz", "--mask", "bare.nii.gz", "--model", "bare.safetensors")
    expect("is a bare network" in result.stderr and "pipeline(" in result.stderr and os.path.exists("bare.nii.gz"), result)
    prepare(recipe="save(v, \"stolen.nii\")")
    expect_error(predict("head.nii.gz", "-o", "b.nii"), "calls save, and may only compute")
    expect(not os.path.exists("stolen.nii"), "a recipe wrote a file")


@test
def the_models_recipe_puts_the_air_at_0():
    """The model that comes along: offsets, a lost sign, and padding or nan around the head change nothing of its mask."""
    if not os.path.exists(os.path.join(ROOT, "models", "default.safetensors")):
        raise Skip("there is no model")
    told = shown(
        'm = pipeline(default_model(), flips=false, limits={doubt: 1})\nh = phantom(seed=2, shape=[64, 72, 64], spacing=[3.2, 3, 3.4]).image\nb = h * (h > 0.05 * max(h))\n'
        'p = [predict(m, v) for v in [h, h - 1000, h * -1, b, b / (b > 0), b - 32768 * (b == 0)]]\n[dice(p[0], p[1]), dice(p[0], p[2]), dice(p[3], p[4]), dice(p[3], p[5])]')
    expect(all(d > 0.99 for d in json.loads(told)), told)


@test
def the_model_that_comes_with_the_program():
    prepare()
    if os.path.exists(os.path.join(ROOT, "models", "default.safetensors")) or ".build" not in os.path.realpath(PROGRAM):
        raise Skip("a model is there, or the program is not where it was built")
    expect_error(run("predict", "head.nii.gz", "-o", "b.nii"), "share/skullstrip/default.safetensors", "models/default.safetensors", "--model")


@test
def installed_beside_the_program():
    prepare()
    os.makedirs("prefix/bin")
    os.makedirs("prefix/share/skullstrip")
    shutil.copy(PROGRAM, "prefix/bin/skullstrip")
    os.rename("model.safetensors", "prefix/share/skullstrip/default.safetensors")
    result = subprocess.run(["prefix/bin/skullstrip", "predict", "head.nii.gz", "-o", "brain.nii.gz"], capture_output=True, text=True, timeout=120)
    expect(result.returncode == 0 and os.path.exists("brain.nii.gz"), result)


@test
def interrupted():
    prepare(recipe="{ while true { }\n v }")
    process = subprocess.Popen([PROGRAM, "predict", "head.nii.gz", "-o", "out.nii", "--model", "model.safetensors"], stderr=subprocess.PIPE, text=True)
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    expect(process.returncode == 130 and "interrupted" in err, f"{process.returncode} {err}")
    expect(not os.path.exists("out.nii"), "something was written")


@test
def a_line_for_each_image_on_a_terminal():
    prepare()
    shown('save(load("head.nii.gz"), "other.nii.gz")')
    master, slave = pty.openpty()
    process = subprocess.Popen([PROGRAM, "predict", "head.nii.gz", "other.nii.gz", "-o", "out", "--model", "model.safetensors"], stdout=slave, stderr=slave, stdin=slave)
    os.close(slave)
    text = b""
    while True:
        try:
            chunk = os.read(master, 4096)
        except OSError:
            break
        if not chunk:
            break
        text += chunk
    expect(process.wait(timeout=60) == 0, text)
    lines = re.sub(r"\r?\x1b\[[0-9;]*[A-Za-z]", "", text.decode()).split("\n")
    expect(sum(bool(re.search(r"(head|other)\.nii\.gz  \d+ ml  ok  \d", line)) for line in lines) == 2, lines)
    expect("predict" in text.decode() and "0/2" in text.decode(), text)


main("predict")
