## The whole path on the NFBS data set (125 T1-weighted heads with brain masks, Puccio 2016, doi:10.1186/s13742-016-0150-5).
##
##     skullstrip examples/nfbs.ss FOLDER [--epochs 60] [--steps 16] [--batch 4] [--filters 16] [--limit N] [--out out]
##
## Finds the triples, removes the bias field, brings images and masks to 96×128×160 voxels of 2 mm, trains the U-Net, keeps the best
## model with its preprocessing in OUT/nfbs.safetensors, and writes the masks and stripped brains of the heads that were not trained on, on their raw
## grids, with a table of how good they are and what could be told of that without the truth. Preprocessed heads are kept in OUT/prepared. It may be stopped at any time,
## with Ctrl-C or otherwise, and goes on where it was when it is run again.
##
## What the tutorial that this follows gets wrong is put right here:
##   - its second convolution of each block works on the block's input, so that the first is computed for nothing; here on the first's output;
##   - it announces z-scores but only rescales; here images are rescaled and then normalised to zero mean and unit variance;
##   - it resamples images with nearest neighbour, which shifts edges by up to half a voxel; here linearly (masks: linearly, cut at one half);
##   - its last kernel is 1×1×2 voxels, which moves the mask by half a voxel; here 1×1×1.

o = options(args, {epochs: 60, steps: 16, batch: 4, filters: 16, limit: 0, out: "out"})
assert(length(o.rest) == 1, "usage: skullstrip examples/nfbs.ss FOLDER [--epochs 60] [--steps 16] [--batch 4] [--filters 16] [--limit N] [--out out]")
out = make_folder(o.out)
shape = [96, 128, 160]
spacing = 2

fn prepare(v) = v |> n4(shrink=3, iterations=[20, 10, 10, 5]) |> resample(shape=shape, spacing=spacing) |> rescale() |> normalize()

# Found again by this text and the files' bytes, whoever computed it.
kept = cached((id, image, mask) -> {
    began = clock()
    raw = load(image)
    x = prepare(raw)
    print("  {id}: {raw.shape} voxels, prepared in {clock() - began:.1} s")
    {image: x, mask: load(mask) > 0 |> resample(like=x)}
}, make_folder("{out}/prepared"))

subjects = nfbs(o.rest[0])
if o.limit > 0 { subjects = subjects[0:min(o.limit, length(subjects))] }
assert(length(subjects) >= 4, "need at least 4 subjects to train, validate and test, found {length(subjects)}")
print("{length(subjects)} subjects with image and mask; preparing")
for s in subjects { kept(s.id, s.image, s.mask); }

parts = split(subjects, test=0.2, seed=1)
inner = split(parts.train, test=max(0.1, 1 / length(parts.train)), seed=1)
print("{length(inner.train)} to train on, {length(inner.test)} to validate, {length(parts.test)} to test")

net = unet3d(filters=o.filters, depth=4, dropout=0.05, batchnorm=true, seed=1)
print(net)
network = "{out}/nfbs-network.safetensors"
run = fit(net, inner.train, valid=inner.test, prepare=s -> kept(s.id, s.image, s.mask), epochs=o.epochs, steps=o.steps, batch=o.batch, loss="dice",
    optimizer=adam(1e-3), checkpoint=network, resume=true, log="{out}/nfbs-training.csv", seed=1)
best = run.history[run.best_epoch - 1]
print("{run.seconds:.0} s; best epoch {run.best_epoch}: validation iou {best.valid_iou:.3}, dice {best.valid_dice:.3}; peak memory {peak_memory():.0} MB")
save(plot(run), "{out}/nfbs-training.png")

# Brains far from the volumes that were learnt from are suspect.
volumes = [volume_ml(load(s.mask) > 0) for s in parts.train]
model = pipeline(load(network), prepare=prepare, volume=[0.6 * min(volumes), 1.5 * max(volumes)])
save(model, "{out}/nfbs.safetensors", weights="float16")
rows = []
for s in parts.test {
    began = clock()
    raw = load(s.image)
    truth = load(s.mask) > 0
    p = predict(model, raw, qc=true)
    rows = rows + [{id: s.id, dice: dice(p.mask, truth), iou: iou(p.mask, truth), verdict: p.qc.verdict, volume_ml: p.qc.volume_ml, truth_ml: volume_ml(truth),
        flip: p.qc.flip, entropy: p.qc.entropy, reasons: join(p.qc.reasons, "; ")}]
    r = rows[-1]
    save(p.mask, "{out}/{s.id}_brainmask.nii.gz")
    save(strip(raw, p.mask), "{out}/{s.id}_brain.nii.gz")
    save(overlay(raw, p.mask, title="{s.id}: dice {r.dice:.3}, {r.verdict}"), "{out}/{s.id}_overlay.png")
    print("{s.id}: dice {r.dice:.3}, iou {r.iou:.3} on the raw grid, {r.volume_ml:.0} of {r.truth_ml:.0} ml, {r.verdict} {r.reasons}, {clock() - began:.1} s")
}
save(rows, "{out}/nfbs-test.csv")
print("mean dice of the test heads: {average(rows, r -> r.dice):.3}; {out}/nfbs-test.csv")
