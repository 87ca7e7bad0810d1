"""Makes the reference numbers of masks that ImagingTests compare with. Needs numpy, scipy, nibabel, SimpleITK, torch and MONAI.

    python make_masks.py HEADS     writes masks.json beside this script; HEADS is the folder of real heads

Masks are strings of 0 and 1, first index fastest.
"""
import json, os, sys
import numpy as np, scipy.ndimage as nd, nibabel as nib, SimpleITK as sitk, torch
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance, compute_surface_dice
from monai.metrics.utils import get_mask_edges

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(11)


def bits(mask):
    return "".join("01"[int(v)] for v in mask.ravel(order="F"))


def flat(a):
    return [None if not np.isfinite(v) else float(f"{v:.8g}") for v in np.asarray(a, np.float64).ravel(order="F")]


def blob(shape, share, width=1.5):
    field = nd.gaussian_filter(rng.normal(size=shape), width)
    return field > np.quantile(field, 1 - share)


def ball(radius, spacing):
    g = np.meshgrid(*[np.arange(-int(radius / s + 1), int(radius / s + 2)) for s in spacing], indexing="ij")
    return sum((a * s) ** 2 for a, s in zip(g, spacing)) <= radius**2 * (1 + 1e-9)


def image(mask, spacing):
    i = sitk.GetImageFromArray(np.ascontiguousarray(mask.T.astype(np.uint8)))
    i.SetSpacing([float(s) for s in spacing])
    return i


out = {"distances": [], "balls": [], "components": [], "boundaries": [], "pairs": [], "heads": []}

# Distances, with a second opinion: outside of a mask, SimpleITK's distance to the outermost voxels is that to the mask.
for shape, spacing, share in [((5, 7, 9), (1, 1, 1), 0.2), ((11, 13, 10), (0.7, 1.1, 2.3), 0.3), ((19, 3, 17), (2.5, 0.4, 1), 0.05), ((33, 6, 4), (1, 3, 0.5), 0.6)]:
    mask = blob(shape, share)
    outside, inside = nd.distance_transform_edt(~mask, spacing), nd.distance_transform_edt(mask, spacing)
    maurer = sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(image(mask, spacing), False, False, True)).T
    assert np.allclose(maurer[~mask], outside[~mask], atol=1e-4)
    out["distances"].append({"shape": shape, "spacing": spacing, "mask": bits(mask), "signed": flat(outside - inside)})

# Opening and closing; closing as if the image went on beyond its edge.
for unit, spacing, radius in [("mm", (1, 1, 1), 1), ("mm", (0.7, 1.1, 2.3), 2.4), ("voxels", (0.7, 1.1, 2.3), 2), ("mm", (1.5, 1.5, 1), 3.1)]:
    mask = blob((13, 11, 10), 0.45, 1.1)
    b = ball(radius, spacing if unit == "mm" else (1, 1, 1))
    room = [(n, n) for n in b.shape]
    wide = nd.binary_closing(np.pad(mask, room), b)
    closed = wide[tuple(slice(n, -n) for n in b.shape)]
    assert (closed | mask == closed).all() and not (nd.binary_closing(mask, b) == closed).all()
    out["balls"].append({"shape": mask.shape, "spacing": spacing, "unit": unit, "radius": radius, "mask": bits(mask),
                         "opened": bits(nd.binary_opening(mask, b)), "closed": bits(closed)})

# Components by size; of one size in scipy's order. SimpleITK agrees on the sizes.
for share in (0.15, 0.3):
    mask = rng.random((9, 12, 19)) < share
    for connectivity, order in [(6, 1), (18, 2), (26, 3)]:
        labels, n = nd.label(mask, nd.generate_binary_structure(3, order))
        sizes = nd.sum_labels(mask, labels, range(1, n + 1)).astype(int)
        if connectivity != 18:
            relabelled = sitk.RelabelComponentImageFilter()
            relabelled.Execute(sitk.ConnectedComponent(image(mask, (1, 1, 1)), connectivity == 26))
            assert sorted(relabelled.GetSizeOfObjectsInPixels()) == sorted(sizes)
        rank = np.argsort(-sizes, kind="stable")
        names = np.zeros(n + 1, int)
        names[1 + rank] = np.arange(1, n + 1)
        out["components"].append({"shape": mask.shape, "connectivity": connectivity, "mask": bits(mask),
                                  "labels": names[labels].ravel(order="F").tolist(), "sizes": sizes[rank].tolist()})

