/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "rovi.h"

#define LEAST_SHOWN    1e-9
#define PLAIN_UPTO     1e15 /* a double has no digits behind the point beyond */
#define EXACT_DECIMALS 4    /* where the error is 0 */

/* Decimals down to the digit of that rank, the first being 1, of a number that is not 0. */
static double decimals_of(double number, int rank)
{
    return rank - 1 - floor(log10(fabs(number)));
}

static int choose_decimals(double value, double error, double least)
{
    double wanted = EXACT_DECIMALS;
    if (error > 0 && isfinite(error)) {
        wanted = decimals_of(error, 2);
    } else if (!isfinite(error)) {
        wanted = isfinite(value) && value != 0 ? decimals_of(value, 3) : 0;
    }
    return (int)fmin(fmax(wanted, 0), fmax(round(-log10(least)), 0));
}

const char *rovi_estimate_text(rovi_estimate estimate, double least, char text[ROVI_ESTIMATE_ROOM])
{
    least = least > 0 ? least : LEAST_SHOWN;
    const double error = estimate.mcse > 0 ? fmax(estimate.mcse, least) : estimate.mcse;
    const int decimals = choose_decimals(estimate.value, error, least);
    const bool plain = !(fabs(estimate.value) > PLAIN_UPTO || (isfinite(error) && error > PLAIN_UPTO));
    const bool none = fabs(estimate.value) < 0.5 * pow(10, -decimals); /* no "-0.00" */
    int length =
        snprintf(text, ROVI_ESTIMATE_ROOM, plain ? "%.*f" : "%.*g", plain ? decimals : 3, none ? 0 : estimate.value);
    if (isfinite(error)) {
        snprintf(text + length, ROVI_ESTIMATE_ROOM - (size_t)length, plain ? " ± %.*f" : " ± %.*g",
                 plain ? decimals : 2, error);
    }
    return text;
}
