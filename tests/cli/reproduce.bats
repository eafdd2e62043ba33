# SPDX-License-Identifier: BSD-3-Clause
# rovi reproduce: the list, names and folders that are refused, one cheap experiment from end to end, interruption.

load common.bash

CHEAP=langevin # some ten seconds of processor time, and no fit of the paper's method

@test "without a name: the list, and nothing is made" {
    "$ROVI" reproduce >list 2>err
    [ ! -s err ]
    for name in figure1 figure3 bound transition rotation starts stress tradeoffs langevin; do
        grep -q "^$name " list
    done
    only_here list err
}

@test "what it does not know" {
    refused 2 'found experiment "figrue1" (did you mean figure1?)' reproduce figrue1
    refused 2 'found "figure1" and "bound", allowed: one experiment' reproduce figure1 bound
    refused 2 'found no experiment' reproduce -o here
    refused 2 'unknown flag --seed' reproduce figure1 --seed 2
    only_here
}

@test "folders that cannot be" {
    echo text >file
    refused 2 'found file, which is no folder' reproduce bound -o file
    refused 1 'the folder cannot be made: Not a directory' reproduce bound -o file/below
    refused 1 'the folder cannot be made: No such file' reproduce bound -o no/such
    refused 2 'found an empty name' reproduce bound -o ''
    [ "$(cat file)" = text ]
    only_here file
    [ "$(id -u)" != 0 ] || skip "root may write anywhere"
    mkdir -m 500 closed
    refused 1 'cannot be written' reproduce bound -o closed
}

@test "a cheap experiment leaves its four files, the same each time" {
    command -v gnuplot >/dev/null || skip "gnuplot is not installed"
    mkdir out
    "$ROVI" reproduce $CHEAP -o out --quiet >line 2>err
    [ ! -s err ]
    [ "$(wc -l <line)" = 1 ]
    grep -q "^$CHEAP .* checks hold" line
    [ "$(ls out | tr '\n' ' ')" = "$CHEAP.csv $CHEAP.json $CHEAP.png $CHEAP.svg " ]
    [ "$(head -c 4 out/$CHEAP.png | tail -c 3)" = PNG ]
    grep -q '</svg>' out/$CHEAP.svg
    ! grep -qi 'nan\|inf' out/$CHEAP.csv
    columns=$(head -n 1 out/$CHEAP.csv | tr -cd , | wc -c)
    [ "$(tr -cd ',\n' <out/$CHEAP.csv | sort -u | tr -d '\n' | wc -c)" = "$columns" ]
    if command -v python3 >/dev/null; then
        python3 - out/$CHEAP.json <<'END'
import json, sys
summary = json.load(open(sys.argv[1]))
assert set(summary) == {"rovi", "experiment", "title", "claim", "outcome", "holds", "checks"}, summary.keys()
assert summary["holds"] == all(check["holds"] for check in summary["checks"])
for check in summary["checks"]:
    margin = check["slack"] + 3 * (check["error"] or 0)
    excess = check["measured"] - check["predicted"]
    holds = {"about": abs(excess) <= margin, "at most": excess <= margin, "at least": excess >= -margin}
    assert check["holds"] == holds[check["relation"]], check
END
    fi
    "$ROVI" reproduce $CHEAP -o again --quiet >line
    diff -r out again
}

@test "without gnuplot: numbers and script are there, and which package is missing" {
    mkdir bin
    code=0
    PATH=$PWD/bin "$ROVI" reproduce bound -o out --quiet >line 2>err || code=$?
    [ "$code" = 1 ]
    grep -q 'apt-get install gnuplot-nox' err
    [ "$(ls out | tr '\n' ' ')" = "bound.csv bound.gp bound.json " ]
    grep -q "^set output 'bound.png'" out/bound.gp
}

@test "Ctrl-C leaves nothing half-written" {
    for signal in INT TERM; do
        run timeout --foreground --preserve-status -s $signal 1 "$ROVI" reproduce starts -o out
        [ "$status" = 130 ]
        [ -z "$(ls -A out)" ]
    done
}

@test "a disk that is full" {
    command -v gnuplot >/dev/null || skip "gnuplot is not installed"
    code=0
    (ulimit -f 4 && "$ROVI" reproduce bound -o out --quiet) >line 2>err || code=$?
    [ "$code" = 1 ]
    [ -z "$(ls -A out)" ]
}
