v = phantom(seed=1, shape=[8, 10, 12], spacing=16).image;

v + v[1:, :, :]

v + translate(v, 3, carry=true)

resample(v)

resample(v, like=v, spacing=2)

resample(v, affine=v.affine, spacing=2)

resample(v, shape=[8, 8])

resample(v, shape=[0, 8, 8])

resample(v, shape=[100000, 100000, 100000])

resample(v, shape=[1000, 1000, 1000], spacing=1e-9)

resample(v, affine=[[1, 0], [0, 1]])

resample(v, affine=[[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0]])

resample(v, affine=[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 2]])

resample(v, affine=[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0 / 0, 0]])

resample(v, spacing=2, interpolation="label", antialias=true)

resample(v, spacing=2, interpolation="cubical")

resample(v, spacing=2, interplation="cubic")

reorient(v, "RAX")

reorient(v, "RAR")

permute(v, [0, 0, 1])

flip(v, 3)

crop(v, [4, 4, 4], [2, 8, 8])

crop(v, [0, 0, 0], [9, 10, 12])

pad(v, [-1, 0, 0])

pad(v, [1, 2])

v[20, 0, 0]

v[0, 0]

v[0:20, :, :].shape

translate(v, [1e300, 0, 0], carry=true)

translate(v, [1, 2])

rotate(v, [10])

affine_transform(v, [[1e9, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], carry=true)

affine_transform(v, [[1, 0, 0, 0], [2, 0, 0, 0], [0, 0, 1, 0]])

transform([[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])

transform([[1, 0], [0, 1]])

register(v[0:2, :, :], v)

register(v, v * 0 + 1)

copy_grid(v, like=v[1:, :, :])

elastic(v, 60)

elastic(v, 1, knots=0)

thick_slices(v, 4, axis=3)

thick_slices(v, -1)

v.shap

v.shape = 3
