## Your own images and masks to a model file that takes raw heads.
##
##     skullstrip examples/train_own.ss "scans/*_T1w.nii.gz" "masks/*_mask.nii.gz" [--out own] [--minutes 60] [--spacing 2] [--filters 16] [--depth 4] [--batch 1]
##
## Images and masks go together where the asterisks stand for the same; what has no partner is named and left out. A fifth of them validates. Preprocessed heads are
## kept in OUT/prepared, and a training that was stopped goes on when this is run again. OUT/model.safetensors holds network and preprocessing:
## `skullstrip predict head.nii.gz -o brain.nii.gz --model own/model.safetensors`.

usage = "usage: skullstrip examples/train_own.ss \"IMAGES/*.nii.gz\" \"MASKS/*.nii.gz\" [--out own] [--minutes 60] [--spacing 2] [--filters 16] [--depth 4] [--batch 1]"
assert(length(args) > 1, usage)
o = options(args, {out: "own", minutes: 60, spacing: 2, filters: 16, batch: 1, depth: 4})
out = make_folder(o.out)
spacing = o.spacing
# As much of the head as 192×256×320 mm, in voxels that the network can halve `depth` times.
step = 2 ^ o.depth
shape = [round(mm / spacing / step) * step for mm in [192, 256, 320]]

fn prepare(v) = v |> n4(shrink=3, iterations=[20, 10, 10, 5]) |> resample(shape=shape, spacing=spacing, antialias=true) |> normalize()
kept = cached(path -> prepare(load(path, frame=0)), make_folder("{out}/prepared"))

# A head is prepared once; turns, fields and noise are drawn anew each time that it is trained on, and never where it validates.
fn sample(s, seed=0) {
    image = kept(s.image)
    pair = {image: image, mask: load(s.mask, frame=0) > 0 |> resample(like=image)}
    if s.learn { augment(pair, seed=seed) } else { pair }
}

assert(length(o.rest) == 2, "{length(o.rest)} arguments rather than two patterns: put the patterns in quotes, so that the shell leaves their asterisks alone\n{usage}")
cohort = pairs(o.rest[0], o.rest[1])
assert(length(cohort) >= 3, "need at least 3 pairs of image and mask, found {length(cohort)}")
# No one is on both sides.
parts = split(cohort, test=max(0.2, 1 / length(cohort)), seed=1, by=s -> if s.subject == none { s.id } else { s.subject })
learn = [{id: s.id, image: s.image, mask: s.mask, learn: true} for s in parts.train]
check = [{id: s.id, image: s.image, mask: s.mask, learn: false} for s in parts.test]
print("{length(parts.train)} pairs to train on, {length(parts.test)} to validate with; {shape} voxels of {spacing} mm")
seen = peek(learn, prepare=sample)
save(seen.figure, "{out}/samples.png")

run = fit(unet3d(filters=o.filters, depth=o.depth, dropout=0.05, seed=1), learn, valid=check, prepare=sample, minutes=o.minutes, batch=o.batch,
    loss="dice+bce", schedule=cosine(), checkpoint="{out}/network.safetensors", resume=true, seed=1)
save(plot(run), "{out}/training.png")

# Volumes far from all that were learnt from are suspect.
volumes = [volume_ml(load(s.mask, frame=0) > 0) for s in cohort]
best = pipeline(load("{out}/network.safetensors"), prepare=prepare, volume=[0.6 * min(volumes), 1.5 * max(volumes)])
save(best, "{out}/model.safetensors", weights="float16")
for s in parts.test {
    truth = load(s.mask, frame=0) > 0
    p = predict(best, s.image, qc=true)
    print("{s.id}: dice {dice(p.mask, copy_grid(truth, like=p.mask)):.3} on the raw grid, {p.qc.volume_ml:.0} of {volume_ml(truth):.0} ml, {p.qc.verdict}")
}
print("{out}/model.safetensors; look at {out}/samples.png and {out}/training.png")
