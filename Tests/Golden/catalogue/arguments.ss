v = phantom(seed=1, shape=16, spacing=12).image;

m = phantom(seed=1, shape=16, spacing=12).mask;

hole = v / (v - min(v));

histogram_match(v, v, points=0)

histogram_match(v, hole)

nyul_landmarks([v], percents=[50])

nyul(v, {percents: [1, 99], values: "none"})

nyul(v, {percents: [1, 99]})

white_stripe(v, mask=v < -1)

bet(hole)

bet(v * 0)

bet(v, threshold=0/0)

bet(v, iterations=0)

bet(v, centre=[1000, 0, 0])

conform(hole)

conform(v, spacing=0)

denoise(v, mask=v < -1)

denoise(v, search=0)

mean(v, mask=v < -1)

mean(v, 3)

mean([1, 2], mask=m)

mean([])

std(hole)

normalize(v * 0, foreground=true)

normalize(v, mask=m, foreground=true)

bias_field(v * 0)

bias_field(v, fwhm=0)

n4(v, spline=-3)

n4(v, spline=[1, 2])

n4(hole)

n4(v, mask=v < -1)

n4(v, mask=m, weights=v - 1e6)

n4(v, mask=v == max(v), shrink=8)

percentile(v, 101)

percentile(v, [5, 105])

gaussian(v, -1)

gaussian(v, sigma=-1)

gaussian(v, sigma=[1, 2])

gradient(v, axis=3)

histogram(v, low=0/0, high=1)

histogram(v, low=3, high=3)

histogram([1, 2], low=3, high=3)

clip(v, 0/0)

clip(v, high=0/0)

threshold(v, 5, 0/0)

threshold(v, 5, 4)

rescale(v, 0/0)

rescale(v, 0, 1e39)

rescale(v, 2, 1)

otsu(v, bins=1)

median(v, radius=8)

erode(m, -1)

close(m, 0/0, unit="voxels")

components(m, connectivity=7)

fill_holes(v)

largest(v, m)

crop_to(v, m, margin=-1)

min(v, m)

min([])

centroid(v < -1)

dice(m, m[1:, :, :])

hausdorff(m, v < -1)

surface_dice(m, m, tolerance=-1)

errors(m, m, count=0)

sum([1, "a"])

sum([1, 2], mask=m)

any([1, 2])

find([1, 2], x -> x)

contains("abc", 3)

random(-1)

steps(0, 1, 0)

steps(0, 1, 1e-9)

flatten([0:30000000, 0:30000000])

unique([sort])

group([1], 3)

split("abc", "b", 3, 4, 5, 6)

length(3)

threads(0)

predict(unet3d(filters=2, depth=1), v, threshold=-0.1)

predict(unet3d(filters=2, depth=1), v, overlap=0.5)

predict(unet3d(filters=2, depth=1), v[0:0, :, :])

pipeline(unet3d(filters=2, depth=1), volume=[1])

pipeline(unet3d(filters=2, depth=1), volume=[-1, 5])

pipeline(unet3d(filters=2, depth=1), limits={contact: 2})

pipeline(unet3d(filters=2, depth=1), limits={contct: 0.2})

adam(-1)

adam(0/0)

adam(1e-3, beta1=1)

focal(alpha=0.5, classes=true)

summary(unet3d(filters=2, depth=1), spacing=0)

strip(v, v)

overlay(v, width=10)

overlay(v, m[1:, :, :])

slices(v, count=0)

slices(v, count=100)

slices(v, columns=0)

plot({})

plot({loss: "a"})

plot([])

plot([1, 2], at=[1])

plot({dice: [1, 2], iou: [1]}, at=[1, 2])

plot({edges: [0, 1], counts: [3]}, at=[1])

plot({edges: [0, 1], counts: [3]}, points=true)

show(plot({a: [1, 4, 9], b: [2, nan, 1]}, at=[-1, 0, 5], points=true))

sheet([])

peek({image: v, mask: m}, count=0)

peek({image: v, mask: m}, patch=0)

peek({image: v, mask: m}, width=1)

peek([])

phantom(shape=0)

phantom(shape=100000)

phantom(shape=1200)

phantom(spacing=0.01)

phantom(noise=-1)

synth(v)

synth(m * 2, spacing=0.01)

synth(m * 24, seed=1)

synth(m * 2, close=-1)

synth(m * 2, noise=7)

augment({id: "a"})

augment(v, flip=2)

noise(v, -1)

ghosting(v, 0.1, axis=5)

noise(v - 1000, 1, kind="rician")

synth(v - v % 1)

noise_level(v[:, :, 0:1])

options(["--quick=1"], {quick: false})
