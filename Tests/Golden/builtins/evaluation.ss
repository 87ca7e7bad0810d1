# assd

m = phantom(seed=1, shape=16, spacing=12).mask
assd(m, m)

m = phantom(seed=1, shape=16, spacing=12).mask
assd(m, m & ~m)

# compare

m = phantom(seed=1, shape=16, spacing=12).mask
c = compare(m, m)
[c.dice, c.hd95, c.surface_dice]

# dice

m = phantom(seed=1, shape=16, spacing=12).mask
dice(m, m)

# errors

m = phantom(seed=1, shape=24, spacing=8).mask
worst = errors(m, dilate(m, 8), count=1)[0]
[worst.kind, worst.depth]

# explain

m = phantom(seed=1, shape=24, spacing=8).mask
why = explain(dilate(m, 8), m)
[why.surface.median, why.errors[0].kind]

m = phantom(seed=1, shape=24, spacing=8).mask
why = explain(m, m, like=resample(m, spacing=16))
[why.dice, why.ceiling < 1, why.grid_loss == 1 - why.ceiling]

# hausdorff

m = phantom(seed=1, shape=16, spacing=12).mask
hausdorff(m, m)

m = phantom(seed=1, shape=16, spacing=12).mask
hausdorff(m, m & ~m)

# hd95

m = phantom(seed=1, shape=16, spacing=12).mask
hd95(m, m)

m = phantom(seed=1, shape=16, spacing=12).mask
hd95(m, m & ~m)

# iou

m = phantom(seed=1, shape=16, spacing=12).mask
iou(m, ~m)

# precision

m = phantom(seed=1, shape=16, spacing=12).mask
precision(m, m)

# sensitivity

m = phantom(seed=1, shape=16, spacing=12).mask
sensitivity(m, m)

# specificity

m = phantom(seed=1, shape=16, spacing=12).mask
specificity(m, m)

# surface_dice

m = phantom(seed=1, shape=16, spacing=12).mask
surface_dice(m, dilate(m, 12), tolerance=24)

# volume_similarity

m = phantom(seed=1, shape=16, spacing=12).mask
volume_similarity(m, m)

