#!/usr/bin/env python3
"""Drives the real prompt in a pseudo-terminal. Standard library only.

usage: prompt_test.py PATH/TO/skullstrip [WORDS]        prints "N passed, N failed"; status 1 when something failed
                                                        with WORDS, only the tests whose names hold them
"""
import shutil, sys, tempfile

from terminal import TESTS
import commands, completion, editing, history, hostile  # noqa: F401 (each adds its tests)


def main():
    wanted = "_".join(sys.argv[2:])
    chosen = [f for f in TESTS if wanted in f.__name__]
    failed = 0
    for f in chosen:
        home = tempfile.mkdtemp(prefix="skullstrip-prompt-")
        try:
            f(home)
        except Exception as e:
            failed += 1
            print(f"failed: {f.__name__.replace('_', ' ')}: {type(e).__name__}: {e}")
        finally:
            shutil.rmtree(home, ignore_errors=True)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
