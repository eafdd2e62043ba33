# SPDX-License-Identifier: BSD-3-Clause
# rovi langevin: reference draws.

load common.bash

QUICK=(--steps 50 --quiet)

# what the sampler made: no comment lines
rows() {
    grep -v '^#' "$1"
}

@test "draws as rovi sample writes them, and a table" {
    "$ROVI" langevin figure1-m1 -n 25 -o a.csv --steps 50 >table 2>err
    head -n 1 a.csv | grep -q '^# rovi_version = '
    grep -q '^# method = langevin$' a.csv
    [ "$(rows a.csv | head -n 1)" = 'lp_approx__,lp__,x.1,x.2' ]
    [ "$(rows a.csv | wc -l)" = 26 ]
    rows a.csv | tail -n +2 | grep -qE '^NaN,-[0-9.]{15,},-?[0-9.]{10,}'
    grep -q '^figure1-m1, 2 dimensions' table
    for word in method status step accepted 'log p' 'mass      component 0' 'over time' time saved; do
        grep -q "^  $word" table
    done
    grep -q '^rovi [0-9.]*: rovi langevin figure1-m1 .*: .* s, peak memory' err
    only_here a.csv table err
}

@test "lp__ is the target's log density at the draw" {
    echo '{"type": "gaussian_mixture", "weights": [1], "means": [[0]]}' >t.json
    "$ROVI" langevin t.json -n 20 -o a.csv "${QUICK[@]}" >table
    rows a.csv | tail -n +2 | awk -F, '{ e = $2 + $3 * $3 / 2 + log(2 * 3.14159265358979) / 2
                                         if (e > 1e-12 || e < -1e-12) exit 1 }'
}

@test "same seed, same bytes, whatever the number of threads" {
    "$ROVI" langevin asymmetric -n 300 -o a.csv "${QUICK[@]}" --threads 1 >table
    "$ROVI" langevin asymmetric -n 300 -o b.csv "${QUICK[@]}" --threads 2 >table
    "$ROVI" langevin asymmetric -n 300 -o c.csv "${QUICK[@]}" --threads 2 --seed 2 >table
    diff a.csv b.csv
    differ <(rows a.csv) <(rows c.csv)
}

@test "- is stdout, the table then goes to stderr" {
    "$ROVI" langevin ring -n 7 -o a.csv "${QUICK[@]}" >table
    "$ROVI" langevin ring -n 7 -o - "${QUICK[@]}" | diff - a.csv
    "$ROVI" langevin ring -n 7 -o - --steps 50 2>err | diff - a.csv
    grep -q '^  method' err
}

@test "--json: the result, and the masses over time" {
    "$ROVI" langevin uneven -n 100 -o a.csv "${QUICK[@]}" --trace 5 --json >out
    for key in rovi method target dim seed threads status draws particles steps step curvature step_bound moves outside \
        log_density mass trace evaluations time; do
        grep -q "^ \"$key\": " out
    done
    grep -q '"status": "completed"' out
    [ "$(grep -c '{"step": .*"mass": \[.*, .*\], "mass_mcse": \[' out)" = 6 ]
}

@test "far apart, started at one side: the other mode is never found" {
    echo '6,6' >start.csv
    echo '{"type": "gaussian_mixture", "weights": [0.5, 0.5], "means": [[-6, -6], [6, 6]]}' >far.json
    "$ROVI" langevin far.json -n 100 -o a.csv --start start.csv --quiet >table
    grep -q 'component 0   0.0000 ± 0.0000' table
    grep -q 'component 1   1.0000 ± 0.0000' table
    "$ROVI" langevin far.json -n 100 -o a.csv --quiet >table
    lacks 'component 0   0.0000' table
    lacks 'component 1   0.0000' table
}

@test "starts from a file of draws, centers from a plain one" {
    "$ROVI" langevin banana -n 30 -o a.csv "${QUICK[@]}" >table
    lacks '^  mass' table
    printf '# two places\n\nleft, right\n -1, 0\n1,0' >centers.csv
    "$ROVI" langevin banana -n 60 -o b.csv "${QUICK[@]}" --start a.csv --centers centers.csv --step 1e-12 --steps 1 >table
    grep -q '^  mass      center 0' table
    # after one step of next to nothing they stand where the file has them, each row twice
    paste -d, <(rows a.csv | tail -n +2) <(rows b.csv | sed -n 32,61p) |
        awk -F, '{ if (($3 - $7)^2 + ($4 - $8)^2 > 1e-8) exit 1 }'
}

@test "fewer particles than draws: each is kept several times" {
    "$ROVI" langevin ring -n 25 -o a.csv "${QUICK[@]}" --particles 10 --thinning 5 >table
    [ "$(rows a.csv | wc -l)" = 26 ]
    refused 2 'kept 3 times' langevin ring -n 25 -o b.csv "${QUICK[@]}" --particles 10 --thinning 20
}

@test "a step that is too large is said, and what to try" {
    refused 1 'the step 2.5 is too large' langevin figure1-m1 -n 50 -o a.csv --quiet --step 2.5
    refused 2 'at most 2/4 = 0.5' langevin figure1-m1 -n 50 -o a.csv --quiet --step 0.6 --smoothness 4
    "$ROVI" langevin figure1-m1 -n 50 -o a.csv "${QUICK[@]}" --smoothness 4 --json | grep -q '^ "step": 0.025'
    only_here a.csv
}

