"""Makes the reference numbers that ImagingTests compare with. Needs numpy, scipy, nibabel, nilearn and SimpleITK.

    python make.py            writes the files beside this script

Volumes are stored as arrays flattened with the first index fastest, as the library holds them.
"""
import json, os
import numpy as np, scipy.ndimage as nd, nibabel as nib, SimpleITK as sitk
from nilearn.image import resample_img

here = os.path.dirname(os.path.abspath(__file__))


def flat(a, digits=9):
    return [float(f"%.{digits}g" % v) for v in np.asarray(a, dtype=np.float64).ravel(order="F")]


def rotation(ax, ay, az):
    cx, sx, cy, sy, cz, sz = np.cos(ax), np.sin(ax), np.cos(ay), np.sin(ay), np.cos(az), np.sin(az)
    return (np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]]) @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
            @ np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]]))


def affine(linear, centre, shape):
    a = np.eye(4)
    a[:3, :3] = linear
    a[:3, 3] = np.asarray(centre) - linear @ ((np.asarray(shape) - 1) / 2)
    return a


rng = np.random.default_rng(7)
shape = (5, 7, 9)
image = np.round(rng.gamma(2.0, 40.0, shape) + 20 * np.indices(shape).sum(0), 3).astype(np.float32)
source = affine(np.diag([1.1, 0.9, 1.7]), (2.0, -3.0, 4.0), shape)
flipped = affine(np.array([[0, 0, -1.3], [-0.8, 0, 0], [0, 1.2, 0]]), (1.713, -2.634, 3.827), shape)
oblique = affine(rotation(0.3, -0.2, 0.4) @ np.diag([1.2, 0.7, 1.5]), (2.1, -2.8, 4.3), shape)

out = {"shape": shape, "image": flat(image), "affines": {
    "source": source[:3].ravel().tolist(), "flipped": flipped[:3].ravel().tolist(), "oblique": oblique[:3].ravel().tolist()}}

# resampling: every source onto every target, by nilearn
targets = {
    "finer": ((8, 6, 7), affine(np.diag([0.61, 0.83, 1.93]), (2.07, -3.04, 4.11), (8, 6, 7))),
    "beyond": ((6, 9, 5), affine(np.diag([1.31, 1.27, 4.1]), (2.43, -2.61, 3.77), (6, 9, 5))),
    "turned": ((7, 5, 6), affine(np.array([[0, -1.07, 0], [0, 0, 1.43], [-1.21, 0, 0]]), (2.03, -3.11, 4.07), (7, 5, 6))),
    "turned2": ((7, 5, 20), affine(np.array([[0, 0, 0.373], [1.073, 0, 0], [0, 1.21, 0]]), (2.03, -3.11, 4.07), (7, 5, 20))),
    "oblique": ((6, 7, 8), affine(rotation(-0.25, 0.35, 0.15) @ np.diag([0.83, 1.11, 1.37]), (2.31, -3.46, 4.13), (6, 7, 8))),
}
out["resample"] = []
for sname, saff in [("source", source), ("flipped", flipped), ("oblique", oblique)]:
    for tname, (tshape, taff) in targets.items():
        # No position may be so near an edge, or so near halfway, that rounding or our tolerance at edges decides.
        step = np.linalg.inv(saff) @ taff
        place = step[:3, :3] @ np.indices(tshape).reshape(3, -1) + step[:3, 3:]
        last = np.array(shape)[:, None] - 1
        strict = ((place >= 0) & (place <= last)).all(0)
        assert (strict == ((place >= -1.1e-3) & (place <= last + 1.1e-3)).all(0)).all(), (sname, tname)
        assert strict.sum() > 15, (sname, tname, strict.sum())
        assert np.abs(place[:, strict] % 1 - 0.5).min() > 1e-5, (sname, tname)
        for how in ["nearest", "linear", "continuous"]:
            r = resample_img(nib.Nifti1Image(image, saff), target_affine=taff, target_shape=tshape, interpolation=how,
                             clip=False, copy_header=True, force_resample=True)
            out["resample"].append({"from": sname, "to": tname, "how": {"continuous": "cubic"}.get(how, how), "shape": tshape,
                                    "affine": taff[:3].ravel().tolist(), "values": flat(r.get_fdata(dtype=np.float32), 8)})

