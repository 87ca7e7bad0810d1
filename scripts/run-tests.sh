#!/bin/sh
# Runs everything that `make test` has built: the unit tests, then the program itself as a user runs it. Prints the counts of each.
set -eu
cd "$(dirname "$0")/.."

# One at a time: some tests raise the interrupt flag, which all threads of a process share.
swift test -c release --skip-build --disable-xctest --no-parallel
sh scripts/check-isa.sh
python3 Tests/Prompt/prompt_test.py .build/release/skullstrip
python3 Tests/Command/command_test.py .build/release/skullstrip
