#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# clang-tidy over every C file of the build directory's compilation database.
# usage: check_tidy.sh BUILD_DIR [JOBS]
set -eu
cd "$(dirname "$0")/.."
build=$1
jobs=${2:-2}
files=$(sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$build/compile_commands.json" | sort -u)
count=$(echo "$files" | wc -l)
# The count of suppressed warnings, which --quiet leaves, is noise.
if ! echo "$files" | xargs -P "$jobs" -n 1 clang-tidy --quiet -p "$build" 2>"$build/tidy.err"; then
    grep -v 'warnings\{0,1\} generated\.$' "$build/tidy.err" >&2
    exit 1
fi
echo "clang-tidy: $count files"
