# The known masks of the heads that bench/heads.ss and bench/stress.ss look at; for evaluation only.

# Masks fit their images voxel for voxel, though the header of one is half a voxel off.
fn truth_of(heads, name, like) {
    file = if name == "mne_T1w" { "mne_brainmask" } else if name == "colin27_T1w" { "colin27_labels" } else { "{name}_brainmask" }
    v = copy_grid(load("{heads}/{file}.nii.gz"), like=like)
    if name == "colin27_T1w" { (v > 0 & v < 4) | v == 8 } else { v > 0 }
}
