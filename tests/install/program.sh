#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The installed program stands on its own, and what belongs beside it is there.
# shellcheck source=tests/install/stage.sh
. "$(dirname "$0")/stage.sh"
version=$(sed -n 's/^#define ROVI_VERSION  *"\(.*\)"$/\1/p' "$prefix/include/rovi.h")
said=$("$prefix/bin/rovi" --version)
test "$said" = "rovi $version" || fail "the program says '$said', the header $version"
! loads_rovi "$prefix/bin/rovi" || fail "the program needs librovi.so"
for file in LICENSE README.md CHANGELOG.md; do
    test -s "$prefix/share/doc/rovi/$file" || fail "no $file among the installed documents"
done
for command in '' -fit -check -sample -plot -report -langevin -separation -reproduce; do
    grep -q '^\.TH ROVI' "$prefix/share/man/man1/rovi$command.1" || fail "no manual page rovi$command(1)"
done
