/* SPDX-License-Identifier: BSD-3-Clause */
/* What problems are made of: memory, mixtures of normals. */
#ifndef ROVI_BENCH_PARTS_H
#define ROVI_BENCH_PARTS_H

#include "bench/problem.h"

/* All zero. */
double *bench_doubles(size_t n);
double *bench_copy(size_t n, const double *value);

struct mixture {
    size_t components;
    const double *weight, *means;
    size_t count; /* of covariances: 0 for the identity, 1 for all, or one each */
    const double *covariances;
};

/* The target, its components and their weights; p->d is set. */
void problem_mix(struct problem *p, const struct mixture *m);

/* S <- R diag(value) R^T, symmetric to the last bit. */
void bench_compose(size_t d, const double *R, const double *value, double *S);

#endif