@test "NetCDF, or what to install for it" {
    if "$ROVI" langevin figure1-m1 -n 3000 -o a.nc "${QUICK[@]}" >table 2>err; then
        [ "$(head -c 8 a.nc | tail -c 7 | head -c 3)" = HDF ]
        [ "$(wc -c <a.nc)" -gt 96000 ] # 3000 draws of two coordinates and lp, and their numbers
        grep -aq langevin a.nc
        lacks -a log_weight a.nc
        mkfifo pipe.nc
        refused 2 '-o: found "pipe.nc", a device or pipe' langevin ring -n 1 -o pipe.nc
        (ulimit -f 10 && ! "$ROVI" langevin figure1-m1 -n 3000 -o b.nc "${QUICK[@]}" >table 2>err)
        grep -q 'b.nc: cannot be written' err
        only_here table err a.nc pipe.nc
    else
        grep -q 'libnetcdf-dev' err
    fi
}

@test "bad input" {
    refused 2 'found no target' langevin -n 1 -o a.csv
    refused 2 '-n: found nothing' langevin ring -o a.csv
    refused 2 '-n: found "0"' langevin ring -n 0 -o a.csv
    refused 2 '-o: found nothing' langevin ring -n 1
    refused 2 '-o: found "a.h5", allowed: a name ending in .csv or .nc' langevin ring -n 1 -o a.h5
    refused 2 'found -o - and --json' langevin ring -n 1 -o - --json
    refused 2 '--steps: found "0", allowed: a whole number in 1..' langevin ring -n 1 -o a.csv --steps 0
    refused 2 '--burn-in: found "2", allowed: a number in 0..1' langevin ring -n 1 -o a.csv --burn-in 2
    refused 2 '--start: found "there", allowed: dispersed, origin, or' langevin ring -n 1 -o a.csv --start there
    refused 2 '--start: found "origin" and "dispersed", allowed: one of them' langevin ring -n 1 -o a.csv --start origin --start dispersed
    refused 2 'no.csv: cannot be read' langevin ring -n 1 -o a.csv --start no.csv
    refused 2 'unknown flag --mesh' langevin ring -n 1 -o a.csv --mesh 1
    refused 2 'did you mean --start-spread' langevin ring -n 1 -o a.csv --start-spred 1
    refused 1 'cannot be written' langevin ring -n 1 -o no/such/a.csv --quiet
    echo '0,1' >points.csv
    refused 2 'which is read here and would be lost' langevin ring -n 1 -o points.csv --start points.csv
    refused 2 'which is read here and would be lost' langevin ring -n 1 -o points.csv --centers points.csv
    [ "$(cat points.csv)" = '0,1' ] && rm points.csv
    only_here
    echo '1,2,3' >wide.csv
    refused 2 'wide.csv:1: found points of 3 coordinates, allowed: 2' langevin ring -n 1 -o a.csv --start wide.csv
    printf '1,2\n3\n' >short.csv
    refused 2 'short.csv:2: found 1 columns, allowed: 2' langevin ring -n 1 -o a.csv --centers short.csv
    printf 'a,b\n1,2\n3,x\n' >word.csv
    refused 2 'word.csv:3: column 2: found "x", allowed: a finite number' langevin ring -n 1 -o a.csv --start word.csv
    printf '1,inf\n' >inf.csv
    refused 2 'inf.csv:1: column 2: found "inf"' langevin ring -n 1 -o a.csv --start inf.csv
    printf 'a,b\n\n# none\n' >empty.csv
    refused 2 'empty.csv: found no point' langevin ring -n 1 -o a.csv --start empty.csv
    : >nothing.csv
    refused 2 'nothing.csv: found no point' langevin ring -n 1 -o a.csv --start nothing.csv
}

@test "a full disk: the table is shown nevertheless" {
    [ -c /dev/full ] || skip "no /dev/full"
    run "$ROVI" langevin ring -n 10 -o /dev/full "${QUICK[@]}"
    [ "$status" = 1 ]
    [[ "$output" == *"/dev/full: cannot be written: No space left on device"* ]]
    [[ "$output" == *"saved     nothing"* ]]
}

@test "--max-time and Ctrl-C end in good order, with what was drawn so far" {
    run "$ROVI" langevin ring -n 10 -o a.csv --quiet --steps 1000000000000 --max-time 0.3
    [ "$status" = 3 ]
    grep -q '^#   status = max_time' a.csv
    [ "$(rows a.csv | wc -l)" = 11 ]
    run timeout --foreground --preserve-status -s INT 0.5 \
        "$ROVI" langevin ring -n 10 -o b.csv --quiet --steps 1000000000000
    [ "$status" = 130 ]
    grep -q '^#   status = interrupted' b.csv
    [ "$(rows b.csv | wc -l)" = 11 ]
    only_here a.csv b.csv
    run "$ROVI" langevin ring -n 10 -o a.csv --quiet --max-time 0 # the starts are all there is
    [ "$status" = 3 ]
    [[ "$output" == *"step      none was made"* ]]
}

@test "every built-in target runs" {
    for target in asymmetric far-asymmetric misaligned student-t banana ring funnel many-well rotated-many-well; do
        "$ROVI" langevin "$target" -n 20 -o a.csv --quiet --steps 200 >table || { echo "$target"; return 1; }
    done
    grep -q 'unstable above .*, as the potential' table
}

@test "data of a library" {
    local library
    library=$(dirname "$ROVI")/fixtures/stan_plain.so
    echo '{"shift": 40}' >data.json
    "$ROVI" langevin "$library" --data data.json -n 400 -o a.csv --quiet >table
    near "$(column x.1 a.csv | mean)" 41 0.25 # N(1 + shift, 1); five standard errors
    refused 2 'allowed: data for a target that is a .so library' langevin ring --data data.json -n 1 -o b.csv --quiet
}
