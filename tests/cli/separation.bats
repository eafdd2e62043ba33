# SPDX-License-Identifier: BSD-3-Clause
# rovi separation: what it says, its JSON, and what it refuses.

load common.bash

# number PATH: of out.json, as jq-less shells can: the value after "KEY": on the first line that has it
number() {
    grep -m 1 -o "\"$1\": [^,}]*" out.json | sed 's/.*: //'
}

# near VALUE EXPECTED TOLERANCE
near() {
    awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { exit !(a - b <= t && b - a <= t) }' || {
        echo "$1 is not $2"
        return 1
    }
}

@test "figure 1 at m = 3: collapse is predicted, and the rotation that avoids it" {
    "$ROVI" separation figure1-m3 >out
    grep -q 'mean-field VI  KL 0.6931 (exact)' out
    grep -q 'lesser mass at most 0.2251 (4), 0.01837 (5)' out
    grep -q 'KL 0.0000 (exact) at 45.00 degrees' out
    grep -q 'separated enough for the theorem' out
    grep -q 'collapses, onto either component' out
    grep -q 'RoVI keeps both' out
}

@test "one object of JSON, the same for any number of threads" {
    "$ROVI" separation figure1-m2 --json --threads 1 >out.json
    near "$(number limit)" 0.0636 0.0002
    near "$(number degrees)" 0 0
    near "$(grep -o '"by_mass": {"epsilon": [^,]*' out.json | sed 's/.*: //')" 0.0445 0.0001
    grep -q '"collapses": true' out.json
    grep -q '"survivor": null' out.json
    grep -q '"printed_weight": null' out.json
    "$ROVI" separation figure1-m2 --json --threads 3 | diff - out.json
}

@test "uneven weights: the heavier component survives" {
    "$ROVI" separation uneven >out
    grep -q 'collapses, onto component 1' out
}

@test "components that are close: the theorem is silent, and nothing collapses" {
    "$ROVI" separation figure1-m1 >out
    grep -q 'the theorem is silent' out
    grep -q 'keeps both components' out
}

@test "three components: every pair, and the whole" {
    cat >three.json <<'JSON'
{"type": "gaussian_mixture", "weights": [0.2, 0.3, 0.5], "means": [[-4, -4], [4, 4], [4, -4]]}
JSON
    "$ROVI" separation three.json >out
    grep -q 'All components together' out
    [ "$(grep -c '^Components' out)" = 3 ]
    grep -q 'of the whole' out
    "$ROVI" separation three.json --json >out.json
    [ "$(grep -c '"components": \[' out.json)" = 3 ]
}

@test "above two dimensions a fit stands in, and says so" {
    cat >space.json <<'JSON'
{"type": "gaussian_mixture", "weights": [0.4, 0.6], "means": [[-3, -3, 0], [3, 3, 0]]}
JSON
    "$ROVI" separation space.json --seed 3 >out
    grep -q 'from above' out
    grep -q 'not known exactly here' out
    grep -q 'collapses, onto component 1' out
    "$ROVI" separation space.json --seed 3 --threads 2 | diff - out
}

@test "epsilon = 0 is named" {
    printf '%s' '{"type": "gaussian_mixture", "weights": [0.5, 0.5], "means": [[-60, -60], [60, 60]]}' >far.json
    "$ROVI" separation far.json | grep -q 'Lemma 2.2'
}

@test "bad input" {
    refused 2 'found no target' separation
    refused 2 'ring: the target is not a mixture' separation ring
    refused 2 'Student t with df = 3' separation student-t
    refused 2 'found unknown flag --jsn (did you mean --json?)' separation ring --jsn
    refused 2 '--threads: found "x", allowed' separation figure1-m3 --threads x
    refused 2 '--seed: found "-1", allowed' separation figure1-m3 --seed=-1
    refused 2 'allowed: one target' separation figure1-m3 ring
    printf '%s' '{"type": "gaussian_mixture", "weights": [1], "means": [[0, 0]]}' >t.json
    refused 2 't.json: the mixture has one component' separation t.json
    printf '%s' '{"type": "gaussian_mixture", "weights": [0.5, 0.5], "means": [[0], [3]]}' >t.json
    refused 2 't.json: the target has one dimension' separation t.json
    refused 2 'cannot be read' separation no-such.json
    only_here t.json
}

@test "too far apart for a grid: a fit stands in there too" {
    printf '%s' '{"type": "gaussian_mixture", "weights": [0.4, 0.6], "means": [[0, 0], [900, 900]]}' >t.json
    "$ROVI" separation t.json >out
    grep -q 'KL 0.5108 ± .*from above' out
    grep -q 'collapses, onto component 1' out
}
