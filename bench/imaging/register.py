"""Registration of this program against SimpleITK's on known transforms, in turn, in one run, two threads.

Usage: register.py SKULLSTRIP FOLDER [--only WORD ...]. FOLDER has T1-weighted heads `NAME_T1w.nii.gz`, and of some subjects a second contrast, `NAME_T2w.nii.gz` or `NAME_FLAIR.nii.gz`. With `--only`,
the rows that have one of the words in what they print of images and kind. Needs SimpleITK, nibabel and numpy.

Each head is moved by a drawn transform (cubic B-spline interpolation onto its own grid), noise of 3 % of its 99th percentile is added, and both programs bring it back. The error is the mean over
the head's voxels of how far from its place a voxel ends. A row's transform and noise depend on its images and kind alone, not on which rows are asked for.
A second contrast has no known place on the first: its error is how far the result on the moved image is from the moved result on the image as it is, and the two programs' results
are compared. Seconds are those of the registration alone.
SimpleITK: Mattes' mutual information, 50 bins, 5 % of voxels at random, shrink 4, 2, 1 with smoothing 2, 1, 0 mm, regular steps of 1 mm
down to 0.0001 mm, at most 300 a level, centres of mass first (of its optimisers that which found the transforms; gradient descent with estimated rate ended 10 mm off).
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
import zlib

import nibabel
import numpy
import SimpleITK as sitk

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("folder")
parser.add_argument("--only", nargs="+", default=[""], metavar="WORD")
options = parser.parse_args()
program, folder = options.program, options.folder
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
FLIP = numpy.diag([-1.0, -1, 1, 1])  # SimpleITK's world points left and to the back


def drawn(rng, kind):
    """A transform about the origin: up to 15° and 15 mm, for affine ones up to 8 % of scale and 4 % of shear."""
    x, y, z = rng.uniform(-1, 1, 3) * numpy.deg2rad(15)
    turn = numpy.eye(4)
    for a, (i, j) in ((x, (1, 2)), (y, (2, 0)), (z, (0, 1))):
        step = numpy.eye(4)
        step[i, i] = step[j, j] = numpy.cos(a)
        step[j, i], step[i, j] = numpy.sin(a), -numpy.sin(a)
        turn = step @ turn
    if kind == "affine":
        shape = numpy.eye(4)
        shape[:3, :3] += numpy.diag(rng.uniform(-0.08, 0.08, 3)) + numpy.triu(rng.uniform(-0.04, 0.04, (3, 3)), 1)
        turn = turn @ shape
    turn[:3, 3] = rng.uniform(-15, 15, 3)
    return turn


def about(matrix, centre):
    shift = numpy.eye(4)
    shift[:3, 3] = centre
    return shift @ matrix @ numpy.linalg.inv(shift)


def itk(matrix):
    """SimpleITK's transform of a right-anterior-superior matrix."""
    lps = FLIP @ matrix @ FLIP
    t = sitk.AffineTransform(3)
    t.SetMatrix(lps[:3, :3].ravel())
    t.SetTranslation(lps[:3, 3])
    return t


def world(transform):
    """The matrix of a linear transform of SimpleITK."""
    origin = numpy.array(transform.TransformPoint((0.0, 0, 0)))
    m = numpy.eye(4)
    for i in range(3):
        m[:3, i] = numpy.array(transform.TransformPoint(numpy.eye(3)[i].tolist())) - origin
    m[:3, 3] = origin
    return FLIP @ m @ FLIP


def ours(moving, fixed, kind):
    """Moving to fixed, and seconds."""
    code = f"""m = load("{moving}")
f = load("{fixed}")
t = clock()
r = register(m, f, kind="{kind}")
print(clock() - t)
for row in r.matrix {{ for x in row {{ print(x) }} }}"""
    out = subprocess.run([program, "--threads", "2", "-e", code], check=True, capture_output=True, text=True).stdout.split()
    return numpy.array(out[1:17], float).reshape(4, 4), float(out[0])


