"""What the tests of the program as a user runs it share: a call, what to expect of it, a folder for each test.

Python's standard library only. A test file's first argument is the path of skullstrip.
"""

import gzip
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.abspath(sys.argv[1])
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
DATA = os.environ.get("SKULLSTRIP_DATA", os.path.join(ROOT, "..", "shared", "data"))
TESTS = []


class Skip(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


def run(*arguments, stdin="", timeout=300, cwd=None, env=None):
    environment = {**os.environ, **(env or {})}
    return subprocess.run([PROGRAM, *arguments], input=stdin, text=True, capture_output=True, timeout=timeout, cwd=cwd, env=environment)


def evaluate(code, **options):
    return run("-e", code, **options)


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def expect_error(result, *parts, code=1):
    """One error on stderr that holds every part, nothing of it on stdout, the exit code, no trap."""
    text = result.stderr
    expect(result.returncode == code, f"exit code {result.returncode}, not {code}: {text}")
    expect(text.count("error:") == 1, f"not one error: {text}")
    expect("error:" not in result.stdout, f"the error is on stdout: {result.stdout}")
    for part in parts:
        expect(part in text, f"no {part!r} in: {text}")


def nifti(path, shape=(4, 5, 6), datatype=16, bits=32, voxels=None, magic=b"n+1\0", sizeof_hdr=348, offset=352.0):
    header = bytearray(348)
    struct.pack_into("<i", header, 0, sizeof_hdr)
    struct.pack_into("<8h", header, 40, len(shape), *shape, *([1] * (7 - len(shape))))
    struct.pack_into("<hh", header, 70, datatype, bits)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 0, 0, 0, 0)
    struct.pack_into("<f", header, 108, offset)
    header[344:348] = magic
    count = 1
    for n in shape:
        count *= max(n, 0)
    if voxels is None:
        voxels = struct.pack(f"<{count}f", *[i % 7 for i in range(count)])
    data = bytes(header) + b"\0\0\0\0" + voxels
    with (gzip.open if path.endswith(".gz") else open)(path, "wb") as file:
        file.write(data)


def main(label):
    passed = failed = skipped = 0
    for function in TESTS:
        home = tempfile.mkdtemp(prefix="skullstrip-test-")
        os.chdir(home)
        try:
            began = time.time()
            function()
            passed += 1
            print(f"  ok    {function.__name__} ({time.time() - began:.1f} s)")
        except Skip as reason:
            skipped += 1
            print(f"  skip  {function.__name__}: {reason}")
        except Exception as error:
            failed += 1
            print(f"  FAIL  {function.__name__}: {error}")
        finally:
            os.chdir("/")
            shutil.rmtree(home, ignore_errors=True)
        sys.stdout.flush()
    print(f"{label}: {passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)

