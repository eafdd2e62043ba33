/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the mass of a target runs off to infinity: a posterior without a prior where the data say nothing, a
 * likelihood that keeps growing. No fit can converge to such a target, nor may it be tried for ever.
 */
#ifndef ROVI_SUPERVISE_IMPROPER_H
#define ROVI_SUPERVISE_IMPROPER_H

#include <stdbool.h>
#include <stddef.h>

#include "family/approximation.h"
#include "target/meter.h"

#define IMPROPER_SHOWN 3

/* A direction along which the target has infinite mass: its largest coordinates, of unit length all together. */
struct improper {
    bool found;
    size_t count;                      /* listed, by falling size */
    size_t coordinate[IMPROPER_SHOWN]; /* from 0 */
    double part[IMPROPER_SHOWN];
    size_t others;           /* that are not small next to the first, and not listed */
    double from, to, change; /* between these distances the log density changes by so much */
};

/* What is this far, or this wide, is worth a look. */
#define IMPROPER_SUSPECT 1e3

/* Looks along u (d, of any length) both ways, first where its largest coordinate rises, from points about the target's
 * start. `scale`: how wide the mass along u is thought to be. A handful of log densities; what is not found to be
 * improper may be so nevertheless. False when out of memory. */
bool improper_along(struct meter *meter, const double *u, double scale, struct improper *improper);

/* The same for the widest of some draws of q, and for its largest coordinate alone, where that is far enough to be
 * worth a look. */
bool improper_suspect(struct meter *meter, const rovi_approximation *q, struct improper *improper);

/* The direction, "+0.71 beta - 0.71 gamma", into text of that size. */
void improper_say(const struct improper *improper, const struct rovi_target *target, size_t size, char *text);

/* ROVI_TARGET_IMPROPER, with the direction. */
rovi_status improper_explain(const struct improper *improper, const struct rovi_target *target, rovi_error *error);

#endif
