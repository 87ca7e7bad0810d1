"""The command line: statuses and streams, --check, --fmt, --json, completion scripts, the manual, pipes.

Usage: line_test.py PATH-OF-SKULLSTRIP. Python's standard library only. Prints "N passed, N failed, N skipped".
"""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import time

from harness import PROGRAM, ROOT, Skip, main, nifti, test


def run(*arguments, stdin="", **options):
    """Status, standard output, standard error."""
    p = subprocess.run([PROGRAM, *arguments], input=stdin.encode() if isinstance(stdin, str) else stdin, capture_output=True, timeout=120, **options)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def write(name, text):
    with open(name, "w") as file:
        file.write(text)
    return name


# Statuses and streams


@test
def exit_codes():
    assert run("-e", "1 + 1") == (0, "2\n", "")
    assert run("-e", "x = 1 + 1") == (0, "", "")
    assert run("-e", "1 + 1;") == (0, "", "")
    assert run("-e", "x = 2", "-e", "x * 3") == (0, "6\n", "")
    # Looked over before it runs, as a script is.
    code, out, err = run("-e", "print(1); 1 + nothing")
    assert (code, out) == (2, "") and "nothing" in err and "^" in err
    code, out, err = run("-e", 'print(1); number("x")')
    assert (code, out) == (1, "1\n") and "^" in err
    code, out, err = run("-e", "1 + )")
    assert (code, out) == (2, "") and "error" in err
    code, out, err = run("--bogus")
    assert (code, out) == (2, "") and "--bogus" in err
    code, out, err = run("/no/such/script.ss")
    assert (code, out) == (1, "") and "/no/such/script.ss" in err
    code, out, err = run(os.getcwd())
    assert (code, out) == (1, "") and "directory" in err
    assert run("-e")[0] == 2


@test
def arguments_after_the_script_are_its_own():
    path = "show.ss"
    open(path, "w").write('assert(args == ["--epochs", "3", "-v", "--help", "-e", "x"], "got {args}")\n')
    assert run(path, "--epochs", "3", "-v", "--help", "-e", "x") == (0, "", "")
    assert run("-e", "args", "a", "--b") == (0, '["a", "--b"]\n', "")
    assert run("-", "--b", stdin="assert(args == [\"--b\"], \"no\")") == (0, "", "")


@test
def standard_input_is_a_script():
    assert run(stdin="x = 3\nassert(x == 3, \"no\")\n") == (0, "", "")
    assert run("-", stdin="assert(1 == 2, \"unequal\")")[0] == 1
    assert run(stdin="(")[0] == 2
    assert run(stdin=b"\xff\xfe")[0] == 2
    assert run(stdin="") == (0, "", "")


@test
def help_and_version():
    code, out, err = run("--help")
    assert code == 0 and "SCRIPT" in out and "130" in out and err == "", (code, out, err)
    assert run("-h")[0] == 0 and run("help")[1] == out
    code, out, err = run("--version")
    assert code == 0 and re.fullmatch(r"skullstrip \d+\.\d+\.\d+\n", out), out
    assert len(run("--version", "-v")[1].splitlines()) > 2


@test
def an_interrupted_script_ends_with_130():
    p = subprocess.Popen([PROGRAM, "-e", "while true { }"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.7)
    before = time.monotonic()
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=10)
    assert p.returncode == 130 and time.monotonic() - before < 0.5, (p.returncode, err)
    assert out == b"" and b"interrupted" in err


@test
def a_reader_that_leaves_ends_it_quietly():
    p = subprocess.run(["sh", "-c", f"'{PROGRAM}' -e '\"x\"' | true"], capture_output=True, timeout=20)
    assert p.stderr == b"", p.stderr


@test
def a_full_device_is_an_error():
    with open("/dev/full", "w") as full:
        p = subprocess.run([PROGRAM, "-e", "1"], stdout=full, stderr=subprocess.PIPE, timeout=20)
    assert p.returncode == 1 and b"standard output" in p.stderr, p


