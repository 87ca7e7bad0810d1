"""What begins with : ? and !."""
import os, re, select, signal, time

from terminal import MORE, PROMPT, Terminal, run, test, value


@test
def help_explains(home):
    t = Terminal(home)
    t.enter("## Doubles.")
    t.enter("fn twice(x) = x * 2")
    assert "twice(x)" in t.enter("?twice")
    assert "Language" in t.enter("?")
    shown = t.enter("?twise")
    assert "twice" in shown, shown
    assert ":vars" in t.enter(":help")
    assert "did you mean :vars" in t.enter(":var")
    t.close()


@test
def help_in_the_language(home):
    t = Terminal(home)
    shown = t.enter("help(resample)")
    assert "resample(image" in shown and "parameters" in shown and "mm" in shown and "examples" in shown, shown
    assert t.enter('help("resample")') == shown == t.enter("?resample")
    assert "Language" in t.enter("help()") and "unet3d" in t.enter("help()")
    shown = t.enter('?"skull"')
    assert re.search("^bet ", shown, re.M) and re.search("^strip ", shown, re.M) and shown == t.enter('help("skull")'), shown
    assert "did you mean" in t.enter('help("resampel")')
    assert "fields: shape" in t.enter("v = phantom(seed=1, shape=8, spacing=20).image; help(v)")
    shown = value(t.enter("source(strip)"))
    assert shown.startswith("## The image with everything outside the mask set to 0. With a mask of the brain this takes off the skull.\nfn strip(image, mask) {\n"), shown
    assert shown.endswith("    image * mask\n}"), shown
    assert "Swift" in t.enter("source(n4)")
    t.close()


@test
def vars_tell_kind_shape_and_memory(home):
    t = Terminal(home)
    assert value(t.enter(":vars")) == ""
    t.enter("first = 3; v = phantom(seed=1, shape=[8, 9, 10], spacing=20).image; m = v > 5; xs = [1, 2]; fn f(x) = x")
    lines = {line.split()[0]: line for line in value(t.enter(":vars")).splitlines()}
    assert lines["name"].split() == ["name", "kind", "shape", "memory", "value"], lines
    assert re.search(r"number .* 3$", lines["first"]) and re.search(r"volume +8×9×10 +2.90 kB +20.00×20.00×20.00 mm", lines["v"]), lines
    assert re.search(r"mask +8×9×10 +7[0-9][0-9] B", lines["m"]) and re.search(r"list +2 items .*\[1, 2\]", lines["xs"]) and "function f(x)" in lines["f"], lines
    t.close()


@test
def times_are_told(home):
    t = Terminal(home)
    shown = t.enter(":time 1 + 3")
    assert "4" in shown and re.search(r"wall [\d.]+ (µs|ms) · processor .* · peak memory [\d.]+ MB", shown), shown
    shown = t.enter(":bench sum([i for i in 0:1000])", timeout=60)
    assert re.search(r"^median [\d.]+ (µs|ms) · fastest [\d.]+ .s · slowest .* · \d+ runs", shown), shown
    assert int(re.search(r"(\d+) runs", shown)[1]) > 100, shown
    assert "error:" in t.enter(":bench nothing_here") and "usage" in t.enter(":bench") and "usage" in t.enter(":time")
    assert "error:" in t.enter(":bench 1 +")
    t.send(":bench while true { }\r")
    time.sleep(0.5)
    t.send("\x03")
    assert "interrupted" in t.wait(timeout=5)
    t.enter(":set timing on")
    assert re.search(r"2\n[\d.]+ .s", t.enter("1 + 1"))
    t.close()


@test
def save_and_load(home):
    t = Terminal(home)
    t.enter("first = 3")
    t.enter("bad = 1 + nothing")
    t.enter("second = first * 2")
    t.enter("first + 1")
    t.enter(":save all.ss")
    assert open(home + "/all.ss").read() == "first = 3\nsecond = first * 2\nfirst + 1\n"
    assert run(home + "/all.ss") == (0, "", "")
    # Again by this session, but no file that it has not written.
    assert "written" in t.enter(":save all.ss")
    open(home + "/precious.ss", "w").write("precious = 1\n")
    assert "there is a file" in t.enter(":save precious.ss") and open(home + "/precious.ss").read() == "precious = 1\n"
    t.enter(":reset")
    assert "error" in t.enter("first")
    assert "nothing to save" in t.enter(":save none.ss")
    t.enter("again = 1")
    assert "written" in t.enter(":save all.ss") and open(home + "/all.ss").read() == "again = 1\n"
    open(home + "/all.ss", "w").write("first = 3\nsecond = first * 2\nfirst + 1\n")
    t.enter(":reset")
    t.enter(":load all.ss")
    assert value(t.enter("second")) == "6"
    t.enter("x = 1; second + x")
    t.enter("third = ans * 10")
    t.enter(':save "again.ss"')
    # What was loaded is part of it, and `ans` is bound where it is read.
    code, out, err = run("-e", open(home + "/again.ss").read() + "print(third)")
    assert (code, out, err) == (0, "70\n", ""), (out, err)
    assert "error: " in t.enter(":save /no/such/folder/x.ss") and "error: " in t.enter(":load no.ss") and "usage" in t.enter(":load")
    t.close()


@test
def settings(home):
    t = Terminal(home)
    shown = t.enter(":set")
    assert "colour" in shown and "threads" in shown and "timing" in shown, shown
    t.enter(":set threads 3")
    assert value(t.enter("threads()")) == "3"
    assert "1 to 256" in t.enter(":set threads 0") and "did you mean" in t.enter(":set thread 3") and "on or off" in t.enter(":set colour blue")
    t.enter(":set colour off")
    t.send("1 + x_y_z\r")
    time.sleep(0.3)
    data = b""
    while select.select([t.fd], [], [], 0.3)[0]:
        data += os.read(t.fd, 65536)
    assert b"\x1b[1;3" not in data and b"error:" in data, data
    t.close()


@test
def shell_commands(home):
    t = Terminal(home)
    assert value(t.enter("!echo $((40 + 2)); pwd | wc -l")) == "42\n1"
    assert "exit status 3" in t.enter("!exit 3")
    os.mkdir(home + "/sub")
    t.enter("!cd sub")
    assert value(t.enter("!pwd")).endswith("/sub")
    assert "error:" in t.enter("!cd nowhere") and "usage" in t.enter("!")
    t.send("!sleep 30\r")
    time.sleep(0.4)
    t.send("\x03")
    assert "signal 2" in t.wait(timeout=5)
    assert value(t.enter("1 + 1")) == "2"
    # The shell's own quoting, and a pipe that is not read to its end.
    assert value(t.enter("!yes | head -1")) == "y"
    t.close()


@test
def why_expands_the_last_error(home):
    t = Terminal(home)
    assert "nothing has failed" in t.enter("why")
    t.enter("a = phantom(seed=1, shape=8, spacing=20).image; b = phantom(seed=1, shape=9, spacing=20).image;")
    t.enter("fn inner(x, y) = x + y")
    t.enter("fn outer(x, y) = inner(x, y)")
    t.enter("outer(a, b)")
    shown = t.enter("why")
    assert "8×8×8" in shown and "in a call of inner" in shown and "in a call of outer" in shown and re.search("now:  a = volume 8×8×8", shown), shown
    assert t.enter(":why") == shown
    # The variables of a function are not the session's of that name.
    t.enter("x = 7; fn plus(x) = x + 1")
    t.enter('plus("q")')
    assert "now:" not in t.enter("why"), t.enter("why")
    t.enter("why = 3")
    assert value(t.enter("why")) == "3"
    t.close()
