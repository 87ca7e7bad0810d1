## N4 that learns from the foreground without its edge, its default, beside N4 with Otsu's mask: errors of known fields.
##
##     skullstrip bench/imaging/n4_edge.ss HEADS LABELS
##
## Phantoms and images that are drawn from label maps have a field of their own: the error is the deviation of the log fields' difference within the brain. Real heads have
## one that nobody knows: a field is laid over each, and what is found of the two together must be what is found without it times that field, within the mask of the model
## that comes along.

assert(length(args) == 2, "usage: skullstrip bench/imaging/n4_edge.ss HEADS LABELS")
[heads, labels] = args

fn field(v, edge) {
    mask = if edge { otsu(v, bins=200) } else { none }
    bias_field(v, mask=mask, shrink=3, iterations=[20, 10, 10, 5])
}

fn deviation(found, truth, mask) = std(log(found) - log(truth), mask)

## The errors without and with the edge.
fn errors(image, truth, mask) = [deviation(field(image, edge), truth, mask) for edge in [false, true]]

fn tell(name, pairs) {
    better = length(filter(pairs, p -> p[0] < p[1]))
    print("{name}: {mean(map(pairs, p -> p[0])):.4} without the edge, {mean(map(pairs, p -> p[1])):.4} with it; ratio {mean(map(pairs, p -> p[0] / p[1])):.2}, better in {better} of {length(pairs)}")
}

fn of_phantom(seed) {
    p = phantom(seed=seed, shape=[128, 160, 160], spacing=1.4)
    errors(p.image, p.bias, p.mask)
}

fn of_map(i) {
    s = synth("{labels}/training_seg_{if i < 10 { "0" } else { "" }}{i}.nii.gz", seed=i, shape=[180, 200, 200], spacing=1.1, bias=0, contrast="t1", noise=0.04, thickness=0)
    b = bias(s.image, strength=0.2, spans=2, seed=i)
    errors(s.image * b, b, s.mask)
}

fn of_head(path) {
    v = load(path)
    brain = predict(default_model(), v)
    pairs = []
    for seed in 11:14 {
        b = bias(v, strength=0.2, spans=2, seed=seed)
        pairs = pairs + [[deviation(field(v * b, edge), field(v, edge) * b, brain) for edge in [false, true]]]
    }
    tell("  {basename(path)}", pairs)
    pairs
}

tell("phantoms", [of_phantom(seed) for seed in 20:40])
tell("images drawn from label maps", [of_map(i) for i in 1:21])
tell("real heads, of what is found without the field", flatten([of_head(p) for p in flatten([glob("{heads}/*_{kind}.nii.gz") for kind in ["T1w", "T2w", "FLAIR"]])]))
