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
    for target in one.json student-t funnel; do
        fitted "$target" f.json
        for kind in fit marginals trace; do
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
    mkdir bin
    code=0
    PATH=$PWD/bin "$ROVI" plot f.json -o p.png 2>err || code=$?
    [ "$code" = 1 ]
    grep -q 'apt-get install gnuplot-nox' err
    grep -q "^set output 'p.png'" p.gp
    only_here f.json table bin err p.gp
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