@test
def a_script_may_be_a_program():
    os.mkdir("bin")
    os.symlink(PROGRAM, "bin/skullstrip")
    write("hello.ss", '#!/usr/bin/env skullstrip\nprint("hello {join(args, "+")}")\n')
    os.chmod("hello.ss", 0o755)
    p = subprocess.run(["./hello.ss", "a", "--b"], capture_output=True, env={**os.environ, "PATH": os.getcwd() + "/bin:" + os.environ["PATH"]}, timeout=60)
    assert (p.returncode, p.stdout, p.stderr) == (0, b"hello a+--b\n", b""), p


@test
def streams_that_are_closed():
    for closed, code, status in [("<&-", "1", 0), (">&-", "1", 1), ("2>&-", "1", 0), ("2>&-", "1 + nothing", 2), ("2>&-", "number(\"x\")", 1), ("<&- >&- 2>&-", "1", 1)]:
        p = subprocess.run(["sh", "-c", f"'{PROGRAM}' -e '{code}' {closed}"], capture_output=True, timeout=60)
        assert p.returncode == status, (closed, p)
    # A file that is opened later does not take the place of a closed stream.
    p = subprocess.run(["sh", "-c", f"""'{PROGRAM}' -e 'save([{{a: 1}}], "t.tsv"); print("not into the file")' >&-"""], capture_output=True, timeout=60)
    assert open("t.tsv").read() == "a\n1\n", open("t.tsv").read()
    code, out, err = run(stdin="", preexec_fn=lambda: os.close(0))
    assert code == 1 and "standard input" in err, (code, err)


