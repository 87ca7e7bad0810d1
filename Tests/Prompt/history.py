"""What is remembered, and how it is found again."""
import os, re, select, signal, time

from terminal import MORE, PROMPT, Terminal, run, test, value


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
    # Ctrl-S, which searches the other way, must not stop the terminal.
    t.send("\x13\x07\x12")
    time.sleep(0.2)
    t.send("1000")
    time.sleep(0.2)
    t.send("\x1b")
    time.sleep(0.4)
    assert value(t.enter("")).endswith("1001")
    t.close()


@test
def arrow_up_finds_what_begins_so(home):
    t = Terminal(home)
    for line in ["alpha = 1", "beta = 2", "alpha + 100", "beta + 200"]:
        t.enter(line)
    t.send("alpha +")
    t.settle(0.2)
    t.send("\x1b[A")
    t.settle(0.2)
    assert value(t.enter("")).endswith("101")
    t.send("be")
    t.settle(0.2)
    t.send("\x1b[A\x1b[A")
    t.settle(0.2)
    t.send("\x1b[B")
    t.settle(0.2)
    assert value(t.enter("")).endswith("202"), "up twice, then down"
    t.close()


@test
def an_input_of_several_lines_comes_back_whole(home):
    t = Terminal(home)
    t.enter("fn f(x) {", until=MORE)
    t.enter("    x + 1", until=MORE)
    t.enter("}")
    t.send("\x04")
    t.status()
    t = Terminal(home)
    t.send("\x1b[A")
    t.settle(0.2)
    t.enter("")
    assert value(t.enter("f(41)")) == "42"
    t.close()


@test
def the_file_is_cut_to_the_newest(home):
    folder = home + "/.local/state/skullstrip"
    os.makedirs(folder)
    with open(folder + "/history", "w") as file:
        file.writelines(f"{i}\n" for i in range(12_000))
    # Several at once, each of which may cut the file while the others add to it.
    sessions = [Terminal(home, start=False) for _ in range(4)]
    for t in sessions:
        t.wait()
    for i, t in enumerate(sessions):
        t.enter(f"1000{i} + 0")
    for t in sessions:
        t.send("\x04")
        assert t.status() == 0
    lines = open(folder + "/history").read().splitlines()
    assert len(lines) <= 5004 and {f"1000{i} + 0" for i in range(4)} <= set(lines) and lines[-5] == "11999", (len(lines), lines[-6:])


@test
def many_sessions_lose_nothing(home):
    import threading

    def work(number):
        t = Terminal(home)
        for i in range(25):
            t.enter(f"{1000 * number + i}")
        t.send("\x04")
        t.status()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = open(home + "/.local/state/skullstrip/history").read().split()
    assert sorted(map(int, lines)) == sorted(1000 * n + i for n in range(1, 5) for i in range(25)), lines
