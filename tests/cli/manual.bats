# SPDX-License-Identifier: BSD-3-Clause
# Manual pages: every option of --help is there, and readers of troff have no complaint.

load common.bash

@test "every command has a page with all of its options" {
    for command in $("$ROVI" help | sed -n 's/^  rovi \([a-z][a-z]*\) .*/\1/p' | grep -vx help); do
        "$ROVI" help --man "$command" >page 2>err
        [ ! -s err ]
        head -n 1 page | grep -q "^\.TH ROVI"
        "$ROVI" help "$command" | sed -n 's/^  \(-[a-z], \)\{0,1\}--\([a-z-]*\).*/\2/p' >options
        [ -s options ]
        while read -r option; do
            grep -qF -- "\\-\\-${option//-/\\-}\\fR" page || grep -qF -- "\\-\\-$option\\fR" page
        done <options
        ! command -v mandoc >/dev/null || mandoc -Tlint -W error page
        lacks -n '^[^.]*[^\\]--' page
    done
    "$ROVI" help --man >page
    grep -q 'rovi\\-fit' page
    ! command -v mandoc >/dev/null || mandoc -Tlint -W error page
}

@test "a page of a command that there is not" {
    refused 2 'found command "fitt"' help --man fitt
}
