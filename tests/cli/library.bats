# SPDX-License-Identifier: BSD-3-Clause
# Shared libraries as targets: Stan models (fixtures that speak BridgeStan's interface) and plugins.

load common.bash

setup_file() {
    FIXTURES=$(realpath "${ROVI_BUILD:-build}")/fixtures
    export FIXTURES
}

# fit_library NAME FLAGS...: a copy of the fixture here, fitted quietly into f.json, the table in `table`
fit_library() {
    local name=$1
    shift
    cp "$FIXTURES/$name.so" .
    "$ROVI" fit "$name.so" -o f.json --restarts 2 --draws 2000 --quiet "$@" >table
}

# row NAME COLUMN: of the table that a fit ends with
row() {
    awk -v name="$1" -v column="$2" '$1 == name { print $column }' table
}

@test "a Stan model: the table of parameters on the constrained scale" {
    fit_library stan_plain
    [ "$(tail -n 5 table | head -n 4 | awk '{ print $1 }' | tr '\n' ' ')" = 'mean mu sigma t.1 ' ]
    near "$(row mu 2)" 1 .08 # 5 errors of 4000 draws
    near "$(row mu 3)" .0158 .001
    near "$(row mu 4)" 1 .06
    near "$(row mu 5)" -.645 .2 # 1 - 1.645 sd; errors of the quantile .04
    near "$(row mu 7)" 2.645 .2
    near "$(row sigma 6)" .135 .025 # the median of exp(v) is exp(-2)
    near "$(row t.1 2)" -1 .25
    tail -n 1 table | grep -q 'by 4000 draws of the fit, on the constrained scale'
    only_here stan_plain.so f.json table
}

@test "draws have the model's names, transformed parameters, generated quantities on request" {
    fit_library stan_plain
    "$ROVI" sample f.json -n 2000 -o a.csv
    [ "$(grep -v '^#' a.csv | head -n 1)" = lp_approx__,lp__,mu,sigma,t.1 ]
    near "$(column mu a.csv | mean)" 1 .12
    near "$(column t.1 a.csv | mean)" -1 .35
    "$ROVI" sample f.json -n 500 -o b.csv --generated-quantities
    [ "$(grep -v '^#' b.csv | head -n 1)" = lp_approx__,lp__,mu,sigma,t.1,g ]
    near "$(column g b.csv | mean)" .5 .065 # 5 errors of uniforms
    [ "$(column g b.csv | sort -u | wc -l)" = 500 ]
    diff <(column mu a.csv | head -n 500) <(column mu b.csv)
    "$ROVI" sample f.json -n 20 -o c.csv --generated-quantities
    diff <(grep -v '^#' b.csv | head -n 21) <(grep -v '^#' c.csv)
    # lp__ is the density of the unconstrained parameters: u = mu, v = log sigma
    grep -v '^#' c.csv | tail -n +2 | awk -F, '{ a = $3 - 1; b = (log($4) + 2) / 2
        lp = -(a * a - 1.6 * a * b + b * b) / .72 - log(4 * 3.14159265358979) - log(.36) / 2
        if ((lp - $2)^2 > 1e-16) exit 1 }'
}

@test "ADVI's layout: draws on the constrained scale, behind the mean as the model constrains it" {
    fit_library stan_plain
    "$ROVI" sample f.json -n 50 -o a.csv --generated-quantities
    "$ROVI" sample f.json -n 50 -o v.csv --generated-quantities --layout advi
    [ "$(grep -v '^#' v.csv | head -n 1)" = lp__,log_p__,log_g__,mu,sigma,t.1,g ]
    diff <(grep -v '^#' a.csv | tail -n 50 | cut -d , -f 3-) <(grep -v '^#' v.csv | tail -n 50 | cut -d , -f 4-)
    near "$(column sigma v.csv | head -n 1)" .135 .01 # exp of the mean of v, not the mean of exp(v)
}

@test "NetCDF, where it is there: both scales" {
    fit_library stan_plain
    if "$ROVI" sample f.json -n 50 -o a.nc --generated-quantities 2>err; then
        for name in unconstrained_posterior sample_stats sigma t_dim_0; do
            grep -aq "$name" a.nc
        done
        "$ROVI" sample f.json -n 50 -o b.nc --unconstrained
        lacks -a -e unconstrained_posterior -e sigma b.nc
    else
        grep -q 'libnetcdf-dev' err
    fi
}

@test "resampled draws keep their generated quantities" {
    fit_library stan_plain
    rows() { grep -v '^#' "$1" | tail -n +2 | sort; }
    "$ROVI" sample f.json -n 300 -o all.csv --generated-quantities
    "$ROVI" sample f.json -n 100 -o some.csv --generated-quantities --resample 300
    [ "$(comm -12 <(rows all.csv) <(rows some.csv) | wc -l)" = 100 ]
}

