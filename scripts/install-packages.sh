#!/bin/sh
# Installs the system libraries that the build needs and this machine lacks, and the packages named as arguments (what the tests need besides).
# Does nothing where all are present.
set -eu

# g++ for its library, which Swift's static ones need.
packages="g++ zlib1g-dev libdeflate-dev libopenblas-dev libcairo2-dev pkg-config $*"

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "install-packages: not a Debian system; please install by hand: zlib, libdeflate, OpenBLAS, cairo (with headers), pkg-config $*" >&2
    exit 0
fi

missing=""
for package in $packages; do
    state=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    [ "$state" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "installing:$missing"
if [ "$(id -u)" -eq 0 ]; then sudo=""; elif command -v sudo >/dev/null 2>&1; then sudo="sudo"; else
    echo "install-packages: run as root, or install by hand:$missing" >&2
    exit 1
fi
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
