"""What whole_path.py times, without the network, with SimpleITK: read a head, prepare it, bring probabilities back, threshold, largest component, holes, write brain and mask.

Usage: peer.py HEAD FOLDER THREADS. Prints a line of JSON with the seconds of the work itself, after the imports.
"""
import json
import sys
import time

import SimpleITK as sitk

head, folder, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
began = time.perf_counter()
image = sitk.ReadImage(head, sitk.sitkFloat32)
size, spacing = (96, 128, 160), (2.0, 2.0, 2.0)
centre = image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])
# Right, anterior, superior in the file's own sense is left, posterior, superior in ITK's.
direction, signs = (-1, 0, 0, 0, -1, 0, 0, 0, 1), (-1, -1, 1)
origin = [c - s * d * (n - 1) / 2 for c, s, d, n in zip(centre, signs, spacing, size)]
seen = sitk.Resample(image, size, sitk.Transform(), sitk.sitkLinear, origin, spacing, direction, 0.0, sitk.sitkFloat32)
seen = sitk.Normalize(seen)
p = sitk.Sigmoid(seen, 1 / 40, 0.5)
back = sitk.Resample(p, image, sitk.Transform(), sitk.sitkLinear, 0.0, sitk.sitkFloat32)
mask = back >= 0.5
mask = sitk.RelabelComponent(sitk.ConnectedComponent(mask)) == 1
mask = sitk.BinaryFillhole(mask)
sitk.WriteImage(mask, folder + "/peer_mask.nii.gz")
sitk.WriteImage(sitk.Cast(sitk.Mask(image, mask), sitk.sitkInt16), folder + "/peer_brain.nii.gz")
print(json.dumps({"seconds": time.perf_counter() - began}))
