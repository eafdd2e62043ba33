#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Run the commands that a Markdown file shows, as they are printed: the lines of its ```sh blocks, in order, in an empty
# folder that stands for a clone (links to all that is in the tree, build/ being the build under test).
# Not run here: fetching the clone, and the commands that lead to this test (git, cd, ./run, make, sudo).
# Exit codes 3 and 4 are results of rovi, not failures. usage: run_readme.sh FILE.md
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
build=${ROVI_BUILD:-$source/build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$build" "$work/build"
for entry in "$source"/*; do
    case ${entry##*/} in
    build* | demo) ;;
    *) ln -s "$entry" "$work/" ;;
    esac
done

awk '/^```/ { inside = /^```sh *$/; next } inside' "$source/$1" >"$work/.commands"
if ! [ -s "$work/.commands" ]; then
    echo "$1 has no sh block" >&2
    exit 1
fi
sed -E -i 's/^ *(git|cd|\.\/run|make|sudo) .*/: not run here: &/' "$work/.commands"
cd "$work"
bash -uE -o pipefail -c '
    trap '\''code=$?; [ $code = 3 ] || [ $code = 4 ] || { echo "exit $code: $BASH_COMMAND" >&2; exit $code; }'\'' ERR
    set -v
    . ./.commands
    true' # what was a failure has ended it before
