#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# An outside program against the installed library through pkg-config: shared, static, and as C++.
# usage: pkgconfig.sh [CC]
# shellcheck source=tests/install/stage.sh
. "$(dirname "$0")/stage.sh"
cc=${1:-cc}
pc=$(find "$prefix" -name rovi.pc)
libdir=$(dirname "$(dirname "$pc")")
PKG_CONFIG_PATH=$(dirname "$pc")${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
cd "$work"

# shellcheck disable=SC2046 # flags are words
{
    "$cc" -std=c11 -Wall -Wextra -Werror -o shared "$here/outside.c" $(pkg-config --cflags --libs rovi)
    ${CXX:-c++} -Wall -Wextra -Werror -x c++ -o plusplus "$here/outside.c" -x none $(pkg-config --cflags --libs rovi)
}
loads_rovi shared || fail "the program is not linked to librovi.so"
LD_LIBRARY_PATH=$libdir ./shared
LD_LIBRARY_PATH=$libdir ./plusplus

# Where only the static library is, --static names all that it needs.
rm "$libdir"/librovi.so*
# shellcheck disable=SC2046
"$cc" -std=c11 -Wall -Wextra -Werror -o static "$here/outside.c" $(pkg-config --static --cflags --libs rovi)
./static

# A package is made below DESTDIR: files there, but the prefix as it will be.
DESTDIR=$work/stage cmake --install "$ROVI_BUILD" --prefix /opt/rovi >"$work/install.log"
staged=$(find "$work/stage/opt/rovi" -name rovi.pc)
grep -qx 'prefix=/opt/rovi' "$staged" || fail "rovi.pc below DESTDIR has another prefix: $(head -n 3 "$staged")"
if grep -rlF "$work" "$work/stage" --include='*.pc' --include='*.cmake'; then
    fail "an installed text file names the DESTDIR"
fi
