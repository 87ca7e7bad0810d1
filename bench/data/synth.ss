## Time of an image drawn from a label map, and of an augmentation.
##
##   skullstrip --threads 1 bench/data/synth.ss --maps FOLDER
o = options(args, {maps: "labels", images: 20})
maps = files(o.maps, ending=".nii.gz")
for path in maps { first = synth(path, seed=0) }
for grid in [{shape: [96, 128, 160], spacing: 2}, {shape: [128, 160, 192], spacing: 1.5}, {shape: [192, 224, 224], spacing: 1}] {
    start = clock()
    for i in 0:o.images { made = synth(maps[i % length(maps)], seed=i, shape=grid.shape, spacing=grid.spacing) }
    middle = clock()
    for i in 0:o.images { other = augment(made.image, seed=i) }
    end = clock()
    for i in 0:o.images { other = augment(made.mask, seed=i) }
    print("{grid.shape} at {grid.spacing} mm: synth {(middle - start) / o.images:.3} s, augment an image {(end - middle) / o.images:.3} s, a mask {(clock() - end) / o.images:.3} s, {threads()} thread(s)")
}
print("{length(maps)} maps, peak memory {peak_memory():.0} MB")
