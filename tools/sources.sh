#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# List our files, one a line, found on disk and not by git: tarballs and files not yet added count.
# usage: sources.sh c (C sources and headers) | units (C sources) | scripts (shell, bats too) | all (whatever carries a licence line)
set -eu
cd "$(dirname "$0")/.."

c_files()
{
    find include src io cli tests examples bench "$@" 2>/dev/null || true
}

case $1 in
c) c_files -name '*.[ch]' ;;
units) c_files -name '*.c' ;;
scripts)
    echo run
    echo .ci/run
    find tools tests examples bench docs \( -name '*.sh' -o -name '*.bats' -o -name '*.bash' \) 2>/dev/null || true
    ;;
all)
    "$0" c
    "$0" scripts
    find . -maxdepth 1 \( -name CMakeLists.txt -o -name Makefile -o -name '.clang-*' \)
    find cmake -type f
    find tests -name '.clang-*'
    find tests docs examples bench tools \( -name CMakeLists.txt -o -name '*.gp' -o -name '*.py' -o -name '*.awk' \) \
        2>/dev/null || true
    ;;
*) exit 2 ;;
esac | sed 's|^\./||' | sort
