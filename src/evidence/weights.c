/* SPDX-License-Identifier: BSD-3-Clause */
#include "evidence/weights.h"

#include <math.h>

#include "base/status.h"

rovi_status weights_check(size_t n, const double *log_weight, rovi_error *error)
{
    for (size_t i = 0; i < n; i++) {
        if (isnan(log_weight[i]) || log_weight[i] == INFINITY) {
            return error_set(error, ROVI_BAD_INPUT, "log weight %zu is %g; finite ones and -infinity are allowed", i,
                             log_weight[i]);
        }
    }
    return ROVI_OK;
}
