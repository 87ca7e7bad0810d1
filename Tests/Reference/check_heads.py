"""Runs examples/head.ss on every real head and checks what it wrote with nibabel.

Usage: check_heads.py SKULLSTRIP HEADS OUT. Needs nibabel and numpy. For each head: the affine and voxels that skullstrip reads equal nibabel's,
the files that it wrote have the geometry that it says, the bias field is positive and smooth, an unchanged image comes back identical.
"""

import json
import os
import re
import subprocess
import sys

import nibabel
import numpy

program, heads, out = (os.path.abspath(p) for p in sys.argv[1:4])
root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
masks = {"mne_T1w": "mne_brainmask", "openms01_T1w": "openms01_T1w_brainmask", "openms01_FLAIR": "openms01_FLAIR_brainmask",
         "openms12_T2w": "openms12_T2w_brainmask", "colin27_T1w": "colin27_labels"}


def evaluate(code):
    return subprocess.run([program, "-e", code], check=True, capture_output=True, text=True).stdout


def numbers(text):
    return numpy.array(json.loads(text))


for name in sorted(n[:-7] for n in os.listdir(heads) if re.search(r"_(T1w|T2w|FLAIR)\.nii\.gz$", n)):
    path = os.path.join(heads, name + ".nii.gz")
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    arguments = [path]
    if name in masks:
        # Masks fit their images voxel for voxel; the header of one is a voxel off.
        mask = f"{folder}/mask.nii.gz"
        source = os.path.join(heads, masks[name] + ".nii.gz")
        brain = "(v > 0 & v < 4) | v == 8" if name.startswith("colin") else "v > 0"
        evaluate(f'v = load("{source}")\nsave(copy_grid({brain}, like=load("{path}")), "{mask}")')
        arguments.append(mask)
    run = subprocess.run([program, os.path.join(root, "examples", "head.ss"), *arguments, "--out", folder], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    print(f"== {name}\n{run.stdout}", end="")

    reference = nibabel.load(path)
    affine = numbers(evaluate(f'print(load("{path}").affine)'))
    apart = numpy.abs(affine[:3] - reference.affine[:3]).max()
    evaluate(f'v = load("{path}")\nsave(v, "{folder}/copy.nii.gz")\nsave(bias_field(v, shrink=3, iterations=[20, 10, 10, 5]), "{folder}/field.nii.gz")')
    copy = nibabel.load(f"{folder}/copy.nii.gz")
    same = numpy.array_equal(numpy.asanyarray(copy.dataobj), numpy.asanyarray(reference.dataobj).reshape(copy.shape))
    copy_apart = numpy.abs(copy.affine - reference.affine).max()

    prepared = nibabel.load(f"{folder}/head-prepared.nii.gz")
    mask = nibabel.load(f"{folder}/head-mask.nii.gz")
    assert prepared.shape == mask.shape == (96, 128, 160) and numpy.allclose(prepared.affine, mask.affine)
    assert numpy.allclose(numpy.diag(prepared.affine)[:3], 2) and mask.get_data_dtype() == numpy.uint8
    centre = (numpy.array(reference.shape[:3]) - 1) / 2
    drift = numpy.abs(nibabel.affines.apply_affine(prepared.affine, [47.5, 63.5, 79.5]) - nibabel.affines.apply_affine(reference.affine, centre)).max()
    values = prepared.get_fdata()

    field = nibabel.load(f"{folder}/field.nii.gz").get_fdata()
    steps = max(numpy.abs(numpy.diff(numpy.log(field), axis=a)).max() for a in range(3))
    print(f"   affine off nibabel's by {apart:.1e}; copy: voxels identical {same}, type {copy.get_data_dtype()}, affine off by {copy_apart:.1e}; "
          f"centre off by {drift:.1e} mm; mean {values.mean():.1e}, std {values.std():.4f}; field {field.min():.3f} … {field.max():.3f}, "
          f"largest log step between voxels {steps:.4f}")
    assert apart < 1e-4 and copy_apart < 1e-4 and same and drift < 1e-3, name
    assert field.min() > 0 and numpy.isfinite(field).all() and steps < 0.1, name
print("all heads pass")