def theirs(moving, fixed, kind):
    moving, fixed = (sitk.ReadImage(p, sitk.sitkFloat32) for p in (moving, fixed))
    began = time.perf_counter()
    start = sitk.Euler3DTransform() if kind == "rigid" else sitk.AffineTransform(3)
    start = sitk.CenteredTransformInitializer(fixed, moving, start, sitk.CenteredTransformInitializerFilter.MOMENTS)
    r = sitk.ImageRegistrationMethod()
    r.SetMetricAsMattesMutualInformation(50)
    r.SetMetricSamplingStrategy(r.RANDOM)
    r.SetMetricSamplingPercentage(0.05, 1)
    r.SetInterpolator(sitk.sitkLinear)
    r.SetOptimizerAsRegularStepGradientDescent(learningRate=1.0, minStep=1e-4, numberOfIterations=300)
    r.SetOptimizerScalesFromPhysicalShift()
    r.SetShrinkFactorsPerLevel([4, 2, 1])
    r.SetSmoothingSigmasPerLevel([2, 1, 0])
    r.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    r.SetInitialTransform(start, inPlace=False)
    found = r.Execute(fixed, moving)
    return numpy.linalg.inv(world(found)), time.perf_counter() - began


def distance(a, b, points):
    return numpy.linalg.norm(((a - b) @ points)[:3], axis=0).mean()


def main():
    heads = {n[: -len(".nii.gz")] for n in os.listdir(folder) if n.endswith(".nii.gz")}
    firsts = sorted(n for n in heads if n.endswith("_T1w"))
    pairs = [(n, n) for n in firsts]
    pairs += [(m, n) for n in firsts for end in ("_T2w", "_FLAIR") if (m := n.removesuffix("_T1w") + end) in heads]
    runs = [(f"{m} to {n}, {kind}", m, n, kind) for m, n in pairs for kind in ("rigid", "affine")]
    runs = [run for run in runs if any(word in run[0] for word in options.only)]
    if not runs:
        parser.error(f"no row of {folder} has one of: {' '.join(options.only)}")
    ratios = []
    with tempfile.TemporaryDirectory() as scratch:
        for row, moving, fixed, kind in runs:
            rng = numpy.random.default_rng(zlib.crc32(row.encode()))
            plain, still = (os.path.join(folder, n + ".nii.gz") for n in (moving, fixed))
            image = sitk.ReadImage(plain, sitk.sitkFloat32)
            head = nibabel.load(plain)
            inside = numpy.argwhere(sitk.GetArrayFromImage(sitk.OtsuThreshold(image, 0, 1)).T > 0)[::97].T
            points = head.affine @ numpy.vstack([inside, numpy.ones(inside.shape[1])])
            known = about(drawn(rng, kind), points[:3].mean(1))
            moved = sitk.Resample(image, image, itk(numpy.linalg.inv(known)), sitk.sitkBSpline3, 0.0)
            values = sitk.GetArrayFromImage(moved)
            noise = rng.normal(0, 0.03 * numpy.percentile(values, 99), values.shape)
            path = os.path.join(scratch, "moved.nii")
            nibabel.save(nibabel.Nifti1Image(numpy.abs(values + noise).T.astype(numpy.float32), head.affine), path)
            a, seconds = ours(path, still, kind)
            b, peer = theirs(path, still, kind)
            ratios.append(peer / seconds)
            # Where a voxel was, where it went, and where it is brought.
            if moving == fixed:
                errors = [distance(m @ known, numpy.eye(4), points) for m in (a, b)]
                note = ""
            else:
                back = [f(plain, still, kind)[0] for f in (ours, theirs)]
                errors = [distance(m @ known, n, points) for m, n in zip((a, b), back)]
                note = f"; the two programs differ by {distance(*back, points):.2f} mm"
            print(
                f"{row}: moved {distance(known, numpy.eye(4), points):.1f} mm;"
                f" skullstrip {errors[0]:.3f} mm, {seconds:.2f} s; SimpleITK {errors[1]:.3f} mm, {peer:.2f} s ({peer / seconds:.1f}){note}",
                flush=True,
            )
    print(f"median ratio of seconds {statistics.median(ratios):.1f}")


main()
