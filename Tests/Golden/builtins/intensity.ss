# bias

v = phantom(seed=1, shape=16, spacing=12).image
min(bias(v, seed=3)) > 0

# bias_field

min(bias_field(phantom(seed=2, shape=32, spacing=6).image, shrink=2)) > 0

# clip

v = phantom(seed=1, shape=16, spacing=12).image
p = percentile(v, [1, 99])
abs(max(clip(v, p[0], p[1])) - p[1]) < 0.001

# contrast

v = phantom(seed=1, shape=16, spacing=12).image
round(std(contrast(v, 2)) / std(v))

# denoise

v = phantom(seed=1, shape=40, spacing=3, noise=0).image
noisy = noise(v, sigma=80)
std(denoise(noisy) - v) < std(noisy - v)

# gamma

v = phantom(seed=1, shape=16, spacing=12).image
[max(gamma(v, 2)) == max(v), mean(gamma(v, 2)) < mean(v)]

# gaussian

v = phantom(seed=1, shape=16, spacing=12).image
max(gaussian(v, sigma=12)) < max(v)

# ghosting

v = phantom(seed=1, shape=16, spacing=12).image
mean(ghosting(v, 0.5)) > mean(v)

# gradient

v = phantom(seed=1, shape=16, spacing=12).image
max(gradient(v)) >= max(gradient(v, axis=0))

# histogram

v = phantom(seed=1, shape=[4, 4, 1], spacing=40).image * 0 + 3
histogram(v, bins=4, low=0, high=4).counts

# histogram_match

a = phantom(seed=1, shape=32, spacing=6).image
b = phantom(seed=2, shape=32, spacing=6).image
m = histogram_match(a, b)
abs(percentile(m, 50, mask=otsu(a)) / percentile(b, 50, mask=otsu(b)) - 1) < 0.02

# max

max(3, 1, 2)

max([4, 5])

# mean

mean([1, 2, 6])

# median

v = phantom(seed=1, shape=16, spacing=12).image
max(median(v)) <= max(v)

# min

min(3, 1, 2)

min([4, 5])

# n4

head = phantom(seed=2, shape=[40, 48, 48], spacing=4)
flat = n4(head.image, shrink=2)
white = head.labels == 3
std(flat, white) / mean(flat, white) < std(head.image, white) / mean(head.image, white)

# noise

v = phantom(seed=1, shape=16, spacing=12).image
min(noise(v, sigma=10)) >= 0

# noise_level

v = phantom(seed=1, shape=32, spacing=6, noise=0).image * 0 + 500
round(noise_level(noise(v, sigma=20), mask=v > 0))

# normalize

v = normalize(phantom(seed=1, shape=16, spacing=12).image)
"{std(v):.3}"

v = phantom(seed=1, shape=16, spacing=12).image
"{std(normalize(v, foreground=true), otsu(v)):.3}"

# nyul

a = phantom(seed=1, shape=32, spacing=6).image
scale = nyul_landmarks([a])
"{percentile(nyul(a, scale), 99, mask=otsu(a)):.3}"

# nyul_landmarks

a = phantom(seed=1, shape=32, spacing=6).image
nyul_landmarks([a]).values[10]

# otsu_thresholds

v = phantom(seed=1, shape=32, spacing=6).image
otsu(v).count == (v > otsu_thresholds(v)[0]).count

length(otsu_thresholds(phantom(seed=1, shape=32, spacing=6).image, classes=4))

# percentile

v = phantom(seed=1, shape=16, spacing=12).image
percentile(v, 100) == max(v)

v = phantom(seed=1, shape=16, spacing=12).image
percentile(v, [0, 100]) == [min(v), max(v)]

percentile([4, 1, 3, 2], 50)

# replace_nonfinite

v = phantom(seed=1, shape=16, spacing=12).image
min(replace_nonfinite(log(v * 0), value=-1))

# rescale

max(rescale(phantom(seed=1, shape=16, spacing=12).image, high=255))

# spike

v = phantom(seed=1, shape=16, spacing=12).image
max(abs(spike(v, 1) - v)) > 0

# std

std([1, 3])

# white_stripe

head = phantom(seed=1, shape=48, spacing=4, bias=0)
v = white_stripe(head.image, mask=head.mask)
abs(mean(v, mask=head.labels == 3)) < 2

# zero_air

v = phantom(seed=1, shape=24, spacing=8).image
max(abs(zero_air(v - 1000) - v)) < 0.05 * max(v)

v = phantom(seed=1, shape=24, spacing=8).image
max(abs(zero_air(v) - v))

