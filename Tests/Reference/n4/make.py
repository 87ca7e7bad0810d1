"""Makes head.nii and the fields that SimpleITK's N4 finds in it (SimpleITK 2.5.7, numpy, nibabel).

head.nii      int16, 40x48x40 voxels of 4 mm: ellipsoids of four tissues under a known smooth field, with noise.
field_*.nii   float32, the log field at every second voxel along each axis. The mask is head > 60 throughout.
  full        no thinning, levels [20, 10]
  default     no thinning, levels [50, 50, 50, 50], threshold 0.001
  mesh        no thinning, 5x4x6 control points, levels [10, 5], 64 bins, FWHM 0.25, Wiener noise 0.02
  shrink      thinned by 2, levels [20, 10]
"""

import os

import nibabel
import numpy as np
import SimpleITK as sitk

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPE = (40, 48, 40)


def head():
    rng = np.random.default_rng(20100608)
    x, y, z = np.meshgrid(*[np.linspace(-1, 1, n) for n in SHAPE], indexing="ij")
    image = np.zeros(SHAPE)
    for radius, value in ((0.92, 500), (0.8, 60), (0.74, 280), (0.7, 640)):
        image[(x / radius) ** 2 + (y / radius) ** 2 + (z / radius) ** 2 < 1] = value
    folds = np.sin(17 * x + 2 * np.sin(9 * y)) * np.sin(15 * y + 1.5 * z) * np.sin(16 * z + x)
    inside = x**2 + y**2 + z**2 < 0.7**2
    image[inside & (np.abs(folds) < 0.12)] = 640
    image[inside & (folds > 0.12)] = 900
    image[inside & (x**2 + y**2 + z**2 < 0.45**2)] = 900
    image[(x / 0.12) ** 2 + (y / 0.35) ** 2 + (z / 0.2) ** 2 < 1] = 250
    field = 0.3 * x - 0.2 * y * y + 0.25 * x * z + 0.15 * np.sin(2.5 * z + y)
    image = image * np.exp(field)
    noisy = np.hypot(image + rng.normal(0, 18, SHAPE), rng.normal(0, 18, SHAPE))
    return np.round(noisy).astype(np.int16)


def save(name, data):
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    nibabel.save(nibabel.Nifti1Image(data, affine), os.path.join(HERE, name))


def correct(image, name, levels, points=(4, 4, 4), bins=200, fwhm=0.15, wiener=0.01, shrink=1):
    volume = sitk.GetImageFromArray(image.astype(np.float32))
    mask = sitk.GetImageFromArray((image > 60).astype(np.uint8))
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations(levels)
    # SimpleITK's axes run x, y, z; arrays here were handed over as they are, so z, y, x of it are our x, y, z.
    n4.SetNumberOfControlPoints(points[::-1])
    n4.SetNumberOfHistogramBins(bins)
    n4.SetBiasFieldFullWidthAtHalfMaximum(fwhm)
    n4.SetWienerFilterNoise(wiener)
    n4.Execute(sitk.Shrink(volume, [shrink] * 3), sitk.Shrink(mask, [shrink] * 3))
    log = sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(volume))
    save(f"field_{name}.nii", log[::2, ::2, ::2].astype(np.float32))


if __name__ == "__main__":
    image = head()
    save("head.nii", image)
    correct(image, "full", [20, 10])
    correct(image, "default", [50, 50, 50, 50])
    correct(image, "mesh", [10, 5], points=(5, 4, 6), bins=64, fwhm=0.25, wiener=0.02)
    correct(image, "shrink", [20, 10], shrink=2)
