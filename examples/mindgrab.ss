## MindGrab, a published brain extractor (Fani 2025, arXiv:2506.11860), imported from TensorFlow.js' format and run as its authors run it.
##
##     skullstrip examples/mindgrab.ss MODEL [HEAD.nii.gz ...] [--out out]
##
## MODEL is the folder or the model.json of the network that brainchop publishes. Saves OUT/mindgrab.safetensors, network and pipeline in one file, which
## `skullstrip predict HEAD -o BRAIN --model OUT/mindgrab.safetensors` takes from then on, and the mask of each head. Heads take 2.6 GB of memory.

assert(length(args) > 0, "usage: skullstrip examples/mindgrab.ss MODEL [HEAD.nii.gz ...] [--out out]")
o = options(args, {out: "out"})
out = make_folder(o.out)
place = o.rest[0]
net = load(if exists("{place}/model.json") { "{place}/model.json" } else { place })

## 256×256×256 voxels of 1 mm, whole numbers from 0 to 255; then the darkest 2 % become 0 and the brightest 2 % become 1.
fn prepare(image) {
    v = conform(image)
    p = percentile(v, [2, 98])
    clip((v - p[0]) / (p[1] - p[0] + 0.001), 0, 1)
}

mindgrab = pipeline(net, prepare=prepare, threshold=0.5, largest=true, fill=true, volume=[800, 2200])
save(mindgrab, "{out}/mindgrab.safetensors")
for i in 1:length(o.rest) {
    began = clock()
    p = predict(mindgrab, o.rest[i], qc=true)
    save(p.mask, "{out}/mindgrab-{i}.nii.gz")
    print("{o.rest[i]}: {p.qc.volume_ml:.0} ml, {p.qc.verdict} {join(p.qc.reasons, "; ")}({clock() - began:.1} s) -> {out}/mindgrab-{i}.nii.gz")
}
print("{out}/mindgrab.safetensors; peak memory {peak_memory():.0} MB")