# Outermost voxels.
for shape in [(5, 7, 9), (37, 5, 4)]:
    mask = blob(shape, 0.6)
    edges = mask & ~nd.binary_erosion(mask)
    assert (get_mask_edges(mask, mask, crop=False)[0] == edges).all()
    out["boundaries"].append({"shape": shape, "mask": bits(mask), "boundary": bits(edges)})


def measures(a, b, spacing, tolerance):
    """Overlap by SimpleITK, surfaces by MONAI."""
    f = sitk.LabelOverlapMeasuresImageFilter()
    f.Execute(image(a, spacing), image(b, spacing))
    one, two = (torch.from_numpy(m.copy())[None, None] for m in (a, b))
    kind = dict(include_background=True, spacing=[float(s) for s in spacing])
    true_negatives, negatives = int((~a & ~b).sum()), int((~b).sum())
    return {
        # SimpleITK's source is the prediction, its target the truth; its signed volume similarity is 2 (|A| - |B|) / (|A| + |B|).
        "dice": f.GetDiceCoefficient(), "iou": f.GetJaccardCoefficient(), "sensitivity": 1 - f.GetFalseNegativeError(),
        "precision": 1 - f.GetFalseDiscoveryRate(), "specificity": true_negatives / negatives,
        "volumeSimilarity": 1 - abs(f.GetVolumeSimilarity()) / 2,
        "hausdorff": float(compute_hausdorff_distance(one, two, **kind)), "hd95": float(compute_hausdorff_distance(one, two, percentile=95, **kind)),
        "assd": float(compute_average_surface_distance(one, two, symmetric=True, **kind)), "tolerance": tolerance,
        "surfaceDice": float(compute_surface_dice(one, two, [tolerance], **kind))}


for shape, spacing, tolerance in [((5, 7, 9), (1, 1, 1), 1), ((11, 13, 10), (0.7, 1.1, 2.3), 1.1), ((21, 8, 15), (1.2, 3, 0.8), 2.0), ((11, 13, 10), (2, 2, 2), 0.5)]:
    a = blob(shape, 0.3, 2)
    b = np.roll(a, 1, 1) & (rng.random(shape) > 0.1) | (rng.random(shape) < 0.01)
    out["pairs"].append({"shape": shape, "spacing": spacing, "a": bits(a), "b": bits(b), **measures(a, b, spacing, tolerance)})

# Real masks: two opinions of one brain, and a shift of a mask of thick slices; numbers alone are kept.
heads = sys.argv[1]
mne = [np.asarray(nib.load(f"{heads}/mne_{n}.nii.gz").dataobj).reshape(256, 256, 256) > 0 for n in ("brainmask", "aseg")]
out["heads"].append({"file": "mne_brainmask", "other": "mne_aseg", "shift": 0, **measures(*mne, (1, 1, 1), 2)})
thick = nib.load(f"{heads}/openms12_T2w_brainmask.nii.gz")
a = np.asarray(thick.dataobj) > 0
a = a.reshape(a.shape[:3])
out["heads"].append({"file": "openms12_T2w_brainmask", "other": "openms12_T2w_brainmask", "shift": 4,
                     **measures(a, np.roll(a, 4, 0), nib.affines.voxel_sizes(thick.affine), 2)})
assert not a[-4:].any()
json.dump(out, open(os.path.join(here, "masks.json"), "w"), separators=(",", ":"))
