"""Makes the files of transforms that ImagingTests read, and where ITK takes points by them. Needs SimpleITK and numpy.

    python make_transforms.py [SKULLSTRIP]

transforms/*.tfm and *.mat are SimpleITK's own. For each, transforms.json has points and where they go, both right-anterior-superior (ITK's own are left-posterior-
superior). With the program's path, transforms/own.* are written by it from the matrix in transforms.json, and SimpleITK must read the same map from them.
"""
import json, math, os, subprocess, sys
import numpy as np, SimpleITK as sitk

here = os.path.dirname(os.path.abspath(__file__))
folder = os.path.join(here, "transforms")
os.makedirs(folder, exist_ok=True)
rng = np.random.default_rng(11)
points = rng.uniform(-90, 90, (6, 3)).round(3)
turn = np.array([-1, -1, 1])


def mapped(transform):
    return [(turn * np.array(transform.TransformPoint([float(x) for x in turn * p]))).tolist() for p in points]


centre = (3.5, -20.25, 11)
affine = sitk.AffineTransform(3)
affine.SetMatrix((np.eye(3) + rng.normal(0, 0.1, (3, 3))).ravel().tolist())
affine.SetTranslation((4, -5.5, 6))
affine.SetCenter(centre)
euler = sitk.Euler3DTransform(centre, 0.2, -0.3, 0.45, (1, 2, 3))
zyx = sitk.Euler3DTransform(euler)
zyx.SetComputeZYX(True)
axis = (0.6, 0.0, 0.8)
versor = sitk.VersorRigid3DTransform(axis, 0.7, (-8, 3, 1), centre)
similarity = sitk.Similarity3DTransform(1.2, axis, -0.4, (2, 2, -9), centre)
scaled = sitk.ScaleVersor3DTransform((1.1, 0.9, 1.3), axis, 0.3, (5, 0, 2), centre)
shift = sitk.TranslationTransform(3, (10, -20, 30))
scale = sitk.ScaleTransform(3, (1.5, 0.5, 2))
scale.SetCenter(centre)
chain = sitk.CompositeTransform([affine, euler, shift])
kinds = {"affine": affine, "euler": euler, "euler-zyx": zyx, "versor": versor, "similarity": similarity, "scale-versor": scaled, "translation": shift,
         "scale": scale, "composite": chain}
out = {"points": points.tolist(), "mapped": {}}
for name, transform in kinds.items():
    for ending in ["tfm", "mat"] if name in ("affine", "versor") else ["tfm"]:
        path = os.path.join(folder, f"{name}.{ending}")
        sitk.WriteTransform(transform, path)
        out["mapped"][f"{name}.{ending}"] = mapped(sitk.ReadTransform(path))

# One that moves images, as the program has it, and what ITK makes of the file it writes.
own = np.array([[0.96, -0.21, 0.05, 12.5], [0.2, 1.04, -0.125, -3.25], [-0.03, 0.1, 0.9, 7.0625]])
out["own"] = own.ravel().tolist()
back = np.linalg.inv(np.vstack([own, [0, 0, 0, 1]]))
if len(sys.argv) > 1:
    rows = json.dumps(own.tolist())
    for ending in ["tfm", "txt", "mat", "xfm"]:
        path = os.path.join(folder, f"own.{ending}")
        subprocess.run([sys.argv[1], "-e", f'save(transform({rows}), "{path}")'], check=True)
        if ending == "xfm":
            continue
        expected = points @ back[:3, :3].T + back[:3, 3]
        worst = np.abs(np.array(mapped(sitk.ReadTransform(path))) - expected).max()
        print(f"own.{ending}: SimpleITK's points are within {worst:.1e} mm")
        assert worst < 1e-6
json.dump(out, open(os.path.join(here, "transforms.json"), "w"), separators=(",", ":"))
