# SPDX-License-Identifier: BSD-3-Clause
# What the command-line tests share. Each test runs in an empty folder of its own.
# shellcheck shell=bash

# Small enough to take a moment, large enough to be a fit.
SMALL=(--solver gradient --iterations 60 --restarts 2 --batch 50 --draws 500 --trace 4 --quiet)

setup() {
    ROVI=$(realpath "${ROVI:-build/rovi}")
    SOURCE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    cd "$BATS_TEST_TMPDIR" || return 1
}

# refused CODE PART ARGUMENTS...: rovi ends with the code, one line on stderr that holds the part, and nothing on stdout.
refused() {
    local code=$1 part=$2 found=0
    shift 2
    "$ROVI" "$@" >out 2>err || found=$?
    if [ "$found" != "$code" ] || [ "$(wc -l <err)" != 1 ] || [ -s out ] || ! grep -qF -- "$part" err; then
        echo "rovi $*: exit $found, wanted $code and \"$part\""
        cat out err
        return 1
    fi
    rm -f out err
}

# fitted TARGET FILE FLAGS...: a small fit, converged or not, with all modes or not
fitted() {
    local target=$1 file=$2 found=0
    shift 2
    "$ROVI" fit "$target" -o "$file" "${SMALL[@]}" "$@" >table || found=$?
    [ "$found" = 0 ] || [ "$found" = 3 ] || [ "$found" = 4 ]
}

# Only these files are here, so nothing half-written is left.
only_here() {
    diff <(ls -A) <(for name in "$@"; do echo "$name"; done | sort)
}

# column NAME FILE: the column of a Stan CSV
column() {
    grep -v '^#' "$2" | awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }'
}

mean() {
    awk '{ sum += $1 } END { print sum / NR }'
}

# near VALUE EXPECTED WITHIN
near() {
    awk -v a="$1" -v b="$2" -v c="$3" 'BEGIN { exit !(a - b < c && b - a < c) }' || {
        echo "$1 is not within $3 of $2"
        return 1
    }
}

# without_gnuplot ARGUMENTS...: rovi ends with code 1 and names the package; its stdout goes to line, stderr to err
without_gnuplot() {
    local found=0
    mkdir bin
    PATH=$PWD/bin "$ROVI" "$@" >line 2>err || found=$?
    [ "$found" = 1 ] && grep -q 'apt-get install gnuplot-nox' err
}

# lacks [OPTIONS] PART FILE, as of grep: `! grep` would not fail a test
lacks() {
    if grep -q "$@"; then
        echo "found: $*"
        return 1
    fi
}

# differ FILE FILE, likewise
differ() {
    if diff -q "$1" "$2" >/dev/null; then
        echo "the same: $*"
        return 1
    fi
}
