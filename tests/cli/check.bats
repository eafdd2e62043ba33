# SPDX-License-Identifier: BSD-3-Clause
# rovi check, and what rovi fit says of collapse.

load common.bash

@test "a fit that lost a mode ends with 4 and says so" {
    code=0
    "$ROVI" fit figure1-m3 --method mfvi -o lost.json --quiet >out || code=$?
    [ "$code" = 4 ]
    grep -q '^  collapse  suspected: the mode at .* of the mass, of which the fit holds less than [0-9.]* %' out
    grep -q '^Next:  rovi fit figure1-m3 --method mixture' out
    grep -q '"collapse": {"verdict": "suspected", "reason": "the mode at ' lost.json
    code=0
    "$ROVI" check lost.json >out || code=$?
    [ "$code" = 4 ]
    grep -q '^Mode collapse is suspected: ' out
    grep -q 'missed$' out
    grep -q 'mean-field VI collapses, onto either component' out
    grep -q '^Next:  rovi fit figure1-m3 --method mixture' out
}

@test "the next command takes in what was found, though no start of its own leads there" {
    printf '%s' '{"type": "gaussian_mixture", "weights": [0.7, 0.3], "means": [[0, 0], [70, 70]]}' >far.json
    "$ROVI" fit far.json --method rovi -o lost.json --quiet >out || [ $? = 4 ]
    grep -q '^Next:  rovi fit far.json --method mixture --start lost.json$' out
    "$ROVI" fit far.json --method mixture --start lost.json -o kept.json --quiet >out
    grep -q '^  modes     2$' out
    grep -q '^  collapse  none' out
    "$ROVI" fit far.json --method rovi --start lost.json -o kept.json --quiet >out || [ $? = 4 ] # one product: as before
}

@test "in many dimensions too, in the form that such fits have; and what was put together goes on" {
    awk 'BEGIN { for (i = 0; i < 200; i++) { a = a (i ? ", " : "") "0"; b = b (i ? ", " : "") "2" }
        printf "{\"type\": \"gaussian_mixture\", \"weights\": [0.4, 0.6], \"means\": [[%s], [%s]]}\n", a, b }' >far.json
    "$ROVI" fit far.json --restarts 1 --method rovi -o lost.json --quiet >out || [ $? = 4 ]
    grep -q '^Next:  rovi fit far.json --start lost.json$' out
    "$ROVI" fit far.json --start lost.json -o kept.json --quiet >out
    grep -q '^  modes     2$' out
    grep -q '^  collapse  none' out
    "$ROVI" fit far.json --start kept.json -o again.json --quiet >out
    grep -q '^  modes     2$' out
    refused 2 'which only method auto continues' fit far.json --start kept.json --method mixture -o a.json --quiet
    cp kept.json own.json
    "$ROVI" fit far.json --start own.json -o own.json --max-time 0.000001 --quiet >out || [ $? = 3 ] # loses nothing
    grep -q '^  modes     2$' out
}

@test "where the family is left to it, a fit goes on with what its search has found" {
    printf '%s' '{"type": "gaussian_mixture", "weights": [0.7, 0.3], "means": [[0, 0], [70, 70]]}' >far.json
    "$ROVI" fit far.json -o kept.json --quiet >table
    grep -q '^  went on   with 1 mode that the search beyond an earlier fit had found$' table
    grep -Eq '^            0.7000  0.7000 ± 0.0000 ' table
    grep -Eq '^            0.3000  0.3000 ± 0.0000 ' table
    grep -q '^  collapse  none' table
    "$ROVI" check kept.json >out
    grep -q '^No lost mode was found' out
    grep -q '^  restarts  1 of 2 agree with the fit$' out # a rotation, and the mixture
    "$ROVI" fit far.json -o kept.json --quiet --json >out
    grep -q '^ "taken_in": 1' out
    "$ROVI" fit figure1-m3 -o kept.json --quiet --json >out
    grep -q '^ "taken_in": 0' out
    # a limit is a limit, and who asks for no search has none
    "$ROVI" fit far.json -o kept.json --quiet --max-evaluations 100000 --json >out || [ $? = 4 ]
    grep -q '"verdict": "suspected"' out
    grep -q '^ "taken_in": 0' out
    "$ROVI" fit far.json -o kept.json --quiet --no-probe >table
    grep -q '^  modes     1$' table
}

