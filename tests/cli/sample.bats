# SPDX-License-Identifier: BSD-3-Clause
# rovi sample: Stan CSV and NetCDF. What is in the latter, tests/python/ and the unit tests look at.

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
    differ <(grep -v '^#' a.csv) <(grep -v '^#' c.csv)
}

@test "- is stdout" {
    fitted asymmetric f.json
    "$ROVI" sample f.json -n 3 -o a.csv
    "$ROVI" sample f.json -n 3 -o - | diff - a.csv
}

@test "ADVI's layout: the mean first, then the draws" {
    fitted asymmetric f.json
    "$ROVI" sample f.json -n 5 -o a.csv
    "$ROVI" sample f.json -n 5 -o v.csv --layout advi
    [ "$(grep -v '^#' v.csv | head -n 1)" = 'lp__,log_p__,log_g__,x.1,x.2' ]
    [ "$(grep -vc '^#' v.csv)" = 7 ]
    grep -A 2 '^lp__' v.csv | tail -n 1 | grep -q '^# eta = 1$'
    diff <(grep -v '^#' a.csv | tail -n 5 | cut -d , -f 3-) <(grep -v '^#' v.csv | tail -n 5 | cut -d , -f 4-)
    "$ROVI" sample f.json -n 5 -o b.csv --layout pathfinder
    diff a.csv b.csv
}

@test "draws of a mixture of fits" {
    "$ROVI" fit asymmetric --quiet --method mixture -o m.json >table || [ $? = 3 ]
    grep -q '"components"' m.json
    for layout in pathfinder advi; do
        "$ROVI" sample m.json -n 5 -o a.csv --layout $layout
    done
    [ "$(grep -vc '^#' a.csv)" = 7 ]
}

@test "resampling: the kept are among the proposals, none twice" {
    fitted asymmetric f.json
    "$ROVI" sample f.json -n 300 -o all.csv
    "$ROVI" sample f.json -n 100 -o some.csv --resample 300
    grep -q '^#   num_proposals = 300$' some.csv
    rows() { grep -v '^#' "$1" | tail -n +2 | sort; }
    [ "$(rows some.csv | uniq | wc -l)" = 100 ]
    [ "$(comm -12 <(rows all.csv) <(rows some.csv) | wc -l)" = 100 ]
    "$ROVI" sample f.json -n 300 -o whole.csv --resample 300 # all that there are, in their order
    diff <(grep -v '^#' all.csv) <(grep -v '^#' whole.csv)
    refused 2 '--resample: found "99", allowed: a whole number from 100' sample f.json -n 100 -o b.csv --resample 99
}

@test "NetCDF, or what to install for it" {
    fitted asymmetric f.json
    if "$ROVI" sample f.json -n 10 -o a.nc 2>err; then
        [ "$(head -c 8 a.nc | tail -c 7 | head -c 3)" = HDF ]
        ln -s a.nc link.nc
        "$ROVI" sample f.json -n 1000 -o link.nc
        [ -L link.nc ]
        [ "$(wc -c <a.nc)" -gt 30000 ]
        mkfifo pipe.nc
        refused 2 '-o: found "pipe.nc", a device or pipe' sample f.json -n 1 -o pipe.nc
        # more than the file system lets a file grow to: nothing stays but the old file
        before=$(cksum <a.nc)
        (ulimit -f 1000 && refused 1 'a.nc: cannot be written' sample f.json -n 100000 -o a.nc)
        [ "$(cksum <a.nc)" = "$before" ]
        only_here f.json table a.nc link.nc pipe.nc
    else
        grep -q 'libnetcdf-dev' err
        only_here f.json table err
    fi
}

@test "a fit file of an earlier rovi, which lacks a key that came later" {
    fitted ring f.json
    grep -q '"log_z_bound"' f.json
    sed '/"log_z_bound"/d' f.json >old.json
    "$ROVI" sample f.json -n 2 -o a.csv
    "$ROVI" sample old.json -n 2 -o b.csv
    diff a.csv b.csv
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

@test "chains of restarts: of NetCDF, not resampled, and two or more" {
    fitted figure1-m3 f.json --restarts 3
    refused 2 '--chains: found "all", allowed: fit, restarts' sample f.json -n 1 -o a.csv --chains all
    refused 2 'found --chains restarts and a.csv, allowed: a NetCDF file' sample f.json -n 1 -o a.csv --chains restarts
    "$ROVI" sample f.json -n 7 -o a.csv --chains fit
    if "$ROVI" sample f.json -n 1000 -o a.nc 2>err; then
        refused 2 'found --chains restarts and --resample' sample f.json -n 1 -o b.nc --chains restarts --resample 9
        "$ROVI" sample f.json -n 1000 -o b.nc --chains restarts
        [ "$(wc -c <b.nc)" -gt $((2 * $(wc -c <a.nc))) ]
        "$ROVI" fit figure1-m3 -o spared.json --quiet >table
        refused 2 'spared.json: found 1 of 4 restarts' sample spared.json -n 1 -o c.nc --chains restarts
    else
        grep -q 'libnetcdf-dev' err
    fi
}
