# augment

r = phantom(seed=1, shape=24, spacing=8)
a = augment(r, seed=3)
b = augment(r, seed=3)
[a.image == b.image, a.mask.shape] |> r -> r[1]

v = phantom(seed=1, shape=16, spacing=12).image
same = augment(v, flip=0, rotate=0, scale=0, shear=0, translate=0, elastic=0, blur=0, bias=0, gamma=0, contrast=0, noise=0)
max(same - v)

# bids

v = phantom(seed=1, shape=8, spacing=20)
make_folder("study/sub-01/anat")
save(v.image, "study/sub-01/anat/sub-01_T1w.nii.gz")
make_folder("study/derivatives/hand/sub-01/anat")
save(v.mask, "study/derivatives/hand/sub-01/anat/sub-01_desc-brain_mask.nii.gz")
bids("study")[0].mask

# cached

calls = "calls"
fn slow(x, k=2) {
  make_folder("{calls}-{x}")
  x * k
}
quick = cached(slow, "results")
[quick(4), quick(4), quick(4, k=3)]

# folds

map(folds(0:10, 5), f -> [length(f.train), length(f.test)])[0]

# nfbs

try { nfbs("no-such-folder") } catch e { e.message }

# pairs

v = phantom(seed=1, shape=8, spacing=20)
make_folder("own")
save(v.image, "own/anna.nii.gz")
save(v.mask, "own/anna_mask.nii.gz")
pairs("own/*.nii.gz", "own/*_mask.nii.gz")[0].id

# peek

head = phantom(seed=1, shape=[48, 64, 80], spacing=4)
seen = peek({image: normalize(head.image), mask: head.mask & ~head.mask})
[seen.warnings, kind(seen.figure)]

head = phantom(seed=1, shape=[48, 64, 80], spacing=4)
peek(head, patch=16).samples[0].shape

# phantom

phantom(seed=7, shape=[24, 32, 40], spacing=8).mask.shape

# read_table

save([{id: "01", age: 31}, {id: "02", age: none}], "people.tsv")
read_table("people.tsv")

# split

split("sub-01_T1w", "_")

split(" 1  2 3 ")

length(split(0:10, test=0.3).test)

parts = split(0:8, test=0.5, by=x -> x % 2)
sort(parts.test)

# synth

head = phantom(seed=1, shape=48, spacing=5)
map = head.mask * 2
made = synth(map, seed=3, shape=[24, 28, 32], spacing=8)
[made.image.shape, made.mask.shape]

