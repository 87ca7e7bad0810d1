"""Makes the reference numbers of SpaceTests. Needs numpy, scipy, nibabel, nilearn and SimpleITK.

    python make_space.py      writes space.json beside this script

Volumes are stored as arrays flattened with the first index fastest, as the library holds them; affines as their upper three rows.
"""
import json, os
import numpy as np, scipy.ndimage as nd, nibabel as nib, SimpleITK as sitk
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform
from nibabel.processing import conform
from nilearn.image import resample_img

here = os.path.dirname(os.path.abspath(__file__))


def flat(a, digits=8):
    return [float(f"%.{digits}g" % v) for v in np.asarray(a, dtype=np.float64).ravel(order="F")]


def whole(a):
    return np.asarray(a).astype(int).ravel(order="F").tolist()


def rows(affine):
    return np.asarray(affine)[:3].ravel().tolist()


def turn(ax, ay, az):
    cx, sx, cy, sy, cz, sz = np.cos(ax), np.sin(ax), np.cos(ay), np.sin(ay), np.cos(az), np.sin(az)
    return (np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]]) @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
            @ np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]]))


def about(linear, centre, shape):
    a = np.eye(4)
    a[:3, :3] = linear
    a[:3, 3] = np.asarray(centre) - linear @ ((np.asarray(shape) - 1) / 2)
    return a


def places(source, target, shape):
    """Positions of a target's voxels in voxels of the source."""
    step = np.linalg.inv(source) @ target
    return step[:3, :3] @ np.indices(shape).reshape(3, -1, order="F") + step[:3, 3:]


rng = np.random.default_rng(11)
shape = (5, 7, 9)
image = rng.integers(0, 200, shape).astype(np.float32)
affines = {
    "source": about(np.diag([1.1, 0.9, 1.7]), (2.0, -3.0, 4.0), shape),
    "flipped": about(np.array([[0, 0, -1.3], [-0.8, 0, 0], [0, 1.2, 0]]), (1.7, -2.6, 3.8), shape),
    "oblique": about(turn(0.3, -0.2, 0.4) @ np.diag([1.2, -0.7, 1.5]), (2.1, -2.8, 4.3), shape),
}
out = {"shape": shape, "image": whole(image), "affines": {n: rows(a) for n, a in affines.items()}}

# orientations, by nibabel
out["reorient"] = []
for name, a in affines.items():
    for code in ("RAS", "LIA", "PSR", "ILP"):
        v = nib.Nifti1Image(image, a)
        w = v.as_reoriented(ornt_transform(io_orientation(a), axcodes2ornt(code)))
        assert "".join(nib.aff2axcodes(w.affine)) == code
        out["reorient"].append({"from": name, "code": code, "shape": w.shape, "affine": rows(w.affine), "values": whole(w.get_fdata())})

# labels, by SimpleITK; -1 where a position is outside of the box of voxel centres
labels = np.kron(rng.integers(0, 5, (3, 4, 5)), np.ones((2, 2, 2), int))[:5, :7, :9].astype(np.uint8)
out["labels"] = whole(labels)
FLIP = np.diag([-1.0, -1, 1, 1])


def itk(a, affine):
    v = sitk.GetImageFromArray(np.ascontiguousarray(a.T))
    lps = FLIP @ affine
    size = np.linalg.norm(lps[:3, :3], axis=0)
    v.SetSpacing(size.tolist())
    v.SetDirection((lps[:3, :3] / size).ravel().tolist())
    v.SetOrigin(lps[:3, 3].tolist())
    return v


def itk_transform(matrix):
    lps = FLIP @ matrix @ FLIP
    t = sitk.AffineTransform(3)
    t.SetMatrix(lps[:3, :3].ravel().tolist())
    t.SetTranslation(lps[:3, 3].tolist())
    return t


tshape = (11, 13, 10)
target = about(turn(-0.25, 0.35, 0.15) @ np.diag([0.53, 0.61, 0.97]), (2.31, -3.46, 4.13), tshape)
out["target"] = {"shape": tshape, "affine": rows(target)}
out["resampledLabels"] = []
for name in ("source", "oblique"):
    p = places(affines[name], target, tshape)
    last = np.array(shape)[:, None] - 1
    inside = ((p > 0.002) & (p < last - 0.002)).all(0)
    r = sitk.Resample(itk(labels, affines[name]), itk(np.zeros(tshape, np.uint8), target), sitk.Transform(), sitk.sitkLabelLinear, 0)
    values = np.where(inside, sitk.GetArrayFromImage(r).T.astype(int).ravel(order="F"), -1)
    assert inside.sum() > 300 and len(set(values[inside])) == 5
    out["resampledLabels"].append({"from": name, "values": values.tolist()})

