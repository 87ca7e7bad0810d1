# basename

basename("scans/sub-01/t1.nii.gz")

# dirname

dirname("scans/sub-01/t1.nii.gz")

dirname("t1.nii")

# each_frame

v = phantom(seed=1, shape=8, spacing=20).labels
save([v - v, v - v + 7], "two.nii.gz")
each_frame("two.nii.gz", v -> mean(v))

# exists

exists("no-such-file.nii")

# files

make_folder("empty")
files("empty")

# frames

v = phantom(seed=1, shape=8, spacing=20).labels
save([v, v], "pair.nii.gz")
frames("pair.nii.gz")

# glob

make_folder("scans/b")
make_folder("scans/a")
glob("scans/[ab]")

# is_folder

make_folder("results")
is_folder("results")

# join_path

join_path("out", "masks/", "sub-01.nii.gz")

# load

save(phantom(seed=1, shape=8, spacing=20).labels, "labels.nii.gz")
load("labels.nii.gz").shape

v = phantom(seed=1, shape=8, spacing=20).labels
save([v, v + 1, v + 2], "series.nii.gz")
mean(load("series.nii.gz", frame=2) - v)

# make_folder

make_folder("results/masks")
exists("results/masks")

# read_json

save({id: "a", dice: [0.5, 1]}, "result.json")
read_json("result.json")

# read_text

save("one\ntwo\n", "words.txt")
lines(read_text("words.txt"))

# roundtrip

save(phantom(seed=1, shape=8, spacing=20).labels, "labels.nii.gz")
roundtrip("labels.nii.gz")

# save

m = phantom(seed=1, shape=16, spacing=12).mask
save(m, "brain.nii.gz")
dice(m, load("brain.nii.gz") > 0)

v = phantom(seed=1, shape=8, spacing=20).image
save(v, "small.nii.gz", dtype="int16")
load("small.nii.gz").datatype

save([{id: "a", dice: 0.93}], "dice.csv")
read_text("dice.csv")

t = transform([[1, 0, 0, 3], [0, 1, 0, -2], [0, 0, 1, 0]])
save(t, "step.tfm")
load("step.tfm").matrix[0]

# stem

stem("scans/sub-01_T1w.nii.gz")

