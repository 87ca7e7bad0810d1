# The model that comes with the program, and the classical extractor, on real heads whose masks are known. For evaluation only: nothing is trained on them.
#
# Usage: skullstrip bench/heads.ss HEADS [--model FILE] [--bet true]; HEADS has NAME.nii.gz and NAME_brainmask.nii.gz (colin27's mask is its labels 1, 2, 3 and 8).

o = options(args, {model: "", bet: false})
heads = o.rest[0]
net = if o.model == "" { default_model() } else { load(o.model) }
colin = load("{heads}/colin27_labels.nii.gz")
aseg = load("{heads}/mne_aseg.nii.gz") > 0

fn judge(name, truth, f) {
    path = "{heads}/{name}.nii.gz"
    began = clock()
    found = f(path)
    seconds = clock() - began
    # Masks fit their images voxel for voxel, though the header of one is half a voxel off.
    c = compare(found, copy_grid(truth, like=found))
    print("{name}: dice {c.dice:.3}, iou {c.iou:.3}, hd95 {c.hd95:.1} mm, assd {c.assd:.2} mm, sensitivity {c.sensitivity:.3}, precision {c.precision:.3}, "
        + "{c.volume_ml:.0} of {c.truth_ml:.0} ml, {seconds:.1} s")
    {dice: c.dice, found: found}
}

fn all(title, f) {
    print(title)
    scores = []
    for name in ["mne_T1w", "colin27_T1w", "openms01_T1w", "openms01_FLAIR", "openms12_T2w"] {
        truth = if name == "colin27_T1w" { (colin > 0 & colin < 4) | colin == 8 }
            else { load("{heads}/{if name == "mne_T1w" { "mne" } else { name }}_brainmask.nii.gz") > 0 }
        one = judge(name, truth, f)
        scores = scores + [one.dice]
        # Free of any convention: brain tissue that is missed.
        if name == "mne_T1w" { print("  of its aseg missed: {100 * (1 - sensitivity(one.found, copy_grid(aseg, like=one.found))):.2} %") }
        if name == "colin27_T1w" {
            tissue = copy_grid(colin > 1 & colin < 4, like=one.found)
            print("  of its grey and white matter missed: {100 * (1 - sensitivity(one.found, tissue)):.2} %")
        }
    }
    print("mean dice {average(scores):.3}; peak memory {peak_memory():.0} MB")
}

all("model", path -> predict(net, path))
if o.bet { all("bet", path -> bet(load(path))) }
