"""Intensities: time, peak memory and effect of this program's operations beside their peers', in turn, in one run, on two threads.

Usage: intensity.py SKULLSTRIP [--rounds N] [--only WORD ...] [--ants] [--heads FOLDER [--effect-only | --fields-only | --places-only]]

Needs numpy and SimpleITK; with --ants also ANTsPy, with --heads the real heads. Times are of the operation alone, on a synthetic head of
256 × 256 × 192 voxels that is already in memory; peak memory is of a process that reads the head and runs the operation once, with what its
interpreter and libraries take. Without a mask, ours is the default (Otsu's foreground less its edge); "every voxel" learns from all above 0, as the peers do.
"""
import argparse, glob, json, os, statistics, subprocess, sys, tempfile, time

N4 = "shrink=3, iterations=[20, 10, 10, 5]"
OURS = {
    "n4, Otsu mask": f"n4(v, mask=otsu(v, bins=200), {N4})", "n4, no mask": f"n4(v, {N4})", "n4, every voxel": f"n4(v, mask=v > 0, {N4})", "z-score": "normalize(v)",
    "rescale": "rescale(v)", "percentiles 1, 99": "percentile(v, [1, 99])", "otsu": "otsu(v, bins=200)", "median 3×3×3": "median(v)", "median 7×7×7": "median(v, 3)", "median 15×15×15": "median(v, 7)",
    "gaussian 2 mm": "gaussian(v, sigma=2)", "gradient": "gradient(v)", "denoise": "denoise(v, sigma=20, search=2)", "denoise 11³, 5³": "denoise(v, sigma=20, search=5, patch=2)",
}


def peers(path):
    """name -> {peer: function}"""
    import numpy as np, SimpleITK as sitk
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    image = sitk.ReadImage(path, sitk.sitkFloat32)
    a = sitk.GetArrayFromImage(image)

    def n4(masked):
        mask = sitk.OtsuThreshold(image, 0, 1, 200) if masked else None
        f = sitk.N4BiasFieldCorrectionImageFilter()
        f.SetMaximumNumberOfIterations([20, 10, 10, 5])
        small = sitk.Shrink(image, [3] * 3)
        f.Execute(small, sitk.Shrink(mask, [3] * 3)) if masked else f.Execute(small)
        return image / sitk.Exp(f.GetLogBiasFieldAsImage(image))

    def ants_n4():
        return ants.n4_bias_field_correction(head, mask=head.new_image_like(np.ones(head.shape, np.float32)), shrink_factor=3,
                                             convergence={"iters": [20, 10, 10, 5], "tol": 0.001})

    table = {
        "n4, Otsu mask": {"SimpleITK": lambda: n4(True)}, "n4, no mask": {"SimpleITK": lambda: n4(False)},
        "n4, every voxel": {"SimpleITK": lambda: n4(False)},
        "z-score": {"numpy": lambda: (a - a.mean()) / a.std(), "SimpleITK": lambda: sitk.Normalize(image)},
        "rescale": {"numpy": lambda: (a - a.min()) / (a.max() - a.min()), "SimpleITK": lambda: sitk.RescaleIntensity(image, 0, 1)},
        "percentiles 1, 99": {"numpy": lambda: np.percentile(a, [1, 99])},
        "otsu": {"SimpleITK": lambda: sitk.OtsuThreshold(image, 0, 1, 200)},
        "median 3×3×3": {"SimpleITK": lambda: sitk.Median(image, [1] * 3)}, "median 7×7×7": {"SimpleITK": lambda: sitk.Median(image, [3] * 3)},
        "median 15×15×15": {},
        "gaussian 2 mm": {"SimpleITK recursive": lambda: sitk.SmoothingRecursiveGaussian(image, 2.0)},
        "gradient": {"SimpleITK": lambda: sitk.GradientMagnitude(image)}, "denoise": {}, "denoise 11³, 5³": {},
    }
    if os.environ.get("INTENSITY_ANTS"):
        import ants
        head = ants.image_read(path)
        table["n4, no mask"]["ANTsPy"] = ants_n4
        table["denoise"]["ANTsPy"] = lambda: ants.denoise_image(head, noise_model="Rician")
    return table


