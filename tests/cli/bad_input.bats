# SPDX-License-Identifier: BSD-3-Clause
# Bad input: one sentence that names what and where, the right exit code, and no file.

load common.bash

# bad_target PART JSON
bad_target() {
    printf '%s' "$2" >t.json
    refused 2 "$1" fit t.json --quiet
    only_here t.json
}

@test "broken JSON: line and column" {
    bad_target 't.json:2:12: ' '{"type": "ring",
 "weights" 3}'
    bad_target 't.json:1:' ''
    bad_target 't.json:1:' '{"type": "ring"'
}

@test "repeated and unknown keys" {
    bad_target 'duplicate' '{"type": "ring", "type": "banana"}'
    bad_target 'unknown key "wieghts" (did you mean weights?)' '{"type": "gaussian_mixture", "wieghts": [1]}'
    bad_target 'unknown key "dim"' '{"type": "ring", "dim": 2}'
}

@test "the wrong kind of file" {
    bad_target 'this is a fit' '{"format": 1, "rovi": "0.1.0", "restarts": []}'
    bad_target 'found an array of 2 values' '[1, 2]'
    bad_target 'type: found "gauss"' '{"type": "gauss"}'
    cp "$SOURCE/examples/targets/uneven.json" .
    refused 2 'this is a target description' sample uneven.json -n 1 -o a.csv
    refused 2 'this is a target description' plot uneven.json -o a.png
    refused 2 'cannot be read' fit no-such.json
    refused 2 'cannot be read' sample no-such.json -n 1 -o a.csv
    refused 2 'cannot be read' sample . -n 1 -o a.csv
    refused 2 'did you mean figure1-m' fit figure1-m4
    refused 2 'model.so: cannot be read: No such file' fit model.so
    refused 2 'allowed: data for a target that is a .so library' fit ring --data uneven.json
    cp "$SOURCE/README.md" text.so
    refused 2 'text.so: cannot be loaded as a shared library: ' fit text.so --quiet
}

@test "weights that are zero, negative, or do not sum to one" {
    mixture='"type": "gaussian_mixture", "means": [[0], [1]], "weights":'
    bad_target 't.json: ' "{$mixture [0, 1]}"
    bad_target 't.json: ' "{$mixture [-0.5, 1.5]}"
    bad_target 't.json: ' "{$mixture [0.5, 0.50001]}"
    bad_target 'weights[1]: found "x"' "{$mixture [0.5, \"x\"]}"
}

@test "a covariance that is not positive definite: which component" {
    bad_target 'positive definite' '{"type": "gaussian_mixture", "weights": [0.5, 0.5], "means": [[0, 0], [1, 1]],
        "covariances": [[[1, 0], [0, 1]], [[1, 2], [2, 1]]]}'
    "$ROVI" fit t.json 2>&1 | grep -qE 'component 2|covariances\[1\]|covariance 1|component 1'
}

@test "wrong sizes" {
    bad_target 'means[1]: found an array of 3 values, allowed: an array of 2 numbers' \
        '{"type": "gaussian_mixture", "weights": [0.5, 0.5], "means": [[0, 0], [1, 1, 1]]}'
    bad_target 'weights: found an array of 3 values, allowed: an array of 2 numbers' \
        '{"type": "gaussian_mixture", "weights": [0.5, 0.3, 0.2], "means": [[0, 0], [1, 1]]}'
    bad_target 'covariance[1]: found an array of 1 value' \
        '{"type": "gaussian_mixture", "weights": [1], "means": [[0, 0]], "covariance": [[1, 0], [0]]}'
    bad_target 'rotation: found an array of 1 value' '{"type": "rotated", "rotation": [[1]], "base": {"type": "ring"}}'
    bad_target 't.json: ' '{"type": "many_well", "dim": 3}'
    bad_target 'dim: found 0' '{"type": "funnel", "dim": 0}'
    bad_target 'dim: found 10000000000' '{"type": "funnel", "dim": 10000000000}'
}

