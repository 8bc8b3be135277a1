#!/bin/sh
# Run one named step and note how long it took: in the file $STEPS if that is set, else on the screen.
set -u
name="$1"
shift
echo "== $name"
began=$(date +%s)
"$@"
verdict=$?
took=$(($(date +%s) - began))
[ "$verdict" -eq 0 ] && word=done || word="did not pass"
printf '%4d s  %s: %s\n' "$took" "$name" "$word" >>"${STEPS:-/dev/stdout}"
exit "$verdict"
