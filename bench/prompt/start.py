#!/usr/bin/env python3
"""Time from starting the program to its first prompt, as a user at a terminal sees it: the whole process, in a pseudo-terminal.

usage: start.py PATH/TO/skullstrip [RUNS]       (40 runs; alternates with the prompts of python3 and lua where they are installed)

Prints median, least and greatest milliseconds of each, and the ratio of the medians. Standard library only.
"""
import os, pty, select, shutil, signal, statistics, sys, tempfile, time


def first_prompt(command, prompt, home):
    """Milliseconds until `prompt` has been written."""
    start = time.perf_counter()
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execve(command[0], command, {"HOME": home, "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"})
    seen = b""
    while prompt not in seen:
        if not select.select([fd], [], [], 10)[0]:
            raise SystemExit(f"{command[0]}: no prompt after 10 s, but {seen!r}")
        seen += os.read(fd, 65536)
    taken = time.perf_counter() - start
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(fd)
    return 1000 * taken


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    subjects = {"skullstrip": ([os.path.abspath(sys.argv[1])], b"strip>")}
    if python := shutil.which("python3"):
        subjects["python3"] = ([python, "-q"], b">>> ")
    for name in ("lua5.4", "lua"):
        if lua := shutil.which(name):
            subjects["lua"] = ([lua, "-i"], b"> ")
            break
    times = {name: [] for name in subjects}
    with tempfile.TemporaryDirectory() as home:
        # A user's history is read at the start: a full one.
        folder = os.path.join(home, ".local/state/skullstrip")
        os.makedirs(folder)
        with open(os.path.join(folder, "history"), "w") as file:
            file.writelines(f"x{i} = load(\"subject{i}.nii.gz\") |> n4(shrink=3)\n" for i in range(5000))
        for run in range(runs + 1):
            for name, (command, prompt) in subjects.items():
                taken = first_prompt(command, prompt, home)
                # The first of each reads the program from the disk.
                if run > 0:
                    times[name].append(taken)
    ours = statistics.median(times["skullstrip"])
    for name, all_times in times.items():
        median = statistics.median(all_times)
        print(f"{name:10}  median {median:6.1f} ms  least {min(all_times):6.1f}  greatest {max(all_times):6.1f}"
              + ("" if name == "skullstrip" else f"  {median / ours:.2f} of ours"))


main()
