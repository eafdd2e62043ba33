# SPDX-License-Identifier: BSD-3-Clause
# Restarts are kept as they finish: a crash of the user's library, or kill -9, takes none along, and --resume goes on.

load common.bash

setup_file() {
    FIXTURES=$(realpath "${ROVI_BUILD:-build}")/fixtures
    export FIXTURES
}

# The whole fit but for clocks and the command as typed.
essence() {
    sed '/^ *"time"/d; /^ "command"/d; /"seconds"/d' "$1"
}

# faulty KIND N FLAGS...: a fit of the library that misbehaves from its N-th evaluation on; the exit code in $code
faulty() {
    local fault="$1 $2"
    shift 2
    code=0
    PLUGIN_FAULT=$fault "$ROVI" fit p.so -o f.json --restarts 6 --independent on --quiet "$@" >out 2>err || code=$?
}

# resumed FLAGS...: goes on, and has the same bits as the fit that nothing interrupted
resumed() {
    "$ROVI" fit p.so -o f.json --restarts 6 --independent on --resume "$@" >out 2>err || [ $? = 4 ]
    diff <(essence ref.json) <(essence f.json)
    [ ! -e f.json.partial ]
}

# prepare FLAGS...: the fit that nothing interrupts, and how many evaluations it asks for
prepare() {
    cp "$FIXTURES/plugin_faulty.so" p.so
    "$ROVI" fit p.so -o ref.json --restarts 6 --independent on --quiet "$@" >out || [ $? = 4 ] # mean-field loses a mode
    asked=$(sed -n 's/^ "evaluations": {"density": \([0-9]*\).*/\1/p' ref.json)
    late=$((asked * 2 / 3)) # some restarts have finished by then, and others not
}

@test "a crash is one sentence that says where, and --resume ends with the same bits" {
    prepare
    for pair in 'segv:segmentation fault' 'fpe:arithmetic fault' 'abort:abort'; do
        faulty "${pair%%:*}" $late
        [ "$code" = 1 ]
        [ "$(wc -l <err)" = 1 ]
        grep -q "^rovi fit: p.so: the library crashed (${pair#*:}) in restart [1-6] of 6; [1-5] finished restarts* .* kept in f.json.partial: the same command with --resume goes on with" err
        [ ! -s out ]
        only_here p.so ref.json f.json.partial out err
        resumed
        grep -q '^rovi fit: [1-5] finished restarts* from f.json.partial' err
        only_here p.so ref.json f.json out err
        rm f.json
    done
}

@test "every fault has its name, and one with nothing kept says no more than where it was" {
    cp "$FIXTURES/plugin_faulty.so" p.so
    for pair in 'segv:segmentation fault' 'bus:bus error' 'fpe:arithmetic fault' 'ill:illegal instruction' 'abort:abort'; do
        faulty "${pair%%:*}" 1
        [ "$code" = 1 ]
        [ "$(cat err)" = "rovi fit: p.so: the library crashed (${pair#*:}) before the fit" ]
        only_here err out p.so
    done
    faulty bus 300
    [ "$code" = 1 ]
    grep -qE '^rovi fit: p.so: the library crashed \(bus error\) in restart [1-6] of 6$' err
    only_here err out p.so
}

@test "a crash under the other commands is one sentence too, and leaves no file" {
    cp "$FIXTURES/plugin_faulty.so" p.so
    "$ROVI" fit p.so -o f.json --quiet >out
    for command in 'check f.json' 'sample f.json -n 1000 -o d.csv' 'langevin p.so -n 1000 -o d.csv'; do
        code=0
        # shellcheck disable=SC2086 # words
        PLUGIN_FAULT='segv 200' "$ROVI" $command >out 2>err || code=$?
        [ "$code" = 1 ]
        [ "$(wc -l <err)" = 1 ]
        grep -qE "^rovi ${command%% *}: .*p.so: the library crashed \(segmentation fault\)\$" err
        only_here err f.json out p.so
    done
}

@test "a stack that runs over is a crash like any other" {
    prepare
    faulty stack $late --threads 1
    [ "$code" = 1 ]
    grep -q 'the library crashed (segmentation fault) in restart [2-6] of 6; [1-5] finished' err
    resumed
}

@test "kill -9 takes no finished restart along, for every method" {
    for method in mfvi rovi auto; do
        rm -f f.json*
        prepare --method "$method"
        faulty kill $late --method "$method"
        [ "$code" = 137 ]
        lines=$(wc -l <f.json.partial)
        [ "$lines" -gt 1 ]
        printf '{"seed": torn' >>f.json.partial
        resumed --method "$method"
        grep -q "^rovi fit: $((lines - 1)) finished restart" err
    done
}

@test "a target that fails for good: finished restarts stay" {
    prepare
    faulty fatal $late
    [ "$code" = 1 ]
    [ "$(cat err)" = "$(grep '^rovi fit: the target failed for good within' err)" ]
    resumed
}

