# SPDX-License-Identifier: BSD-3-Clause
# rovi fit: results, exit codes, files, flags.

load common.bash

@test "a fit prints a table and writes its file" {
    fitted figure1-m1 a.json
    grep -q '^figure1-m1, 2 dimensions' table
    for word in method status KL ELBO modes restarts time asked saved Next; do
        grep -q "$word" table
    done
    only_here a.json table
}

@test "without -o the fit goes to fit.json" {
    "$ROVI" fit figure1-m1 "${SMALL[@]}" || [ $? = 3 ]
    only_here fit.json
}

@test "--json prints the keys of the contract" {
    fitted figure1-m1 a.json --json
    for key in rovi method preset target dim seed threads status elbo kl log_z center whitening rotation restarts modes \
        modes_listed_weight modes_total collapse evaluations time outside; do
        grep -q "^ \"$key\": " table
    done
    grep -q '"method": "rovi"' table
    grep -q '"kl": {"value": .*, "mcse": ' table
    grep -q '"evaluations": {"density": [0-9]*, "gradient": [0-9]*, "rejected": 0}' table
    grep -q '"time": {"wall_s": .*, "target_s": .*, "total_s": ' table
    for line in '"weight": [0-9.]*' '"mean": \[.*\]' '"sd": \[.*\]' '"mass": {"value": .*, "mcse": .*}' '"part_of": null'; do
        grep -qE "^   $line,?\$" table
    done
    grep -q '{"seed": .*, "elbo": .*, "mcse": .*, "status": ' table
}

@test "matrices of more than 100 dimensions are shown on demand only" {
    echo '{"type": "many_well", "dim": 102}' >wide.json
    small=(--directions 102 --iterations 2 --restarts 1 --batch 10 --draws 100 --trace 1 --quiet)
    "$ROVI" fit wide.json "${small[@]}" --json >out || [ $? = 3 ]
    grep -q '"center"' out
    lacks '"rotation"' out
    "$ROVI" fit wide.json "${small[@]}" --json full >out || [ $? = 3 ]
    grep -q '"rotation"' out
    "$ROVI" sample fit.json -n 2 -o a.csv
    [ "$(wc -l <a.csv)" = "$(($(grep -c '^#' a.csv) + 3))" ]
}

@test "the fit can go to stdout, the table then goes to stderr" {
    "$ROVI" fit figure1-m1 -o - "${SMALL[@]:0:10}" >a.json 2>err || [ $? = 3 ]
    grep -q '^ "format": 1,' a.json
    grep -q 'method' err
    "$ROVI" sample a.json -n 1 -o a.csv
}

@test "progress and log go to stderr, nothing with --quiet" {
    "$ROVI" fit figure1-m1 "${SMALL[@]:0:10}" >out 2>err || [ $? = 3 ]
    grep -q '^rovi [0-9.]*: rovi fit figure1-m1 .*: .* s, peak memory [0-9]* MB$' err
    "$ROVI" fit figure1-m1 "${SMALL[@]}" >out 2>err || [ $? = 3 ]
    [ ! -s err ]
}

# All that the solver made: everything but the clock.
essence() {
    sed -n '/^ "winner"/,$p' "$1" | sed 's/"seconds": \[[^]]*\]//'
}

@test "same seed, same bytes, whatever the number of threads" {
    fitted asymmetric a.json --threads 1 --seed 5
    fitted asymmetric b.json --threads 2 --seed 5
    fitted asymmetric c.json --threads 2 --seed 6
    diff <(essence a.json) <(essence b.json)
    differ <(essence a.json) <(essence c.json)
}

@test "the default solver too gives the same bytes for any number of threads" {
    "$ROVI" fit asymmetric -q -o a.json --threads 1 --restarts 2 >table
    "$ROVI" fit asymmetric -q -o b.json --threads 2 --restarts 2 >table
    "$ROVI" fit asymmetric -q -o c.json --threads 2 --restarts 1 >table
    "$ROVI" fit asymmetric -q -o d.json --threads 1 --restarts 1 >table
    diff <(essence a.json) <(essence b.json)
    diff <(essence c.json) <(essence d.json)
}

@test "--start continues from a fit, and says what does not fit" {
    run "$ROVI" fit figure1-m3 -q -o a.json --iterations 3 --restarts 1
    [ "$status" = 3 ]
    "$ROVI" fit figure1-m3 -q -o b.json --start a.json --restarts 1 >table
    grep -q '^ "status": "converged"' b.json
    run "$ROVI" fit funnel -q -o c.json --start a.json
    [ "$status" = 2 ]
    [[ "$output" == *"a.json: the start has dimension 2, the target 10"* ]]
    run "$ROVI" fit figure1-m3 -q -o c.json --start a.json --method mfvi
    [ "$status" = 2 ]
    run "$ROVI" fit figure1-m3 -q -o c.json --start nothing.json
    [ "$status" = 2 ]
    [ ! -e c.json ]
}

