# SPDX-License-Identifier: BSD-3-Clause
# rovi plot: pictures of every kind, and what happens without gnuplot.

load common.bash

need_gnuplot() {
    command -v gnuplot >/dev/null || skip "gnuplot is not installed"
}

@test "PNG, SVG and PDF of two fits side by side" {
    need_gnuplot
    fitted asymmetric a.json --method mfvi
    fitted asymmetric b.json
    for suffix in png svg pdf; do
        "$ROVI" plot a.json b.json -o "p.$suffix" 2>err
        [ ! -s err ]
    done
    [ "$(head -c 4 p.png | tail -c 3)" = PNG ]
    [ "$(head -c 5 p.pdf)" = %PDF- ]
    grep -q '</svg>' p.svg
    only_here a.json b.json table p.png p.svg p.pdf err
}

@test "every kind, in one, two and more dimensions" {
    need_gnuplot
    echo '{"type": "gaussian_mixture", "weights": [0.4, 0.6], "means": [[-2], [2]]}' >one.json
    for target in one.json student-t funnel many-well; do
        fitted "$target" f.json
        for kind in fit marginals pairs trace restarts; do
            "$ROVI" plot f.json -o p.svg --kind "$kind" 2>err
            [ ! -s err ]
        done
    done
}

@test "the script can be kept, and draws the picture again" {
    need_gnuplot
    fitted ring f.json
    "$ROVI" plot f.json -o p.svg --script p.gp
    mv p.svg first.svg
    gnuplot p.gp
    diff first.svg p.svg
}

@test "names are no commands" {
    need_gnuplot
    fitted ring "a'b\`touch pwned\`.json"
    sed -i 's/"target": "ring"/"target": "`touch pwned`'"'"'; system(\\"touch pwned\\")"/' "a'b\`touch pwned\`.json"
    "$ROVI" plot "a'b\`touch pwned\`.json" -o p.svg --script p.gp
    gnuplot p.gp
    [ ! -e pwned ]
}

@test "without gnuplot: which package, and the script is left" {
    fitted ring f.json
    without_gnuplot plot f.json -o p.png
    grep -q "^set output 'p.png'" p.gp
    only_here f.json table bin line err p.gp
}

@test "a picture that cannot be written" {
    need_gnuplot
    fitted ring f.json
    refused 1 'cannot be written' plot f.json -o no/such/folder/p.png
    code=0
    (ulimit -f 16 && "$ROVI" plot f.json -o p.svg) 2>err || code=$?
    [ "$code" = 1 ]
    only_here f.json table err
}

@test "pairs: a colour for each mode, the leading axes of the fit where there are many, mixtures as well" {
    need_gnuplot
    fitted many-well f.json
    "$ROVI" plot f.json -o p.svg --kind pairs --script p.gp
    [ "$(grep -c 'pairs0 index 0 using' p.gp)" = 10 ] # pairs of five axes
    grep -q 'y_{' p.gp
    "$ROVI" fit far-asymmetric --method mixture -o m.json --quiet >table
    "$ROVI" plot m.json -o p.svg --kind pairs --script p.gp
    [ "$(grep -c 'pairs0 index [01] using 1:2' p.gp)" = 2 ]
    [ "$(awk '/^\$pairs0/ { inside = 1; next } /^EOD/ { inside = 0 } inside && NF' p.gp | wc -l)" = 4000 ]
    grep -q 'contours0 using' p.gp
}

@test "restarts: those that agree are told from those that do not" {
    need_gnuplot
    fitted ring f.json --restarts 3
    sed -i 's/"winner": [0-9]*/"winner": 0/' f.json
    awk '/^   "elbo": / { sub(/: .*/, ++n == 1 ? ": -1.5," : n == 2 ? ": -1.51," : ": -99.5,") } 1' f.json >g.json
    "$ROVI" plot g.json -o p.svg --kind restarts --script p.gp
    # restart, asinh(gap/.05) and its range: the first two agree, none was spared, the third is 98 nats below
    awk '/^\$restarts0/ { inside = 1; next } /^EOD/ { inside = 0 } inside { print NF && $1 != "NaN" ? $1 " " $2 : NF }' p.gp |
        tr '\n' ';' >points
    grep -q '^4;1 0;2 0.198[0-9]*;0;0;4;0;0;4;3 8.27[0-9]*;0;0;4;0;0;$' points
    grep -q '</svg>' p.svg
    "$ROVI" fit uneven -q --no-probe -o s.json >table # of four restarts one is fitted
    "$ROVI" plot s.json -o p.svg --kind restarts --script p.gp
    [ "$(awk '/^\$restarts0/ { inside = 1 } /^EOD/ { inside = 0 } inside && /NaN/ { part++ } inside && part == 2 && /^[2-4] /' p.gp | wc -l)" = 3 ]
    "$ROVI" plot f.json f.json -o p.svg --kind restarts 2>err
    [ ! -s err ]
    refused 2 'allowed: fit, marginals, pairs, trace, restarts' plot f.json -o p.svg --kind pair
}
