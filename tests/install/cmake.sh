#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# An outside project against the installed library through find_package: rovi::rovi and rovi::rovi_static.
# usage: cmake.sh [CC]
# shellcheck source=tests/install/stage.sh
. "$(dirname "$0")/stage.sh"
version=$(sed -n 's/^#define ROVI_VERSION  *"\(.*\)"$/\1/p' "$prefix/include/rovi.h")
cmake -S "$here" -B "$work/outside" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="${1:-cc}" \
    -DVERSION_EXPECTED="$version"
cmake --build "$work/outside"
loads_rovi "$work/outside/outside_shared" || fail "rovi::rovi is not the shared library"
! loads_rovi "$work/outside/outside_static" || fail "rovi::rovi_static is not the static library"
"$work/outside/outside_shared"
"$work/outside/outside_static"
