#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A genuine Stan program, compiled through Stan's own headers and fitted end to end, against exact answers.
# usage: run.sh ROVI BUILD_DIR
set -eu
rovi=$(realpath "$1")
mkdir -p "$2"
build=$(cd "$2" && pwd)
cd "$(dirname "$0")"
code=0
sh build.sh schools.stan "$build/schools.so" "$build" || code=$?
if [ "$code" = 77 ]; then
    echo "the test by a genuine Stan program was skipped"
    exit 0
fi
[ "$code" = 0 ]
cp schools.json "$build"
awk -f exact.awk >"$build/exact"
cd "$build"

# refused PART FLAGS...: exit 2, and the model's own words
refused()
{
    part=$1
    code=0
    shift
    "$rovi" fit schools.so --quiet "$@" >out 2>err || code=$?
    if [ "$code" != 2 ] || ! grep -q "$part" err; then
        echo "exit $code:" && cat err && exit 1
    fi
}
refused 'variable does not exist'
echo '{"J": 8, "y": [1, 2], "sigma": [1, 2]}' >bad.json
refused 'mismatch in dimension declared and found in context' --data bad.json
echo '{"mu": 1, "tau": -1, "z": [0, 0, 0, 0, 0, 0, 0, 0]}' >bad.json
refused 'but must be greater than or equal to 0' --data schools.json --init bad.json

echo '{"mu": 4, "tau": 3, "z": [0, 0, 0, 0, 0, 0, 0, 0]}' >init.json
"$rovi" fit schools.so --data schools.json --init init.json --restarts 2 -o fit.json --quiet >table
cat table
"$rovi" sample fit.json -n 4000 --generated-quantities -o draws.csv
names=$(grep -v '^#' draws.csv | head -n 1)
[ "${names%,z.1,*}" = lp_approx__,lp__,mu,tau ]
[ "${names##*,theta.8,}" = y_rep.1,y_rep.2,y_rep.3,y_rep.4,y_rep.5,y_rep.6,y_rep.7,y_rep.8 ]
if grep -v '^#' draws.csv | grep -q nan; then
    echo "draws.csv holds nan" && exit 1
fi

# The ELBO is at most log Z, and less by little; means within .2 sd, which the mean-field family in the non-centred
# coordinates misses by its light tail in tau, beside which the error of 4000 draws, .016 sd, is small.
awk '
FNR == NR { mean[$1] = $2; sd[$1] = $3; next }
$1 == "ELBO" { gap = mean["log_z"] - $2; found++
    if (gap < -5 * $4 || gap > .2) { print "log Z - ELBO is", gap; failed = 1 } }
$1 in mean && $1 != "log_z" { off = ($2 - mean[$1]) / sd[$1]; found++
    printf "%s: off by %.3f sd\n", $1, off
    if (off > .2 || off < -.2) failed = 1 }
END { exit failed || found != 4 }' exact table
echo "a genuine Stan program: as it should be"
