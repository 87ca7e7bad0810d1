"""N4 of this program against SimpleITK's, in turn, in one run: shrink 3, [20, 10, 10, 5], Otsu mask, two threads.

Usage: n4.py SKULLSTRIP HEAD.nii.gz... Needs SimpleITK and numpy. Ours is the time of the builtin, theirs of mask, estimate, field and division;
neither counts reading the file.
"""

import statistics
import subprocess
import sys
import time

import SimpleITK

program, heads, runs = sys.argv[1], sys.argv[2:], 3
SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(2)


def ours(path):
    code = f'v = load("{path}")\nt = clock()\nn4(v, shrink=3, iterations=[20, 10, 10, 5]);\nprint(clock() - t)'
    return float(subprocess.run([program, "-e", code], check=True, capture_output=True, text=True).stdout.split()[0])


def theirs(image):
    began = time.monotonic()
    mask = SimpleITK.OtsuThreshold(image, 0, 1, 200)
    n4 = SimpleITK.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations([20, 10, 10, 5])
    n4.Execute(SimpleITK.Shrink(image, [3] * 3), SimpleITK.Shrink(mask, [3] * 3))
    image / SimpleITK.Exp(n4.GetLogBiasFieldAsImage(image))
    return time.monotonic() - began


for path in heads:
    image = SimpleITK.ReadImage(path, SimpleITK.sitkFloat32)
    a, b = zip(*[(ours(path), theirs(image)) for _ in range(runs)])
    a, b = statistics.median(a), statistics.median(b)
    print(f"{path}: skullstrip {a:.2f} s, SimpleITK {b:.2f} s, ratio of medians {b / a:.1f}")
