"""Distances, surfaces and components of masks against SimpleITK, in turn, in one run, on two threads: seconds and peak memory.

Usage: masks.py SKULLSTRIP MASK.nii.gz FOLDER [RUNS [WORD ...]]: only the tasks whose names hold one of the words. Needs SimpleITK, nibabel and numpy. MASK is a brain of 256×256×192 voxels; FOLDER gets the masks that are
made of it: a prediction (moved by a few voxels, grown, with blobs far off), one with cavities, one with specks around. Ours is the time of the builtin, each turn on masks that
it has not seen, theirs that of the filters; neither counts reading the files. Memory is the peak of a process that reads what it needs and does the one thing; beside it, of one that only reads.
"""

import os
import re
import statistics
import subprocess
import sys
import time

import nibabel
import numpy
import SimpleITK as sitk

TURNS = 5


# What SimpleITK does; each function gets what its reading gave.

def surface_distances(a, b):
    """Hausdorff distance, 95th percentile and mean between surfaces, as SimpleITK's own notebooks take them."""
    sides = []
    for one, other in ((a, b), (b, a)):
        far = sitk.Abs(sitk.SignedMaurerDistanceMap(other, squaredDistance=False, useImageSpacing=True))
        contour = sitk.LabelContour(one)
        sides.append(sitk.GetArrayViewFromImage(far)[sitk.GetArrayViewFromImage(contour) == 1])
    pooled = numpy.concatenate(sides)
    return pooled.max(), max(numpy.percentile(s, 95) for s in sides), pooled.mean()


def distance(a):
    return sitk.SignedMaurerDistanceMap(a, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)


def largest(a):
    return sitk.RelabelComponent(sitk.ConnectedComponent(a), sortByObjectSize=True) == 1


# name: (files, ours, theirs)
TASKS = {
    "hausdorff + hd95 + assd (compare)": ("truth prediction", "compare(prediction, truth)", surface_distances),
    "the same, three calls": ("truth prediction", "[hausdorff(prediction, truth), hd95(prediction, truth), assd(prediction, truth)]", surface_distances),
    "distance": ("truth", "distance(truth)", distance),
    "distance, signed": ("truth", "distance(truth, signed=true)", distance),
    "fill holes": ("holes", "fill_holes(holes)", sitk.BinaryFillhole),
    "largest component": ("specks", "largest(specks)", largest),
}


def path(name):
    return os.path.join(folder, name + ".nii.gz")


def read(files):
    return [sitk.ReadImage(path(f), sitk.sitkUInt8) for f in files.split()]


def loading(files):
    return "".join(f'{f} = load("{path(f)}") > 0\n' for f in files.split())


def peak(command):
    """What a process says of the most memory that it held, in MB."""
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


if len(sys.argv) == 4 and sys.argv[1] == "--theirs":
    # Our own child, for its memory alone.
    folder, (files, _, theirs) = sys.argv[2], TASKS[sys.argv[3].removeprefix("read ")]
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    images = read(files)
    if not sys.argv[3].startswith("read "):
        theirs(*images)
    print(int(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())[1]) * 1024 / 1e6)
    sys.exit()

program, source, folder = sys.argv[1:4]
RUNS = int(sys.argv[4]) if len(sys.argv) > 4 else 5
os.makedirs(folder, exist_ok=True)
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
os.environ["SKULLSTRIP_THREADS"] = "2"

image = nibabel.load(source)
truth = numpy.asarray(image.dataobj) > 0
rng = numpy.random.default_rng(1)
prediction = numpy.roll(truth, (3, -2, 1), (0, 1, 2)) | numpy.roll(truth, (0, 1, 2), (0, 1, 2))
prediction[20:26, 30:36, 20:26] = True
holes = truth.copy()
for i, j, k in rng.choice(numpy.argwhere(truth), 200):
    holes[i - 1:i + 2, j - 1:j + 2, k - 1:k + 2] = False
masks = {"truth": truth, "prediction": prediction, "holes": holes, "specks": truth | (rng.random(truth.shape) < 0.002)}
for name, mask in masks.items():
    nibabel.Nifti1Image(mask.astype(numpy.uint8), image.affine).to_filename(path(name))
print(f"{truth.shape} voxels, {int(truth.sum())} in the mask; medians of {RUNS} runs of {TURNS} turns, two threads")

for task, (files, ours, theirs) in TASKS.items():
    if sys.argv[5:] and not any(word in task for word in sys.argv[5:]):
        continue
    images = read(files)
    code = loading(files) + f"for turn in 0:{TURNS} {{\n" + "".join(f"    {f} = {f} & {f}\n" for f in files.split()) + f"    t = clock()\n    {ours};\n    print(clock() - t)\n}}"
    mine, peers = [], []
    for _ in range(RUNS):
        out = subprocess.run([program, "-e", code], check=True, capture_output=True, text=True).stdout
        mine.append(statistics.median(map(float, out.split())))
        turns = []
        for _ in range(TURNS):
            began = time.monotonic()
            theirs(*images)
            turns.append(time.monotonic() - began)
        peers.append(statistics.median(turns))
    a, b = statistics.median(mine), statistics.median(peers)
    memory = [peak([program, "-e", loading(files) + ours + ";\nprint(peak_memory())"]),
              peak([program, "-e", loading(files) + "print(peak_memory())"])]
    memory += [peak([sys.executable, __file__, "--theirs", folder, word + task]) for word in ("", "read ")]
    print(f"{task}: skullstrip {a * 1000:.1f} ms, SimpleITK {b * 1000:.1f} ms, ratio {b / a:.1f}; "
          "peak {:.0f} MB (reading {:.0f}), SimpleITK {:.0f} MB (reading {:.0f})".format(*memory), flush=True)
