# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# Sourced by the tests here: a scratch folder $work, and the build installed in $prefix.
set -eu
# shellcheck disable=SC2034 # for those who source this
here=$(cd "$(dirname "$0")" && pwd)
: "${ROVI_BUILD:=$here/../../build}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
unset DESTDIR
cmake --install "$ROVI_BUILD" --prefix "$prefix" >"$work/install.log"

fail()
{
    echo "$*" >&2
    exit 1
}

# Whether a program loads librovi.so
loads_rovi()
{
    readelf -d "$1" | grep -q 'NEEDED.*librovi\.so'
}
