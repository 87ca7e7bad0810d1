# The classical brain extractor on real heads whose masks are known, for evaluation only.
#
# Usage: skullstrip bet.ss HEADS, a folder with NAME.nii.gz and NAME_brainmask.nii.gz (colin27's mask is its labels 1, 2, 3 and 8).

heads = args[0]

fn judge(name, mask) {
    image = load("{heads}/{name}.nii.gz")
    began = clock()
    brain = bet(image)
    seconds = clock() - began
    # Masks fit their images voxel for voxel, though the header of one is half a voxel off.
    c = compare(brain, copy_grid(mask, like=image))
    print("{name}: dice {c.dice:.3}, hd95 {c.hd95:.1} mm, assd {c.assd:.2} mm, sensitivity {c.sensitivity:.3}, precision {c.precision:.3}, "
        + "{c.volume_ml:.0} of {c.truth_ml:.0} ml, {seconds:.1} s")
    c.dice
}

colin = load("{heads}/colin27_labels.nii.gz")
scores = [judge("colin27_T1w", (colin > 0 & colin < 4) | colin == 8), judge("mne_T1w", load("{heads}/mne_brainmask.nii.gz") > 0)]
for name in ["openms01_T1w", "openms01_FLAIR", "openms12_T2w"] {
    scores = scores + [judge(name, load("{heads}/{name}_brainmask.nii.gz") > 0)]
}
print("mean dice {average(scores):.3}")
