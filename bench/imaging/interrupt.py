"""How long after Ctrl-C each operation on a large volume stops.

Usage: interrupt.py SKULLSTRIP FOLDER [--side N] [--only WORD ...] [--at SECONDS ...]

FOLDER gets a volume of N³ voxels (default 420): a synthetic head, with noise. Each operation runs again and again in a process that is sent SIGINT some time after it began,
once for each time; what is told is the longest time from the signal to the message "interrupted", and the shortest.
"""
import argparse, os, signal, subprocess, sys, time

OPERATIONS = """
n4(v) | bias_field(v) | normalize(v) | normalize(v, foreground=true) | rescale(v) | replace_nonfinite(v) | gaussian(v, 3) | gaussian(v, 20) | median(v) | median(v, 3)
median(v, 7) | gradient(v) | gradient(v, axis=1) | denoise(v, sigma=20) | denoise(v) | noise_level(v) | noise(v, 10) | noise(v, 10, kind="gaussian") | bias(v) | clip(v, 1, 5)
threshold(v, 5) | otsu(v) | otsu_thresholds(v, classes=4) | histogram(v) | histogram(v, mask=m) | histogram_match(v, v) | nyul_landmarks([v]) | white_stripe(v)
percentile(v, 50) | percentile(v, [1, 50, 99], mask=m) | mean(v) | std(v, mask=m) | min(v) | log(v) | exp(v) | v ^ 1.5 | v % 7 | v * 2 + v | ~m | v > 3
bet(v) | largest(m) | largest(specks) | components(m) | components(specks, connectivity=26) | fill_holes(m) | fill_holes(specks) | volume_ml(m) | centroid(m) | bounding_box(m)
erode(m, 3) | dilate(m, 3) | dilate(m, 60) | open(m, 3) | close(m, 3) | close(m, 20) | boundary(m) | distance(m) | distance(m, signed=true) | distance(specks)
resample(v, spacing=1.7) | resample(v, spacing=0.8, interpolation="cubic") | resample(v, like=turned) | resample(v, like=turned, interpolation="cubic")
resample(v, like=turned, interpolation="label") | resample(v, like=turned, interpolation="nearest") | resample(m, like=turned) | resample(v, spacing=3, antialias=true)
conform(v) | conform(v, size=420) | conform(v, interpolation="cubic") | reorient(v, "SPR") | flip(v, 0) | permute(v, [2, 0, 1]) | crop(v, [1, 1, 1], [400, 400, 400])
crop_to(v, m, margin=10) | pad(v, [9, 9, 9]) | translate(v, [1.5, 2, 3]) | rotate(v, [10, 20, 30]) | affine_transform(v, [[1.1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
register(v, turned) | register(v, turned, kind="affine") | dice(m, specks) | compare(m, e) | hausdorff(m, e) | hd95(m, e) | assd(specks, m) | surface_dice(m, e) | errors(m, e)
slices(v) | slices(overlay(v, m)) | phantom(seed=1, shape=420).image | save(v, "FOLDER/out.nii.gz") | save(v, "FOLDER/out.nii") | load("FOLDER/v.nii") | load("FOLDER/z.nii.gz")
"""

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("folder")
parser.add_argument("--side", type=int, default=420)
parser.add_argument("--only", nargs="*", default=[])
parser.add_argument("--at", nargs="*", type=float, default=[0.2, 0.5, 1.1])
options = parser.parse_args()
folder = os.path.abspath(options.folder)
path = os.path.join(folder, "v.nii")
if not os.path.exists(path):
    code = f"""h = phantom(seed=1, shape=128, spacing=1)
g = resample(h.image, shape=[{options.side}, {options.side}, {options.side}], spacing={128 / options.side})
save(noise(copy_grid(g, like=phantom(seed=1, shape={options.side}, spacing=1).mask), 5), "{path}", dtype="float32")
v = load("{path}")
save(v, "{folder}/z.nii.gz")"""
    subprocess.run([options.program, "-e", code], check=True, stdout=subprocess.DEVNULL)

SETUP = f"""v = load("{path}")
m = v > 60
e = m
specks = v > 200
turned = v
"""
EXTRA = {"compare": "e = erode(m, 2)\n", "hausdorff": "e = erode(m, 2)\n", "hd95": "e = erode(m, 2)\n", "surface_dice": "e = erode(m, 2)\n", "errors": "e = erode(m, 2)\n",
         "specks": "specks = noise(v, 100, seed=3) > 160\n", "turned": "turned = rotate(v, [5, 10, 15], carry=true)\n"}


def delay(operation, at):
    code = SETUP + "".join(line for word, line in EXTRA.items() if word in operation)
    code += f'print("go")\nfor i in 0:100000 {{ {operation}; }}'
    child = subprocess.Popen([options.program, "-e", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while True:
        line = child.stdout.readline()
        if line.strip() == b"go":
            break
        if not line:
            return None, child.stderr.read().decode()[:200]
    time.sleep(at)
    began = time.monotonic()
    child.send_signal(signal.SIGINT)
    text = child.stderr.readline()
    taken = time.monotonic() - began
    child.wait()
    return taken, text.decode()[:100]


print("| operation | longest delay, s | shortest, s |\n|---|---|---|")
for operation in [o.strip().replace("FOLDER", folder) for line in OPERATIONS.strip().split("\n") for o in line.split(" | ")]:
    if options.only and not any(word in operation for word in options.only):
        continue
    found = [delay(operation, at) for at in options.at]
    wrong = [text for taken, text in found if taken is None or "interrupt" not in text]
    times = [taken for taken, _ in found if taken is not None]
    print(f"| `{operation.replace(folder + '/', '')}` | " + (f"{max(times):.2f} | {min(times):.2f} |" if times and not wrong else f"{wrong[0].strip()} | |"), flush=True)