@test "unconstrained draws need no library" {
    fit_library stan_plain
    rm stan_plain.so
    refused 2 'f.json: ' sample f.json -n 10 -o a.csv
    refused 2 'cannot be loaded' sample f.json -n 10 -o a.csv
    only_here f.json table
    "$ROVI" sample f.json -n 10 -o a.csv --unconstrained
    [ "$(grep -v '^#' a.csv | head -n 1)" = lp_approx__,lp__,x.1,x.2 ]
    refused 2 'allowed: one of them' sample f.json -n 10 -o b.csv --unconstrained --generated-quantities
    refused 2 'found --unconstrained and --resample' sample f.json -n 10 -o b.csv --unconstrained --resample 20
    fitted ring r.json
    refused 2 'for the fit of a .so library' sample r.json -n 10 -o b.csv --unconstrained
    refused 2 'for the fit of a .so library' sample r.json -n 10 -o b.csv --generated-quantities
}

@test "data: used, recorded, and missed when they change" {
    echo '{"shift": 4}' >data.json
    fit_library stan_plain --data data.json
    near "$(row mu 2)" 5 .08
    grep -q '"library": true' f.json
    grep -q "\"data\": \"$PWD/data.json\"" f.json
    [ "$(grep -o 'fnv1a64:[0-9a-f]*' f.json | sort -u | wc -l)" = 2 ]
    "$ROVI" sample f.json -n 100 -o a.csv 2>err
    [ ! -s err ]
    near "$(column mu a.csv | mean)" 5 .5
    echo '{"shift": 5}' >data.json
    "$ROVI" sample f.json -n 1 -o a.csv 2>err
    grep -q 'data.json has changed since the fit' err
    cp "$FIXTURES/stan_prints.so" stan_plain.so
    "$ROVI" sample f.json -n 1 -o a.csv 2>err
    grep -q 'stan_plain.so has changed since the fit' err
    rm data.json
    cp "$FIXTURES/stan_plain.so" .
    refused 2 'Could not open the data file' sample f.json -n 1 -o b.csv
    rm stan_plain.so
    refused 2 '--unconstrained draws do without the library' sample f.json -n 1 -o b.csv
    "$ROVI" sample f.json -n 1 -o b.csv --unconstrained
}

@test "data that are not there, or that the model rejects" {
    cp "$FIXTURES/stan_plain.so" .
    refused 2 'no.json: cannot be read: No such file' fit stan_plain.so --quiet --data no.json
    echo '{"sift": 4}' >bad.json
    refused 2 'the model cannot be made from its data: Exception: variable does not exist; variable name=shift' \
        fit stan_plain.so --quiet --data bad.json
    cp bad.json bad.txt
    refused 2 'allowed: a file whose name ends in .json' fit stan_plain.so --quiet --data bad.txt
    cp "$FIXTURES/plugin.so" .
    refused 2 'allowed: none, as it has no rovi_plugin_open' fit plugin.so --quiet --data bad.json
    refused 2 '--data: found "a" and "b", allowed: one of them' fit plugin.so --data a --data b
    only_here stan_plain.so bad.json bad.txt plugin.so
}

@test "another dimension than the fit's" {
    cp "$FIXTURES/plugin_data.so" p.so
    "$ROVI" fit p.so --quiet -o f.json --restarts 1 --draws 500 >table
    sed -i 's|"path": .*p.so"|"path": "'"$FIXTURES/plugin.so"'"|' f.json
    code=0 # the fingerprint differs as well, which takes a line of its own
    "$ROVI" sample f.json -n 1 -o a.csv 2>err || code=$?
    [ "$code" = 2 ]
    grep -q 'has dimension 2, allowed: 3, as the fit has' err
    [ ! -e a.csv ]
}

