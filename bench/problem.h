/* SPDX-License-Identifier: BSD-3-Clause */
/* Targets whose best fit is known: how near the optimum a fit comes is a number. */
#ifndef ROVI_BENCH_PROBLEM_H
#define ROVI_BENCH_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rovi.h"

#define BENCH_PLANAR 7 /* the two-dimensional targets */

#define BENCH_MOST 40 /* components of a mixture */

enum family {
    FAMILY_PLANAR,
    FAMILY_CHANCE,
    FAMILY_TWO,
    FAMILY_SHARED,
    FAMILY_WELLS,
    FAMILY_GAUSSIAN,
    FAMILY_TRIANGLE, /* from here on: modes on no grid, for METHOD_MIXTURE */
    FAMILY_EIGHT,
    FAMILY_FIVE,
    FAMILY_FORTY,
    FAMILY_LABELS,
    FAMILY_RING,
    FAMILY_BANANA
};

/* One rotation, whitened or not; none; mixtures, whose best fit is the target. */
enum method { METHOD_ROTATION, METHOD_PLAIN, METHOD_MEAN_FIELD, METHOD_MIXTURE };

struct recipe {
    enum family family;
    size_t index;       /* among the planar targets, for FAMILY_PLANAR */
    size_t d;           /* 2 for FAMILY_PLANAR and FAMILY_CHANCE, which is a mixture in the plane, drawn at random */
    uint64_t seed;      /* of the random parts */
    double shift;       /* added to every coordinate */
    enum method method; /* whose best fit is the optimum */
};

struct problem {
    size_t d;
    rovi_target *target, *base; /* base: what a shifted target stands on, or NULL */
    bool turned;                /* the method has a rotation */
    double optimum;             /* the least KL that the method can reach, or a bound on it */
    size_t components;          /* of a mixture, or cells, whose shares are looked at; 0: none */
    rovi_target *component[BENCH_MOST];
    size_t (*cell)(const double *x); /* which cell x lies in, where these are not components; or NULL */
    double *data;                    /* of a posterior, or NULL */
    double weight[BENCH_MOST];       /* in the target */
    double share[BENCH_MOST];        /* in the best fit */
    double *means, *covariances;     /* of a mixture in the plane, or NULL */
    double *rotation;                /* of the wells, or NULL */
    double shift;
};

struct quality {
    double elbo, kl, mcse; /* kl: NaN where log Z is unknown */
    size_t kept;           /* components, or cells, of which q has half of the mass at least */
    /* Largest error of a mode's mass, NaN when the optimum does not keep the modes. What a mass is held against: in the
     * target, when q is a mixture; in the best fit; when q is whitened, in the plane, the best fit of its whitening. */
    double weight_error;
};

const char *planar_name(size_t index);

/* The program ends when memory does. */
void problem_make(struct problem *problem, const struct recipe *recipe);
void problem_free(struct problem *problem);

/* How near q is to the target, on draws that no fit has seen. */
struct quality problem_measure(const struct problem *problem, const rovi_approximation *q);

void *bench_memory(size_t bytes);
void bench_require(rovi_status status, const rovi_error *error);

#endif
