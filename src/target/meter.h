/* SPDX-License-Identifier: BSD-3-Clause */
/* A target with a meter on it: counts evaluations, times them, and remembers a fatal failure. Any thread may ask. */
#ifndef ROVI_TARGET_METER_H
#define ROVI_TARGET_METER_H

#include <stdatomic.h>

#include "target/target.h"

struct meter {
    const struct rovi_target *target;
    atomic_uint_fast64_t density, gradient, rejected;
    atomic_uint_fast64_t undefined;   /* of those rejected, as target_rejected has them; of this run alone */
    atomic_uint_fast64_t nanoseconds; /* of thread time inside the target */
    atomic_bool failed;               /* the target said that nothing more should be asked */
};

void meter_init(struct meter *meter, const struct rovi_target *target);

/* As target_evaluate; returns how many of the n points were rejected. When the target fails, and ever after without
 * being asked, these are all of them: logp is -INFINITY, and the gradient zero. */
size_t meter_evaluate(struct meter *meter, size_t n, const double *x, double *logp, double *grad, double *scratch);

/* As target_evaluate_lines, and as many evaluations as there are points; when the target fails, the same. */
size_t meter_evaluate_lines(struct meter *meter, const struct target_lines *along, double *logp, double *scratch);

/* Adds what `from` has counted to `to`. */
void meter_add(struct meter *to, const struct meter *from);

/* Sets the counts to those of an earlier run. */
void meter_recall(struct meter *meter, const rovi_evaluations *evaluations);

rovi_evaluations meter_evaluations(const struct meter *meter);
double meter_seconds(const struct meter *meter);

/* Log densities that were asked of the target itself, where this meter is on a view of it. */
uint64_t meter_asked(const struct meter *meter);

/* Seconds of a clock that only goes forward. */
double clock_seconds(void);

#endif
