#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A Stan program as a shared library that rovi loads, without BridgeStan: by stanc, Stan's headers, TBB and SUNDIALS (for
# ODEs) from the wheel of httpstan on PyPI (unpacked under BUILD_DIR/httpstan), and the C interface of tests/stan/shim.cpp.
# usage: build.sh PROGRAM.stan LIBRARY.so BUILD_DIR; exit 77 when the wheel, or a compiler, cannot be had here
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$1
library=$2
build=$3
wheel=httpstan==4.13.0

skip()
{
    echo "skipped: $*"
    exit 77
}

command -v "${CXX:-c++}" >/dev/null || skip "no C++ compiler"
mkdir -p "$build"
stan=$(cd "$build" && pwd)/httpstan
if ! [ -x "$stan/stanc" ]; then
    command -v python3 >/dev/null || skip "no Python, which would fetch $wheel"
    python3 -m pip --version >/dev/null 2>&1 || skip "no pip, which would fetch $wheel"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 \
        --platform "manylinux2014_$(uname -m)" --dest "$work" "$wheel" >"$work/log" 2>&1 ||
        skip "$wheel cannot be fetched: $(tail -n 1 "$work/log")"
    python3 -m zipfile -e "$work"/httpstan-*.whl "$work/unpacked"
    mv "$work/unpacked/httpstan" "$stan"
    chmod +x "$stan/stanc"
fi

name=$(basename "$program" .stan)
"$stan/stanc" --o="$build/$name.hpp" "$program"
"${CXX:-c++}" -std=c++17 -O2 -w -fPIC -shared -fvisibility=hidden -DSTAN_THREADS -D_REENTRANT -DBOOST_DISABLE_ASSERTS \
    -isystem "$stan/include" -include "$build/$name.hpp" "$here/shim.cpp" \
    -L"$stan/lib" -Wl,--as-needed -ltbb -lsundials_cvodes -lsundials_idas -lsundials_kinsol -lsundials_nvecserial \
    -Wl,-rpath,"$stan/lib" -o "$library"