@test "files that are no targets" {
    for pair in 'stan_old:before 2.0' 'stan_future:BridgeStan 3.7.0, allowed: of BridgeStan 2' \
        'stan_incomplete:the symbol bs_set_print_callback is missing' 'stan_twins:found the name "mu" twice' \
        'library_other:are both missing' 'plugin_future:found rovi_plugin_abi = 2' \
        'plugin_incomplete:the symbol rovi_plugin_logp is missing'; do
        refused 2 "${pair#*:}" fit "$FIXTURES/${pair%%:*}.so" --quiet
    done
    head -c 1000 "$FIXTURES/stan_plain.so" >cut.so
    refused 2 'cut.so: cannot be loaded as a shared library: it is cut short' fit cut.so --quiet
    head -c 6000 "$FIXTURES/stan_plain.so" >cut.so
    refused 2 'cut.so: cannot be loaded as a shared library: it is cut short' fit cut.so --quiet
    { head -c 18 "$FIXTURES/stan_plain.so" && printf '\x28\x00' && tail -c +21 "$FIXTURES/stan_plain.so"; } >arm.so
    refused 2 'arm.so: cannot be loaded as a shared library: it is built for another architecture (ELF machine 40 of 64 bits, ' \
        fit arm.so --quiet
    { head -c 4 "$FIXTURES/stan_plain.so" && printf '\x01' && tail -c +6 "$FIXTURES/stan_plain.so"; } >small.so
    refused 2 'it is built for another architecture (ELF machine' fit small.so --quiet
    { head -c 16 "$FIXTURES/stan_plain.so" && printf '\x01\x00' && tail -c +19 "$FIXTURES/stan_plain.so"; } >object.so
    refused 2 'it is an object file, which has not been linked' fit object.so --quiet
    cp "$SOURCE/README.md" text.so
    refused 2 'it is another kind of file' fit text.so --quiet
    : >empty.so
    refused 2 'empty.so: cannot be loaded as a shared library: file too short' fit empty.so --quiet
    refused 2 'cannot be read: Is a directory' fit . --quiet
    mkdir folder.so
    refused 2 'folder.so: cannot be read: Is a directory' fit folder.so --quiet
    only_here arm.so cut.so empty.so folder.so object.so small.so text.so
}

@test "a model that throws in part of space is fitted, and says so" {
    fit_library stan_throws --solver gradient
    grep -q 'the model failed at .* points\?, and said first: Exception: u is too large (in model.stan, line 7)' table
    "$ROVI" sample f.json -n 2000 -o a.csv 2>err
    grep -q ' of 2000 draws could not be constrained, their rows hold NaN; the model said first: Exception: u is' err
    [ "$(column mu a.csv | grep -c NaN)" = "$(sed -n 's/^rovi sample: \([0-9]*\) of .*/\1/p' err)" ]
}

@test "a model that fails everywhere is quoted" {
    cp "$FIXTURES/stan_fails.so" .
    refused 1 'it said: Exception: normal_lpdf: Scale parameter is -1, but must be positive!' fit stan_fails.so --quiet
    only_here stan_fails.so
}

@test "a model that can constrain nothing is fitted; no file of nan comes of it" {
    fit_library stan_mute
    grep -q 'none of 4000 draws could be constrained, .*; the model said: Exception: u is too large to be' table
    refused 1 'none of the draws could be constrained; the model said: Exception: u is too large' \
        sample f.json -n 10 -o a.csv
    only_here stan_mute.so f.json table
    "$ROVI" sample f.json -n 10 -o a.csv --unconstrained
}

@test "a model that constrains to NaN without a word: the draws are counted, the name is said" {
    fit_library stan_vague
    grep -q ' of these draws hold NaN; the model said first: no exception, but NaN for sigma' table
    "$ROVI" sample f.json -n 2000 -o a.csv 2>err
    grep -q ' of 2000 draws could not be constrained, their rows hold NaN; the model said first: no exception, but NaN for sigma' err
    [ "$(column sigma a.csv | grep -c NaN)" = "$(sed -n 's/^rovi sample: \([0-9]*\) of .*/\1/p' err)" ]
    lacks NaN <(column mu a.csv)
}

@test "a fit file whose library is spoilt" {
    fit_library stan_plain
    sed 's/"library": true/"library": 5/' f.json >g.json
    refused 2 'g.json: target_source.library: found 5, allowed: true, beside a path' sample g.json -n 1 -o a.csv
    sed 's/"data": null/"data": [1]/' f.json >g.json
    refused 2 'g.json: target_source.data: found an array of 1 value' sample g.json -n 1 -o a.csv
}

@test "a model that is NaN in part of space is fitted" {
    fit_library stan_nan
    grep -q ' rejected' table
}

@test "a model without threads has one, and the log says so" {
    cp "$FIXTURES/stan_unthreaded.so" .
    "$ROVI" fit stan_unthreaded.so --restarts 2 --threads 3 --draws 1000 >table 2>err
    grep -q 'asked from one thread' err
    grep -q 'on 1 thread' table
    "$ROVI" fit stan_unthreaded.so --restarts 2 --threads 1 --draws 1000 >table 2>err
    lacks 'asked from one thread' err
}

@test "what a model prints goes to stderr, not without end, and nowhere with --quiet" {
    cp "$FIXTURES/stan_prints.so" .
    "$ROVI" fit stan_prints.so --restarts 1 --draws 1000 --json >out 2>err
    head -n 1 out | grep -q '^{$'
    lacks 'a line of the model' out
    grep -q 'a line of the model' err
    grep -q 'the rest is dropped' err
    [ "$(wc -l <err)" -lt 300 ]
    "$ROVI" fit stan_prints.so --restarts 1 --draws 1000 --quiet >out 2>err
    [ ! -s err ]
}

