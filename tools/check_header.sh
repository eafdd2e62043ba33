#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The public header alone compiles, without a warning, as C11 and as C++.
set -eu
cd "$(dirname "$0")/.."
warnings='-Wall -Wextra -Wpedantic -Werror'
# shellcheck disable=SC2086
{
    echo '#include <rovi.h>' | ${CC:-cc} -std=c11 $warnings -Wstrict-prototypes -Iinclude -fsyntax-only -x c -
    printf '#define ROVI_PLUGIN\n#include <rovi.h>\n' | ${CC:-cc} -std=c11 $warnings -Iinclude -fsyntax-only -x c -
    echo '#include <rovi.h>' | ${CXX:-c++} -std=c++11 $warnings -Wold-style-cast -Iinclude -fsyntax-only -x c++ -
}
