#!/usr/bin/env python3
"""Drives the real prompt in a pseudo-terminal, and the command line in pipes. Standard library only.

usage: prompt_test.py PATH/TO/skullstrip        prints "N passed, N failed"; status 1 when something failed
"""
import fcntl, os, pty, re, select, shutil, signal, struct, subprocess, sys, tempfile, termios, time

PROGRAM = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".build/release/skullstrip")
PROMPT, MORE = "strip> ", "  ...> "
TESTS = []


def test(f):
    TESTS.append(f)
    return f


class Terminal:
    """The program at a terminal of 100 × 30 characters. `screen` holds what it has written since the last `wait`."""

    def __init__(self, home, *arguments, env=None, start=True):
        self.home = home
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            environment = {"HOME": home, "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or {})}
            os.execve(PROGRAM, [PROGRAM, *arguments], environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.raw = ""
        self.pending = b""
        if start:
            self.wait()

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait(self, until=PROMPT, timeout=20.0):
        """Reads until the text ends in `until` (colours left out); returns what was read, without colours."""
        seen, end = b"", time.monotonic() + timeout
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    chunk = os.read(self.fd, 65536)
                except OSError:
                    chunk = b""
                if not chunk:
                    break
                seen += chunk
            elif plain(seen).endswith(until):
                return plain(seen)
        text = plain(seen)
        assert text.endswith(until), f"waited for {until!r}, saw {text!r}"
        return text

    def enter(self, text, until=PROMPT, timeout=20.0):
        """Types a line and returns what is shown below it."""
        self.send(text + "\r")
        seen = self.wait(until, timeout)
        return seen.split("\n", 1)[1] if "\n" in seen else seen

    def status(self, timeout=20.0):
        """The exit status, once it has left."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.02)[0]:
                try:
                    self.raw += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("the program does not leave")

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self.fd)
            self.pid = 0


def plain(data):
    text = data.decode(errors="replace") if isinstance(data, bytes) else data
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    return re.sub(r"\r+\n", "\n", text)


def value(shown):
    """What lies between the input line and the next prompt."""
    return shown.rsplit(PROMPT, 1)[0].strip()


def run(*arguments, stdin=""):
    p = subprocess.run([PROGRAM, *arguments], input=stdin.encode() if isinstance(stdin, str) else stdin, capture_output=True, timeout=60)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


# --- the prompt ---------------------------------------------------------------------------------------------------------------


@test
def values_are_shown_and_ans_holds_them(home):
    t = Terminal(home)
    assert value(t.enter("1 + 2")) == "3"
    assert value(t.enter("ans * 2")) == "6"
    assert value(t.enter("x = 5")) == ""
    assert value(t.enter("x + 1;")) == ""
    assert value(t.enter("ans")) == "6"
    assert value(t.enter('"é" ')) == '"é"'
    t.close()


@test
def an_input_goes_on_over_lines(home):
    t = Terminal(home)
    t.enter("fn double(x) {", until=MORE)
    t.enter("  x * 2", until=MORE)
    assert value(t.enter("}")) in ("", "function double(x)")
    assert value(t.enter("double(21)")) == "42"
    t.close()


@test
def errors_show_the_place_and_the_session_goes_on(home):
    t = Terminal(home)
    t.enter("y = 4")
    shown = t.enter("1 + nothing_here")
    assert "nothing_here" in shown and "^" in shown and "error:" in shown, shown
    assert "error:" in t.enter("1 + )")
    assert value(t.enter("y")) == "4"
    t.close()


@test
def ctrl_c_drops_the_line(home):
    t = Terminal(home)
    t.send("1 + 2 + thrown_away")
    time.sleep(0.2)
    t.send("\x03")
    assert "^C" in t.wait()
    assert value(t.enter("7")) == "7"
    t.enter("[1,", until=MORE)
    t.send("\x03")
    t.wait()
    assert value(t.enter("8")) == "8"
    t.close()


@test
def ctrl_c_stops_an_evaluation_and_keeps_the_values(home):
    t = Terminal(home)
    t.enter("kept = 12")
    t.send("i = 0; while true { i = i + 1 }\r")
    time.sleep(0.7)
    before = time.monotonic()
    t.send("\x03")
    shown = t.wait(timeout=5)
    assert time.monotonic() - before < 0.5, f"took {time.monotonic() - before:.2f} s"
    assert "interrupted" in shown, shown
    assert value(t.enter("kept")) == "12"
    assert float(value(t.enter("i")).replace(",", "")) > 0
    t.close()


@test
def ctrl_c_ends_a_training_after_its_step(home):
    t = Terminal(home)
    t.enter("h = phantom(seed=1, shape=48, spacing=4);")
    t.enter("pair = {image: normalize(h.image), mask: h.mask}; net = unet3d(filters=8, depth=2);")
    t.send('run = fit(net, [pair], epochs=400, steps=4, checkpoint="best.safetensors", every=60)\r')
    time.sleep(1.5)
    t.send("\x03")
    t.wait(timeout=30)
    steps = int(value(t.enter("run.steps")))
    assert value(t.enter("run.stopped")) == "true" and 0 < steps < 1600, steps
    assert "mask" in t.enter("predict(net, h.image)")
    epochs = steps // 4 + 1
    t.enter(f'run = fit(net, [pair], epochs={epochs}, steps=4, checkpoint="best.safetensors", every=60, resume=true)', timeout=60)
    assert value(t.enter("[run.steps, run.stopped, length(run.history)]")) == f"[{4 * epochs}, false, {epochs}]"
    t.close()


@test
def a_second_ctrl_c_drops_the_step(home):
    t = Terminal(home)
    t.enter("h = phantom(seed=1, shape=[96, 96, 96], spacing=2);")
    t.enter("pair = {image: normalize(h.image), mask: h.mask}; net = unet3d(filters=16, depth=2);")
    t.send("run = fit(net, [pair], epochs=3, steps=100)\r")
    time.sleep(2)
    t.send("\x03")
    time.sleep(0.2)
    t.send("\x03")
    t.wait(timeout=30)
    assert value(t.enter("run.stopped")) == "true"
    assert value(t.enter("1 + 1")) == "2"
    t.close()


@test
def ctrl_d_leaves(home):
    t = Terminal(home)
    t.send("\x04")
    assert t.status() == 0
    t = Terminal(home)
    t.send(":quit\r")
    assert t.status() == 0


@test
def history_outlives_the_session(home):
    t = Terminal(home)
    t.enter("40 + 2")
    t.enter("fn f(x) {", until=MORE)
    t.enter("x + 1 }")
    t.send("\x04")
    t.status()
    t = Terminal(home)
    t.send("\x1b[A")
    time.sleep(0.2)
    t.send("\x1b[A")
    time.sleep(0.2)
    assert value(t.enter("")).endswith("42"), "the second last input again"
    assert os.stat(home + "/.local/state/skullstrip/history").st_mode & 0o077 == 0
    shown = t.enter(":history 3")
    assert "40 + 2" in shown and "fn f(x) {" in shown, shown
    t.close()


@test
def history_of_two_sessions_is_kept(home):
    a, b = Terminal(home), Terminal(home)
    a.enter("111")
    b.enter("222")
    a.enter("333")
    for t in (a, b):
        t.send("\x04")
        t.status()
    lines = open(home + "/.local/state/skullstrip/history").read().split()
    assert lines == ["111", "222", "333"], lines


@test
def ctrl_r_searches(home):
    t = Terminal(home)
    t.enter("1000 + 1")
    t.enter("5")
    t.send("\x12")
    time.sleep(0.2)
    t.send("1000")
    time.sleep(0.2)
    t.send("\x1b")
    time.sleep(0.4)
    assert value(t.enter("")).endswith("1001")
    t.close()


@test
def tab_completes_names(home):
    t = Terminal(home)
    t.enter("brain_volume = 1234")
    t.send("brain_v\t")
    time.sleep(0.3)
    assert value(t.enter(" + 1")).endswith("1235")
    t.enter("brain_mask = 1")
    t.send("brain\t\t")
    shown = t.wait("brain_")
    assert "brain_mask" in shown and "brain_volume" in shown, shown
    t.send("\x03")
    t.wait()
    t.enter("rec = {alpha: 1, beta: {gamma: 7}}")
    t.send("rec.beta.\t")
    time.sleep(0.3)
    assert value(t.enter("")).endswith("7")
    t.close()


@test
def tab_completes_named_arguments(home):
    t = Terminal(home)
    t.enter("fn scale(x, factor=2) = x * factor")
    t.send("scale(4, fac\t")
    time.sleep(0.3)
    assert value(t.enter("10)")).endswith("40")
    t.send("scale(\t")
    shown = t.wait("scale(")
    assert "factor=" in shown and "scale(x, factor=2)" in shown, shown
    t.close()


@test
def tab_completes_files_inside_a_string(home):
    os.mkdir(home + "/heads")
    open(home + "/heads/subject_one.nii.gz", "w").close()
    t = Terminal(home)
    t.send('"hea\t')
    time.sleep(0.2)
    t.send("sub\t")
    time.sleep(0.3)
    assert value(t.enter("")).endswith('"heads/subject_one.nii.gz"')
    t.close()


@test
def tab_completes_commands(home):
    t = Terminal(home)
    t.send(":hist\t")
    time.sleep(0.3)
    assert ":history" in t.enter(" 1")
    t.close()


@test
def a_multi_line_paste_is_one_input(home):
    code = "fn tri(n) {\n\ts = 0\n\tfor i in 0:n { s = s + i }\n\ts\n}\ntri(5)\n"
    t = Terminal(home)
    t.send("\x1b[200~" + code + "\x1b[201~")
    time.sleep(0.3)
    shown = t.enter("")
    assert value(shown).endswith("10"), shown
    # The same from a terminal that does not mark its pastes: lines arrive as if typed.
    t.send(code.replace("\t", "  ").replace("tri", "quad").replace("\n", "\r"))
    shown = t.wait()
    deadline = time.monotonic() + 5
    while "10\n" not in shown and time.monotonic() < deadline:
        shown += t.wait()
    assert value(shown).endswith("10"), shown
    t.close()


@test
def letters_of_all_scripts_can_be_edited(home):
    t = Terminal(home)
    t.send('"caf脑')
    time.sleep(0.2)
    t.send("\x7f")
    time.sleep(0.2)
    assert value(t.enter('é"')).endswith('"café"')
    t.close()


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
def vars_time_and_save(home):
    t = Terminal(home)
    t.enter("first = 3")
    t.enter("bad = 1 + nothing")
    t.enter("second = first * 2")
    shown = t.enter(":vars")
    assert re.search(r"first +3", shown) and re.search(r"second +6", shown), shown
    shown = t.enter(":time first + 1")
    assert "4" in shown and "processor" in shown, shown
    t.enter(":save all.ss")
    assert open(home + "/all.ss").read() == "first = 3\nsecond = first * 2\nfirst + 1\n"
    assert run(home + "/all.ss") == (0, "", "")
    t.enter(":reset")
    assert "error" in t.enter("first")
    t.enter(":load all.ss")
    assert value(t.enter("second")) == "6"
    assert "error: " in t.enter(":save /no/such/folder/x.ss")
    t.close()


@test
def colour_is_declined(home):
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        t = Terminal(home, env=env, start=False)
        data, end = b"", time.monotonic() + 20
        while PROMPT.encode() not in data and time.monotonic() < end:
            if select.select([t.fd], [], [], 0.2)[0]:
                data += os.read(t.fd, 65536)
        assert b"\x1b[1" not in data and b"\x1b[3" not in data, data
        t.close()


@test
def the_window_may_change(home):
    t = Terminal(home)
    t.send("1 + ")
    time.sleep(0.2)
    fcntl.ioctl(t.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 40, 0, 0))
    os.kill(t.pid, signal.SIGWINCH)
    time.sleep(0.3)
    assert value(t.enter("2")).endswith("3")
    t.close()


@test
def hostile_input_is_survived(home):
    t = Terminal(home)
    for text in ["(((((", "]", '"open', ":time", ":save", ":load", "?", "?\"", "::", ":history -4", ":history x", "\t", "{", "#"]:
        t.send(text + "\t\r")
        time.sleep(0.05)
        t.send("\x03")
    time.sleep(0.5)
    t.send("\x03")
    t.wait()
    while select.select([t.fd], [], [], 0.5)[0]:
        os.read(t.fd, 65536)
    assert value(t.enter("6 * 7")).endswith("42")
    t.close()


# --- the command line ---------------------------------------------------------------------------------------------------------


@test
def exit_codes(home):
    assert run("-e", "1 + 1") == (0, "2\n", "")
    assert run("-e", "x = 1 + 1") == (0, "", "")
    assert run("-e", "1 + 1;") == (0, "", "")
    code, out, err = run("-e", "1 + nothing")
    assert (code, out) == (1, "") and "nothing" in err and "^" in err
    code, out, err = run("-e", "1 + )")
    assert (code, out) == (2, "") and "error" in err
    code, out, err = run("--bogus")
    assert (code, out) == (2, "") and "--bogus" in err
    code, out, err = run("/no/such/script.ss")
    assert (code, out) == (1, "") and "/no/such/script.ss" in err
    code, out, err = run(home)
    assert (code, out) == (1, "") and "directory" in err
    assert run("-e")[0] == 2


@test
def arguments_after_the_script_are_its_own(home):
    path = home + "/show.ss"
    open(path, "w").write('assert(args == ["--epochs", "3", "-v", "--help", "-e", "x"], "got {args}")\n')
    assert run(path, "--epochs", "3", "-v", "--help", "-e", "x") == (0, "", "")
    assert run("-e", "args", "a", "--b") == (0, '["a", "--b"]\n', "")
    assert run("-", "--b", stdin="assert(args == [\"--b\"], \"no\")") == (0, "", "")


@test
def standard_input_is_a_script(home):
    assert run(stdin="x = 3\nassert(x == 3, \"no\")\n") == (0, "", "")
    assert run("-", stdin="assert(1 == 2, \"unequal\")")[0] == 1
    assert run(stdin="(")[0] == 2
    assert run(stdin=b"\xff\xfe")[0] == 2
    assert run(stdin="") == (0, "", "")


@test
def help_and_version(home):
    code, out, err = run("--help")
    assert code == 0 and "SCRIPT" in out and "130" in out and err == "", (code, out, err)
    assert run("-h")[0] == 0
    code, out, err = run("--version")
    assert code == 0 and re.fullmatch(r"skullstrip \d+\.\d+\.\d+\n", out), out
    assert len(run("--version", "-v")[1].splitlines()) > 2


@test
def an_interrupted_script_ends_with_130(home):
    p = subprocess.Popen([PROGRAM, "-e", "while true { }"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.7)
    before = time.monotonic()
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=10)
    assert p.returncode == 130 and time.monotonic() - before < 0.5, (p.returncode, err)
    assert out == b"" and b"interrupted" in err


@test
def a_reader_that_leaves_ends_it_quietly(home):
    p = subprocess.run(["sh", "-c", f"'{PROGRAM}' -e '\"x\"' | true"], capture_output=True, timeout=20)
    assert p.stderr == b"", p.stderr


@test
def a_full_device_is_an_error(home):
    with open("/dev/full", "w") as full:
        p = subprocess.run([PROGRAM, "-e", "1"], stdout=full, stderr=subprocess.PIPE, timeout=20)
    assert p.returncode == 1 and b"standard output" in p.stderr, p


@test
def the_man_page_names_every_option(home):
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/skullstrip.1")
    text = open(page).read().replace("\\-", "-")
    for option in re.findall(r"--?[a-z][a-z-]*", run("--help")[1].split("OPTIONS:")[1]):
        assert option in text, option
    shown = [line.split()[0] for line in value(Terminal(home).enter(":help")).splitlines() if line.startswith(":")]
    assert len(shown) >= 7
    for command in shown:
        assert command in text, command


def main():
    failed = 0
    for f in TESTS:
        home = tempfile.mkdtemp(prefix="skullstrip-prompt-")
        try:
            f(home)
        except Exception as e:
            failed += 1
            print(f"failed: {f.__name__.replace('_', ' ')}: {type(e).__name__}: {e}")
        finally:
            shutil.rmtree(home, ignore_errors=True)
    print(f"{len(TESTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