@test "unknown flags and commands, with a suggestion" {
    refused 2 'found unknown flag --restart (did you mean --restarts?)' fit ring --restart 2
    refused 2 '--method: found "mvfi", allowed: auto|mfvi|rovi|mixture (did you mean mfvi?)' fit ring --method mvfi
    refused 2 'found unknown flag --step-mpa=1 (did you mean --step-map?)' fit ring --step-mpa=1
    refused 2 'found unknown flag -x' fit ring -x
    refused 2 'found unknown flag --mesh' sample f.json --mesh 1
    refused 2 'found command "fti", allowed: fit, check, sample, plot, report, langevin, separation, reproduce, help (did you mean fit?)' fti
    refused 2 'found command "nonsense"' help nonsense
    run "$ROVI"
    [ "$status" = 2 ]
    only_here
}

@test "numbers and words out of range" {
    refused 2 '--mesh: found "0", allowed: a number in 0.005..10' fit ring --mesh 0
    refused 2 '--mesh: found "0.1x"' fit ring --mesh 0.1x
    refused 2 '--mesh: found "nan"' fit ring --mesh nan
    refused 2 '--restarts: found "1.5", allowed: a whole number in 1..10000' fit ring --restarts 1.5
    refused 2 '--restarts: found "99999999999999999999"' fit ring --restarts 99999999999999999999
    refused 2 '--seed: found "-1"' fit ring --seed -1
    refused 2 '--method: found "advi", allowed: auto|mfvi|rovi' fit ring --method advi
    refused 2 '--preset: found "fast"' fit ring --preset fast
    refused 2 '--mesh: found nothing after it' fit ring --mesh
    refused 2 '--quiet=1: found a value' fit ring --quiet=1
    refused 2 '--json=all: found another value' fit ring --json=all
    only_here
}

@test "files that are no target, and empty names of files" {
    printf 'parameters { real x; }' >model.stan
    refused 2 'a Stan program, allowed: the .so library that BridgeStan compiles it to' fit model.stan
    printf '# a comment\na,b\n1,2\n' >draws.csv
    refused 2 'draws.csv: found a file that is no target, allowed: a .json description' fit draws.csv
    printf ' {"type": "ring"}' >target
    "$ROVI" fit target --max-evaluations 100 --quiet -o fit.json >table || [ $? = 3 ]
    refused 2 'found an empty name of a file' fit ring --init ''
    refused 2 'found an empty name of a file' check ''
    refused 2 'found an empty name of a file' sample '' -n 1 -o a.csv
}

@test "an output does not replace what is read" {
    fitted ring f.json
    cp "$SOURCE/examples/targets/uneven.json" .
    echo '[1, 1]' >begin.json
    ln -s uneven.json other.json
    refused 2 '-o: found "uneven.json", which is read here' fit uneven.json -o uneven.json
    refused 2 '-o: found "other.json", which is read here' fit uneven.json -o other.json
    refused 2 '-o: found "begin.json", which is read here' fit ring --init begin.json -o begin.json
    refused 2 '-o: found "f.json", which is read here' report f.json -o f.json
    fitted uneven.json u.json
    refused 2 '-o: found "uneven.json", which is read here' report u.json -o uneven.json
    cmp uneven.json "$SOURCE/examples/targets/uneven.json"
    fitted ring f.json --start f.json
}

@test "a flag without a word may stand beside itself with one" {
    "$ROVI" fit ring "${SMALL[@]}" --json --json full -o f.json >out || [ $? -ge 3 ]
    grep -q '"rovi"' out
}

@test "too little and too much on the command line" {
    refused 2 'found no target' fit
    refused 2 'found "ring" and "banana", allowed: one target' fit ring banana
    refused 2 'found -o - and --json' fit ring -o - --json
    refused 2 'found no fit' sample -n 1 -o a.csv
    refused 2 'found no fit' plot -o a.png
    refused 2 '-n: found nothing' sample f.json -o a.csv
    refused 2 '-o: found nothing' sample f.json -n 1
    refused 2 '-o: found nothing' plot f.json
}

