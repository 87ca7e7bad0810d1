## One raw head, step by step: bias correction, resampling, normalisation, a picture, and what comes back from the file.
##
##     skullstrip examples/head.ss HEAD.nii.gz [MASK.nii.gz] [--out FOLDER]
##
## Prints the time of each step. Without a mask, Otsu's foreground is drawn.

assert(length(args) > 0, "usage: skullstrip examples/head.ss HEAD.nii.gz [MASK.nii.gz] [--out FOLDER]")
o = options(args, {out: "out"})
folder = make_folder(o.out)

fn timed(what, f) {
    began = clock()
    value = f()
    print("{what}: {value}  ({(clock() - began) * 1000:.0} ms)")
    value
}

head = timed("load", () -> load(o.rest[0]))
truth = timed("mask", () -> if length(o.rest) > 1 { load(o.rest[1]) > 0 |> resample(like=head) } else { otsu(head) })
field = timed("bias_field", () -> bias_field(head, shrink=3, iterations=[20, 10, 10, 5]))
flat = timed("n4", () -> n4(head, shrink=3, iterations=[20, 10, 10, 5]))
small = timed("resample", () -> resample(flat, shape=[96, 128, 160], spacing=2))
small_mask = timed("resample mask", () -> resample(truth, like=small))
x = timed("normalize", () -> normalize(small))

picture = timed("overlay", () -> overlay(head, truth))
show(picture)
save(picture, "{folder}/head-raw.png")
save(overlay(x, small_mask), "{folder}/head-network-grid.png")
save(slices(field, truth, count=9, title="Bias field"), "{folder}/head-field.png")

timed("save", () -> save(x, "{folder}/head-prepared.nii.gz"))
save(flat, "{folder}/head-n4.nii.gz")
save(small_mask, "{folder}/head-mask.nii.gz")
again = timed("load again", () -> load("{folder}/head-prepared.nii.gz"))
assert(max(abs(again - x)) == 0, "what was loaded is not what was saved")
print("peak memory: {peak_memory():.0} MB")