@test "the default solver ends in good order" {
    run "$ROVI" fit funnel -o a.json --max-time 0.01 --restarts 50
    [ "$status" = 3 ]
    run "$ROVI" fit funnel -o a.json --max-evaluations 5000 --restarts 2
    [ "$status" = 3 ]
    # what other steps had led to when they were ended is not lost: from the first climb alone the ELBO is -25
    run "$ROVI" fit funnel -o a.json --max-evaluations 10000 --restarts 2 --seed 2 --no-probe
    [ "$status" = 3 ]
    sed -n 's/^ "elbo": {"value": \([-0-9.]*\).*/\1/p' a.json | awk '{ seen = 1; if ($1 < -5) exit 1 } END { if (!seen) exit 1 }'
    run "$ROVI" fit funnel --method rovi -o a.json --iterations 3 --restarts 1
    [ "$status" = 3 ]
    run timeout --foreground --preserve-status -s INT 0.5 "$ROVI" fit funnel -o b.json --restarts 1000 --independent on
    [ "$status" = 130 ]
    grep -q '^ "status": "interrupted"' b.json
}

@test "a converged fit ends with 0, one that ran out of iterations with 3" {
    # far from the target, so that every step gains more than its noise
    run "$ROVI" fit figure1-m3 "${SMALL[@]}" --iterations 20 --tolerance 0 --start-slope 4 --batch 500 --draws 20000
    [ "$status" = 3 ]
    grep -q '^ "status": "max_iterations"' fit.json
    run "$ROVI" fit figure1-m1 "${SMALL[@]}" --iterations 200 --tolerance 1000
    [ "$status" = 0 ]
    grep -q '^ "status": "converged"' fit.json
}

@test "--max-time ends a run in good order" {
    run "$ROVI" fit figure1-m3 "${SMALL[@]}" --iterations 1000000000 --tolerance 0 --max-time 0.5
    [ "$status" = 3 ]
    grep -q '^ "status": "max_time"' fit.json
    "$ROVI" sample fit.json -n 1 -o a.csv
}

@test "--max-evaluations ends a run in good order" {
    run "$ROVI" fit figure1-m3 "${SMALL[@]}" --iterations 1000000000 --tolerance 0 --max-evaluations 20000
    [ "$status" = 3 ]
    grep -q '^ "status": "max_evaluations"' fit.json
    "$ROVI" sample fit.json -n 1 -o a.csv
}

@test "Ctrl-C leaves the best fit so far, marked as interrupted" {
    run timeout --foreground --preserve-status -s INT 1 \
        "$ROVI" fit figure1-m3 "${SMALL[@]}" --iterations 1000000000 --tolerance 0
    [ "$status" = 130 ]
    [[ "$output" == *'rovi fit: interrupted: ends in good order'* ]]
    grep -q '^ "status": "interrupted"' fit.json
    "$ROVI" sample fit.json -n 3 -o a.csv
    only_here fit.json a.csv
}

@test "settings: --name=value, - and _ alike, presets first wherever they stand" {
    fitted figure1-m1 a.json --step-map=0.25 --step_rotation 0.125 --iterations 7 --preset thorough
    grep -q '"settings": {.*"step_map": 0.25, "step_rotation": 0.125' a.json
    grep -q '"preset": "thorough"' a.json
    grep -q '"iterations": 7' a.json
}

@test "commands that are proposed can be pasted, whatever the names of files are" {
    cp "$SOURCE/examples/targets/figure1-m3.json" "it's mine.json"
    "$ROVI" fit "it's mine.json" --method mfvi -q -o 'a fit.json' >table || [ $? = 4 ]
    PATH=$(dirname "$ROVI"):$PATH
    sed -n 's/^Next:  //p' table >next
    grep -q "'it'.*mine.json' --method mixture --start 'a fit.json'" next
    sh next 2>err >again
    grep -q 'method *mixture' again
}

@test "d = 1 and one component are fine" {
    echo '{"type": "gaussian_mixture", "weights": [1], "means": [[3]]}' >one.json
    fitted one.json a.json
    grep -q '^one.json, 1 dimension$' table
    "$ROVI" sample a.json -n 2 -o a.csv
    grep -q '^lp_approx__,lp__,x.1$' a.csv
}

@test "help and manual list the exit codes that a command can end with" {
    ends() { # COMMAND CODE...
        local command=$1
        shift
        [ "$("$ROVI" help "$command" | sed -n '/^Exit codes:/,$p' | awk 'NR > 1 { printf "%s ", $1 }')" = "$* " ]
        [ "$("$ROVI" help --man "$command" | sed -n '/^.SH EXIT/,/^.SH SEE/p' | grep -A1 '^.TP' | grep '^[0-9]' | tr '\n' ' ')" = "$* " ]
    }
    ends fit 0 1 2 3 4 130
    ends check 0 1 2 4 130
    ends langevin 0 1 2 3 130
    ends plot 0 1 2 130
}