@test "-n 0 and unknown suffixes" {
    fitted ring f.json
    refused 2 '-n: found "0", allowed: a whole number from 1' sample f.json -n 0 -o a.csv
    refused 2 '-n: found "-3"' sample f.json -n -3 -o a.csv
    refused 2 '-n: found "1e3"' sample f.json -n 1e3 -o a.csv
    refused 2 '--seed: found "x"' sample f.json -n 1 -o a.csv --seed x
    refused 2 '-o: found "a.h5", allowed: a name ending in .csv or .nc' sample f.json -n 1 -o a.h5
    refused 2 '--layout: found "csv", allowed: pathfinder, advi' sample f.json -n 1 -o a.csv --layout csv
    refused 2 '-o: found "a.csv.gz"' sample f.json -n 1 -o a.csv.gz
    refused 2 '-o: found "a.jpg", allowed: a name ending in .svg, .png or .pdf' plot f.json -o a.jpg
    refused 2 '--script: found "f.json", allowed: a name ending in .gp' plot f.json -o a.png --script f.json
    refused 2 '--kind: found "all", allowed: fit, marginals, pairs, trace, restarts' plot f.json -o a.png --kind all
    only_here f.json table
}

@test "a fit file that is truncated, of a later version, or spoilt" {
    fitted ring f.json
    head -c 2000 f.json >cut.json
    refused 2 'cut.json:' sample cut.json -n 1 -o a.csv
    sed 's/"format": 1/"format": 2/' f.json >later.json
    refused 2 'later.json: found fit format 2, allowed: up to 1' sample later.json -n 1 -o a.csv
    sed 's/"dim": 2/"dim": 3/' f.json >wide.json
    refused 2 'wide.json: restarts[0].approximation.center: found an array of 2 values' sample wide.json -n 1 -o a.csv
    sed 's/"winner": [01]/"winner": 7/' f.json >loser.json
    refused 2 'loser.json: winner: found 7, allowed: a whole number from 0 to 1' plot loser.json -o a.png
    only_here f.json table cut.json later.json wide.json loser.json
}

@test "an output that cannot be written: said before the fit" {
    refused 1 'no/such/folder/f.json: cannot be written: there is no such folder' fit ring --quiet -o no/such/folder/f.json
    refused 1 'cannot be written: Is a directory' fit ring --quiet -o .
    refused 1 '/dev/no-such-device: cannot be written' fit ring --quiet -o /dev/no-such-device
    refused 2 'found an empty name' fit ring --quiet -o ''
    only_here
}

@test "a full disk: exit 1 and no half-written file" {
    [ -c /dev/full ] || skip "no /dev/full"
    run "$ROVI" fit ring "${SMALL[@]}" -o /dev/full
    [ "$status" = 1 ]
    [[ "$output" == *"/dev/full: cannot be written: No space left on device"* ]]
    fitted ring f.json
    refused 1 '/dev/full: cannot be written' sample f.json -n 1 -o /dev/full
    refused 1 '/dev/full: cannot be written' sample f.json -n 100000 -o /dev/full
    for arguments in 'sample f.json -n 1 -o -' 'fit --help' '--version'; do
        code=0
        # shellcheck disable=SC2086 # words
        "$ROVI" $arguments >/dev/full 2>err || code=$?
        [ "$code" = 1 ]
        grep -q 'cannot be written' err
    done
    code=0
    "$ROVI" fit ring "${SMALL[@]}" -o f.json --json >/dev/full 2>err || code=$?
    [ "$code" = 1 ]
    only_here f.json table err
}

# ulimit -f stands in for a disk that fills up under a regular file.
@test "a disk that fills up on the way: the old file stays" {
    fitted ring f.json
    echo old >a.csv
    code=0
    (ulimit -f 64 && "$ROVI" sample f.json -n 100000 -o a.csv) 2>err || code=$?
    [ "$code" = 1 ]
    grep -q 'a.csv: cannot be written: File too large' err
    [ "$(cat a.csv)" = old ]
    only_here f.json table a.csv err
}
