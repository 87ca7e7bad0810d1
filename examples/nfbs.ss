## The whole path on the NFBS data set (125 T1-weighted heads with brain masks, Puccio 2016, doi:10.1186/s13742-016-0150-5).
##
##     skullstrip examples/nfbs.ss FOLDER [--epochs 60] [--steps 16] [--batch 4] [--filters 16] [--limit N] [--out out]
##
## Finds the triples, removes the bias field, brings images and masks to 96×128×160 voxels of 2 mm, trains the U-Net, keeps the best
## model, and writes the masks and stripped brains of the heads that were not trained on, on their raw grids.
## Preprocessed heads are kept in OUT/prepared and used again.
##
## What the tutorial that this follows gets wrong is put right here:
##   - its second convolution of each block works on the block's input, so that the first is computed for nothing; here on the first's output;
##   - it announces z-scores but only rescales; here images are rescaled and then normalised to zero mean and unit variance;
##   - it resamples images with nearest neighbour, which shifts edges by up to half a voxel; here linearly (masks: linearly, cut at one half);
##   - its last kernel is 1×1×2 voxels, which moves the mask by half a voxel; here 1×1×1.

assert(length(args) > 0, "usage: skullstrip examples/nfbs.ss FOLDER [--epochs 60] [--steps 16] [--batch 4] [--filters 16] [--limit N] [--out out]")
o = options(args, {epochs: 60, steps: 16, batch: 4, filters: 16, limit: 0, out: "out"})
out = make_folder(o.out)
shape = [96, 128, 160]
spacing = 2

# Paths of the prepared image and mask of a subject, made at first use. The folder's name holds what the preparation depends on.
prepared = make_folder("{out}/prepared-{join(shape, "x")}-{spacing}mm")
fn prepare(subject) {
    files = {id: subject.id, image: "{prepared}/{subject.id}_image.nii.gz", mask: "{prepared}/{subject.id}_mask.nii.gz", raw: subject}
    if not (exists(files.image) and exists(files.mask)) {
        began = clock()
        raw = load(subject.image)
        image = raw |> n4(shrink=3, iterations=[20, 10, 10, 5]) |> resample(shape=shape, spacing=spacing) |> rescale() |> normalize()
        save(load(subject.mask) > 0 |> resample(like=image), files.mask)
        save(image, files.image)
        print("  {subject.id}: {raw.shape} voxels, prepared in {clock() - began:.1} s")
    }
    files
}

subjects = nfbs(o.rest[0])
if o.limit > 0 { subjects = subjects[0:min(o.limit, length(subjects))] }
assert(length(subjects) >= 4, "need at least 4 subjects to train, validate and test, found {length(subjects)}")
print("{length(subjects)} subjects with image and mask; preparing")
cohort = [prepare(s) for s in subjects]

parts = split(cohort, test=0.2, seed=1)
inner = split(parts.train, test=max(0.1, 1 / length(parts.train)), seed=1)
print("{length(inner.train)} to train on, {length(inner.test)} to validate, {length(parts.test)} to test")

net = unet3d(filters=o.filters, depth=4, dropout=0.05, batchnorm=true, seed=1)
print(net)
checkpoint = "{out}/nfbs.safetensors"
run = fit(net, inner.train, valid=inner.test, epochs=o.epochs, steps=o.steps, batch=o.batch, loss="dice", optimizer=adam(1e-3), checkpoint=checkpoint, seed=1)
best = run.history[run.best_epoch - 1]
print("{run.seconds:.0} s; best epoch {run.best_epoch}: validation iou {best.valid_iou:.3}, dice {best.valid_dice:.3}; peak memory {peak_memory():.0} MB")
save(plot(run), "{out}/nfbs-training.png")

net = load(checkpoint)
scores = []
for s in parts.test {
    began = clock()
    raw = load(s.raw.image)
    truth = load(s.raw.mask) > 0
    found = predict(net, load(s.image)) |> largest() |> fill_holes() |> resample(like=raw)
    scores = scores + [dice(found, truth)]
    save(found, "{out}/{s.id}_brainmask.nii.gz")
    save(strip(raw, found), "{out}/{s.id}_brain.nii.gz")
    save(overlay(raw, found, title="{s.id}: dice {scores[-1]:.3}"), "{out}/{s.id}_overlay.png")
    print("{s.id}: dice {scores[-1]:.3}, iou {iou(found, truth):.3} on the raw grid, {clock() - began:.1} s")
}
print("mean dice of the test heads: {mean(scores):.3}")
