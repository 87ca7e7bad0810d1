make_folder("scans/sub-01")

save("one\ntwo\n", "scans/sub-01/note.txt")

[glob("scans/*/*.txt"), glob("scans/none*"), is_folder("scans"), is_folder("scans/sub-01/note.txt"), exists("scans/sub-01/note.txt")]

[basename("a/b.nii.gz"), basename("a/"), basename("/"), dirname("a/b"), dirname("b"), dirname("/b"), stem("a/b.c.nii.gz"), stem(".hidden"), join_path("a", "b/", "c"), join_path("a", "/b"), join_path()]

read_text("scans/sub-01/note.txt")

read_text("none.txt")

read_text("scans")

save({id: "a", dice: [0.5, 0.25], more: {n: 1, list: [[1, 2], [3]]}}, "r.json")

print(read_text("r.json"))

read_json("r.json")

read_json("scans/sub-01/note.txt")

save({v: phantom(seed=1, shape=8, spacing=20).image}, "v.json")

save("text", "x.xyz")

save(3, "x.txt")

save([{id: "a", dice: 0.5, note: "x, \"y\""}, {id: "b", dice: none}], "t.csv")

print(read_text("t.csv"))

print(sort(read_table("t.csv"), by="dice"))

save([{id: "01", n: 1}], "t.tsv")

[read_text("t.tsv"), read_table("t.tsv")]

save([{f: sort}], "t.csv")

read_table("t.json")

[kind(env("PATH")), env("NO_SUCH_VARIABLE"), env("NO_SUCH_VARIABLE", 3)]

[kind(clock()), now().year > 2000, length(now().text), args]

load("head.nii.gz\u{0}more")