@test
def wild_options_are_refused():
    for arguments in [["--threads"], ["--threads", "x"], ["--check"], ["--fmt"], ["--json"], ["--completions"], ["--completions", "csh"], ["--json", "--check", "-e", "1"],
                      ["--fmt", "-e", "1"], ["-x"], ["--"], ["--e"], ["-ee", "1"], ["--version=3"], ["-e", "1", "--threads="], ["\u8111", "-e"], ["--\u8111"], ["-"*1000],
                      ["x" * 100_000], ["a\nb.ss"], ["predict"], ["predict", "--bogus"], ["predict", "x.nii"], ["predict", "-", "-o", "-", "--json"]]:
        p = subprocess.run([PROGRAM, *arguments], capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        # With nothing on standard input, --check and --fmt have an empty script to look at; it has no mistakes.
        expected = {0} if arguments in (["--check"], ["--fmt"], ["--json"]) else {1, 2}
        assert p.returncode in expected, (arguments[0][:50], p)
        if expected != {0}:
            assert p.stdout == b"" and p.stderr, (arguments[0][:50], p)
    for code in ["\x01", "\u00ff" * 10, "(" * 50_000, "[" * 50_000, "{" * 50_000, '"' + "{" * 5000, "x" * 1_000_000, "1+" * 100_000 + "1", "-" * 100_000 + "1", "#" * 100_000]:
        if len(code) > 100_000:
            code, out, err = run(stdin=code)
        else:
            code, out, err = run("-e", code)
        assert code in (0, 1, 2) and (code == 0 or err.startswith("error")), (code, err[:300])


# --check, --fmt, --json


@test
def check_tells_every_mistake():
    write("lib.ss", "shared = 3\n_hidden = 4\nfn broken(a) = a + missing_in_lib\n")
    write("bad.ss", """import "lib.ss"
import "nowhere.ss"
print("never runs")
x = nothng + shared
y = _hidden
n4(phantom(seed=1).image, shrnk=3)
n4()
dice(1, 2, 3, 4, 5)
fn f(a, b=a) { c = a; [q for q in b if q > z] }
try { f(1) } catch e { e.message }
for i in 0:3 { i }
return 3
""")
    code, out, err = run("--check", "bad.ss")
    assert (code, out) == (2, ""), (code, out)
    found = re.findall(r"error: (.*)\n --> (.*):(\d+):", err)
    assert [(name, int(line)) for _, name, line in found if name == "bad.ss"] == [("bad.ss", n) for n in (2, 4, 5, 6, 7, 8, 9, 12)], found
    assert [(message, line) for message, name, line in found if name == "lib.ss"] == [("there is no name `missing_in_lib`", "3")], found
    for part in ["nowhere.ss", "`nothng`", "did you mean `shrink`?", "`image`", "`z`", "`return` outside"]:
        assert part in err, part
    assert run("--check", write("five.ss", "a = )\nb = 1 +* 2\nc = [1, 2\nx\n]\nif { }\nd = 3 4\n"))[2].count("error:") >= 4
    assert run("--check", "-e", "1 + nothing")[0] == 2 and run("--check", stdin="y = 3\ny + 1\n") == (0, "", "")
    code, out, err = run("--check", write("good.ss", "import \"lib2.ss\"\ntwo()\nfn late() = later\nlater = 1\nargs\n"), write("lib2.ss", "fn two() = 2\n"))
    assert (code, out, err) == (0, "", ""), err
    write("a.ss", 'import "b.ss"\n')
    write("b.ss", 'import "a.ss"\n')
    assert "circle" in run("--check", "a.ss")[2]
    assert run("--check", "no.ss")[0] == 1 and run("--check", "no.ss", "bad.ss")[0] == 2
    open("binary.ss", "wb").write(bytes(range(256)))
    assert run("--check", "binary.ss")[0] == 2


@test
def examples_and_library_are_without_mistakes():
    folders = [os.path.join(ROOT, "examples"), os.path.join(ROOT, "stdlib"), *(os.path.join(ROOT, "bench", n) for n in ("", "data", "imaging"))]
    scripts = [os.path.join(f, n) for f in folders for n in sorted(os.listdir(f)) if n.endswith(".ss")]
    assert len(scripts) >= 10
    assert run("--check", *scripts) == (0, "", "")
    assert run("--fmt", "--check", *scripts) == (0, "", "")


@test
def fmt_lays_out():
    write("a.ss", "x=1 # why\n\n\n\nfn f( a,b = 2 ){\na+b}\n")
    write("b.ss", "x = 1\n")
    os.chmod("a.ss", 0o750)
    before = os.stat("b.ss").st_mtime_ns
    assert run("--fmt", "--check", "a.ss", "b.ss") == (1, "a.ss\n", "")
    assert run("--fmt", "a.ss", "b.ss") == (0, "", "")
    tidy = "x = 1  # why\n\nfn f(a, b=2) {\n    a + b }\n"
    assert open("a.ss").read() == tidy and os.stat("a.ss").st_mode & 0o777 == 0o750
    assert os.stat("b.ss").st_mtime_ns == before, "an unchanged file is not touched"
    assert run("--fmt", "--check", "a.ss", "b.ss") == (0, "", "")
    assert run("--fmt", "-", stdin="x=  1") == (0, "x = 1\n", "") == run("--fmt", stdin="x=  1")
    write("bad.ss", "x = (\n")
    code, out, err = run("--fmt", "bad.ss", "b.ss")
    assert code == 2 and "never closed" in err and open("bad.ss").read() == "x = (\n", err
    assert run("--fmt", "no.ss")[0] == 1
    assert [n for n in os.listdir(".") if n.endswith(".partial")] == []


@test
def json_is_the_last_value():
    def value(code, *arguments):
        status, out, err = run("--json", "-e", code, *arguments)
        assert status == 0 and out.count("\n") == 1, (status, out, err)
        return json.loads(out)

    assert value('{a: 1.5, b: [true, none, "q\\"\\n\\u{1F9E0}"], "odd name": {}, c: 0 / 0 }') == {"a": 1.5, "b": [True, None, "q\"\n\U0001F9E0"], "odd name": {}, "c": None}
    assert value("x = 3") == 3 and value("1;") == 1 and value("args", "a", "b") == ["a", "b"] and value("for i in 0:3 { i }") is None
    image = value("phantom(seed=1, shape=8, spacing=20).mask")
    assert image["kind"] == "mask" and image["shape"] == [8, 8, 8] and image["count"] > 0, image
    assert value("n4")["kind"] == "function" and value("0:3") == [0, 1, 2]
    write("s.ss", 'print("on the way")\n[1, 2]\n')
    assert run("--json", "s.ss") == (0, "[1,2]\n", "on the way\n")
    assert run("--json", stdin='"x"') == (0, '"x"\n', "")
    code, out, err = run("--json", "-e", "number(\"x\")")
    assert (code, out) == (1, "") and err
    assert value("fn deep(n) = if n == 0 { 1 } else { [deep(n - 1)] }; deep(900)")


# Pipes


@test
def images_go_through_pipes():
    nifti("in.nii.gz", shape=(8, 9, 10))
    data = open("in.nii.gz", "rb").read()

    def pipe(code, stdin=data):
        p = subprocess.run([PROGRAM, "-e", code], input=stdin, capture_output=True, timeout=60)
        return p.returncode, p.stdout, p.stderr.decode()

    code, out, err = pipe('load("-") |> save("-")')
    assert code == 0 and err == "" and gzip.decompress(out)[352:] == gzip.decompress(data)[352:], err
    open("out.nii.gz", "wb").write(out)
    assert run("-e", 'max(abs(load("in.nii.gz") - load("out.nii.gz")))')[1] == "0\n"
    assert pipe('load("-") |> save("-.nii")')[1] == gzip.decompress(out)
    assert pipe('load("-") |> save("-.mgh")')[1][:4] == b"\0\0\0\1"
    assert pipe('save([{a: 1, b: "x"}], "-")')[1] == b"a\tb\n1\tx\n" and pipe('save([{a: 1, b: "x"}], "-.csv")')[1] == b"a,b\n1,x\n"
    assert pipe('h = phantom(seed=1, shape=16, spacing=12)\nsave(overlay(h.image, h.mask), "-.png")')[1][:4] == b"\x89PNG"
    # Uncompressed input, and a chain of two.
    assert pipe('load("-").shape', gzip.decompress(data))[1] == b"[8, 9, 10]\n"
    p = subprocess.run(["sh", "-c", f"""'{PROGRAM}' -e 'load("-") |> gaussian(1) |> save("-")' < in.nii.gz | '{PROGRAM}' -e 'load("-").shape'"""], capture_output=True, timeout=60)
    assert p.stdout == b"[8, 9, 10]\n" and p.stderr == b"", p
    # Nothing of an output is written when something fails, and what is no image is an error.
    for text, part in [('load("-") |> number()', "number"), ('x = load("-"); y = load("-")', "standard input"), ('save(load("-"), "-.hdr")', "-.hdr"),
                       ('save(load("-"), "-.xyz")', "-.xyz"), ('v = load("-"); save(v / 0, "-", dtype="int16")', "")]:
        code, out, err = pipe(text)
        assert code == 1 and out == b"" and part in err, (text, code, err)
    for bad in [b"", b"no image at all" * 50, data[:-20], data[:10]]:
        code, out, err = pipe('load("-") |> save("-")', bad)
        assert code == 1 and out == b"" and "standard input" in err, (bad[:10], err)
    with open("/dev/full", "wb") as full:
        p = subprocess.run([PROGRAM, "-e", 'save(load("-"), "-")'], input=data, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert p.returncode == 1 and b"standard output" in p.stderr, p
    assert sorted(os.listdir(".")) == ["in.nii.gz", "out.nii.gz"], os.listdir(".")


@test
def predict_goes_through_pipes():
    assert run("-e", 'h = phantom(seed=1, shape=32, spacing=6); save(h.image, "head.nii.gz"); save(unet3d(filters=4, depth=2), "net.safetensors")')[0] == 0
    data = open("head.nii.gz", "rb").read()
    p = subprocess.run([PROGRAM, "predict", "-", "-o", "-", "--model", "net.safetensors", "--mask", "mask.nii.gz"], input=data, capture_output=True, timeout=120)
    assert p.returncode in (0, 3) and p.stdout[:2] == b"\x1f\x8b", p.stderr
    open("piped.nii.gz", "wb").write(p.stdout)
    q = run("predict", "head.nii.gz", "-o", "named.nii.gz", "--model", "net.safetensors")
    assert q[0] == p.returncode
    assert run("-e", '[max(abs(load("piped.nii.gz") - load("named.nii.gz"))), load("mask.nii.gz").shape == [32, 32, 32]]')[1] == "[0, true]\n"
    for arguments in [["-", "-o", "-", "--mask", "-"], ["-", "-", "-o", "-"], ["-", "-o", "-", "--json"]]:
        p = subprocess.run([PROGRAM, "predict", *arguments, "--model", "net.safetensors"], input=data, capture_output=True, timeout=60)
        assert p.returncode == 2 and p.stdout == b"", (arguments, p)


# Completion scripts and the manual


def completed(shell_line):
    """What the completion script offers in bash for a line with the cursor at its end."""
    words = shell_line.split(" ")
    script = f"""
source completion.bash
COMP_WORDS=({" ".join(f"'{w}'" for w in words)}); COMP_CWORD={len(words) - 1}; COMP_LINE='{shell_line}'; COMP_POINT={len(shell_line)}
_skullstrip
printf '%s\n' "${{COMPREPLY[@]}}"
"""
    p = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=60)
    assert p.returncode == 0 and p.stderr == "", p
    return {line.strip() for line in p.stdout.splitlines() if line.strip()}


@test
def bash_completes_the_command_line():
    if not shutil.which("bash"):
        raise Skip("no bash here")
    write("completion.bash", run("--completions", "bash")[1])
    write("analysis.ss", "1\n")
    write("head.nii.gz", "")
    options = completed("skullstrip --")
    assert {"--check", "--fmt", "--json", "--threads", "--completions", "--version", "--help"} <= options and "--reference" not in options, options
    assert completed("skullstrip --completions z") == {"zsh"}
    assert "analysis.ss" in completed("skullstrip ana") and "head.nii.gz" not in completed("skullstrip hea")
    assert completed("skullstrip pre") == {"predict"} and completed("skullstrip --check pre") == set()
    assert completed("skullstrip --threads 3 --js") == {"--json"} and completed("skullstrip analysis.ss --js") == set()
    assert "head.nii.gz" in completed("skullstrip analysis.ss hea") and completed("skullstrip -e ana") == set()
    options = completed("skullstrip predict --")
    assert {"--output", "--mask", "--qc", "--model", "--json", "--border", "--threshold", "--flips", "--threads"} <= options, options
    assert "head.nii.gz" in completed("skullstrip predict hea")
    open("net.safetensors", "w").close()
    assert completed("skullstrip predict --model ") == {"net.safetensors"} and "head.nii.gz" in completed("skullstrip predict -o ")


@test
def fish_completes_the_command_line():
    if not shutil.which("fish"):
        raise Skip("no fish here")
    write("completion.fish", run("--completions", "fish")[1])
    write("net.safetensors", "")

    def offers(line):
        p = subprocess.run(["fish", "--no-config", "-c", f"source completion.fish; complete -C '{line}'"], capture_output=True, text=True, timeout=60)
        assert p.returncode == 0 and p.stderr == "", p
        return {row.split("\t")[0] for row in p.stdout.splitlines()}

    assert {"--check", "--fmt", "--json", "--threads"} <= offers("skullstrip --") and "--mask" not in offers("skullstrip --")
    assert offers("skullstrip --completions z") == {"zsh"} and "predict" in offers("skullstrip pre")
    assert {"--mask", "--flips"} <= offers("skullstrip predict --") and "--fmt" not in offers("skullstrip predict --")
    assert "--fmt" not in offers("skullstrip net.ss --") and "net.safetensors" in offers("skullstrip predict --model n")


@test
def zsh_completes_the_command_line():
    if not shutil.which("zsh"):
        raise Skip("no zsh here")
    write("completion.zsh", run("--completions", "zsh")[1])
    write("analysis.ss", "")
    write("net.safetensors", "")
    # A zsh at a terminal of its own, asked to list what it would complete.
    script = """
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1="READY>"; autoload -U compinit; compinit -u -d ./dump; LISTMAX=10000; zstyle ":completion:*" menu no; source ./completion.zsh; bindkey "^I" list-choices; stty -echo cols 200'
zpty -w z 'echo START'
# However busy the machine is: until the prompt is there, and until nothing more has come for a second.
until_seen() { repeat 300 { while zpty -r -t z more; do out+=$more; done; [[ $out == *$~1* ]] && return; sleep 0.1 } }
until_quiet() { still=0; repeat 300 { if zpty -r -t z more; then out+=$more; still=0; else (( ++still >= 10 )) && return; fi; sleep 0.1 } }
out=
until_seen 'START?*READY>'
zpty -n -w z "$1"$'\\t'
until_seen 'READY>?*READY>'
until_quiet
print -r -- $out
zpty -d z
"""

    # As a file in the function path, which is how it is installed.
    os.makedirs("functions", exist_ok=True)
    shutil.copy("completion.zsh", "functions/_skullstrip")
    found = subprocess.run(
        ["zsh", "-f", "-c", "fpath=($PWD/functions $fpath); autoload -U compinit; compinit -u -D; print $_comps[skullstrip]"], capture_output=True, text=True)
    assert found.stdout == "_skullstrip\n", found

    def offers(line):
        p = subprocess.run(["zsh", "-f", "-c", script, "zsh", line], capture_output=True, text=True, timeout=60)
        return p.stdout.split("START")[-1]

    shown = offers("skullstrip --")
    assert "--check" in shown and "--fmt" in shown and "--completions" in shown and "--mask" not in shown, shown
    shown = offers("skullstrip predict --")
    assert "--mask" in shown and "--flips" in shown and "--fmt" not in shown, shown
    shown = offers("skullstrip ")
    assert "predict" in shown and "analysis.ss" in shown and "net.safetensors" not in shown, shown


@test
def completion_scripts_are_valid():
    for shell, check in [("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])]:
        code, out, err = run("--completions", shell)
        assert code == 0 and err == "" and "predict" in out and "check" in out and "flips" in out, shell
        if shutil.which(shell):
            assert subprocess.run([*check, write("script", out)], capture_output=True).returncode == 0, shell


def options_of(text):
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))


@test
def the_manual_and_the_help_name_the_same():
    page = open(os.path.join(ROOT, "docs", "skullstrip.1")).read().replace("\\-", "-").replace("\\f", " \\f")
    own, predict = page.split(".SH OPTIONS")[1].split(".SH PREDICT")
    predict = predict.split(".SH ")[0]
    # In the manual an option is explained where a paragraph begins with it.
    def explained(section):
        return options_of("\n".join(line for before, line in zip(section.splitlines(), section.splitlines()[1:]) if before == ".TP").replace("\\fB", " ").replace("\\fR", " "))

    assert explained(own) == options_of(run("--help")[1].split("OPTIONS:")[1].replace("--verbose, also", "").replace("With --fmt, name", "")), "options of skullstrip"
    listed = {o for line in run("predict", "--help")[1].split("OPTIONS:")[1].splitlines() if line.startswith("  -") for o in options_of(line.split("  ")[1])}
    assert explained(predict) == listed - {"-h", "--help"}, "options of predict"
    for status in ("0", "1", "2", "3", "130"):
        assert f".B {status}\n" in page.split(".SH EXIT STATUS")[1], status


@test
def the_manual_names_every_command_of_the_prompt():
    page = open(os.path.join(ROOT, "docs", "skullstrip.1")).read()
    source = open(os.path.join(ROOT, "Sources", "skullstrip", "Command.swift")).read()
    names = re.findall(r'Command\(\s*name: "(\w+)"', source)
    assert len(names) >= 10
    explained = set(re.findall(r"^(?:\.B |\\fB):(\w+)", page.split(".SH THE PROMPT")[1], re.M))
    assert explained == set(names), explained ^ set(names)


main("command line")
