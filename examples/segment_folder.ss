## Every head of a folder to a brain mask, with a table and a contact sheet to look at.
##
##     skullstrip examples/segment_folder.ss FOLDER [--out masks] [--model FILE] [--skip mask,labels,aseg] [--flips] [--brains]
##
## Writes OUT/NAME_mask.nii.gz of each image in FOLDER, OUT/heads.csv (name, volume, verdict, reasons, seconds) and OUT/heads.png, suspect ones first. Names that
## hold a word of `--skip` are not images of heads. `--flips` averages over the mirror image, in twice the time; `--brains` writes the stripped images too. A file that
## fails is named in the table, and does not stop the others. Run again, what was made of the same image in the same way is kept; with status 1 where a file failed.

o = options(args, {out: "masks", model: "", skip: "mask,labels,aseg", flips: false, brains: false})
assert(length(o.rest) == 1, "usage: skullstrip examples/segment_folder.ss FOLDER [--out masks] [--model FILE] [--skip mask,labels,aseg] [--flips] [--brains]")
folder = o.rest[0]
out = make_folder(o.out)
net = if o.model == "" { default_model() } else { load(o.model) }

fn ends(name, ending) = length(name) >= length(ending) and name[length(name) - length(ending):length(name)] == ending
fn holds(name, word) = length([i for i in 0:length(name) - length(word) + 1 if name[i:i + length(word)] == word]) > 0
fn words(list) {
    found = []
    word = ""
    for i in 0:length(list) {
        if list[i] == "," {
            found = found + [word]
            word = ""
        } else { word = word + list[i] }
    }
    [w for w in found + [word] if length(w) > 0]
}

# The name without its folder and ending; none where it is no image.
fn name_of(path) {
    name = path[length(folder):length(path)]
    if name[0] == "/" { name = name[1:length(name)] }
    endings = [e for e in [".nii.gz", ".nii", ".mgz", ".mgh", ".nrrd"] if ends(name, e)]
    if length(endings) == 0 or name[0] == "." { none } else { name[0:length(name) - length(endings[0])] }
}
skipped = words(o.skip)
heads = [{name: name_of(path), path: path} for path in files(folder)]
heads = [h for h in heads if h.name != none]
heads = [h for h in heads if length([w for w in skipped if holds(h.name, w)]) == 0]
assert(length(heads) > 0, "there is no image in {folder} but those whose names hold {join(skipped, ", ")}")

table = "{out}/heads.csv"
before = if exists(table) { read_table(table) } else { [] }

# What a mask hangs on: an image that was replaced, another model or other options make it anew.
way = "{if o.model == "" { "default model" } else { o.model }}{if o.flips { ", flips" } else { "" }}{if o.brains { ", brains" } else { "" }}"
fn made_of(path) {
    v = try { load(path, frame=0) } catch { return "unreadable" }
    "{v.shape} {v.spacing} {v.orientation} {mean(v):.6} {std(v):.6}: {way}"
}

fn segment(h) {
    mask = "{out}/{h.name}_mask.nii.gz"
    of = made_of(h.path)
    known = [row for row in before if row.name == h.name and row.verdict != "failed" and contains(keys(row), "of")]
    if length(known) > 0 and exists(mask) { if known[0].of == of { return {...known[0], kept: true} } }
    began = clock()
    try {
        p = predict(net, h.path, qc=true, flips=if o.flips { true } else { none })
        save(p.mask, mask)
        if o.brains { save(strip(load(h.path, frame=0), p.mask), "{out}/{h.name}_brain.nii.gz") }
        {name: h.name, verdict: p.qc.verdict, volume_ml: p.qc.volume_ml, reasons: join(p.qc.reasons, "; "), seconds: round(clock() - began, 2), of: of}
    } catch e {
        {name: h.name, verdict: "failed", volume_ml: none, reasons: e.message, seconds: round(clock() - began, 2), of: of}
    }
}

rows = []
for h in heads {
    row = segment(h)
    kept = contains(keys(row), "kept")
    row = {name: row.name, verdict: row.verdict, volume_ml: row.volume_ml, reasons: row.reasons, seconds: row.seconds, of: row.of}
    rows = rows + [row]
    # Kept after each head, so that nothing is lost where this is stopped.
    save(rows, table)
    print("{row.name}: {row.verdict}{if row.volume_ml == none { "" } else { ", {row.volume_ml:.0} ml" }}{if row.reasons == none or row.reasons == "" { "" } else { ": {row.reasons}" }} ({if kept { "kept" } else { "{row.seconds:.1} s" }})")
}

fn cell(row) {
    h = [h for h in heads if h.name == row.name][0]
    overlay(load(h.path, frame=0), load("{out}/{row.name}_mask.nii.gz") > 0, title="{row.name} · {row.volume_ml:.0} ml · {row.verdict}", width=640)
}
done = [r for r in rows if r.verdict == "suspect"] + [r for r in rows if r.verdict == "ok"]
if length(done) > 0 {
    # A sheet holds so many that each can still be judged.
    save(sheet([cell(r) for r in done[0:min(60, length(done))]], columns=min(3, length(done))), "{out}/heads.png")
}
fn count(verdict) = length([r for r in rows if r.verdict == verdict])
print("{length(rows)} images: {count("ok")} ok, {count("suspect")} suspect, {count("failed")} failed; {table}, {out}/heads.png")
if count("failed") > 0 { error("{count("failed")} of {length(rows)} images failed") }
