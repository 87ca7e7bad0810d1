# What `predict` can tell of a prediction without the truth: the records of real heads as they are, and of the same heads spoilt so that any network has to fail, or may.
#
# Usage: skullstrip bench/quality.ss HEADS [--model FILE] [--out quality.tsv] [--only NAME]
#
# A row for each: the record of quality, and `agreement`, the Dice of the mask with that of the unspoilt head where both have voxels. Limits are set so that heads are "ok" and what does not
# agree is "suspect". No mask made by hand is read.

o = options(args, {model: "", out: "quality.tsv", only: ""})
heads = o.rest[0]
net = if o.model == "" { default_model() } else { load(o.model) }
rows = []

fn middle(v, axis, share) {
    n = round(v.shape[axis] * share)
    if axis == 0 { v[0:n, :, :] } else if axis == 1 { v[:, 0:n, :] } else { v[:, :, 0:n] }
}

# Through the brain, along the axes right, anterior and superior.
fn spoilt(v, brain) {
    box = bounding_box(brain)
    fn at(axis, share) = round(box.from[axis] + (box.to[axis] - box.from[axis]) * share)
    top = max(v)
    head = (gaussian(v, 1) > 0.08 * percentile(v, 99)) |> close(4) |> fill_holes()
    far = [round(200 / mm) for mm in v.spacing]
    larger = resample(v, shape=v.shape, spacing=[1.5 * mm for mm in v.spacing], interpolation="nearest")
    [
        {how: "as it is", v: v, good: true},
        {how: "LIA", v: reorient(v, "LIA"), good: true},
        {how: "a little noise", v: noise(v, sigma=0.03 * percentile(v, 99)), good: true},
        {how: "slices of 5 mm", v: thick_slices(v, 5), good: true},
        {how: "bias field", v: v * bias(v, 0.3, seed=2), good: true},
        {how: "200 mm of air below", v: pad(v, [0, 0, far[2]], [0, 0, 0]), good: true},
        {how: "top half of the brain cut off", v: v[:, :, 0:at(2, 0.5)], good: false},
        {how: "bottom half cut off", v: v[:, :, at(2, 0.5):v.shape[2]], good: false},
        {how: "left half alone", v: v[0:at(0, 0.5), :, :], good: false},
        {how: "front third cut off", v: v[:, 0:at(1, 0.67), :], good: false},
        {how: "top tenth cut off", v: v[:, :, 0:at(2, 0.9)], good: none},
        {how: "drowned in noise", v: noise(v, sigma=1.5 * percentile(v, 99)), good: none},
        {how: "nothing but noise", v: noise(v * 0, sigma=0.2 * top), good: false},
        {how: "inverted", v: (top - v) * (v > 0.05 * top), good: none},
        {how: "inverted with the air", v: top - v, good: none},
        {how: "upside down", v: copy_grid(flip(v, axis=2), like=v), brain: copy_grid(flip(brain, axis=2), like=v), good: none},
        {how: "back to front", v: copy_grid(flip(v, axis=1), like=v), brain: copy_grid(flip(brain, axis=1), like=v), good: none},
        {how: "voxels said to be 1.5 times as large", v: copy_grid(v, like=larger), brain: copy_grid(brain, like=larger), good: none},
        {how: "a smooth blob", v: gaussian(v, 40), good: false},
        {how: "brain alone", v: strip(v, brain), good: none},
        {how: "1,000 taken off", v: v - 1000, good: true},
        {how: "10,000 added", v: v + 10000, good: true},
        {how: "the sign lost", v: v * -1, good: none},
        {how: "air of -32768", v: v * head - 32768 * ~head, good: true},
        {how: "air of nan", v: v / head, good: true},
        {how: "air of the brightest value", v: v * head + top * ~head, good: none},
        {how: "without the brain", v: v * ~dilate(brain, 3), good: false},
    ]
}

fn judge(name, how, v, brain, good) {
    began = clock()
    p = try { predict(net, v, qc=true) } catch e {
        print("{name}, {how}: error: {e.message}")
        none
    }
    if p == none { return none }
    q = p.qc
    there = if how == "LIA" { reorient(p.mask, "RAS") } else { p.mask }
    # Where a part was cut off, the rest of the brain is what there is to find.
    agreement = try { dice(there, resample(brain, like=there)) } catch e { none }
    print("{name}, {how}: {q.verdict}, agreement {if agreement == none { "none" } else { "{agreement:.3}" }}, {q.volume_ml:.0} ml, share {q.largest_share:.3}, holes {q.holes_ml:.2} ml, contact {q.contact:.3}, grid {q.grid_contact:.3}, flip {q.flip:.3}, entropy {if q.entropy == none { "none" } else { "{q.entropy:.3}" }}, doubt {if q.doubt == none { "none" } else { "{q.doubt:.4}" }}, pose {q.pose}, {q.looks} looks, {clock() - began:.1} s {q.reasons}")
    {head: name, how: how, good: good, verdict: q.verdict, agreement: agreement, volume_ml: q.volume_ml, largest_share: q.largest_share, components: q.components, holes_ml: q.holes_ml,
        contact: q.contact, grid_contact: q.grid_contact, flip: q.flip, entropy: q.entropy, doubt: q.doubt, pose: q.pose, looks: q.looks}
}

for path in files(heads, ".nii.gz") {
    name = path[length(heads) + 1:length(path) - 7]
    if name[-3:length(name)] == "T1w" or name[-3:length(name)] == "T2w" or name[-5:length(name)] == "FLAIR" {
        if o.only == "" or o.only == name {
            v = load(path) |> reorient("RAS")
            brain = predict(net, v)
            for s in spoilt(v, brain) {
                row = judge(name, s.how, s.v, if length([k for k in keys(s) if k == "brain"]) > 0 { s.brain } else { brain }, s.good)
                if row != none { rows = rows + [row] }
            }
            save(rows, o.out)
        }
    }
}
