make_folder("empty")

nfbs("empty")

nfbs("nowhere")

save("text", "file.txt")

nfbs("file.txt")

make_folder("one/A1")

nfbs("one")

bids("empty")

make_folder("study/sub-01/anat")

bids("study")

pairs("scans/*.nii.gz", "masks/*.nii.gz")

glob("nowhere/*/x")

v = phantom(seed=1, shape=8, spacing=20);

save(v.image, "own/anna.nii.gz")

make_folder("own")

save(v.image, "own/anna.nii.gz")

save(v.mask, "own/bert_mask.nii.gz")

pairs("own/a*.nii.gz", "own/*_mask.nii.gz")

split([1, 2], test=2)

split([1, 2], separator=",")

split([], test=0.5)

folds([1, 2, 3], 1)

folds([1, 2, 3], 5)

folds([1, 2, 3, 4], 3, by=x -> x % 2)

split([{site: 1}], by="sit")

read_table("b.txt")

read_table("none.csv")
