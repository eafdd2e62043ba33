/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/estimate.h"

#include <math.h>
#include <stdio.h>

const char *estimate_text(rovi_estimate estimate, char text[ESTIMATE_ROOM])
{
    double mcse = estimate.mcse;
    int decimals = mcse > 0 && isfinite(mcse) ? (int)(1 - floor(log10(mcse))) : 4; /* two digits of the error */
    decimals = decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
    int length = snprintf(text, ESTIMATE_ROOM, "%.*f", fabs(estimate.value) < 1e15 ? decimals : 0, estimate.value);
    if (isfinite(mcse) && length > 0 && length < ESTIMATE_ROOM)
        snprintf(text + length, ESTIMATE_ROOM - (size_t)length, " ± %.*f", decimals, mcse);
    return text;
}
