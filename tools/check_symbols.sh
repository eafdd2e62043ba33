#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The shared library offers the functions of the public header, and no other symbol, under the soname expected.
# usage: check_symbols.sh LIBRARY SONAME
set -eu
cd "$(dirname "$0")/.."
library=$1
soname=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grep -v '^#' include/rovi.h | tr '\n' ' ' | grep -o 'ROVI_API [^(;]*(' | sed 's/($//; s/.*[ *]//' | sort >"$work/promised"
nm -D --defined-only "$library" | awk '{ print $3 }' | sort >"$work/offered"
test -s "$work/promised"
if ! diff "$work/promised" "$work/offered" >"$work/difference"; then
    echo "$library and include/rovi.h differ (< header, > library):" >&2
    cat "$work/difference" >&2
    exit 1
fi
if ! readelf -d "$library" | grep -qF "soname: [$soname]"; then
    echo "$library: its soname is not $soname" >&2
    exit 1
fi
echo "$(wc -l <"$work/offered") symbols, soname $soname"
