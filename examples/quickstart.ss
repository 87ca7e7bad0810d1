## A network learns to find the brain, from nothing, in a minute or two on two cores.
##
##     skullstrip examples/quickstart.ss [FOLDER]
##
## Every head here is synthetic: anatomy, pose, contrast, bias field and noise of each are drawn from its seed. The heads that
## the network is judged on are not trained on. Pictures and the model go to FOLDER (default: out).

folder = if length(args) > 0 { args[0] } else { "out" }
make_folder(folder)
started = clock()
shape = [48, 64, 64]

# A raw head at 3 mm, and what the network sees of it: no bias field, 4 mm voxels on a common grid, zero mean and unit variance.
fn head(seed) {
    raw = phantom(seed=seed, shape=[68, 84, 84], spacing=3)
    image = raw.image |> n4(shrink=2, iterations=[10, 5]) |> resample(shape=shape, spacing=4) |> normalize()
    {id: "head {seed}", raw: raw.image, truth: raw.mask, image: image, mask: raw.mask |> resample(like=image)}
}

print("1. Thirty synthetic heads, bias corrected, resampled and normalised")
heads = [head(seed) for seed in 1:31]
parts = split(heads, test=0.2, seed=1)
learn = parts.train[0:20]
check = parts.train[20:24]
unseen = parts.test
print("   {length(learn)} to learn from, {length(check)} to check on while learning, {length(unseen)} for the end ({clock() - started:.1} s)")
show(overlay(heads[0].raw, heads[0].truth))

print("2. A 3-D U-Net with 8 filters and three levels")
net = unet3d(filters=8, depth=3, dropout=0.05, seed=1)
print("   {net}")

print("3. Training with Dice loss and Adam")
best = "{folder}/quickstart.safetensors"
run = fit(net, learn, valid=check, epochs=20, batch=2, loss="dice", optimizer=adam(2e-3), checkpoint=best, seed=1)
save(plot(run), "{folder}/quickstart-training.png")
print("   {length(run.history)} epochs in {run.seconds:.0} s, the best was epoch {run.best_epoch}")

print("4. The heads that it has not seen: predicted, cleaned, brought back to the raw grid")
net = load(best)
scores = []
for h in unseen {
    found = predict(net, h.image) |> largest() |> fill_holes() |> resample(like=h.raw)
    scores = scores + [{dice: dice(found, h.truth), iou: iou(found, h.truth)}]
    print("   {h.id}: dice {scores[-1].dice:.3}, iou {scores[-1].iou:.3}")
    if length(scores) == 1 {
        picture = overlay(h.raw, found, title="A head that the network has not seen")
        show(picture)
        save(picture, "{folder}/quickstart-overlay.png")
        save(strip(h.raw, found), "{folder}/quickstart-brain.nii.gz")
    }
}
dices = [s.dice for s in scores]
print("mean dice {mean(dices):.3}, mean iou {mean([s.iou for s in scores]):.3}, least dice {min(dices):.3}")
print("pictures, stripped brain and model are in {folder}/; {clock() - started:.0} s in all")
assert(mean(dices) >= 0.9, "the held-out dice is below 0.9")
