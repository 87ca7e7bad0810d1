"""The examples that work on folders, in a tiny form: whole heads in, masks, tables, pictures and models out.

Usage: examples_test.py PATH-OF-SKULLSTRIP. Python's standard library only.
"""

import csv
import os

from harness import DATA, ROOT, Skip, evaluate, expect, expect_error, main, run, test

EXAMPLES = os.path.join(ROOT, "examples")


def example(name, *arguments, **options):
    return run(os.path.join(EXAMPLES, name), *arguments, **options)


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def cohort(count):
    """Phantoms in scans/ and masks/, the last without its mask."""
    result = evaluate(
        f'make_folder("scans")\nmake_folder("masks")\nfor i in 1:{count + 1} {{\n h = phantom(seed=i, shape=[40, 48, 48], spacing=4.5)\n'
        f' save(h.image, "scans/p{{i}}_T1w.nii.gz")\n if i < {count} {{ save(h.mask, "masks/p{{i}}_mask.nii.gz") }}\n}}')
    expect(result.returncode == 0, result.stderr)


def size_of_png(path):
    data = open(path, "rb").read(24)
    expect(data[:4] == b"\x89PNG", f"{path} is no picture")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def bright(path):
    """A model that takes what is bright for the brain, however the network was trained."""
    result = evaluate(f'net = unet3d(filters=2, depth=1, seed=1)\nsave(pipeline(net, prepare = v -> v |> resample(shape=[24, 28, 32], spacing=8) |> normalize(), volume=[1, 9000]), "{path}")')
    expect(result.returncode == 0, result.stderr)


@test
def a_folder_of_heads():
    cohort(3)
    bright("model.safetensors")
    open("scans/broken.nii.gz", "w").write("no image")
    open("scans/readme.txt", "w").write("no image, and not named like one")
    os.link("masks/p1_mask.nii.gz", "scans/p1_mask.nii.gz")
    result = example("segment_folder.ss", "scans", "--out", "found", "--model", "model.safetensors", "--brains")
    expect(result.returncode == 1 and "1 of 4 images failed" in result.stderr, result)
    table = rows("found/heads.csv")
    expect([r["name"] for r in table] == ["broken", "p1_T1w", "p2_T1w", "p3_T1w"], table)
    expect(table[0]["verdict"] == "failed" and "broken.nii.gz" in table[0]["reasons"] and table[0]["volume_ml"] == "", table)
    expect(all(r["verdict"] in ("ok", "suspect") and float(r["volume_ml"]) >= 0 and float(r["seconds"]) >= 0 for r in table[1:]), table)
    for n in "123":
        shown = evaluate(f'm = load("found/p{n}_T1w_mask.nii.gz") > 0\nprint(m.shape, volume_ml(m) > 0, max(abs(load("found/p{n}_T1w_brain.nii.gz") - load("scans/p{n}_T1w.nii.gz") * m)))')
        expect(shown.stdout == "[40, 48, 48] true 0\n", shown)
    wide, high = size_of_png("found/heads.png")
    expect(wide > 1200 and high < wide, (wide, high))
    # What is there is not done again; what failed is tried again.
    before = os.stat("found/p1_T1w_mask.nii.gz").st_mtime_ns
    os.remove("found/p2_T1w_mask.nii.gz")
    evaluate('save(load("scans/p3_T1w.nii.gz"), "scans/broken.nii.gz")')
    result = example("segment_folder.ss", "scans/", "--out", "found", "--model", "model.safetensors", "--brains")
    expect(result.returncode == 0 and "0 failed" in result.stdout and result.stdout.count("(kept)") == 2, result)
    expect(os.stat("found/p1_T1w_mask.nii.gz").st_mtime_ns == before and os.path.exists("found/p2_T1w_mask.nii.gz"), "done again, or not")
    # Another image of that name, or other options, are no reason to keep anything.
    evaluate('save(load("scans/p3_T1w.nii.gz") * 2, "scans/p2_T1w.nii.gz")')
    result = example("segment_folder.ss", "scans", "--out", "found", "--model", "model.safetensors", "--brains")
    expect(result.stdout.count("(kept)") == 3, result.stdout)
    result = example("segment_folder.ss", "scans", "--out", "found", "--model", "model.safetensors")
    expect("(kept)" not in result.stdout and os.stat("found/p1_T1w_mask.nii.gz").st_mtime_ns > before, result.stdout)
    expect_error(example("segment_folder.ss", "masks", "--model", "model.safetensors"), "there is no image in masks")
    expect_error(example("segment_folder.ss"), "usage")


