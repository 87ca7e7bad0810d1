"""Prints the mask of ResampleTests.masksEqualSimpleITK and SimpleITK's linear resampling of it, cut at one half (x fastest)."""

import numpy as np
import SimpleITK as sitk

rng = np.random.default_rng(3)
mask = (rng.random((3, 4, 5)) > 0.45).astype(np.float32)
image = sitk.GetImageFromArray(mask)
image.SetSpacing([2, 3, 2.5])
image.SetOrigin([1, -2, 3])
resampled = sitk.Resample(
    image, [9, 10, 6], sitk.Transform(3, sitk.sitkIdentity), sitk.sitkLinear, [0.13, -3.37, 1.91], [1.3] * 3,
    np.eye(3).ravel().tolist(), 0.0)
values = sitk.GetArrayFromImage(resampled)
assert np.abs(values - 0.5).min() > 1e-4
print("".join(map(str, mask.astype(int).ravel())))
print("".join(map(str, (values >= 0.5).astype(int).ravel())))
