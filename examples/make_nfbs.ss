## An NFBS-shaped folder from a few heads with masks and any number of synthetic ones, to run `nfbs.ss` without the data set.
##
##     skullstrip examples/make_nfbs.ss HEADS FOLDER [--phantoms 6]
##
## HEADS holds `mne_T1w.nii.gz` with `mne_brainmask.nii.gz`, `colin27_T1w.nii.gz` with `colin27_labels.nii.gz`, `openms01_T1w.nii.gz` with
## `openms01_T1w_brainmask.nii.gz` and `studyforrest_T1w.nii.gz`, which has no mask and shows how a missing partner is named.
## "none" as HEADS makes synthetic heads alone.

o = options(args, {phantoms: 6})
assert(length(o.rest) == 2, "usage: skullstrip examples/make_nfbs.ss HEADS FOLDER [--phantoms 6]")
heads = o.rest[0]
folder = o.rest[1]

fn triple(id, image, mask) {
    place = make_folder("{folder}/{id}")
    name = "{place}/sub-{id}_ses-NFB3_T1w"
    save(image, "{name}.nii.gz")
    if kind(mask) == "mask" {
        save(mask, "{name}_brainmask.nii.gz")
        save(strip(image, mask), "{name}_brain.nii.gz")
    }
    print("{id}: {image}")
}

if heads != "none" {
    triple("A00000001", load("{heads}/mne_T1w.nii.gz"), load("{heads}/mne_brainmask.nii.gz") > 0)
    labels = load("{heads}/colin27_labels.nii.gz")
    brain = (labels == 1) | (labels == 2) | (labels == 3) | (labels == 8)
    # These labels fit their image voxel for voxel, but the header places them 1 mm further back.
    colin = load("{heads}/colin27_T1w.nii.gz")
    triple("A00000002", colin, copy_grid(brain, like=colin))
    triple("A00000003", load("{heads}/openms01_T1w.nii.gz"), load("{heads}/openms01_T1w_brainmask.nii.gz") > 0)
    triple("A00000004", load("{heads}/studyforrest_T1w.nii.gz"), none)
}
for seed in 1:o.phantoms + 1 {
    head = phantom(seed=seed, shape=[160, 192, 192], spacing=1.25)
    triple("A0000010{seed}", head.image, head.mask)
}
