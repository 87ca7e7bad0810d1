# Brain extractors on real heads whose masks are known: the model that comes with the program, the classical `bet`, and MindGrab. For evaluation only: nothing is trained on them.
#
# Usage: skullstrip bench/heads.ss HEADS TOOL [--model FILE] [--mindgrab FILE] [--out scores]
#        skullstrip bench/heads.ss HEADS table [--out scores]
#
# HEADS has NAME.nii.gz and NAME_brainmask.nii.gz (colin27's mask is its labels 1, 2, 3 and 8; mne's is mne_brainmask). TOOL is model, bet or mindgrab: one in a process, so that the memory
# is its own. FILE of mindgrab is what examples/mindgrab.ss saves. Scores go to OUT/TOOL.tsv; `table` prints those of all tools as one Markdown table. `bench/heads.sh` does it all.

import "references.ss"

o = options(args, {model: "", mindgrab: "", out: "scores"})
assert(length(o.rest) == 2, "usage: skullstrip bench/heads.ss HEADS model|bet|mindgrab|table [--model FILE] [--mindgrab FILE] [--out scores]")
heads = o.rest[0]
tool = o.rest[1]
tools = ["model", "bet", "mindgrab"]
out = make_folder(o.out)

# Free of any convention: the brain tissue that a mask misses, in percent; none where no tissue is labelled.
fn missed(name, found) {
    tissue = if name == "mne_T1w" { load("{heads}/mne_aseg.nii.gz") > 0 } else if name == "colin27_T1w" {
        v = load("{heads}/colin27_labels.nii.gz")
        v > 1 & v < 4
    } else { none }
    if kind(tissue) == "mask" { 100 * (1 - sensitivity(found, copy_grid(tissue, like=found))) } else { none }
}

fn run(tool) {
    f = if tool == "bet" { path -> bet(load(path)) } else {
        net = if tool == "mindgrab" { load(o.mindgrab) } else if o.model == "" { default_model() } else { load(o.model) }
        path -> predict(net, path)
    }
    found = []
    for name in ["mne_T1w", "colin27_T1w", "openms01_T1w", "openms01_FLAIR", "openms12_T2w"] {
        began = clock()
        mask = f("{heads}/{name}.nii.gz")
        found = found + [{name: name, mask: mask, seconds: clock() - began}]
    }
    # Before anything is measured, which takes memory of its own.
    memory = peak_memory()
    fn judge(x) {
        c = compare(x.mask, truth_of(heads, x.name, x.mask))
        {head: x.name, tool: tool, dice: c.dice, iou: c.iou, hd95: c.hd95, assd: c.assd, sensitivity: c.sensitivity, precision: c.precision, missed: missed(x.name, x.mask),
            ml: c.volume_ml, truth_ml: c.truth_ml, seconds: x.seconds, memory: memory}
    }
    [judge(x) for x in found]
}

fn line(cells) = print("| " + join(cells, " | ") + " |")
fn padded(s, width, left=false) {
    while length(s) < width { s = if left { s + " " } else { " " + s } }
    s
}

fn table() {
    rows = []
    for t in tools { if exists("{out}/{t}.tsv") { rows = rows + read_table("{out}/{t}.tsv") } }
    assert(length(rows) > 0, "no scores in {out}: run a tool first")
    names = ["head", "tool", "Dice", "IoU", "hd95, mm", "ASSD, mm", "sensitivity", "precision", "tissue missed, %", "ml (true)", "seconds", "MB"]
    cells = []
    order = [rows[i].head for i in 0:length(rows) if i == 0 or rows[i].tool == rows[0].tool]
    for head in order {
        for r in rows {
            if r.head == head {
                cells = cells + [[head, r.tool, "{r.dice:.3}", "{r.iou:.3}", "{r.hd95:.1}", "{r.assd:.2}", "{r.sensitivity:.3}", "{r.precision:.3}",
                    if r.missed == none { "" } else { "{r.missed:.2}" }, "{r.ml:.0} ({r.truth_ml:.0})", "{r.seconds:.1}", "{r.memory:.0}"]]
            }
        }
    }
    for t in tools {
        own = [r for r in rows if r.tool == t]
        if length(own) > 0 {
            fn m(f) = average(own, f)
            cells = cells + [["mean", t, "{m(r -> r.dice):.3}", "{m(r -> r.iou):.3}", "{m(r -> r.hd95):.1}", "{m(r -> r.assd):.2}", "{m(r -> r.sensitivity):.3}",
                "{m(r -> r.precision):.3}", "", "", "{m(r -> r.seconds):.1}", "{max([r.memory for r in own]):.0}"]]
        }
    }
    widths = [max([length(row[i]) for row in [names] + cells]) for i in 0:length(names)]
    line([padded(names[i], widths[i], left=i < 2) for i in 0:length(names)])
    line([padded(if i < 2 { "---" } else { "---:" }, widths[i], left=i < 2) for i in 0:length(names)])
    for row in cells { line([padded(row[i], widths[i], left=i < 2) for i in 0:length(names)]) }
}

if tool == "table" { table() } else {
    assert(length([t for t in tools if t == tool]) == 1, "{tool} is none of {join(tools, ", ")} and table")
    save(run(tool), "{out}/{tool}.tsv")
}
