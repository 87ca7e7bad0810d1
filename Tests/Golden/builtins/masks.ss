# bet

head = phantom(seed=4, shape=[64, 80, 80], spacing=3, bias=0.1)
dice(bet(head.image, threshold=0.6), head.mask) > 0.9

# boundary

m = phantom(seed=1, shape=32, spacing=6).mask
boundary(m).count == (m & ~erode(m, 1, unit="voxels")).count

# bounding_box

m = phantom(seed=1, shape=16, spacing=12).mask
box = bounding_box(m)
crop(m, box.from, box.to).count == m.count

# centroid

length(centroid(phantom(seed=1, shape=16, spacing=12).mask))

# close

m = phantom(seed=1, shape=32, spacing=6).mask
close(m, 1, unit="voxels").count >= m.count

# components

m = phantom(seed=1, shape=32, spacing=6).mask
x = components(m)
(x == 1).count == largest(m).count

# dilate

m = phantom(seed=1, shape=32, spacing=6).mask
dilate(m, 6).count > m.count

# distance

m = phantom(seed=1, shape=32, spacing=6).mask
(distance(m) <= 6).count == dilate(m, 6).count

m = phantom(seed=1, shape=32, spacing=6).mask
(distance(m, signed=true) < 0).count == m.count

# erode

m = phantom(seed=1, shape=32, spacing=6).mask
erode(m, 6).count < m.count

# fill_holes

m = phantom(seed=1, shape=32, spacing=6).mask
shell = m & ~erode(m, 12)
fill_holes(shell).count > shell.count

# largest

m = phantom(seed=1, shape=32, spacing=6).mask
largest(m).count <= m.count

# open

m = phantom(seed=1, shape=32, spacing=6).mask
open(m, 6).count <= m.count

# otsu

head = phantom(seed=1, shape=32, spacing=6)
dice(otsu(head.image), head.image > 0) > 0.5

# threshold

v = phantom(seed=1, shape=16, spacing=12).image
threshold(v, low=100).count == (v >= 100).count

# volume_ml

volume_ml(phantom(seed=1, shape=10, spacing=20).image >= 0)

