# SPDX-License-Identifier: BSD-3-Clause
# rovi reproduce: the list, names and folders that are refused, every experiment in small from end to end, interruption.

load common.bash

ALL="figure1 bound transition figure3 rotation starts stress tradeoffs langevin" # in the order of the list

@test "without a name: the list, and nothing is made" {
    "$ROVI" reproduce >list 2>err
    [ ! -s err ]
    [ "$(cut -d ' ' -f 1 list | tr '\n' ' ')" = "$ALL " ]
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

@test "every experiment, in small, leaves its four files, and all of them a page" {
    command -v gnuplot >/dev/null || skip "gnuplot is not installed"
    "$ROVI" reproduce all --quick -o out --quiet >lines 2>err
    [ ! -s err ]
    [ "$(wc -l <lines)" = 9 ]
    for name in $ALL; do
        grep -q "^$name .* checks hold" lines
        [ "$(head -c 4 "out/$name.png" | tail -c 3)" = PNG ]
        grep -q '</svg>' "out/$name.svg"
        columns=$(head -n 1 "out/$name.csv" | tr -cd , | wc -c)
        [ "$(sed 's/"[^"]*"//g' "out/$name.csv" | tr -cd ',\n' | sort -u | tr -d '\n' | wc -c)" = "$columns" ]
        grep -q "<section id=\"$name\">" out/index.html
    done
    [ "$(find out -type f | wc -l)" = 37 ]
    if command -v python3 >/dev/null; then
        python3 - out/*.json <<'END'
import json, sys
for name in sys.argv[1:]:
    summary = json.load(open(name))
    assert set(summary) == {"rovi", "experiment", "title", "claim", "quick", "outcome", "holds", "checks"}, summary.keys()
    assert summary["quick"] is True
    assert summary["holds"] == all(check["holds"] for check in summary["checks"])
    for check in summary["checks"]:
        if check["measured"] is None or check["predicted"] is None:
            assert not check["holds"], check
            continue
        margin = check["slack"] + 3 * (check["error"] or 0)
        excess = check["measured"] - check["predicted"]
        holds = {"about": abs(excess) <= margin, "at most": excess <= margin, "at least": excess >= -margin}
        assert check["holds"] == holds[check["relation"]], check
END
    fi
}

@test "the same each time" {
    command -v gnuplot >/dev/null || skip "gnuplot is not installed"
    "$ROVI" reproduce starts --quick -o out --quiet >line
    "$ROVI" reproduce starts --quick -o again --quiet >line
    diff -r out again
}

@test "without gnuplot: numbers and script are there, and which package is missing" {
    without_gnuplot reproduce starts --quick -o out --quiet
    [ "$(ls out | tr '\n' ' ')" = "starts.csv starts.gp starts.json " ]
    grep -q "^set output 'starts.png'" out/starts.gp
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
    (ulimit -f 4 && "$ROVI" reproduce starts --quick -o out --quiet) >line 2>err || code=$?
    [ "$code" = 1 ]
    [ -z "$(ls -A out)" ]
}
