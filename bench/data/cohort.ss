## Memory of a training over many subjects that are named by their paths: it must not grow with their number.
##
##   skullstrip bench/data/cohort.ss --folder DIR --make            # writes 1,000 heads, once
##   skullstrip bench/data/cohort.ss --folder DIR --subjects 10     # one pass over ten of them, a hundred times
##   skullstrip bench/data/cohort.ss --folder DIR --subjects 1000   # one pass over all
o = options(args, {folder: "cohort", subjects: 1000, make: false})
if o.make {
    make_folder(o.folder)
    for i in 0:50 {
        head = phantom(seed=i, shape=[48, 56, 64], spacing=4)
        for k in 0:20 {
            save(head.image, "{o.folder}/head{i * 20 + k}.nii.gz", dtype="int16")
            save(head.mask, "{o.folder}/head{i * 20 + k}_mask.nii.gz")
        }
    }
} else {
    all = pairs("{o.folder}/*.nii.gz", "{o.folder}/*_mask.nii.gz")
    train = [all[i] for i in 0:o.subjects]
    fn prepared(r, seed) {
        image = load(r.image)
        augment(({image: normalize(image), mask: load(r.mask) > 0}), seed=seed, noise=0.1)
    }
    before = peak_memory()
    run = fit(unet3d(filters=4, depth=2), train, prepare=prepared, epochs=1, steps=1000)
    print("{o.subjects} subjects: peak {peak_memory():.0} MB, before the training {before:.0} MB, {run.seconds:.1} s for 1000 samples")
}
