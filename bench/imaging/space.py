"""Resampling of this program against SimpleITK's and nilearn's, in turn, in one run, two threads.

Usage: space.py SKULLSTRIP HEAD.nii.gz [ROUNDS]. Needs SimpleITK, nilearn, nibabel and numpy. The head is first brought to 256×256×192 by repeating
its edges; all three bring it onto 96×128×160 about its centre at 2 mm. Only the operation is timed, on float32 images in memory. The peak is that of
a process of its own which reads the file, resamples once, and ends.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

METHODS = ("nearest", "linear", "cubic")


def theirs(path, how, times):
    """SimpleITK's seconds."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    image = sitk.ReadImage(path, sitk.sitkFloat32)
    shape = (96, 128, 160)
    centre = image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])
    # SimpleITK's world points left and to the back.
    direction = (-1, 0, 0, 0, -1, 0, 0, 0, 1)
    origin = [c - d * 2 * (n - 1) / 2 for c, d, n in zip(centre, (-1, -1, 1), shape)]
    kind = {"nearest": sitk.sitkNearestNeighbor, "linear": sitk.sitkLinear, "cubic": sitk.sitkBSpline}[how]
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        sitk.Resample(image, shape, sitk.Transform(), kind, origin, (2, 2, 2), direction, 0.0)
        seconds.append(time.perf_counter() - began)
    return seconds


def nilearns(path, how, times):
    """nilearn's seconds."""
    import nibabel
    import numpy
    from nilearn.image import resample_img

    image = nibabel.load(path)
    image = nibabel.Nifti1Image(image.get_fdata(dtype=numpy.float32), image.affine)
    shape = numpy.array((96, 128, 160))
    centre = (image.affine @ [*((numpy.array(image.shape) - 1) / 2), 1])[:3]
    affine = numpy.diag([2.0, 2, 2, 1])
    affine[:3, 3] = centre - (shape - 1)
    how = {"cubic": "continuous"}.get(how, how)
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        resample_img(image, target_affine=affine, target_shape=shape, interpolation=how, copy_header=True, force_resample=True)
        seconds.append(time.perf_counter() - began)
    return seconds


def ours(program, path, how, times):
    code = f"""v = load("{path}")
for i in 0:{times} {{
    t = clock()
    resample(v, shape=[96, 128, 160], spacing=2, interpolation="{how}");
    print(clock() - t)
}}"""
    out = subprocess.run([program, "--threads", "2", "-e", code], check=True, capture_output=True, text=True).stdout
    return [float(line) for line in out.split()]


def peak(command):
    """Megabytes that a process held at most, which it prints last."""
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def main(program, head, rounds=5):
    import nibabel
    import numpy

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "head.nii")
        image = nibabel.as_closest_canonical(nibabel.load(head))
        data = numpy.asarray(image.dataobj)[:256, :256, :192]
        data = numpy.pad(data, [(0, want - n) for n, want in zip(data.shape, (256, 256, 192))], mode="edge")
        nibabel.save(nibabel.Nifti1Image(data, image.affine), path)
        for how in METHODS:
            times = 3 if how == "cubic" else 7
            a, b, c = [], [], []
            for _ in range(int(rounds)):
                # The first of a process warms caches and pages.
                a += ours(program, path, how, times + 1)[1:]
                b += theirs(path, how, times + 1)[1:]
                c += nilearns(path, how, 2)[1:]
            a, b, c = (1000 * statistics.median(x) for x in (a, b, c))
            code = f'v = load("{path}")\nresample(v, shape=[96, 128, 160], spacing=2, interpolation="{how}");\nprint(peak_memory())'
            memory = [peak([program, "--threads", "2", "-e", code])]
            memory += [peak([sys.executable, __file__, function, path, how]) for function in ("theirs", "nilearns")]
            print(
                f"{how}: skullstrip {a:.1f} ms, SimpleITK {b:.1f} ms ({b / a:.1f}), nilearn {c:.0f} ms ({c / a:.0f});"
                f" peak {memory[0]:.0f}, {memory[1]:.0f}, {memory[2]:.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1] in ("theirs", "nilearns"):
        globals()[sys.argv[1]](*sys.argv[2:], 1)
        with open("/proc/self/status") as status:
            print(next(int(line.split()[1]) * 1024 / 1e6 for line in status if line.startswith("VmHWM")))
    else:
        main(*sys.argv[1:])
