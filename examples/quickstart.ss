## A network learns to find the brain, from nothing, in about two minutes on two cores.
##
##     skullstrip examples/quickstart.ss [FOLDER]
##
## Every head here is synthetic: the anatomy, pose, contrast, bias field and noise of each are drawn from its seed.
## The heads that the network is judged on are never trained on. Pictures go to FOLDER (default: out).

folder = if length(args) > 0 { args[0] } else { "out" }
make_folder(folder)
started = clock()

print("1. A cohort of synthetic heads, preprocessed as real ones are: N4, resample, normalise")

shape = [48, 64, 64]

# A raw head at 3 mm, then what a network wants to see of it: no bias field, a common grid, a common scale.
fn prepare(seed) {
    head = phantom(seed=seed, shape=[68, 84, 84], spacing=3)
    image = head.image |> n4(shrink=2, iterations=[10, 5]) |> resample(shape=shape, spacing=4) |> normalize()
    {id: "head-{seed}", raw: head.image, truth: head.mask, image: image, mask: resample(head.mask, like=image)}
}

heads = [prepare(seed) for seed in 1:25]
{train, test: held_out} = split(heads, test=0.2, seed=1)
print("   {length(heads)} heads of {heads[0].raw.shape} voxels in {clock() - started:.1} s; one of them:")
show(overlay(heads[0].raw, heads[0].truth))
