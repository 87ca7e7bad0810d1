"""Makes the reference readings of NIfTI files that ImagingTests compare with. Needs numpy and nibabel.

    python make_files.py DATA     writes files.json from DATA/nifti-cases and DATA/heads, and small files of every kind into files/

A reading is shape, affine, type and a checksum of the float32 bits, first index fastest: Σ bits[i]·(2i + 1) modulo 2⁶⁴.
"""
import json, os, sys, glob
import numpy as np, nibabel as nib

here = os.path.dirname(os.path.abspath(__file__))


def checksum(values):
    bits = np.asarray(values).astype(np.float32).ravel(order="F").view(np.uint32).astype(np.uint64)
    with np.errstate(over="ignore"):
        return str(int((bits * (2 * np.arange(bits.size, dtype=np.uint64) + 1)).sum(dtype=np.uint64)))


def reading(path):
    try:
        image = nib.load(path)
        if not isinstance(image, (nib.Nifti1Pair, nib.Nifti2Pair)):
            return {"refused": "not NIfTI: " + type(image).__name__}
        data = image.get_fdata() if image.get_data_dtype().kind in "iuf" else None
        if data is None:
            return {"refused": "type " + str(image.get_data_dtype())}
        shape = list(data.shape)
        frames = int(np.prod(shape[3:])) if len(shape) > 3 else 1
        out = {"shape": (shape + [1, 1])[:3], "frames": frames, "type": image.get_data_dtype().name,
               "affine": [float(v) for v in image.affine[:3].ravel()]}
        frame = data.reshape((shape + [1, 1])[:3] + [frames], order="F")
        out["checksum"] = checksum(frame[..., 0])
        out["last"] = checksum(frame[..., -1])
        return out
    except Exception as e:
        return {"refused": type(e).__name__}


# small files of every kind
os.makedirs(os.path.join(here, "files"), exist_ok=True)
rng = np.random.default_rng(3)
shape = (5, 7, 9)
linear = np.array([[0, -0.8, 0.1], [1.1, 0, 0.05], [0.02, 0.1, 2.3]])
sform = np.eye(4)
sform[:3, :3] = linear
sform[:3, 3] = (-12.5, 30.25, 7.75)
c, s = np.cos(0.4), np.sin(0.4)
qform = np.eye(4)
qform[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, -1]]) @ np.diag([1.3, 0.9, 2.2])
qform[:3, 3] = (11, -22, 33)


def save(name, data, *, order="<", version=1, slope=None, inter=None, s_code=1, q_code=1, extension=False, edit=None):
    # The header is set by hand, so that codes, scaling and byte order are what the test means.
    cls, head = (nib.Nifti1Image, nib.Nifti1Header) if version == 1 else (nib.Nifti2Image, nib.Nifti2Header)
    h = head(endianness=order)
    h.set_data_dtype(data.dtype.newbyteorder(order))
    h.set_data_shape(data.shape)
    h["pixdim"][1:4] = (1.3, 0.9, 2.2)
    h.set_qform(qform, 1)
    h.set_sform(sform, 1)
    h["qform_code"], h["sform_code"] = q_code, s_code
    h["xyzt_units"] = 10
    h["descrip"] = b"a head of noise"
    h["aux_file"] = b"none"
    h["scl_slope"], h["scl_inter"] = (1 if slope is None else slope), (0 if inter is None else inter)
    size = 348 if version == 1 else 540
    tail = b"\0\0\0\0"
    if extension:
        dt = "<" if order == "<" else ">"
        tail = b"\1\0\0\0" + np.array([32, 6], dt + "i4").tobytes() + b"kept in its place".ljust(24, b"\0")
    h["vox_offset"] = size + len(tail)
    if edit:
        edit(h)
    raw = h.binaryblock + tail + np.ascontiguousarray(data.astype(data.dtype.newbyteorder(order)).T).tobytes()
    path = os.path.join(here, "files", name)
    if name.endswith(".gz"):
        import gzip
        with open(path, "wb") as out, gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as f:
            f.write(raw)
    else:
        open(path, "wb").write(raw)


for kind in ["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]:
    dtype = np.dtype(kind)
    if dtype.kind == "f":
        data = rng.normal(0, 300, shape).astype(dtype)
    else:
        info = np.iinfo(dtype)
        # 16 million is where float32 stops holding every whole number.
        data = rng.integers(max(info.min, -(2**24)), min(info.max, 2**24), shape, endpoint=True).astype(dtype)
        if dtype.itemsize == 8:
            data[0, 0, :] = rng.integers(info.min, info.max, 9, dtype=dtype)
    save(f"{kind}.nii", data)
    save(f"{kind}-big.nii", data, order=">")
small = rng.integers(-1000, 1000, shape).astype(np.int16)
save("scaled.nii.gz", small, slope=0.37, inter=-12.5)
save("scaled-big.nii.gz", small, order=">", slope=0.0021, inter=4)
save("slope-zero.nii", small, slope=0, inter=5)
save("slope-nan.nii", small, slope=np.nan, inter=np.nan)
save("scaled-float.nii", small.astype(np.float32) / 7, slope=2.5, inter=1)
save("qform.nii.gz", small, s_code=0, q_code=1)
save("qform-qfac0.nii", small, s_code=0, q_code=2, edit=lambda h: h["pixdim"].__setitem__(0, 0))
save("no-form.nii.gz", small, s_code=0, q_code=0)
save("flat.nii", small[:, :, 0], s_code=0, q_code=0)
save("trailing.nii", small[..., None, None])
save("four.nii.gz", rng.integers(0, 99, (5, 7, 9, 3)).astype(np.uint8))
save("two.nii.gz", small, version=2)
save("two-big.nii", small, version=2, order=">")
save("extension.nii.gz", small, extension=True)
save("extension-big.nii", small, extension=True, order=">")
nonfinite = rng.normal(0, 1, shape).astype(np.float32)
nonfinite[1, 2, 3], nonfinite[2, 2, 2], nonfinite[0, 0, 0] = np.nan, np.inf, -np.inf
save("nonfinite.nii.gz", nonfinite)

out = {"files": {}, "data": {}}
for path in sorted(glob.glob(os.path.join(here, "files", "*"))):
    out["files"][os.path.basename(path)] = reading(path)
if len(sys.argv) > 1:
    root = sys.argv[1]
    for folder in ["nifti-cases", "heads"]:
        for path in sorted(glob.glob(os.path.join(root, folder, "**", "*"), recursive=True)):
            if path.endswith((".nii", ".nii.gz", ".hdr", ".hdr.gz", ".img", ".img.gz")):
                out["data"][os.path.relpath(path, root)] = reading(path)
json.dump(out, open(os.path.join(here, "files.json"), "w"), separators=(",", ":"), indent=0)