@test
def a_model_of_ones_own():
    cohort(5)
    arguments = ["scans/*_T1w.nii.gz", "masks/*_mask.nii.gz", "--out", "own", "--minutes", "0.05", "--spacing", "8", "--filters", "2", "--depth", "2"]
    result = example("train_own.ss", *arguments)
    expect(result.returncode == 0, result.stdout + result.stderr)
    expect("p5" in result.stderr and "mask" in result.stderr, "the missing mask is not named: " + result.stderr)
    expect("3 pairs to train on, 1 to validate with" in result.stdout and " of " in result.stdout and "ml" in result.stdout, result.stdout)
    for name in ["samples.png", "training.png"]:
        size_of_png("own/" + name)
    expect(len(os.listdir("own/prepared")) == 4, os.listdir("own/prepared"))
    # The file alone takes a raw head.
    os.rename("own/model.safetensors", "alone.safetensors")
    result = run("predict", "scans/p5_T1w.nii.gz", "--mask", "mask.nii.gz", "--model", "alone.safetensors")
    expect(result.returncode in (0, 3) and os.path.exists("mask.nii.gz"), result.stderr)
    shown = evaluate('p = load("alone.safetensors").pipeline\nprint(p.recipe, p.volume)')
    expect("n4(" in shown.stdout and "resample(" in shown.stdout and "none" not in shown.stdout.split("\n")[0][-20:], shown)
    expect_error(example("train_own.ss", "scans/*_T1w.nii.gz", "masks/*_none.nii.gz"), "masks/*_none.nii.gz")
    expect_error(example("train_own.ss", "scans"), "usage")


@test
def the_tutorial_on_a_small_folder():
    result = example("make_nfbs.ss", "none", "cohort", "--phantoms", "5")
    expect(result.returncode == 0, result.stderr)
    os.remove("cohort/A00000105/sub-A00000105_ses-NFB3_T1w_brainmask.nii.gz")

    def nfbs(epochs):
        return example("nfbs.ss", "cohort", "--epochs", str(epochs), "--steps", "1", "--batch", "1", "--filters", "4", "--out", "nfbs", timeout=1200)

    result = nfbs(1)
    expect(result.returncode == 0, result.stdout + result.stderr)
    expect("A00000105" in result.stderr and "brainmask" in result.stderr, "the missing mask is not named: " + result.stderr)
    expect(result.stdout.count("prepared in") == 4, result.stdout)
    expect(len([n for n in os.listdir("nfbs") if n.endswith("_brain.nii.gz")]) == 1, str(os.listdir("nfbs")))
    table = rows("nfbs/nfbs-test.csv")
    expect(len(table) == 1 and table[0]["verdict"] in ("ok", "suspect") and 0 <= float(table[0]["dice"]) <= 1 and float(table[0]["truth_ml"]) > 500, table)
    # A longer training goes on from the first epoch, and nothing is prepared again.
    again = nfbs(2)
    expect(again.returncode == 0 and again.stdout.count("prepared in") == 0, again)
    expect([float(r["epoch"]) for r in rows("nfbs/nfbs-training.csv")] == [1, 2], open("nfbs/nfbs-training.csv").read())


@test
def mindgrab():
    model = os.path.join(DATA, "models", "mindgrab")
    if not os.path.isdir(model):
        raise Skip("no published models here")
    result = example("mindgrab.ss", model, "--out", "published")
    expect(result.returncode == 0, result.stderr)
    shown = evaluate('p = load("published/mindgrab.safetensors").pipeline\nprint(p.recipe, p.threshold, p.volume)')
    expect("conform(" in shown.stdout and "percentile(" in shown.stdout and "0.5 [800, 2200]" in shown.stdout, shown)
    expect_error(example("mindgrab.ss", "nowhere"), "nowhere")


main("examples")