# a transform on the way, by SimpleITK: whole numbers that lie inside only
matrix = np.eye(4)
matrix[:3, :3] = turn(0.1, -0.07, 0.2) @ np.array([[1.05, 0.03, 0], [0, 0.97, -0.02], [0, 0, 1.01]])
matrix[:3, 3] = (0.4, -0.3, 0.5)
p = places(matrix @ affines["oblique"], target, tshape)
inside = ((p > 0.002) & (p < last - 0.002)).all(0)
assert inside.sum() > 200
r = sitk.Resample(itk(image, affines["oblique"]), itk(np.zeros(tshape, np.float32), target), itk_transform(np.linalg.inv(matrix)),
                  sitk.sitkLinear, 0.0)
out["moved"] = {"matrix": rows(matrix), "values": flat(np.where(inside, sitk.GetArrayFromImage(r).T.ravel(order="F"), -1))}

# antialiasing: a Gaussian of variance (k² − 1) / (8 ln 2) voxels², then linear
out["antialias"] = []
coarse_shape = (3, 4, 5)
for name, linear in (("straight", np.diag([2.3, 1.7, 2.9])), ("tilted", turn(0.2, 0.1, -0.3) @ np.diag([2.3, 0.8, 2.9]))):
    coarse = about(linear, (2.03, -3.04, 4.02), coarse_shape)
    step = np.linalg.inv(affines["source"]) @ coarse
    k2 = (step[:3, :3] ** 2).sum(1)
    sigma = np.sqrt(np.maximum(0, k2 - 1) / (8 * np.log(2)))
    smooth = nd.gaussian_filter(image.astype(np.float64), sigma, mode="nearest", truncate=4)
    p = step[:3, :3] @ np.indices(coarse_shape).reshape(3, -1) + step[:3, 3:]
    assert (((p >= 0) & (p <= last)).all(0) == ((p >= -1.1e-3) & (p <= last + 1.1e-3)).all(0)).all()
    r = resample_img(nib.Nifti1Image(smooth.astype(np.float32), affines["source"]), target_affine=coarse, target_shape=coarse_shape,
                     interpolation="linear", copy_header=True, force_resample=True)
    out["antialias"].append({"shape": coarse_shape, "affine": rows(coarse), "values": flat(r.get_fdata())})

# conform: nibabel's on an image where its definition of the centre and FreeSurfer's are one (even shape, 1 mm, axes that
# grow to the left, downwards and to the front in any order)
even = rng.integers(0, 255, (6, 8, 10)).astype(np.uint8)
a = np.array([[0, -1, 0, 4], [0, 0, 1, -7], [-1, 0, 0, 2], [0, 0, 0, 1.0]])
c = conform(nib.Nifti1Image(even, a), out_shape=(12, 12, 12), voxel_size=(1, 1, 1), order=1, orientation="LIA")
out["conformEven"] = {"shape": even.shape, "image": whole(even), "affine": rows(a), "outAffine": rows(c.affine), "values": whole(np.rint(c.get_fdata()))}

# conform: FreeSurfer's definition (MRIchangeType's scale of float32 to 0 … 255, then LIA at 1 mm with c_ras kept), written out
wide = np.round(rng.gamma(1.2, 150.0, shape), 3).astype(np.float32)
wide[rng.random(shape) < 0.3] = 0
width = (wide.max() - wide.min()) / 1000
counts = np.histogram(wide.astype(np.float64), 1000, (wide.min(), wide.max()))[0]
edge = np.abs((wide - wide.min()) / width - np.round((wide - wide.min()) / width))
below = np.concatenate([[0], np.cumsum(counts)])
enough = wide.size - int((1 - 0.999) * (wide != 0).sum())
high = wide.min() + (np.where(below >= enough)[0][0] - 2) * width
scaled = np.clip(np.rint((wide - wide.min()) * 255.0 / (high - wide.min())), 0, 255)
lia = np.diag([-2.0, 0, 0, 1])
lia[:3, :3] = 2.0 * np.array([[-1, 0, 0], [0, 0, 1], [0, -1, 0]])
lia[:3, 3] = (affines["oblique"] @ [*(np.array(shape) / 2), 1])[:3] - lia[:3, :3] @ [4.5, 4.5, 4.5]
r = resample_img(nib.Nifti1Image(scaled.astype(np.float32), affines["oblique"]), target_affine=lia, target_shape=(9, 9, 9),
                 interpolation="linear", copy_header=True, force_resample=True).get_fdata()
out["conform"] = {"image": flat(wide), "scaled": whole(scaled), "affine": rows(lia), "values": whole(np.rint(r))}
json.dump(out, open(os.path.join(here, "space.json"), "w"), separators=(",", ":"))
