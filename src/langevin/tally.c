/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The states that one particle passes through are dependent, the particles are not: each particle is first averaged
 * over its states, and the error is that of a mean over particles.
 */
#include "langevin/tally.h"

#include <math.h>

void tally_init(struct tally *t, struct arena *arena, struct modes modes, const struct particles *p)
{
    *t = (struct tally){.modes = modes, .n = p->n};
    t->mode = arena_take(arena, p->n, sizeof *t->mode);
    t->scratch = arena_doubles(arena, p->progress->meter->target->scratch);
    t->log_density = arena_doubles(arena, p->n);
    t->visits = arena_take(arena, p->n, modes.count * sizeof *t->visits);
}

static size_t nearest(const struct modes *modes, size_t d, const double *x)
{
    size_t best = 0;
    double least = INFINITY;
    for (size_t k = 0; k < modes->count; k++) {
        double sum = 0;
        for (size_t j = 0; j < d; j++) {
            const double off = x[j] - modes->centers[k * d + j];
            sum += off * off;
        }
        if (sum < least) {
            least = sum;
            best = k;
        }
    }
    return best;
}

static void classify(struct tally *t, const struct particles *p)
{
    const size_t d = p->dim;
    for (size_t at = 0; at < p->n; at += TARGET_BLOCK) {
        const size_t n = p->n - at < TARGET_BLOCK ? p->n - at : TARGET_BLOCK;
        if (t->modes.centers == NULL) {
            t->modes.target->classify(t->modes.target, n, p->x + at * d, t->mode + at, t->scratch);
            continue;
        }
        for (size_t i = at; i < at + n; i++) {
            t->mode[i] = nearest(&t->modes, d, p->x + i * d);
        }
    }
}

/* Mean and its error of values[i * stride] / count over n particles. */
static rovi_estimate estimate(size_t n, const double *values, size_t stride, double count)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        sum += values[i * stride] / count;
    }
    const double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        const double off = values[i * stride] / count - mean;
        squares += off * off;
    }
    return (rovi_estimate){mean, n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : NAN};
}

rovi_estimate tally_now(struct tally *t, const struct particles *p, rovi_estimate *mass)
{
    const double n = (double)p->n;
    if (t->modes.count > 0) {
        classify(t, p);
    }
    for (size_t k = 0; k < t->modes.count; k++) {
        size_t in = 0;
        for (size_t i = 0; i < p->n; i++) {
            in += t->mode[i] == k;
        }
        const double share = (double)in / n;
        mass[k] = (rovi_estimate){share, n > 1 ? sqrt(share * (1 - share) / (n - 1)) : NAN};
    }
    return estimate(p->n, p->logp, 1, 1);
}

void tally_keep(struct tally *t, const struct particles *p)
{
    if (t->modes.count > 0) {
        classify(t, p);
    }
    for (size_t i = 0; i < p->n; i++) {
        t->log_density[i] += p->logp[i];
        if (t->modes.count > 0) {
            t->visits[i * t->modes.count + t->mode[i]] += 1;
        }
    }
    t->kept++;
}

rovi_estimate tally_kept(const struct tally *t, rovi_estimate *mass)
{
    for (size_t k = 0; k < t->modes.count; k++) {
        mass[k] = estimate(t->n, t->visits + k, t->modes.count, (double)t->kept);
    }
    return estimate(t->n, t->log_density, 1, (double)t->kept);
}
