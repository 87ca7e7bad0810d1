"""Reading and writing of this program against SimpleITK's and nibabel's, in turn, in one run on two threads; ratios of medians.

Usage: files.py SKULLSTRIP HEAD.nii.gz... [--read]: with --read nothing is written. Needs SimpleITK, nibabel and numpy. Each tool does every operation in a process of its own: the time is that of the
operation within it, after one that is not counted, and peak memory that of the whole process. int16 is what the head is cast to; "mapped" is an
uncompressed file.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

runs, repeats, threads = 5, 4, 2

OURS = """
{first}
fn read() {{ t = clock()
load("{path}");
clock() - t }}
fn write() {{ t = clock()
save(v, "{out}")
clock() - t }}
print([{what}() for i in 0:{repeats}])
"""

THEIRS = """
import sys, time, json
kind, what, head, path, out, repeats = sys.argv[1:6] + [int(sys.argv[6])]
if kind == "SimpleITK":
    import SimpleITK
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(%d)
    read = lambda: SimpleITK.ReadImage(path)
    if what == "write":
        image = SimpleITK.ReadImage(head)
    write = lambda: SimpleITK.WriteImage(image, out, True)
else:
    import nibabel, numpy
    read = lambda: numpy.asanyarray(nibabel.load(path).dataobj)
    if what == "write":
        source = nibabel.load(head)
        image = nibabel.Nifti1Image(numpy.asanyarray(source.dataobj), source.affine, source.header)
    write = lambda: nibabel.save(image, out)
times = []
for i in range(repeats):
    began = time.monotonic()
    {"read": read, "write": write}[what]()
    times.append(time.monotonic() - began)
print(json.dumps(times))
""" % threads


def run(command):
    """The operation's times but the first, and the process's peak memory in MB."""
    with tempfile.TemporaryFile("w+") as text:
        process = subprocess.Popen(command, stdout=text)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"failed: {command}")
        text.seek(0)
        return json.loads(text.read().splitlines()[-1])[1:], usage.ru_maxrss / 1024


only_read = "--read" in sys.argv
program, *heads = [a for a in sys.argv[1:] if a != "--read"]
folder = tempfile.mkdtemp()
os.environ["SKULLSTRIP_THREADS"] = str(threads)


def ours(what, head, path, out):
    first = f'v = load("{head}")' if what == "write" else "v = none"
    code = OURS.format(first=first, path=path, out=out, what=what, repeats=repeats)
    script = os.path.join(folder, "run.ss")
    open(script, "w").write(code)
    return run([program, script])


def theirs(kind, what, head, path, out):
    return run([sys.executable, "-c", THEIRS, kind, what, head, path, out, str(repeats)])


for head in heads:
    name = os.path.basename(head)
    int16 = os.path.join(folder, "int16.nii.gz")
    plain = os.path.join(folder, "int16.nii")
    # The files that are read are nibabel's, so that nobody reads his own.
    subprocess.run([sys.executable, "-c", f"""
import nibabel, numpy
image = nibabel.load({head!r})
data = numpy.asanyarray(image.dataobj).astype(numpy.int16)
for path in {[int16, plain]!r}:
    nibabel.save(nibabel.Nifti1Image(data, image.affine), path)
"""], check=True)
    own = os.path.join(folder, "own.nii.gz")
    subprocess.run([program, "-e", f'save(load("{int16}"), "{own}")'], check=True)
    for label, what, path in [
        ("read .nii.gz", "read", int16), ("read .nii.gz of skullstrip's own", "read", own), ("read .nii", "read", plain), ("write .nii.gz", "write", int16)
    ][:3 if only_read else 4]:
        tools = {
            "skullstrip": lambda: ours(what, int16, path, os.path.join(folder, "ours.nii.gz")),
            "SimpleITK": lambda: theirs("SimpleITK", what, int16, path, os.path.join(folder, "itk.nii.gz")),
            "nibabel": lambda: theirs("nibabel", what, int16, path, os.path.join(folder, "nib.nii.gz")),
        }
        times, memory = {k: [] for k in tools}, {k: [] for k in tools}
        for _ in range(runs):
            for tool, go in tools.items():
                t, m = go()
                times[tool] += t
                memory[tool].append(m)
        medians = {k: statistics.median(v) for k, v in times.items()}
        print(f"{name} {label}: " + "; ".join(
            f"{k} {1e3 * medians[k]:.1f} ms, {statistics.median(memory[k]):.0f} MB"
            + ("" if k == "skullstrip" else f", ratio {medians[k] / medians['skullstrip']:.2f}") for k in tools))
    if only_read:
        continue
    sizes = {k: os.path.getsize(os.path.join(folder, f)) for k, f in [("skullstrip", "ours.nii.gz"), ("SimpleITK", "itk.nii.gz"), ("nibabel", "nib.nii.gz")]}
    print(f"{name} written: " + ", ".join(f"{k} {v / 1e6:.2f} MB" for k, v in sizes.items()))
for f in os.listdir(folder):
    os.remove(os.path.join(folder, f))
os.rmdir(folder)
