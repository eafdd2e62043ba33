#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Run every fuzzer of a build for some seconds, from the corpus in tests/fuzz/NAME/ where there is one. What it finds
# that fails is left in the build directory, as crash-* and the like.
# usage: fuzz.sh BUILD_DIR SECONDS
set -eu
cd "$(dirname "$0")/.."
build=$1
seconds=$2

# fuzz FUZZER NAME: until the time is over; its words go to a log
fuzz()
{
    fuzzer=$1
    name=$2
    mkdir -p "$build/corpus/$name"
    set -- "$build/corpus/$name"
    for seeds in "tests/fuzz/${name#fuzz_}" "tests/fuzz/corpus/${name#fuzz_}" "tests/fuzz/corpus"; do
        if [ -d "$seeds" ]; then
            set -- "$@" "$seeds"
            break
        fi
    done
    "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$build/" "$@" \
        >"$build/$name.log" 2>&1
}

running=
for fuzzer in "$build"/fuzz/fuzz_*; do # side by side
    test -x "$fuzzer" || continue
    name=$(basename "$fuzzer")
    fuzz "$fuzzer" "$name" &
    running="$running $name:$!"
done
if [ -z "$running" ]; then
    echo "no fuzzer in $build/fuzz" >&2
    exit 1
fi
failed=0
for entry in $running; do
    name=${entry%:*}
    if wait "${entry#*:}"; then
        echo "$name: $(tail -n 1 "$build/$name.log")"
    else
        tail -n 60 "$build/$name.log" >&2
        echo "$name: failed" >&2
        failed=1
    fi
done
exit $failed
