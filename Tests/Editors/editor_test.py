#!/usr/bin/env python3
"""The grammars for editors: tree-sitter's parses all that ships in the language without a node in error, its queries fit it, and TextMate's patterns are
expressions that compile.

    editor_test.py

Tells which part it leaves out where a tool lacks: a C compiler and the library of tree-sitter for the first, the `regex` module for the last."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
GRAMMAR = ROOT / "grammar" / "tree-sitter-strip"


def skip(what, why):
    print(f"editors: {what} left out: {why}")


def build(folder):
    """The program of parse_tree.c with the generated parser; None where it cannot be built here."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        return None, "no C compiler"
    program = folder / "parse_tree"
    made = subprocess.run(
        [compiler, "-O1", "-o", program, ROOT / "Tests/Editors/parse_tree.c", GRAMMAR / "src/parser.c", GRAMMAR / "src/scanner.c", "-ltree-sitter"],
        capture_output=True, text=True)
    if made.returncode:
        if "tree_sitter/" in made.stderr or "-ltree-sitter" in made.stderr:
            return None, "tree-sitter's library is not installed (libtree-sitter-dev)"
        raise SystemExit("editors: the parser does not compile\n" + made.stderr)
    return program, None


def examples(folder):
    """All texts that ship: scripts, and the examples of the language's page one by one."""
    files = sorted((ROOT / "examples").glob("*.ss")) + sorted((ROOT / "stdlib").glob("*.ss")) + sorted((ROOT / "bench").rglob("*.ss"))
    blocks = re.findall(r"^```strip\n(.*?)^```", (ROOT / "docs/language.md").read_text(), re.M | re.S)
    for i, block in enumerate(blocks):
        # What is shown to be wrong is not to be parsed.
        if "→ error: " in block and "expected" in block or "is no format" in block:
            continue
        path = folder / f"language-{i}.ss"
        path.write_text("".join(line + "\n" for line in block.splitlines() if not line.startswith("→")))
        files.append(path)
    return files


def tree_sitter(folder):
    program, why = build(folder)
    if not program:
        return skip("tree-sitter", why)
    files = examples(folder)
    done = subprocess.run([program, *files], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit("editors: tree-sitter does not understand\n" + done.stdout + done.stderr)
    # What is wrong must be seen to be wrong, or the test above would say nothing.
    for number, text in enumerate(["x = [1\ny = 2\n", "fn (", "if { 1 }\nelse else", "a b\n", '"{x"\n']):
        path = folder / f"wrong-{number}.ss"
        path.write_text(text)
        if not subprocess.run([program, path], capture_output=True).returncode:
            raise SystemExit(f"editors: tree-sitter takes {text!r} for right")
    query = subprocess.run([program, "-q", GRAMMAR / "queries/highlights.scm"], capture_output=True, text=True)
    if query.returncode:
        raise SystemExit("editors: the query does not fit the grammar\n" + query.stdout)
    print(f"editors: tree-sitter parses {len(files)} texts")


def textmate():
    grammar = json.loads((ROOT / "grammar/strip.tmLanguage.json").read_text())
    patterns = []

    def walk(node):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            if key in ("match", "begin", "end", "firstLineMatch"):
                patterns.append(value)
            elif key == "include" and value != "#all" and value[1:] not in grammar["repository"]:
                raise SystemExit(f"editors: {value} is not in the repository of the TextMate grammar")
            elif isinstance(value, (dict, list)):
                walk(value)

    walk(grammar)
    try:
        import regex
    except ImportError:
        return skip("TextMate's patterns", "no Python module regex")
    for pattern in patterns:
        regex.compile(pattern)
    print(f"editors: TextMate's {len(patterns)} patterns compile")


def main():
    with tempfile.TemporaryDirectory() as folder:
        tree_sitter(pathlib.Path(folder))
    textmate()


if __name__ == "__main__":
    main()