# intensity
sp = np.array([1.1, 0.9, 1.7])
out["gaussian"] = [{"sigma": s, "values": flat(nd.gaussian_filter(image.astype(np.float64), np.array(s) / sp, mode="nearest", truncate=4))}
                   for s in (0.5, 1.3, 6.0)]
out["percentiles"] = [[p, float(np.percentile(image.astype(np.float64), p))] for p in (0, 0.1, 1, 12.5, 25, 33.3, 50, 77.7, 99, 99.9, 100)]
out["moments"] = [float(image.astype(np.float64).mean()), float(image.astype(np.float64).std())]

# Otsu, with a bimodal image too, of floats and of whole numbers
both = np.concatenate([rng.normal(20, 6, 2000), rng.normal(110, 25, 1360)]).astype(np.float32).reshape(16, 15, 14)
whole = np.clip(np.round(both * 3), 0, 1000).astype(np.int16)
out["otsu"] = []
for name, a in [("both", both), ("whole", whole.astype(np.float32)), ("image", image)]:
    for bins in (64, 128, 200):
        f = sitk.OtsuThresholdImageFilter()
        f.SetNumberOfHistogramBins(bins)
        f.SetInsideValue(0)
        f.SetOutsideValue(1)
        m = sitk.GetArrayFromImage(f.Execute(sitk.GetImageFromArray(np.ascontiguousarray(a.T))))
        out["otsu"].append({"image": name, "bins": bins, "threshold": f.GetThreshold(), "count": int(m.sum())})
out["both"] = flat(both)
out["whole"] = flat(whole)

# masks
def ball(radius, spacing):
    r = [int(radius / s + 1) for s in spacing]
    g = np.meshgrid(*[np.arange(-n, n + 1) for n in r], indexing="ij")
    return sum((a * s) ** 2 for a, s in zip(g, spacing)) <= radius**2 * (1 + 1e-9)


mshape = (17, 13, 11)
blob = nd.gaussian_filter(rng.normal(size=mshape), 1.6)
mask = blob > np.percentile(blob, 62)
mask[0:3, 2:5, :] = True
out["mask"] = {"shape": mshape, "voxels": mask.ravel(order="F").astype(int).tolist(), "balls": []}
for spacing in [(1.0, 1.0, 1.0), (0.7, 1.1, 2.3)]:
    for radius in (0.0, 0.9, 1.0, 2.3, 4.6):
        b = ball(radius, spacing)
        out["mask"]["balls"].append({
            "spacing": spacing, "radius": radius,
            "dilated": "".join("01"[int(v)] for v in nd.binary_dilation(mask, b).ravel(order="F")),
            "eroded": "".join("01"[int(v)] for v in nd.binary_erosion(mask, b).ravel(order="F"))})
speckle = rng.random(mshape) < 0.42
labels, n = nd.label(speckle)
sizes = nd.sum_labels(speckle, labels, range(1, n + 1))
out["speckle"] = {"voxels": "".join("01"[int(v)] for v in speckle.ravel(order="F")),
                  "largest": "".join("01"[int(v)] for v in (labels == 1 + np.argmax(sizes)).ravel(order="F")),
                  "filled": "".join("01"[int(v)] for v in nd.binary_fill_holes(~speckle).ravel(order="F"))}
ties = np.zeros(mshape, bool)
ties[2:4, 9:11, 1] = ties[9:11, 1:3, 4] = ties[1:3, 5:7, 9] = True
labels, n = nd.label(ties)
sizes = nd.sum_labels(ties, labels, range(1, n + 1))
out["ties"] = {"voxels": "".join("01"[int(v)] for v in ties.ravel(order="F")),
               "largest": "".join("01"[int(v)] for v in (labels == 1 + np.argmax(sizes)).ravel(order="F"))}
json.dump(out, open(os.path.join(here, "operations.json"), "w"), separators=(",", ":"))
