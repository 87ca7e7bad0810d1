# The model on heads beyond what it is mostly given: noisy, turned, small, cut to a part, in thick slices, saturated. Dice with the known mask, treated likewise. For evaluation only.
#
# Usage: skullstrip bench/stress.ss HEADS [--model FILE] [--out stress.tsv]
#
# HEADS as for bench/heads.ss. A row for each treatment: Dice of each head, whether its mask is called suspect (*), and the mean.

import "references.ss"

o = options(args, {model: "", out: "stress.tsv"})
assert(length(o.rest) == 1, "usage: skullstrip bench/stress.ss HEADS [--model FILE] [--out stress.tsv]")
heads = o.rest[0]
net = if o.model == "" { default_model() } else { load(o.model) }
names = ["mne_T1w", "colin27_T1w", "openms01_T1w", "openms01_FLAIR", "openms12_T2w"]

# Through the brain, along the axes right, anterior and superior.
fn treated(v, brain) {
    box = bounding_box(brain)
    bright = percentile(v, 99)
    head = (gaussian(v, 1) > 0.08 * bright) |> close(4) |> fill_holes()
    fn at(axis, share) = round(box.from[axis] + (box.to[axis] - box.from[axis]) * share)
    fn both(f) = {v: f(v), brain: f(brain)}
    fn sized(share) {
        like = resample(v, shape=v.shape, spacing=[share * mm for mm in v.spacing], interpolation="nearest")
        both(x -> copy_grid(x, like=like))
    }
    half = round(20 / v.spacing[2])
    middle = at(2, 0.5)
    lean = [[1, 0, 0.2, 0], [0, 1, 0.2, 0], [0, 0, 1, 0]]
    {
        "as it is": both(x -> x),
        "noise of 0.2": {v: noise(v, sigma=0.2 * bright, seed=1), brain: brain},
        "noise of 0.4": {v: noise(v, sigma=0.4 * bright, seed=1), brain: brain},
        "air as noisy as MP2RAGE's": {v: v * head + noise(v * 0, sigma=0.4 * bright, seed=2) * ~head, brain: brain},
        "cut off at the 85th percentile": {v: clip(v, 0, percentile(v, 85)), brain: brain},
        "a field of 0.8": {v: v * bias(v, 0.8, seed=3), brain: brain},
        "inverted, air black": {v: (max(v) - v) * head, brain: brain},
        "slices of 10 mm": {v: thick_slices(v, 10), brain: brain},
        "voxels of 3 mm": both(x -> resample(x, spacing=3)),
        "turned by 30° about the right": both(x -> rotate(x, [30, 0, 0])),
        "turned by 60° about the right": both(x -> rotate(x, [60, 0, 0])),
        "turned by 60° about the front": both(x -> rotate(x, [0, 60, 0])),
        "leaning by 0.2": both(x -> affine_transform(x, lean)),
        "0.7 of the size": sized(0.7),
        "1.2 of the size": sized(1.2),
        "a slab of 40 mm": both(x -> x[:, :, max(0, middle - half):min(x.shape[2], middle + half)]),
        "the upper half of the brain": both(x -> x[:, :, middle:x.shape[2]]),
        "the lower half of the brain": both(x -> x[:, :, 0:middle]),
    }
}

rows = []
for name in names {
    v = load("{heads}/{name}.nii.gz")
    brain = truth_of(heads, name, v) |> reorient("RAS")
    for [how, x] in entries(treated(reorient(v, "RAS"), brain)) {
        p = predict(net, x.v, qc=true)
        rows = rows + [{how: how, head: name, dice: dice(p.mask, x.brain), suspect: p.qc.verdict == "suspect"}]
    }
    print("{name} is through")
    save(rows, o.out)
}

fn cell(r) = "{r.dice:.3}{if r.suspect { "*" } else { " " }}"
print("| treated | " + join(names, " | ") + " | mean |")
print("|---|" + join(["---:" for name in names], "|") + "|---:|")
for how in unique([r.how for r in rows]) {
    same = [r for r in rows if r.how == how]
    print("| {how} | " + join([cell(r) for r in same], " | ") + " | {mean([r.dice for r in same]):.3} |")
}