@test "a crash in the search beyond the fit says how to leave it out" {
    prepare
    faulty segv $((asked + 500)) # the fit asked for so many, the gradient check for a few more, the search for more
    [ "$code" = 1 ]
    grep -q 'in the search beyond the fit, which --no-probe leaves out; 6 finished restarts are kept' err
    "$ROVI" fit p.so -o f.json --restarts 6 --independent on --resume --no-probe --quiet >out
    "$ROVI" fit p.so -o plain.json --restarts 6 --independent on --no-probe --quiet >out
    diff <(essence plain.json) <(essence f.json)
}

@test "interrupted, then taken up again" {
    prepare
    PLUGIN_FAULT="slow $((asked / 2))" "$ROVI" fit p.so -o f.json --restarts 6 --independent on >out 2>err &
    pid=$!
    for _ in $(seq 100); do
        [ -e f.json.partial ] && break
        sleep .1
    done
    kill -INT $pid
    code=0
    wait $pid || code=$?
    [ "$code" = 130 ]
    grep -q '^ "status": "interrupted"' f.json
    grep -q 'finished restarts* .* kept in f.json.partial' err
    resumed
}

@test "a hang: the second Ctrl-C ends at once and says what is kept" {
    prepare
    PLUGIN_FAULT="hang $late" "$ROVI" fit p.so -o f.json --restarts 6 --independent on --quiet >out 2>err &
    pid=$!
    for _ in $(seq 100); do
        [ -e f.json.partial ] && break
        sleep .1
    done
    sleep .5 # now all threads hang
    kill -INT $pid
    sleep .2
    kill -0 $pid # it was asked, and cannot
    [ "$(cat err)" = 'rovi fit: interrupted: ends in good order, with what there is; a second time, at once' ]
    kill -INT $pid
    code=0
    wait $pid || code=$?
    [ "$code" = 130 ]
    grep -q '^rovi fit: [1-5] finished restarts* .* kept in f.json.partial' err
    resumed
}

@test "going on with what a search has found takes no finished fit along, whatever ends it" {
    cp "$FIXTURES/plugin_faulty.so" p.so
    export PLUGIN_FAR=70
    "$ROVI" fit p.so -o whole.json --threads 1 --quiet >table
    grep -q '^  went on   with 1 mode' table
    "$ROVI" fit p.so -o lost.json --threads 1 --quiet --method rovi >table || [ $? = 4 ] # the same until then
    "$ROVI" check lost.json --json >out || [ $? = 4 ]
    fitted=$(sed -n 's/^ "evaluations": {"density": \([0-9]*\).*/\1/p' lost.json)
    searched=$(sed -n 's/^ "evaluations": {"density": \([0-9]*\).*/\1/p' out)
    for kind in segv fatal; do
        code=0
        PLUGIN_FAULT="$kind $((fitted + searched + 1500))" "$ROVI" fit p.so -o f.json --threads 1 --quiet >out 2>err || code=$?
        if [ $kind = segv ]; then
            [ "$code" = 1 ]
            grep -q '(segmentation fault) in going on with what its search has found' err
        else
            [ "$code" = 4 ]
            grep -q '^rovi fit: the fit stands as it was, as going on with what its search has found failed: ' err
            grep -q '^  went on   with what the search has found, of which nothing came$' out
        fi
        "$ROVI" report f.json -o p.html
        grep -q 'The fit probably misses part of the target' p.html
        rm f.json
    done
}

@test "another fit is not taken up" {
    prepare
    faulty kill $late
    refused 2 '--resume: f.json.partial was begun with another setting seed' \
        fit p.so -o f.json --restarts 6 --independent on --resume --quiet --seed 2
    refused 2 'another target' fit "$FIXTURES/plugin.so" -o f.json --restarts 6 --independent on --resume --quiet
    refused 2 'another --init' fit p.so -o f.json --restarts 6 --independent on --resume --quiet --init <(echo '[1, 1]')
    refused 2 'found --resume and -o -' fit p.so -o - --restarts 6 --independent on --resume --quiet
    "$ROVI" fit p.so -o f.json --restarts 6 --independent on --no-probe >out 2>err # from the beginning, and says what it gives up
    grep -q 'f.json.partial has [1-5] finished restarts* of this fit, which --resume would go on with' err
    [ ! -e f.json.partial ]
}

@test "--resume with nothing to resume begins with the first restart" {
    prepare
    resumed
    grep -q 'there is no f.json.partial to resume from' err
    : >f.json.partial
    resumed
    grep -q 'f.json.partial has no finished restart of this fit' err
}

@test "where nothing can be kept the fit goes on" {
    prepare
    mkdir f.json.partial
    "$ROVI" fit p.so -o f.json --restarts 6 --independent on --quiet >out 2>err
    [ "$(cat err)" = 'rovi fit: f.json.partial: cannot be written: Is a directory' ]
    diff <(essence ref.json) <(essence f.json)
}
