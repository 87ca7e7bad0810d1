#!/bin/sh
# Runs everything that `make test` has built: the unit tests, then the program itself as a user runs it. Prints the counts of each.
set -eu
cd "$(dirname "$0")/.."
LAYER_TESTS='NetworksTests\.(Kernel|LayerReference|Winograd|FusedEnds|WholeNetwork|Loss|Optimizer)'

# One at a time: some tests raise the interrupt flag, which all threads of a process share.
swift test -c release --skip-build --disable-xctest --no-parallel
sh scripts/check-isa.sh
python3 Tests/Prompt/prompt_test.py .build/release/skullstrip
python3 Tests/Command/line_test.py .build/release/skullstrip
python3 Tests/Command/command_test.py .build/release/skullstrip
python3 Tests/Command/resume_test.py .build/release/skullstrip
python3 Tests/Command/predict_test.py .build/release/skullstrip
python3 Tests/Command/examples_test.py .build/release/skullstrip
python3 Tests/Editors/editor_test.py
python3 Tests/InstructionSets/instruction_sets_test.py .build/release/skullstrip

# The loops against their slow twins, layers against PyTorch and Winograd's error once more for each lesser instruction set, as far as the processor has more.
for set in baseline avx2; do
    echo "instruction set $set:"
    SKULLSTRIP_ISA=$set swift test -c release --skip-build --disable-xctest --no-parallel --filter "$LAYER_TESTS"
done
