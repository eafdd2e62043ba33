#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Count the single tests in ctest's log of a run: the cases of a cmocka program, the lines of a TAP script, and one for
# any other. A program that fails without naming a case counts as one failure. usage: count_tests.sh LastTest.log
# Prints: passed failed
set -eu
awk '
/^[0-9]+\/[0-9]+ Testing: / { ok = bad = 0; state = "failed" }
/^\[       OK \] / || /^ok [0-9]/ { ok++ }
/^\[  FAILED  \] [^0-9]/ || /^not ok [0-9]/ { bad++ }
/^Test Passed\.$/ { state = "passed" }
/^".*" end time: / {
    if (state == "passed" && ok + bad == 0)
        ok = 1
    if (state == "passed")
        bad = 0
    else if (bad == 0)
        bad = 1
    passed += ok
    failed += bad
}
END { print passed + 0, failed + 0 }' "$1"