@test "help lists settings with their defaults, and the built-in targets" {
    "$ROVI" fit --help >help
    grep -q -- '--step-map' help
    grep -q '0.005..10 (default' help
    grep -q '^  figure1-m3 ' help
    "$ROVI" help fit | diff - help
    for command in sample plot; do
        "$ROVI" help "$command" | grep -q "^Usage: rovi $command"
    done
    "$ROVI" --help | grep -q 'rovi fit TARGET'
    "$ROVI" --version | grep -qE '^rovi [0-9]+\.[0-9]+\.[0-9]+$'
}

@test "every example target fits" {
    for target in "$SOURCE"/examples/targets/*.json; do
        fitted "$target" a.json --iterations 4
    done
}

@test "Ctrl-C twice ends at once, and nothing half-written stays" {
    "$ROVI" fit figure1-m3 "${SMALL[@]}" --iterations 1000000000 --tolerance 0 &
    pid=$!
    sleep 0.3
    kill -INT $pid
    kill -INT $pid || true # it may be gone already
    code=0
    wait $pid || code=$?
    [ "$code" = 130 ]
    [ -z "$(ls | grep -v '^fit.json$')" ]
}

@test "a terminal sees a bar that fills and is gone in the end" {
    command -v script >/dev/null || skip "no script, which gives a terminal"
    # FLAGS...: what a terminal is sent, a line for each time that one begins anew. On a busy machine script may miss what
    # was sent last, unless the terminal outlives it.
    run_in_terminal() {
        script -qec "$ROVI fit figure1-m3 --method mfvi --solver gradient --iterations 4000 --restarts 3 --threads 1 \
            --no-probe -o f.json $* && sleep 1" /dev/null </dev/null | tr '\r' '\n'
    }
    # where the time to go takes two digits, the line has no room for the phase
    run_in_terminal >seen
    awk '/^\033\[K\[/ {
             bars++
             if (!match($0, /^\033\[K\[#*\.*\] +[0-9]+ %, .*[0-9] s.*, [0-3] of 3 restarts done, [a-z ]+/) &&
                 !match($0, /^\033\[K\[#*\.*\] +[0-9]+ %, about [0-9][0-9]+ s to go, [0-3] of 3 restarts done$/)) exit 1
             split($0, part, /[]] */) # the bar, after four characters; the share, then the restarts that have ended
             share = part[2] + 0; ended = part[2]; sub(/ of 3.*/, "", ended); sub(/.*, /, "", ended)
             filled = gsub(/#/, "#", part[1])
             if (length(part[1]) != 4 + 16 || filled > 16 * (share + 1) / 100 || filled < 16 * (share - 1) / 100 - 1) exit 2
             if (length($0) > 3 + 79) exit 5
             if (share < last || ended + 0 < done || share > 100) exit 3
             last = share; done = ended + 0; stays = 1; next
         }
         /^\033\[K/ { stays = 0 }
         END { if (bars < 2 || last < 50 || done < 1 || stays) exit 4 }' seen
    run_in_terminal --quiet >seen
    [ "$(grep -c '%, . of 3' seen)" = 0 ]
}

@test "a solver that ends by itself shows no share, but what it does and has done" {
    command -v script >/dev/null || skip "no script, which gives a terminal"
    cp "${ROVI_BUILD:-build}/fixtures/plugin_faulty.so" p.so
    PLUGIN_FAULT="slow 1" script -qec "$ROVI fit p.so -o f.json --restarts 2 --max-time 4" /dev/null </dev/null |
        tr '\r' '\n' >seen || [ $? = 3 ]
    awk '/^\033\[K[0-9]+ s, [0-2] of 2 restarts done, / {
             match($0, /, [0-9]+ evaluations/); asked = substr($0, RSTART + 2) + 0
             if (asked < last || beyond) exit 1
             moved += asked > last; last = asked
             exploring += /, looking for modes, /; comparing += /, comparing starts, /; known += /, ELBO 2\.[45]/; next
         }
         /^\033\[K[0-9]+ s, looking beyond the fit, [0-9]+ evaluations$/ { beyond = 1 }
         /%/ && /restarts done/ { exit 2 }
         END { if (moved < 5 || !exploring || !comparing || !known || !beyond) exit 3 }' seen
}

@test "what is no terminal gets a line of progress every five seconds" {
    cp "${ROVI_BUILD:-build}/fixtures/plugin_faulty.so" p.so
    PLUGIN_FAULT="slow 1" "$ROVI" fit p.so -o f.json --restarts 3 --independent on --no-probe --max-time 7 >out 2>err || [ $? = 3 ]
    [ "$(grep -c '^5 s, [0-3] of 3 restarts done, .*, [1-9][0-9]* evaluations' err)" = 1 ]
    lacks "$(printf '\033')" err
}
