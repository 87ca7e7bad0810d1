"""Makes the reference readings of image files that ImagingTests compare with. Needs numpy, nibabel, SimpleITK and pynrrd.

    python make_files.py DATA     writes files.json from DATA/nifti-cases and DATA/heads, and small files of every kind into files/

A reading is shape, affine, type and a checksum of the float32 bits, first index fastest: Σ bits[i]·(2i + 1) modulo 2⁶⁴.
"""
import json, os, sys, glob
import numpy as np, nibabel as nib, nrrd, SimpleITK

here = os.path.dirname(os.path.abspath(__file__))


def checksum(values):
    bits = np.asarray(values).astype(np.float32).ravel(order="F").view(np.uint32).astype(np.uint64)
    with np.errstate(over="ignore"):
        return str(int((bits * (2 * np.arange(bits.size, dtype=np.uint64) + 1)).sum(dtype=np.uint64)))


def frames_of(data):
    shape = (list(data.shape) + [1, 1])[:3]
    return shape, data.reshape(shape + [int(np.prod(data.shape[3:]))], order="F")


def nrrd_reading(path):
    # Frames by pynrrd, the place in space by ITK, which is left-posterior-superior.
    data, header = nrrd.read(path)
    if header["kinds"][0] in ("vector", "RGB-color", "list"):
        data = np.moveaxis(data, 0, -1)
    image = SimpleITK.ReadImage(path)
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (image.GetDimension(),) * 2)[:3, :3] @ np.diag(image.GetSpacing()[:3])
    affine[:3, 3] = image.GetOrigin()[:3]
    affine = np.diag([-1, -1, 1, 1]) @ affine
    shape, frame = frames_of(data)
    return {"shape": shape, "frames": frame.shape[3], "type": data.dtype.newbyteorder("=").name, "affine": [float(v) for v in affine[:3].ravel()],
            "checksum": checksum(frame[..., 0]), "last": checksum(frame[..., -1])}


def reading(path):
    if path.endswith((".nrrd", ".nhdr")):
        return nrrd_reading(path)
    try:
        image = nib.load(path)
        if not isinstance(image, (nib.Nifti1Pair, nib.Nifti2Pair, nib.MGHImage)):
            return {"refused": "not NIfTI: " + type(image).__name__}
        kind = image.get_data_dtype()
        data = image.get_fdata() if kind.kind in "iuf" else np.asanyarray(image.dataobj)
        if kind.kind not in "iufc" and kind.names is None:
            return {"refused": "type " + str(kind)}
        shape, frame = frames_of(data)
        out = {"shape": shape, "frames": frame.shape[3], "affine": [float(v) for v in image.affine[:3].ravel()]}
        if kind.kind == "c":
            # float32 of the double: numpy's own magnitude of complex64 is rounded on the way.
            real, imaginary = frame.real.astype(np.float64), frame.imag.astype(np.float64)
            parts = {"magnitude": np.hypot(real, imaginary), "real": real, "imaginary": imaginary, "phase": np.arctan2(imaginary, real)}
            frame = parts["magnitude"]
        elif kind.names:
            parts = {name: frame[key] for name, key in zip(["red", "green", "blue", "alpha"], kind.names)}
            out["parts"] = {name: checksum(values[..., 0]) for name, values in parts.items()}
            return out
        if kind.kind == "c":
            out["parts"] = {name: checksum(values[..., 0]) for name, values in parts.items()}
        else:
            out["type"] = kind.newbyteorder("=").name
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


# FreeSurfer's format
placed = np.eye(4)
placed[:3, :3] = np.array([[c, 0, s], [0, 1, 0], [s, 0, -c]]) @ np.diag([1.25, 0.8, 2])
placed[:3, 3] = (-17.5, 33.25, 8)
for name, data in [
    ("int16.mgz", small), ("uint8.mgh", rng.integers(0, 255, shape).astype(np.uint8)), ("int32.mgz", rng.integers(-(2**31), 2**31, shape).astype(np.int32)),
    ("float32.mgh", rng.normal(0, 300, shape).astype(np.float32)), ("four.mgz", rng.integers(0, 99, (5, 7, 9, 3)).astype(np.int16)),
]:
    image = nib.MGHImage(data, placed)
    image.header["tr"] = 2300
    nib.save(image, os.path.join(here, "files", name))

# NRRD
vectors = np.array([[0.9, 0.1, 0], [-0.1, 1.2, 0.3], [0, -0.2, 2.1]])
space = {"space": "left-posterior-superior", "space directions": vectors, "space origin": [3, -4.5, 17], "kinds": ["domain"] * 3}
plain = {"kinds": ["domain"] * 3, "spacings": [1.5, 0.75, 2]}


def save_nrrd(name, data, header, detached=False):
    nrrd.write(os.path.join(here, "files", name), data, header, detached_header=detached)


save_nrrd("int16.nrrd", small, dict(space, encoding="gzip", subject="one"), )
save_nrrd("uint8-raw.nrrd", small.astype(np.uint8), dict(space, encoding="raw", space="left-posterior-superior"))
save_nrrd("big.nrrd", small.astype(">i4"), dict(space, encoding="raw", endian="big"))
save_nrrd("float64.nrrd", rng.normal(0, 9, shape), dict(plain, encoding="gzip"))
save_nrrd("list-first.nrrd", rng.integers(0, 99, (3, 5, 7, 9)).astype(np.uint16),
          dict(space, encoding="gzip", kinds=["vector"] + ["domain"] * 3, **{"space directions": np.vstack([[np.nan] * 3, vectors])}))
save_nrrd("apart.nhdr", small, dict(space, encoding="raw"), detached=True)

out = {"files": {}, "data": {}}
for path in sorted(glob.glob(os.path.join(here, "files", "*"))):
    if not path.endswith(".raw"):
        out["files"][os.path.basename(path)] = reading(path)
if len(sys.argv) > 1:
    root = sys.argv[1]
    for folder in ["nifti-cases", "heads"]:
        for path in sorted(glob.glob(os.path.join(root, folder, "**", "*"), recursive=True)):
            if path.endswith((".nii", ".nii.gz", ".hdr", ".hdr.gz", ".img", ".img.gz", ".mgz", ".nrrd")):
                out["data"][os.path.relpath(path, root)] = reading(path)
json.dump(out, open(os.path.join(here, "files.json"), "w"), separators=(",", ":"), indent=0)
