#!/usr/bin/env python3
"""The grammars for editors: tree-sitter's was made from the grammar beside it, parses all that ships in the language without a node in error, and its queries fit it;
TextMate's patterns are expressions that compile.

    editor_test.py

Tells which part it leaves out where a tool lacks: tree-sitter's generator, a C compiler and the library of tree-sitter, the `regex` module for the last."""

import hashlib
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


def generated(folder):
    """That the parser is the present grammar's: by the hashes that its maker left, and by making it again where that can be done."""
    for line in (GRAMMAR / "src/made-from.sha256").read_text().splitlines():
        expected, name = line.split()
        if hashlib.sha256((GRAMMAR / name).read_bytes()).hexdigest() != expected:
            raise SystemExit(f"editors: {name} has changed since src/parser.c was made; scripts/make-parser.sh makes it anew")
    generator = shutil.which("tree-sitter")
    version = subprocess.run([generator, "--version"], capture_output=True, text=True).stdout if generator else ""
    if "0.20.9" not in version:
        return skip("making tree-sitter's parser again", f"{version.strip() or 'no program tree-sitter'}, where 0.20.9 wrote the present one")
    copy = folder / "grammar"
    shutil.copytree(GRAMMAR, copy)
    subprocess.run([generator, "generate", "--abi", "14"], cwd=copy, check=True)
    for name in ["parser.c", "grammar.json", "node-types.json"]:
        if (copy / "src" / name).read_bytes() != (GRAMMAR / "src" / name).read_bytes():
            raise SystemExit(f"editors: src/{name} is not what tree-sitter makes of grammar.js; scripts/make-parser.sh makes it anew")
    print("editors: tree-sitter's parser is as made from its grammar")


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
        generated(pathlib.Path(folder))
        tree_sitter(pathlib.Path(folder))
    textmate()


if __name__ == "__main__":
    main()
