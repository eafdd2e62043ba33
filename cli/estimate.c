/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/estimate.h"

#include <math.h>
#include <stdio.h>

#define DECIMALS_MOST 9
#define LEAST_ERROR   1e-9 /* of so many decimals: no error is shown as none */

const char *estimate_text(rovi_estimate estimate, char text[ESTIMATE_ROOM])
{
    double mcse = estimate.mcse > 0 ? fmax(estimate.mcse, LEAST_ERROR) : estimate.mcse;
    int decimals = mcse > 0 && isfinite(mcse) ? (int)(1 - floor(log10(mcse))) : 4; /* two digits of the error */
    decimals = decimals < 0 ? 0 : decimals > DECIMALS_MOST ? DECIMALS_MOST : decimals;
    double value = fabs(estimate.value) < LEAST_ERROR / 2 ? 0 : estimate.value; /* no "-0.000000000" */
    int length = snprintf(text, ESTIMATE_ROOM, "%.*f", fabs(value) < 1e15 ? decimals : 0, value);
    if (isfinite(mcse) && length > 0 && length < ESTIMATE_ROOM)
        snprintf(text + length, ESTIMATE_ROOM - (size_t)length, " ± %.*f", decimals, mcse);
    return text;
}