def worker(path, operation, peer, repeats):
    f = peers(path)[operation][peer]
    times = []
    for _ in range(repeats):
        began = time.monotonic()
        result = f()
        times.append(time.monotonic() - began)
        del result
    # Of this program alone: what getrusage tells begins with what the process had that started it.
    peak = next(int(line.split()[1]) * 1024 / 1e6 for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(json.dumps([times, peak]))


def theirs(path, operation, peer, repeats):
    command = [sys.executable, os.path.abspath(__file__), "--worker", path, operation, peer, str(repeats)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def ours(program, path, operation, repeats):
    code = f'v = load("{path}")\nfor i in 0:{repeats} {{\nt = clock()\nr = {OURS[operation]}\nprint(clock() - t)\nr = none\n}}\nprint(peak_memory())'
    out = subprocess.run([program, "--threads", "2", "-e", code], check=True, capture_output=True, text=True).stdout
    *seconds, peak = [float(x) for x in out.split()]
    return seconds, peak


def times(program, path, rounds, names, limit):
    print("| operation | ours, ms (MB) | peer | peer, ms (MB) | ratio of medians |\n|---|---|---|---|---|")
    for name, table in peers(path).items():
        if names and not any(n in name for n in names):
            continue
        repeats = 1 if "n4" in name or "denoise" in name or name in ("median 7×7×7", "median 15×15×15") else 7
        for peer in table or [None]:
            a, b, memory = [], [], [0, 0]
            for n in range(rounds if table else 1):
                seconds, peak = ours(program, path, name, repeats)
                # The first of several pays for pages and caches.
                a += seconds[1:] or seconds
                memory[0] = max(memory[0], peak)
                if peer is not None and (n == 0 or sum(b) < limit):
                    seconds, peak = theirs(path, name, peer, repeats)
                    b += seconds[1:] or seconds
                    memory[1] = max(memory[1], peak)
            mine = statistics.median(a)
            line = f"| {name} | {1000 * mine:.1f} ({memory[0]:.0f}) | "
            print(line + (f"{peer} | {1000 * statistics.median(b):.1f} ({memory[1]:.0f}) | {statistics.median(b) / mine:.1f} |" if b else "– | – | – |"), flush=True)


def effect(program, folder, work, what):
    """Known fields on real heads with labels, and each head's own field beside SimpleITK's."""
    import numpy as np, SimpleITK as sitk
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)

    def read(name):
        return sitk.GetArrayFromImage(sitk.ReadImage(os.path.join(work, name), sitk.sitkFloat32))

    def run(code):
        subprocess.run([program, "-e", code], check=True, capture_output=True, text=True)

    def turns(path):
        """The turns of each of our levels: the least limits that give the field that more of them give."""
        limits, done = [20, 10, 10, 5], []
        for limit in limits:
            fields = []
            for n in range(1, limit + 1):
                run(f'v = load("{path}")\nsave(bias_field(v, mask=otsu(v, bins=200), shrink=3, iterations={done + [n]}), "{work}/t.nii")')
                fields.append(read("t.nii"))
                if n > 1 and (fields[-1] == fields[-2]).all():
                    break
            done.append(n - 1 if n > 1 and (fields[-1] == fields[-2]).all() else n)
        return done

    def thinned(image):
        return sitk.Shrink(image, [3] * 3)

    def at_samples(array, image):
        """What thinning leaves of an array on the image's grid."""
        whole = sitk.GetImageFromArray(array.astype(np.float32))
        whole.CopyInformation(image)
        return sitk.GetArrayFromImage(thinned(whole)).astype(array.dtype)

    def fitted(image, mask):
        f = sitk.N4BiasFieldCorrectionImageFilter()
        f.SetMaximumNumberOfIterations([20, 10, 10, 5])
        levels = {}

        def seen():
            level = f.GetCurrentLevel()
            levels[level] = (levels.get(level, (0, 0))[0] + 1, f.GetCurrentConvergenceMeasurement())
        f.AddCommand(sitk.sitkIterationEvent, seen)
        f.Execute(thinned(image), thinned(mask)) if mask is not None else f.Execute(thinned(image))
        f.turns = ", ".join(f"{n} ({change:.4f})" for _, (n, change) in sorted(levels.items()))
        return f

    def simple(image, mask):
        return sitk.GetArrayFromImage(fitted(image, mask).GetLogBiasFieldAsImage(image))

    def cases():
        """Each head with a field that is known: its name, image, brain, white matter and log field."""
        for head, labels, white, brain, seed, spans in [
            ("colin27_T1w", "colin27_labels", "l == 3", "(l > 0 & l < 4) | l == 8", 1, 2), ("colin27_T1w", "colin27_labels", "l == 3", "(l > 0 & l < 4) | l == 8", 2, 3),
            ("mne_T1w", "mne_aseg", "l == 2 | l == 41", "l > 0", 3, 2), ("mne_T1w", "mne_aseg", "l == 2 | l == 41", "l > 0", 4, 2)]:
            run(f'v = load("{folder}/{head}.nii.gz")\nl = copy_grid(load("{folder}/{labels}.nii.gz"), like=v)\nb = bias(v, strength=0.2, spans={spans}, seed={seed})\n'
                f'n = noise(v * b, sigma=2, seed={seed})\nsave(n, "{work}/n.nii")\nsave(b, "{work}/b.nii")\nsave({white}, "{work}/w.nii")\nsave({brain}, "{work}/m.nii")')
            yield f"{head} {seed}", sitk.ReadImage(f"{work}/n.nii", sitk.sitkFloat32), read("m.nii") > 0, read("w.nii") > 0, np.log(read("b.nii"))

    def errors(log, image, brain, white, truth):
        """The log field's error in the brain, its mean taken off, and the coefficient of variation in white matter."""
        flat = (image / np.exp(log))[white]
        return (log - truth)[brain].std(), flat.std() / flat.mean()

    if what == "places":
        print("\nknown fields, the image cut by so many voxels at the low end of x, y, z, so that other voxels are looked at: error in the brain and variation in white matter, ours and SimpleITK's,"
              " each with Otsu's mask; and the error at the samples alone, both learning from those that SimpleITK's shrinking keeps")
        for name, whole, *arrays in cases():
            rows = []
            for cut in [(0, 0, 0), (1, 1, 1), (2, 2, 2), (0, 1, 2), (1, 2, 0), (2, 0, 1), (1, 0, 2), (0, 2, 1), (2, 1, 0)]:
                image = sitk.RegionOfInterest(whole, [n - x for n, x in zip(whole.GetSize(), cut)], cut)
                mask, inside = sitk.OtsuThreshold(image, 0, 1, 200), tuple(slice(x, None) for x in reversed(cut))
                arrays_here = [sitk.GetArrayFromImage(image)] + [a[inside] for a in arrays]
                sitk.WriteImage(image, f"{work}/c.nii")
                sitk.WriteImage(thinned(image), f"{work}/s.nii")
                sitk.WriteImage(thinned(mask), f"{work}/m.nii")
                run(f'v = load("{work}/c.nii")\nsave(bias_field(v, mask=otsu(v, bins=200), {N4}), "{work}/f.nii")\n'
                    f'save(bias_field(load("{work}/s.nii"), mask=load("{work}/m.nii") > 0, {N4.replace("shrink=3", "shrink=1")}), "{work}/g.nii")')
                f = fitted(image, mask)
                ours, theirs = (errors(log, *arrays_here) for log in (np.log(read("f.nii")), sitk.GetArrayFromImage(f.GetLogBiasFieldAsImage(image))))
                few = [at_samples(a, image) for a in arrays_here]
                alone = [errors(log, *few)[0] for log in (np.log(read("g.nii")), sitk.GetArrayFromImage(f.GetLogBiasFieldAsImage(thinned(image))))]
                rows.append([ours[0], theirs[0], ours[1], theirs[1]] + alone)
                print(f"  {name}  {cut}  " + "  ".join(f"{x:.5f}" for x in rows[-1]), flush=True)
            lower = sum(r[0] <= r[1] for r in rows)
            print(f"  {name}  mean  " + "  ".join(f"{x:.5f}" for x in np.mean(rows, 0)) + f"  error lower in {lower} of {len(rows)}", flush=True)
        return
    if what == "all":
        print("\nknown fields: coefficient of variation in white matter; error of the log field in the brain (RMSE, mean taken off)")
        for name, image, *arrays in cases():
            run(f'n = load("{work}/n.nii")\nsave(bias_field(n, {N4}), "{work}/d.nii")\nsave(bias_field(n, mask=otsu(n, bins=200), {N4}), "{work}/f.nii")\n'
                f'save(bias_field(n, mask=n > 0, {N4}), "{work}/a.nii")')
            n, truth = sitk.GetArrayFromImage(image), arrays[2]
            for kind, log in [("none", 0 * truth), ("truth", truth), ("ours, no mask", np.log(read("d.nii"))), ("ours, Otsu mask", np.log(read("f.nii"))), ("SimpleITK, Otsu mask", simple(image, sitk.OtsuThreshold(image, 0, 1, 200))),
                              ("ours, every voxel", np.log(read("a.nii"))), ("SimpleITK, no mask", simple(image, None))]:
                error, variation = errors(log, n, *arrays)
                print(f"  {name}  {kind:22} {variation:.4f}  {error:.4f}", flush=True)
    # Which voxels are left by thinning decides more than all else: hence also both on the very same ones, those that SimpleITK's shrinking keeps.
    print("\nreal heads: correlation of our log field with SimpleITK's, over the whole volume and in the mask: both as they come; on the same samples;"
          " and SimpleITK's own with that of samples one voxel further on, over the whole volume")
    for path in sorted(p for end in ("T1w", "T2w", "FLAIR") for p in glob.glob(os.path.join(folder, f"*_{end}.nii.gz"))):
        image = sitk.ReadImage(path, sitk.sitkFloat32)
        mask = sitk.OtsuThreshold(image, 0, 1, 200)
        small, small_mask = thinned(image), thinned(mask)
        sitk.WriteImage(small, f"{work}/s.nii")
        sitk.WriteImage(small_mask, f"{work}/m.nii")
        run(f'v = load("{path}")\nsave(bias_field(v, mask=otsu(v, bins=200), {N4}), "{work}/f.nii")\n'
            f'save(bias_field(load("{work}/s.nii"), mask=load("{work}/m.nii") > 0, {N4.replace("shrink=3", "shrink=1")}), "{work}/g.nii")')
        f, whole = fitted(image, mask), lambda i: sitk.GetArrayFromImage(f.GetLogBiasFieldAsImage(i))
        pairs = [(np.log(read("f.nii")), whole(image), sitk.GetArrayFromImage(mask) > 0), (np.log(read("g.nii")), whole(small), sitk.GetArrayFromImage(small_mask) > 0)]
        numbers = [np.corrcoef(a[where], b[where])[0, 1] for a, b, inside in pairs for where in (np.ones_like(inside), inside)]
        size = [n - 1 for n in image.GetSize()]
        moved = fitted(*(sitk.RegionOfInterest(i, size, [1, 1, 1]) for i in (image, mask)))
        numbers.append(np.corrcoef(pairs[0][1].ravel(), sitk.GetArrayFromImage(moved.GetLogBiasFieldAsImage(image)).ravel())[0, 1])
        print(f"  {os.path.basename(path)[:-7]:18} " + "  ".join(f"{x:.4f}" for x in numbers)
              + f"  turns of each level: ours {turns(path)}; SimpleITK's with its measure of the last change {f.turns}", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--worker":
        worker(*sys.argv[2:5], int(sys.argv[5]))
        sys.exit()
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[], help="operations whose names hold one of these words")
    parser.add_argument("--limit", type=float, default=60, help="seconds of a peer after which it is not run again")
    parser.add_argument("--ants", action="store_true")
    parser.add_argument("--heads")
    parser.add_argument("--effect-only", action="store_true", help="of --heads only the fields, known ones too; no times")
    parser.add_argument("--fields-only", action="store_true", help="of --heads only the correlation of the fields")
    parser.add_argument("--places-only", action="store_true", help="of --heads only known fields, each with nine choices of the voxels that thinning leaves")
    options = parser.parse_args()
    if options.ants:
        os.environ["INTENSITY_ANTS"] = "1"
        os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = "2"
    with tempfile.TemporaryDirectory() as work:
        if not (options.effect_only or options.fields_only or options.places_only):
            subprocess.run([options.program, "-e", f'save(phantom(seed=5, shape=[256, 256, 192], spacing=1).image, "{work}/head.nii")'], check=True, stdout=subprocess.DEVNULL)
            times(options.program, f"{work}/head.nii", options.rounds, options.only, options.limit)
        if options.heads:
            effect(options.program, os.path.abspath(options.heads), work, "fields" if options.fields_only else "places" if options.places_only else "all")