@test "a wrong gradient is found before the fit, by name" {
    cp "$FIXTURES/stan_slope.so" .
    refused 1 'the gradient is wrong: in coordinate 2 (sigma) it is ' fit stan_slope.so --quiet
    only_here stan_slope.so
    "$ROVI" fit stan_slope.so --quiet --restarts 1 --draws 500 --no-gradient-check >table || [ $? = 3 ]
    grep -q '^  sigma' table
}

@test "a plugin of twenty lines" {
    fit_library plugin
    [ "$(row along 1)" = along ]
    near "$(row along 2)" 1 .1
    "$ROVI" sample f.json -n 5 -o a.csv
    [ "$(grep -v '^#' a.csv | head -n 1)" = lp_approx__,lp__,along,across ]
}

@test "a plugin without gradient: differences, and it says so" {
    cp "$FIXTURES/plugin_data.so" .
    "$ROVI" fit plugin_data.so --restarts 1 --draws 1000 >table 2>err
    grep -q 'has no gradient: central differences take its place, 6 log densities' err
    grep -q 'gradients are central differences' table
    grep -q 'KL' table # its log Z is known
    "$ROVI" fit plugin_data.so --restarts 1 --draws 1000 --quiet --json >out
    grep -q '"gradient": "differences"' out
    touch -- -1
    refused 2 'the plugin rejects its data: the data are -1, but must be a number' fit plugin_data.so --quiet --data=-1
}

@test "where importance weights matter the table is by them, and more draws are offered with them" {
    cp "$FIXTURES/plugin_shapes.so" .
    touch bent # sd 1 and sqrt(11)/3 = 1.106
    "$ROVI" fit plugin_shapes.so --data bent -o f.json --quiet --seed 2 >table
    grep -q 'by 4000 draws of the fit, weighted by importance (worth 3[0-9]*); the column' table
    grep -q 'rovi sample f.json -n 1000 --resample 10000 -o draws.csv' table
    near "$(row beta 2)" 0 .1 # 5 errors, .02
    near "$(row alpha 4)" 1 .06
    near "$(row beta 4)" 1.106 .07
    "$ROVI" report f.json -o report.html
    grep -q 'By 4000 draws of the fit, weighted by importance (worth 3' report.html
    "$ROVI" fit plugin_shapes.so --data bent -o f.json --quiet --seed 2 --json >out
    grep -q '"parameters_ess": 3' out
    "$ROVI" fit plugin_shapes.so --data bent -o f.json --quiet --seed 2 --no-probe >table
    lacks weighted table
    near "$(row alpha 4)" .93 .04 # the fit's own, which is too narrow
}

@test "--json has the parameters with their errors" {
    cp "$FIXTURES/stan_throws.so" .
    "$ROVI" fit stan_throws.so --quiet --restarts 1 --draws 1000 --json >out
    for key in parameters parameters_total parameters_draws gradient failures; do
        grep -q "^ \"$key\": " out
    done
    grep -q '"name": "t.1"' out
    for key in mean sd q5 q50 q95; do
        grep -q "\"$key\": {\"value\": [-0-9.e]*, \"mcse\": [0-9.e-]*}" out
    done
    grep -q '"message": "Exception: u is too large (in model.stan, line 7)"' out
}

@test "--init: on the constrained scale, by coordinates, by names" {
    echo '{"mu": 1.5, "sigma": 0.5}' >init.json
    fit_library stan_plain --init init.json
    near "$(row mu 2)" 1 .08
    echo '[1, -2]' >init.json
    fit_library stan_plain --init init.json
    echo '{"along": 1, "across": 1.2}' >init.json
    fit_library plugin --init init.json
    echo '{"x.1": 4, "x.2": 0}' >init.json
    fitted ring f.json --init init.json
    refused 2 'init.json: the key "along" is missing' fit plugin.so --quiet --init init.json
    echo '{"along": 1, "across": 1, "above": 1}' >init.json
    refused 2 'init.json: found 3 numbers, allowed: 2' fit plugin.so --quiet --init init.json
    echo '{"mu": 1.5, "sigma": -1}' >init.json
    refused 2 'init.json: the model rejects these values: Exception: sigma is not positive' \
        fit stan_plain.so --quiet --init init.json
    echo '[1, 2, 3]' >init.json
    refused 2 'init.json: found an array of 3 values, allowed: an array of 2 numbers' \
        fit stan_plain.so --quiet --init init.json
    echo '"here"' >init.json
    refused 2 'init.json' fit stan_plain.so --quiet --init init.json
    cp "$FIXTURES/stan_throws.so" .
    echo '[3, 0]' >init.json
    refused 2 'log density is not finite there: Exception: u is too large' fit stan_throws.so --quiet --init init.json
    refused 2 'no.json: cannot be read' fit stan_plain.so --quiet --init no.json
}
