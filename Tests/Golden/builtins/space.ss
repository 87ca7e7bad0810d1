# affine_transform

v = phantom(seed=1, shape=16, spacing=12).image
mirror = [[-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
affine_transform(v, mirror, carry=true).orientation

# compose

step = transform([[1, 0, 0, 3], [0, 1, 0, 0], [0, 0, 1, 0]])
double = transform([[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]])
compose(step, double).matrix[0]

# conform

head = conform(phantom(seed=1, shape=24, spacing=8).image, size=64, spacing=3)
[head.orientation, head.datatype, head.shape]

# copy_grid

a = phantom(seed=1, shape=8, spacing=20).image
b = phantom(seed=1, shape=8, spacing=10).mask
copy_grid(b, like=a).spacing

# crop

crop(phantom(seed=1, shape=16, spacing=12).image, [2, 2, 2], [10, 12, 14]).shape

# crop_to

head = phantom(seed=1, shape=32, spacing=6)
part = crop_to(head.image, head.mask, margin=6)
[part.shape[0] < 32, crop_to(head.mask, head.mask).count == head.mask.count]

# elastic

m = phantom(seed=1, shape=32, spacing=6).mask
d = dice(elastic(m, 3), m)
0.8 < d and d < 1

# flip

flip(phantom(seed=1, shape=8, spacing=20).image, 0).orientation

# inverse

inverse(transform([[2, 0, 0, 6], [0, 1, 0, 0], [0, 0, 1, 0]])).matrix[0]

# pad

pad(phantom(seed=1, shape=16, spacing=12).mask, [1, 2, 3]).shape

# permute

permute(phantom(seed=1, shape=[8, 10, 12], spacing=12).image, [2, 0, 1]).shape

# register

fixed = phantom(seed=1, shape=48, spacing=4).image
moving = rotate(fixed, [0, 0, 6], carry=true)
back = register(moving, fixed)
abs(back.matrix[0][1] - 0.1045) < 0.002

# reorient

reorient(phantom(seed=1, shape=[8, 10, 12], spacing=12).image, "PIR").shape

# resample

phantom(seed=1, shape=24, spacing=8).image |> resample(shape=[12, 16, 20], spacing=10) |> v -> v.shape

labels = resample(phantom(seed=1, shape=24, spacing=8).labels, spacing=6, interpolation="label")
[labels.shape, labels.datatype]

# rotate

v = phantom(seed=1, shape=16, spacing=12).image
rotate(v, [0, 0, 90], carry=true).orientation

# thick_slices

v = phantom(seed=1, shape=32, spacing=4).image
std(gradient(thick_slices(v, 12), axis=2)) < std(gradient(v, axis=2))

# transform

transform([[1, 0, 0, 3], [0, 1, 0, -2], [0, 0, 1, 0]])

# translate

m = phantom(seed=1, shape=16, spacing=12).mask
moved = translate(m, [12, 0, 0])
dice(m[2:13, :, :], copy_grid(moved[3:14, :, :], like=m[2:13, :, :]))

