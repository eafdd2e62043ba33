#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# docs/api.md from include/rovi.h. usage: api.sh [--check]: complain when it is not current, instead of writing it
set -eu
cd "$(dirname "$0")/.."
new=$(mktemp)
trap 'rm -f "$new"' EXIT
awk -f tools/api.awk include/rovi.h >"$new"
if [ "${1:-}" != --check ]; then
    cp "$new" docs/api.md
elif ! cmp -s "$new" docs/api.md; then
    echo "docs/api.md does not say what include/rovi.h does: run make api" >&2
    exit 1
fi
echo "API reference: $(grep -c '^### ' "$new") entries"
