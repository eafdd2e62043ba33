/* SPDX-License-Identifier: BSD-3-Clause */
/* The questions, one table each. */
#ifndef ROVI_BENCH_BENCH_H
#define ROVI_BENCH_BENCH_H

#include <stdbool.h>
#include <stdio.h>

struct plan {
    FILE *json, *misses; /* misses: what fell short, one line a run; either may be NULL */
    bool full;
    size_t seeds;     /* 0: as the plan says */
    size_t first;     /* seed of reliability, posteriors and mixtures */
    const char *only; /* lines whose label holds this, or NULL */
};

void bench_reliability(const struct plan *plan);
void bench_speed(const struct plan *plan);
void bench_curve(const struct plan *plan);
void bench_overhead(const struct plan *plan);
void bench_program(const struct plan *plan);
void bench_scaling(const struct plan *plan);
void bench_threads(const struct plan *plan);
void bench_diagnosis(const struct plan *plan);
void bench_calibration(const struct plan *plan);
void bench_posteriors(const struct plan *plan);
void bench_reference(const struct plan *plan);
void bench_mixtures(const struct plan *plan);

#endif
