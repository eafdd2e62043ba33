/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A law with heavier tails about an approximation, and what draws of both together say of log Z, where those of the
 * approximation alone hardly meet the target's tails.
 */
#ifndef ROVI_DIAGNOSE_WIDE_H
#define ROVI_DIAGNOSE_WIDE_H

#include "diagnose/draws.h"

struct wide {
    const rovi_approximation *q;
    size_t count;              /* of components, 1 for a rotated product */
    double *location, *spread; /* count x d: mean and sd of the coordinates y = T(x) of each */
    double *log_constant;      /* count: log of the density at its location, and of its weight */
};

/* Takes its memory from the arena, which may fail; q is borrowed. */
void wide_init(struct wide *wide, struct arena *arena, const rovi_approximation *q);

struct law wide_law(const struct wide *wide);

/* n draws of each of the two laws, and the log density of the other one there. */
struct wide_draws {
    size_t n;
    const struct draws *of_q, *of_wide;
    const double *wide_at_q, *q_at_wide;
};

struct wide_evidence {
    rovi_estimate log_z; /* equation (38c); mcse is NaN where the weights do not tell it */
    rovi_estimate bound; /* (38b), of as many pairs at a time as there are such groups */
    double k_hat;        /* of what its control variate leaves of the weights */
    double effective;    /* share of the draws that is left by the weights */
};

/* False when out of memory. */
bool wide_weigh(const struct wide_draws *draws, struct wide_evidence *out);

#endif
