## The brain mask model that comes with the program, trained from label maps alone: no scanned image is used.
##
##     skullstrip examples/train_default.ss LABELS [--out OUT] [--steps 3700] [--settle 3000] [--batch 1] [--rate 0.001] [--minutes M] [--start MODEL] [--wide 0.5]
##
## LABELS is a folder of whole-head label maps (FreeSurfer's numbers below 500, the rest of the head above; `?synth`). Each step trains on an image that
## nobody has scanned: `synth` draws pose, shape, contrast, bias field, resolution, noise and artefacts anew (Billot 2020, arXiv:2003.01995; Hoopes 2022,
## doi:10.1016/j.neuroimage.2022.119474). First the rate is constant, then it falls to nothing, while the mask takes in 2 mm of the fluid around the brain.
## It may be stopped at any time, with Ctrl-C or otherwise, and goes on where it was when it is run again. `--start` takes the first stage from a file, and
## `--minutes` bounds the second by the clock rather than by `--settle` steps. `--wide` is the share of its images that are drawn within wider bounds than archives of adults need.

o = options(args, {out: "default", steps: 3700, settle: 3000, batch: 1, rate: 0.001, minutes: 0, start: "", wide: 0.5})
assert(length(o.rest) == 1, "usage: skullstrip examples/train_default.ss LABELS [--out OUT] [--steps N] [--settle N] [--batch N] [--rate R] [--minutes M] [--start MODEL] [--wide SHARE]")
out = make_folder(o.out)
filters = 16
wide = o.wide
spacing = 2
maps = [{id: "map {i}", labels: "{o.rest[0]}/training_seg_{if i < 10 { "0" } else { "" }}{i}.nii.gz"} for i in 1:21]

## What the network sees of an image: the brightest and darkest half percent held back, then mean 0 and deviation 1.
fn standard(v) {
    p = percentile(v, [0.5, 99.5])
    clip(v, p[0], p[1]) |> normalize()
}

## A mask with a soft edge, 0 to 1 over 4 mm to both sides of its surface. Learning where the edge is, rather than on which side of it a voxel lies, tells
## apart what is a millimetre and what is a centimetre wrong, and makes a threshold a choice of how tight the mask is.
fn soft(mask, width=4) {
    d = distance(mask, signed=true)
    half = mean(mask.spacing) / 2
    clip(0.5 - (d - ((d > 0) * 2 - 1) * half) / (2 * width), 0, 1)
}

fn rough(subject, seed=0) {
    made = synth(subject.labels, seed=seed, shape=[96, 112, 128], spacing=spacing)
    {image: standard(made.image), mask: soft(made.mask)}
}

## What an image may be like: as in archives of adults, or with some of it beyond them - turned as in cradles, small as of children, noisy, thick slices, a slab, the noisy air of
## ratio images (MP2RAGE), a strong field, brightness cut off.
fn bounds(seed, share) {
    r = random(10, seed=seed)
    often = if r[0] < share { 0.35 } else { 0 }
    seldom = often * 0.35
    {
        rotation: if r[1] < often { 60 } else { 22 },
        scale: if r[2] < often { 0.32 } else { 0.15 },
        noise: if r[3] < often { 0.4 } else { 0.12 },
        thickness: if r[4] < often { 10 } else { 6.5 },
        bias: if r[5] < often { 0.8 } else { 0.4 },
        slab: if r[6] < seldom { 1 } else { 0 },
        air: if r[7] < seldom { 1 } else { 0 },
        top: if r[8] < seldom { 80 + 19 * r[9] } else { 100 },
    }
}

## Masks made by people end in the fluid beside the brain rather than on its surface: `grow` takes that in where there is fluid, and no dura.
fn fine(subject, seed=0) {
    b = bounds(seed, wide)
    made = synth(subject.labels, seed=seed, shape=[96, 112, 128], spacing=spacing, grow=2, rotation=b.rotation, scale=b.scale, noise=b.noise, thickness=b.thickness, bias=b.bias,
        slab=b.slab, air=b.air)
    # Of a slab most voxels are 0, and there is nothing to cut off.
    top = percentile(made.image, b.top)
    image = if top > 0 { clip(made.image, 0, top) } else { made.image }
    {image: standard(image), mask: soft(made.mask)}
}

fn block(x, n) {
    for turn in 0:2 { x = conv3d(x, n) |> instancenorm() |> relu() }
    x
}

## A 3-D U-Net with at most 64 filters, normalised image by image, since contrasts differ more than any running average can follow.
fn network(filters, depth=4, most=64) {
    image = input()
    x = image
    skips = []
    for level in 0:depth {
        x = block(x, min(most, filters * 2 ^ level))
        skips = skips + [x]
        x = maxpool(x)
    }
    x = block(x, min(most, filters * 2 ^ depth))
    for step in 0:depth {
        level = depth - 1 - step
        n = min(most, filters * 2 ^ level)
        x = block(concat(upconv3d(x, n), skips[level]), n)
    }
    model(image, conv3d(x, 1, kernel=1) |> sigmoid(), seed=1)
}

## Epochs of 50 steps at a constant rate, then of 250 at a falling one; each stage is skipped where it has been finished before.
start = o.start
if start == "" {
    net = network(filters)
    print(net)
    fit(net, maps, valid=maps, prepare=rough, epochs=ceil(o.steps / 50), steps=50, loss="bce", optimizer=adam(o.rate), schedule=constant(warmup=100),
        ema=0.998, clip=1, checkpoint="{out}/rough.safetensors", resume=true, seed=1)
    start = "{out}/rough.safetensors"
}
net = load(start)
bound = if o.minutes > 0 { {epochs: none, minutes: o.minutes} } else { {epochs: ceil(o.settle / 250), minutes: none} }
run = fit(net, maps, valid=maps, prepare=fine, epochs=bound.epochs, minutes=bound.minutes, steps=250, batch=o.batch, loss="bce", optimizer=adam(o.rate),
    schedule=cosine(warmup=100), ema=0.998, clip=1, checkpoint="{out}/trained.safetensors", resume=true, seed=2)
print("{run.steps} steps, best epoch {run.best_epoch}; peak memory {peak_memory():.0} MB")
save(plot(run), "{out}/training.png")

# Around a training image is nothing but 0; `zero_air` makes that so for images with offsets, padding or voxels that are no numbers.
# Probabilities pass one half slowly by design, so that their entropy at the border says little. The other limits are from bench/quality.ss (docs/models.md); `doubt` has to
# be above that of good heads, which the masks' soft edge makes 0.20 to 0.22.
best = pipeline(load("{out}/trained.safetensors"), prepare=v -> v |> zero_air() |> resample(shape=[128, 128, 128], spacing=spacing, antialias=true) |> standard(),
    threshold=0.3, flips=true, volume=[850, 2100], limits={entropy: 1, contact: 0.02, doubt: 0.23})
save(best, "{out}/default.safetensors", weights="float16")
print(best)
