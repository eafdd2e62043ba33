# SPDX-License-Identifier: BSD-3-Clause
# rovi fit --method mixture, and what is done with such a fit.

load common.bash

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    cat >triangle.json <<'EOF'
{"type": "gaussian_mixture", "weights": [0.2, 0.3, 0.5], "means": [[5, 0], [-4, 5], [-4, -5]]}
EOF
    "$ROVI" fit triangle.json -q --method mixture -o fit.json --threads 1 --json full >fit.out
    export FIT=$BATS_FILE_TMPDIR/fit.json OUT=$BATS_FILE_TMPDIR/fit.out TARGET=$BATS_FILE_TMPDIR/triangle.json
}

@test "--json names the components in place of center, whitening and rotation" {
    grep -q '^ "method": "mixture"' "$OUT"
    grep -q '^ "components": \[' "$OUT"
    grep -q '"weight": ' "$OUT"
    grep -q '^ "center": null' "$OUT"
    grep -q '^ "modes_total": 3' "$OUT"
}

@test "the fit file holds weights and components" {
    grep -q '"weights": \[' "$FIT"
    grep -q '"components": \[' "$FIT"
}

@test "the table says what kind of fit it is" {
    "$ROVI" fit "$TARGET" -q --method mixture -o a.json --threads 1 >table
    grep -q '^  method *mixture' table
}

@test "what the target does not confirm as a mode is said to be a part of one" {
    echo '{"type": "gaussian_mixture", "weights": [1], "means": [[0, 0]], "covariances": [[[64, 0], [0, 64]]]}' >wide.json
    small=(--start "$FIT" --max-evaluations 1 -q)
    "$ROVI" fit wide.json "${small[@]}" -o a.json >table || [ $? = 3 ]
    grep -q '^  modes *3 of the fit, 1 of the target$' table
    [ "$(grep -c 'no mode of the target: part of number 1$' table)" = 2 ]
    "$ROVI" fit wide.json "${small[@]}" -o a.json --json >out || [ $? = 3 ]
    [ "$(grep -c '"part_of": 0' out)" = 2 ]
    "$ROVI" report a.json -o a.html
    grep -q '<b>3</b> <span>1 of the target</span>' a.html
}

@test "draws come with their density and mode" {
    "$ROVI" sample "$FIT" -n 600 -o a.csv
    [ "$(grep -vc '^#' a.csv)" -ge 601 ]
    "$ROVI" sample "$FIT" -n 600 -o b.csv
    diff a.csv b.csv
    [ "$(grep -v '^#' a.csv | awk -F, 'NR > 1 && $3 > 2' | wc -l)" -gt 60 ]
}

@test "a mixture is continued by a mixture and refused by one rotation" {
    "$ROVI" fit "$TARGET" -q --start "$FIT" -o b.json >table
    grep -q '^  method *mixture' table
    refused 2 "the start is a mixture, which only methods mixture and auto continue" \
        fit "$TARGET" -q --method rovi --start "$FIT" -o c.json
}

@test "weights that do not fit are refused with their place" {
    sed 's/"weights": \[[^]]*\]/"weights": [0.5, 0.5]/' "$FIT" >bad.json
    refused 2 "weights" sample bad.json -n 1 -o x.csv
}

@test "a picture is drawn of it" {
    command -v gnuplot >/dev/null || skip "no gnuplot"
    "$ROVI" plot "$FIT" -o a.svg
    [ -s a.svg ]
}

@test "the default method says which family it took" {
    "$ROVI" fit "$TARGET" -q -o a.json --threads 1 >table
    grep -q '^  method *mixture' table
    "$ROVI" fit figure1-m3 -q -o b.json --threads 1 >table
    grep -q '^  method *rovi' table
}

@test "what a mixture cost is reported beside one rotation" {
    "$ROVI" fit "$TARGET" -q -o a.json --threads 1 --json >out
    [ "$(grep -c '"evaluations": [0-9]' out)" -eq 5 ] # four rotations, one mixture
    grep -A8 '"status": ' out | grep -q '"components": [23]'
    "$ROVI" fit "$TARGET" -q -o a.json --threads 1 >table
    grep -Eq '^ +[0-9]+ for the mixture, in [0-9.]+ s; [0-9]+ before it, by 4 restarts$' table
}
