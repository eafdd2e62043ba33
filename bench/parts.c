/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *bench_memory(size_t bytes)
{
    void *memory = malloc(bytes);
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

void bench_require(rovi_status status, const rovi_error *error)
{
    if (status != ROVI_OK) {
        fprintf(stderr, "%s: %s\n", rovi_status_text(status), error->message);
        exit(EXIT_FAILURE);
    }
}

double *bench_doubles(size_t n)
{
    return memset(bench_memory(n * sizeof(double)), 0, n * sizeof(double));
}

double *bench_copy(size_t n, const double *value)
{
    return memcpy(bench_doubles(n), value, n * sizeof *value);
}

void problem_mix(struct problem *p, const struct mixture *m)
{
    const double one = 1;
    rovi_error error;
    bench_require(rovi_target_new_gaussian_mixture(p->d, m->components, m->weight, m->means, m->count, m->covariances,
                                                   &p->target, &error),
                  &error);
    for (size_t k = 0; k < m->components; k++) {
        const double *covariance = m->count > 1 ? m->covariances + k * p->d * p->d : m->covariances;
        bench_require(rovi_target_new_gaussian_mixture(p->d, 1, &one, m->means + k * p->d, m->count > 0, covariance,
                                                       &p->component[k], &error),
                      &error);
        p->weight[k] = p->share[k] = m->weight[k];
    }
    p->components = m->components;
}

void bench_compose(size_t d, const double *R, const double *value, double *S)
{
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = 0; k < d; k++) {
                sum += R[i * d + k] * value[k] * R[j * d + k];
            }
            S[i * d + j] = S[j * d + i] = sum;
        }
    }
}
