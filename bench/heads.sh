#!/bin/sh
# The brain extractors on the same heads, each in a process of its own, and one Markdown table of them all (see heads.ss).
#
# Usage: heads.sh SKULLSTRIP HEADS [MINDGRAB] [--model FILE]; MINDGRAB is the folder with its model.json. TOOLS="model bet" runs these alone and keeps the others' scores in OUT (scores).
set -e
program=$1 heads=$2
shift 2
here=$(dirname "$0") out=${OUT:-scores}
case ${1:---} in -*) network= ;; *) network=$1; shift ;; esac
for tool in ${TOOLS:-model bet ${network:+mindgrab}}; do
    if [ "$tool" = mindgrab ]; then "$program" "$here/../examples/mindgrab.ss" "$network" --out "$out" > /dev/null; fi
    "$program" "$here/heads.ss" "$heads" "$tool" --mindgrab "$out/mindgrab.safetensors" --out "$out" "$@"
done
"$program" "$here/heads.ss" "$heads" table --out "$out"
