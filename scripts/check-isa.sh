#!/bin/sh
# Shows that wide vector instructions are only in the kernels that are chosen at run time: no object but those of KernelsV3, KernelsV4 and KernelsBF16 uses
# ymm or zmm registers, V3 uses no zmm, and neither defines symbols that could stand in for those of another module at link time.
# Usage: scripts/check-isa.sh [build folder, default .build/release]
set -eu
build=${1:-.build/release}
status=0
fail() { echo "$1"; status=1; }
for folder in "$build"/*.build; do
    name=$(basename "$folder" .build)
    ymm=$(find "$folder" -name '*.o' -exec objdump -d --no-show-raw-insn {} + | grep -c '%ymm' || true)
    zmm=$(find "$folder" -name '*.o' -exec objdump -d --no-show-raw-insn {} + | grep -c '%zmm' || true)
    case $name in
    KernelsV4 | KernelsBF16) [ "$zmm" -gt 0 ] || fail "$name does not use zmm" ;;
    KernelsV3) [ "$ymm" -gt 0 ] && [ "$zmm" -eq 0 ] || fail "$name: $ymm uses of ymm, $zmm of zmm" ;;
    *) [ "$ymm" -eq 0 ] && [ "$zmm" -eq 0 ] || fail "$name: $ymm uses of ymm, $zmm of zmm" ;;
    esac
    case $name in
    KernelsV? | KernelsBF16)
        shared=$(find "$folder" -name '*.o' -exec nm {} + | awk -v own="$name" '$2 ~ /^[WVu]$/ && $3 != "__swift_reflection_version" && index($3, own) == 0 { print $3 }')
        [ -z "$shared" ] || fail "$name defines shared symbols: $shared"
        echo "$name: $ymm uses of ymm, $zmm of zmm" ;;
    esac
done
[ "$status" -eq 0 ] && echo "instruction sets are kept apart"
exit $status
