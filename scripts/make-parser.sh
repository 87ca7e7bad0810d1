#!/bin/sh
# Writes grammar/tree-sitter-strip/src/parser.c anew, with tree-sitter's own generator (0.20.9, which wrote the present one), and beside it from what it was made;
# Tests/Editors/editor_test.py fails where that has changed since.
# Usage: scripts/make-parser.sh [program that takes the place of `tree-sitter generate --abi 14`, and is run in the grammar's folder]
set -eu
cd "$(dirname "$0")/../grammar/tree-sitter-strip"
if [ $# -gt 0 ]; then
    "$@"
else
    command -v tree-sitter > /dev/null || { echo "no program tree-sitter: cargo install tree-sitter-cli --version 0.20.9" >&2; exit 1; }
    tree-sitter generate --abi 14
fi
# The headers that it also writes come with tree-sitter's library.
rm -rf src/tree_sitter
sha256sum grammar.js words.js > src/made-from.sha256
