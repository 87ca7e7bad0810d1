"""Input and surroundings that nobody would choose."""
import os, random, select, signal, time

from terminal import MORE, PROMPT, Terminal, run, test, value


@test
def the_window_may_change(home):
    t = Terminal(home)
    for rows, columns in [(10, 40), (30, 1), (1, 1), (2, 300), (30, 100)]:
        t.send("1 + ")
        t.settle(0.2)
        t.resize(rows, columns)
        t.settle(0.2)
        t.send("2\r")
        t.settle()
    t.send("s\t")
    t.resize(5, 7)
    t.settle()
    t.resize(30, 100)
    t.send("\x03")
    t.wait()
    assert value(t.enter("6 * 7")).endswith("42")
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


@test
def bytes_of_any_kind_are_survived(home):
    t = Terminal(home)
    for data in [b"\x00\x00\x00", b"\xff\xfe\xc3\x28", b"\xe8\x84", b"\xf0\x9f\xa7", b"\x1b[200~\x00\xff(\x1b[201~", b"\x1b[200~never ended", b"\x1b[999;999R",
                 b"\x1b\x1b\x1b", bytes(n for n in range(1, 32) if n not in (4, 26)) * 3, bytes(range(128, 256)) * 20]:
        t.send(data)
        t.settle(0.1)
        t.send(b"\x1b[201~\r")
        t.settle(0.1)
        # Out of whatever these have begun: a search, a paste, a quoted key, an open bracket. (Ctrl-D would leave, and Ctrl-Z suspend.)
        t.send(b"\x03\x03")
        t.settle(0.1)
        if t.ended():
            raise AssertionError(f"left after {data!r}")
    t.send(b"\x03")
    t.settle()
    assert value(t.enter("6 * 7")).endswith("42")
    t.close()


@test
def long_lines_are_survived(home):
    t = Terminal(home)
    t.send("\x1b[200~length(\"" + "x" * 100_000 + "\")\x1b[201~\r")
    shown = t.wait(timeout=60)
    assert "100000" in shown, shown[-200:]
    t.send("\x1b[200~" + "(" * 20_000 + "\x1b[201~\r")
    t.settle(1)
    t.send("\x03")
    t.settle(1)
    assert value(t.enter("6 * 7")).endswith("42")
    t.close()


@test
def any_terminal_and_language_will_do(home):
    for env in [{"TERM": "dumb"}, {"TERM": None}, {"TERM": "no-such-terminal"}, {"TERM": ""}, {"LANG": None}, {"LANG": "C"}, {"LANG": "nonsense", "LC_ALL": "x" * 5000},
                {"HOME": None}, {"HOME": "/no/such/home"}, {"HOME": ""}, {"XDG_STATE_HOME": "/dev/null"}, {"COLUMNS": "-3", "LINES": "999999999"}]:
        t = Terminal(home, env=env)
        shown = t.enter('"é" + "x"')
        assert '"éx"' in shown, (env, shown)
        t.send("\x04")
        assert t.status() == 0, env


@test
def a_history_that_cannot_be_used_is_no_hindrance(home):
    folder = home + "/.local/state/skullstrip"
    path = folder + "/history"
    os.makedirs(folder)

    def check(what):
        t = Terminal(home)
        assert value(t.enter("6 * 7")) == "42", what
        t.send("\x1b[A\x1b[A\x1b[A")
        t.settle()
        t.send("\x03")
        t.wait()
        t.send("\x04")
        assert t.status() == 0, what

    os.mkdir(path)
    check("a folder")
    os.rmdir(path)
    os.mkfifo(path)
    check("a pipe")
    os.unlink(path)
    os.symlink("/dev/zero", path)
    check("a device")
    os.unlink(path)
    os.symlink("/dev/full", path)
    check("a full device")
    os.unlink(path)
    with open(path, "wb") as file:
        file.write(os.urandom(200_000) + b"\n\x00\x00\n\\\\\\\n1 + 1\n" + b"y" * 3_000_000 + b"\n\x1b[31m\n")
    check("not text")
    os.unlink(path)
    os.unlink(path + ".lock")
    os.mkdir(path + ".lock")
    check("a lock that is a folder")


@test
def an_output_that_is_gone_ends_it(home):
    t = Terminal(home)
    os.close(t.fd)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        pid, status = os.waitpid(t.pid, os.WNOHANG)
        if pid:
            t.pid = 0
            # The terminal's end comes as SIGHUP, or as the end of the input.
            assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGHUP or os.WIFEXITED(status), status
            return
        time.sleep(0.05)
    raise AssertionError("goes on without a terminal")


@test
def random_keys_are_survived(home):
    seed = random.SystemRandom().randrange(1 << 32)
    draw = random.Random(seed)
    pieces = ["x", "y = ", "1", "+", "(", ")", "[", "]", "{", "}", '"', '"{x', "\\", "n4(", "resample(", "x.", "ans", "|>", "->", " ", "  ", "é", "脑", "🧠", "e\u0301", "\u0301", ":", "?",
              ":vars", ":time ", ":set ", ":load ", "help(", '"~/', "for i in 0:3 ", "fn f(", "#", "\t", "\t\t", "\r", "\r", "\x01", "\x02", "\x05", "\x06", "\x07", "\x08", "\x0b",
              "\x0c", "\x0e", "\x10", "\x12", "\x13\x11", "\x14", "\x15", "\x16", "\x17", "\x19", "\x1b", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\x1b[3~",
              "\x1b[1;5C", "\x1b[1;5D", "\x7f", "\x1bb", "\x1bf", "\x1bd", "\x1b\x7f", "\x1b\r", "\x1b<", "\x1b>", "\x1b[", "\x1bO", "\x03", "\x1f", "\x00",
              "\x1b[200~a\n脑b(\n\nc\x1b[201~"]
    # (Ctrl-S while something is evaluated stops the terminal's output, as it does of any program, until Ctrl-Q.)
    t = Terminal(home)
    end = time.monotonic() + 8
    keys = []
    try:
        while time.monotonic() < end:
            if draw.random() < 0.05:
                t.resize(draw.randint(1, 60), draw.randint(1, 150))
            keys.append("".join(draw.choice(pieces) for _ in range(draw.randint(1, 12))))
            t.send(keys[-1])
        t.resize(30, 100)
        t.send("\x1b[201~\x07\x03")
        t.settle(0.5)
        t.send("\x03")
        t.settle(0.5)
        assert value(t.enter("6 * 7")).endswith("42")
    except Exception as e:
        raise AssertionError(f"seed {seed}, after {len(keys)} inputs, the last {keys[-5:]!r}: {e}")
    finally:
        t.close()