@test "a fit that keeps both ends with 0" {
    "$ROVI" fit figure1-m3 -o kept.json --quiet --json >out
    grep -q '"collapse": {"verdict": "none", "reason": ".* climbs from dispersed starts found no mode' out
    "$ROVI" check kept.json >out
    grep -q '^No lost mode was found' out
    grep -q '^  restarts  1 of 1 agree with the fit$' out # the others searched, and were not fitted
    grep -q '^            the searches of 3 more found the same modes$' out
    if grep -q failed out; then return 1; fi
    for word in KL ELBO 'log Z' k-hat effective restarts theory asked; do
        grep -q "^  $word" out
    done
}

@test "4 wins over 3" {
    code=0
    "$ROVI" fit figure1-m3 --method mfvi --iterations 4 --restarts 1 --quiet --json >out || code=$?
    if grep -q '"status": "converged"' out; then
        skip 'four rounds were enough'
    fi
    [ "$code" = 4 ]
}

@test "--no-probe: nobody searches" {
    "$ROVI" fit figure1-m3 --method mfvi --no-probe -o lost.json --quiet --json >out
    grep -q '"collapse": null' out
    grep -q '"collapse": null' lost.json
    "$ROVI" check lost.json --no-probe >out
    grep -q '^Not searched' out
    "$ROVI" check lost.json --no-probe --json >out
    grep -q '"collapse": null' out
}

@test "a search that was cut short says so in JSON, too" {
    "$ROVI" fit figure1-m3 --method mfvi --no-probe -o lost.json --quiet >out
    "$ROVI" check lost.json --max-evaluations 20 --json >out
    grep -q '"collapse": {"verdict": "unknown", "reason": "the search was cut short (max_evaluations) before it began"}' out
}

@test "--json prints its keys, and the same for any number of threads" {
    "$ROVI" fit uneven --method mfvi --no-probe -o lost.json --quiet >out
    "$ROVI" check lost.json --json --threads 1 >one || [ $? = 4 ]
    "$ROVI" check lost.json --json --threads 3 >three || [ $? = 4 ]
    for key in rovi fit target method dim collapse search draws elbo kl log_z_is log_z_bound k_hat k_threshold ess outside modes \
        modes_total climbs found regions clusters restart_cluster theory evaluations time; do
        grep -q "^ \"$key\": " one
    done
    diff <(grep -v '"time"' one) <(grep -v '"time"' three)
    "$ROVI" check lost.json --json --threads 1 --seed 5 | grep -v '"time"' >other || true
    differ <(grep -v '"time"' one) other
}

@test "it asks the target no more often than it may" {
    "$ROVI" fit figure1-m3 --method mfvi --no-probe -o lost.json --quiet >out
    "$ROVI" check lost.json --max-evaluations 2000 --json >out || [ $? = 4 ]
    asked=$(sed -n 's/.*"evaluations": {"density": \([0-9]*\),.*/\1/p' out)
    [ "$asked" -le 3000 ]
}

@test "a target file that has changed is said" {
    printf '%s' '{"type": "gaussian_mixture", "weights": [1], "means": [[0, 0]]}' >t.json
    "$ROVI" fit t.json -o a.json --quiet >out
    printf '%s' '{"type": "gaussian_mixture", "weights": [1], "means": [[1, 0]]}' >t.json
    "$ROVI" check a.json >out 2>err
    grep -q 't.json has changed since the fit; what is asked is the target that was fitted' err
}

@test "bad input" {
    refused 2 'found no fit' check
    refused 2 'cannot be read' check no-such.json
    refused 2 'found unknown flag --jsn (did you mean --json?)' check a.json --jsn
    refused 2 '--threads: found "x", allowed' check a.json --threads x
    refused 2 '--threads: found "2000", allowed: a whole number from 0 to 1024' check a.json --threads 2000
    refused 2 '--seed: found "-1", allowed' check a.json --seed=-1
    refused 2 '--max-evaluations: found "no", allowed' check a.json --max-evaluations no
    refused 2 'allowed: one fit' check a.json b.json
    printf '%s' '{"type": "banana"}' >t.json
    refused 2 'this is a target description' check t.json
}
