/* SPDX-License-Identifier: BSD-3-Clause */
/* Targets whose best fit is known: how near the optimum a fit comes is a number. */
#ifndef ROVI_BENCH_PROBLEM_H
#define ROVI_BENCH_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rovi.h"

#define BENCH_PLANAR 7 /* the two-dimensional targets */

enum family { FAMILY_PLANAR, FAMILY_TWO, FAMILY_SHARED, FAMILY_WELLS, FAMILY_GAUSSIAN };

struct problem {
    size_t d;
    rovi_target *target, *base; /* base: what a shifted target stands on, or NULL */
    double optimum;             /* the least KL that the method can reach, or a bound on it */
    size_t components;          /* of a mixture, whose shares are looked at; 0: none */
    rovi_target *component[2];
    double weight[2]; /* in the target */
    double share[2];  /* in the best fit */
    double *rotation; /* of the wells, or NULL */
    double shift;
};

struct quality {
    double kl, mcse;
    double weight_error; /* largest error of a mode's mass; NaN when the optimum does not keep the modes */
};

const char *planar_name(size_t index);

/* The target of this family: index chooses among the planar ones, d is the dimension of the others; `seed` makes its
 * random parts. Every coordinate is moved by `shift`. The program ends when memory does. */
void problem_make(struct problem *problem, enum family family, size_t index, size_t d, uint64_t seed, double shift,
                  bool mean_field, bool whitened);
void problem_free(struct problem *problem);

/* How near q is to the target, on draws that no fit has seen. */
struct quality problem_measure(const struct problem *problem, const rovi_approximation *q);

void *bench_memory(size_t bytes);
void bench_require(rovi_status status, const rovi_error *error);

#endif
