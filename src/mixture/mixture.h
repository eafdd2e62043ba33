/* SPDX-License-Identifier: BSD-3-Clause */
/* The solver for mixtures. */
#ifndef ROVI_MIXTURE_MIXTURE_H
#define ROVI_MIXTURE_MIXTURE_H

#include "restart/restart.h"

/* What a mixture is worth beside the fit before it. */
struct mixture_terms {
    bool alone;     /* every search before it has found one mode, the same: few are made again */
    double to_beat; /* an ELBO: a mixture that is clearly above it may ask as often as the next says; or infinite */
    uint64_t budget_if_better;
    double price; /* evaluations that a nat is worth; 0: in proportion to what finding its components took */
};

/* A mixture of rotated products, from what explorations of its own find and, unless NULL, restart->start. */
void restart_by_mixture(const struct problem *problem, struct restart *restart, const struct mixture_terms *terms);

#endif
