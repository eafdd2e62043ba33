/* SPDX-License-Identifier: BSD-3-Clause */
#include "target/meter.h"

#include <math.h>
#include <string.h>
#include <time.h>

void meter_init(struct meter *meter, const struct rovi_target *target)
{
    meter->target = target;
    atomic_init(&meter->density, 0);
    atomic_init(&meter->gradient, 0);
    atomic_init(&meter->rejected, 0);
    atomic_init(&meter->undefined, 0);
    atomic_init(&meter->nanoseconds, 0);
    atomic_init(&meter->failed, false);
}

static uint64_t clock_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

double clock_seconds(void)
{
    return 1e-9 * (double)clock_nanoseconds();
}

/* What a target that has failed is taken to have answered: every point is rejected. grad: n x d, or NULL. */
static size_t reject_all(size_t n, size_t d, double *logp, double *grad)
{
    for (size_t p = 0; p < n; p++) {
        logp[p] = -INFINITY;
    }
    if (grad != NULL) {
        memset(grad, 0, n * d * sizeof *grad);
    }
    return n;
}

/* What has been asked for n points since `begin`, and `code` was the answer. */
static void note(struct meter *meter, size_t n, bool gradient, uint64_t begin, int code,
                 struct target_rejected rejected)
{
    atomic_fetch_add(&meter->nanoseconds, clock_nanoseconds() - begin);
    atomic_fetch_add(&meter->density, n);
    atomic_fetch_add(&meter->gradient, gradient ? n : 0);
    atomic_fetch_add(&meter->rejected, rejected.count);
    atomic_fetch_add(&meter->undefined, rejected.undefined);
    if (code != 0) {
        atomic_store(&meter->failed, true);
    }
}

size_t meter_evaluate(struct meter *meter, size_t n, const double *x, double *logp, double *grad, double *scratch)
{
    const size_t d = meter->target->dim;
    if (atomic_load(&meter->failed)) {
        return reject_all(n, d, logp, grad);
    }
    struct target_rejected rejected = {0};
    const uint64_t begin = clock_nanoseconds();
    const int code = target_evaluate(meter->target, n, x, logp, grad, scratch, &rejected);
    note(meter, n, grad != NULL, begin, code, rejected);
    return code == 0 ? rejected.count : reject_all(n, d, logp, grad);
}

size_t meter_evaluate_lines(struct meter *meter, const struct target_lines *along, double *logp, double *scratch)
{
    const size_t n = along->lines * along->points, d = meter->target->dim;
    if (atomic_load(&meter->failed)) {
        return reject_all(n, d, logp, NULL);
    }
    struct target_rejected rejected = {0};
    const uint64_t begin = clock_nanoseconds();
    const int code = target_evaluate_lines(meter->target, along, logp, scratch, &rejected);
    note(meter, n, false, begin, code, rejected);
    return code == 0 ? rejected.count : reject_all(n, d, logp, NULL);
}

void meter_add(struct meter *to, const struct meter *from)
{
    atomic_fetch_add(&to->density, atomic_load(&from->density));
    atomic_fetch_add(&to->gradient, atomic_load(&from->gradient));
    atomic_fetch_add(&to->rejected, atomic_load(&from->rejected));
    atomic_fetch_add(&to->undefined, atomic_load(&from->undefined));
    atomic_fetch_add(&to->nanoseconds, atomic_load(&from->nanoseconds));
    if (atomic_load(&from->failed)) {
        atomic_store(&to->failed, true);
    }
}

void meter_recall(struct meter *meter, const rovi_evaluations *evaluations)
{
    atomic_store(&meter->density, evaluations->density);
    atomic_store(&meter->gradient, evaluations->gradient);
    atomic_store(&meter->rejected, evaluations->rejected);
}

rovi_evaluations meter_evaluations(const struct meter *meter)
{
    return (rovi_evaluations){.density = atomic_load(&meter->density),
                              .gradient = atomic_load(&meter->gradient),
                              .rejected = atomic_load(&meter->rejected)};
}

uint64_t meter_asked(const struct meter *meter)
{
    while (meter->target->through != NULL) {
        meter = meter->target->through;
    }
    return atomic_load(&meter->density);
}

double meter_seconds(const struct meter *meter)
{
    return 1e-9 * (double)atomic_load(&meter->nanoseconds);
}
