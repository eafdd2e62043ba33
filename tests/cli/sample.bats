# SPDX-License-Identifier: BSD-3-Clause
# rovi sample: Stan CSV.

load common.bash

@test "comments, header, rows" {
    fitted asymmetric f.json
    "$ROVI" sample f.json -n 5 -o a.csv
    head -n 1 a.csv | grep -q '^# rovi_version = '
    [ "$(grep -v '^#' a.csv | head -n 1)" = 'lp_approx__,lp__,x.1,x.2' ]
    [ "$(grep -vc '^#' a.csv)" = 6 ]
    # finite numbers, 17 digits where they are needed
    grep -v '^#' a.csv | tail -n +2 | grep -qE '^-[0-9.]{15,},-[0-9.]{15,},-?[0-9.]{10,}'
}

@test "more draws of one seed begin with the same ones; another seed gives others" {
    fitted asymmetric f.json
    "$ROVI" sample f.json -n 10 -o a.csv --seed 7
    "$ROVI" sample f.json -n 40000 -o b.csv --seed 7
    "$ROVI" sample f.json -n 10 -o c.csv --seed 8
    diff <(grep -v '^#' a.csv) <(grep -v '^#' b.csv | head -n 11)
    [ "$(grep -vc '^#' b.csv)" = 40001 ]
    ! diff -q <(grep -v '^#' a.csv) <(grep -v '^#' c.csv)
}

@test "- is stdout" {
    fitted asymmetric f.json
    "$ROVI" sample f.json -n 3 -o a.csv
    "$ROVI" sample f.json -n 3 -o - | diff - a.csv
}

@test "a target file that changed since the fit is said" {
    cp "$SOURCE/examples/targets/uneven.json" t.json
    fitted t.json f.json
    "$ROVI" sample f.json -n 1 -o a.csv 2>err
    [ ! -s err ]
    echo ' ' >>t.json
    "$ROVI" sample f.json -n 1 -o b.csv 2>err
    grep -q 't.json has changed since the fit' err
    diff a.csv b.csv
    rm t.json # nothing to compare with, and nothing needed
    "$ROVI" sample f.json -n 1 -o b.csv 2>err
    [ ! -s err ]
    diff a.csv b.csv
}

@test "Ctrl-C leaves no file, or the old one" {
    fitted asymmetric f.json
    echo old >a.csv
    for signal in INT TERM; do
        code=0
        timeout --preserve-status -s $signal 0.3 "$ROVI" sample f.json -n 1000000000 -o a.csv || code=$?
        [ "$code" = 130 ]
    done
    [ "$(cat a.csv)" = old ]
    only_here f.json table a.csv
}
