#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The size of the house: lines by folder, and every function of more than 40 lines. usage: numbers.sh
set -eu
cd "$(dirname "$0")/.."
git ls-files '*.c' '*.h' '*.sh' '*.bats' '*.awk' '*.cmake' '*.md' | while read -r file; do
    printf '%s %s\n' "${file%%/*}" "$(wc -l <"$file")"
done | awk '
{ folder = $1 ~ /\./ ? "." : $1; lines[folder] += $2; files[folder]++; all += $2; count++ }
END {
    for (folder in lines)
        printf "%-10s %4d files %6d lines\n", folder, files[folder], lines[folder] | "sort"
    close("sort")
    printf "%-10s %4d files %6d lines\n", "all", count, all
}'
# clang-format puts the braces of a function into the first column.
# shellcheck disable=SC2046 # no file here has a space in its name
awk '
FNR == 1 { head = opened = 0 }
/^[a-z].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
/^\{/ { opened = FNR; functions++ }
/^\}/ && opened {
    if (FNR - opened - 1 > 40) {
        printf "%d lines: %s in %s\n", FNR - opened - 1, name, FILENAME
        long++
    }
    opened = 0
}
END { printf "%d functions, %d of more than 40 lines\n", functions, long }' $(git ls-files '*.c')
