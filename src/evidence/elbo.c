/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks of draws go to any thread; the sums are made afterwards, in order. Points outside the support are not averaged
 * in: with s the share inside, the fit restricted to the support has ELBO mean_inside(log p - log q) + log s.
 */
#include "evidence/elbo.h"

#include <math.h>

#include "family/draw.h"

#define COARSEST 20 /* times the tolerance */

_Static_assert(DRAW_BLOCK == TARGET_BLOCK, "a block of draws is a block of points");

struct job {
    const rovi_approximation *q;
    struct meter *meter;
    struct rng_stream stream;
    size_t first, n;
    double *ratio; /* n */
    double *work;  /* work_size doubles for each worker */
    size_t work_size;
};

static void block(void *context, size_t index, size_t worker)
{
    const struct job *job = context;
    const size_t d = job->q->dim, first = job->first + index * TARGET_BLOCK;
    const size_t n = job->n - first < TARGET_BLOCK ? job->n - first : TARGET_BLOCK;
    double *z = job->work + worker * job->work_size, *log_q = z + TARGET_BLOCK * d, *work = log_q + TARGET_BLOCK;
    double *ratio = job->ratio + first;
    draw_points(job->q, job->stream, first, n, z, log_q, work);
    meter_evaluate(job->meter, n, z, ratio, NULL, work);
    for (size_t i = 0; i < n; i++) {
        ratio[i] -= log_q[i];
    }
}

bool elbo_log_ratios(const rovi_approximation *q, struct meter *meter, struct rng_stream stream, struct team *team,
                     size_t first, size_t n, double *ratio)
{
    struct arena memory = {0};
    struct job job = {.q = q, .meter = meter, .stream = stream, .first = first, .n = n, .ratio = ratio};
    job.work_size = TARGET_BLOCK * (q->dim + 1) + draw_work_or_scratch(q, meter->target);
    job.work = arena_doubles(&memory, team_size(team) * job.work_size);
    const bool ok = !memory.failed;
    if (ok) {
        team_for(team, (n - first + TARGET_BLOCK - 1) / TARGET_BLOCK, block, &job);
    }
    arena_free(&memory);
    return ok;
}

/* Of the finite ones, as their greatest and what is below it: sums of numbers like -1e12 would drown what they differ
 * by.
 */
struct elbo elbo_of_ratios(size_t n, const double *ratio)
{
    size_t inside = 0;
    double sum = 0, squares = 0, top = -INFINITY, ratios = 0;
    for (size_t i = 0; i < n; i++) {
        top = isfinite(ratio[i]) ? fmax(top, ratio[i]) : top;
        inside += isfinite(ratio[i]) != 0;
    }
    if (inside == 0) {
        return (struct elbo){.estimate = {NAN, NAN}, .outside = {1, 0}, .divergence = NAN, .gap = NAN};
    }
    for (size_t i = 0; i < n; i++) {
        if (isfinite(ratio[i])) {
            sum += ratio[i] - top;
            ratios += exp(ratio[i] - top);
        }
    }
    const double below = sum / (double)inside, s = (double)inside / (double)n;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(ratio[i])) {
            squares += (ratio[i] - top - below) * (ratio[i] - top - below);
        }
    }
    const double variance = inside > 1 ? squares / (double)(inside - 1) : NAN;
    const double error = sqrt(variance / (double)inside + (1 - s) / (s * (double)n)); /* of the mean, and of log s */
    return (struct elbo){.estimate = {top + below + log(s), error},
                         .outside = {1 - s, sqrt(s * (1 - s) / (double)n)},
                         .divergence = 0.5 * variance,
                         .gap = log(ratios / (double)inside) - below};
}

void elbo_admit_outside(struct elbo *elbo, size_t n)
{
    if (elbo->outside.value == 0) {
        elbo->outside.mcse = 1 / (double)n;
        elbo->estimate.mcse = hypot(elbo->estimate.mcse, elbo->outside.mcse);
    }
}

rovi_estimate elbo_of_several(size_t n, const double *ratio, double *mean)
{
    const size_t m = (size_t)sqrt((double)n);
    if (m < 2) {
        return (rovi_estimate){NAN, NAN};
    }
    for (size_t k = 0; k < m; k++) {
        double sum = -INFINITY;
        for (size_t i = k * m; i < (k + 1) * m; i++) {
            sum = draw_log_add(sum, ratio[i]);
        }
        mean[k] = sum - log((double)m);
    }
    return elbo_of_ratios(m, mean).estimate;
}

rovi_estimate elbo_gain(size_t n, const double *before, const double *after)
{
    size_t both = 0;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        const double gain = after[i] - before[i];
        if (isfinite(gain)) {
            both++;
            const double step = gain - (both > 1 ? sum / (double)(both - 1) : 0);
            sum += gain;
            squares += step * (gain - sum / (double)both); /* Welford */
        }
    }
    if (both < 2) {
        return (rovi_estimate){NAN, NAN};
    }
    return (rovi_estimate){sum / (double)both, sqrt(squares / (double)(both - 1) / (double)both)};
}

double elbo_resolution(double tolerance, rovi_estimate elbo, size_t n, double part)
{
    const double variance = elbo.mcse * elbo.mcse * (double)n;
    return variance > 0 ? fmax(tolerance, fmin(part * variance, COARSEST * tolerance)) : tolerance;
}
