/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The region of an approximation r next to a fit q is R = {x: r(x) > q(x)}, where draws of r are the better ones to
 * look with. The target's mass there is a mean over draws of r, that outside a mean over draws of q, and together they
 * are all of it, equation (39); no draw of one has to carry weight where the other is at home, which is what spoils
 * importance sampling by q alone. The fit's mass in R is a share of its draws.
 */
#include "diagnose/region.h"

#include <math.h>

#include "evidence/psis.h"
#include "family/draw.h"

#define STEPS 30
#define STILL 1e-4 /* change of the weight below which it is done */
#define REST  1e-9 /* of the mass: what is left beside a region, at least */

/* log p - log of the own density where the draw is at home, and -infinity where it is not */
static void own_ratios(const struct draws *own, const double *other, bool ties, double *ratio)
{
    for (size_t i = 0; i < own->n; i++) {
        const bool home = own->log_q[i] > other[i] || (ties && own->log_q[i] == other[i]);
        ratio[i] = home ? own->logp[i] - own->log_q[i] : -INFINITY;
    }
}

/* Moments of the target in R, by the smoothed weights. */
static void set_moments(struct region *region, const struct draws *draws, const double *ratio, double log_mean)
{
    const size_t d = draws->dim;
    double sum = 0;
    for (size_t j = 0; j < d; j++) {
        region->mean[j] = region->sd[j] = 0;
    }
    for (size_t i = 0; i < draws->n; i++) {
        const double w = exp(ratio[i] - log_mean);
        sum += w;
        for (size_t j = 0; j < d && w > 0; j++) {
            const double step = draws->x[i * d + j] - region->mean[j];
            region->mean[j] += w / sum * step;
            region->sd[j] += w * step * (draws->x[i * d + j] - region->mean[j]);
        }
    }
    for (size_t j = 0; j < d; j++) {
        region->sd[j] = sqrt(region->sd[j] / sum);
    }
}

/* Of a share of draws; with none among n, the error of one. */
static rovi_estimate share(size_t hits, size_t n)
{
    const double p = (double)hits / (double)n, least = fmax(p, 1 / (double)n);
    return (rovi_estimate){p, sqrt(least * fmax(1 - least, 0) / (double)n)};
}

/* Mean and variance of log p - log((1-w) q + w r) at draws of one of them. */
static void look(const struct draws *own, const double *other, double log_own, double log_other, rovi_estimate *level)
{
    double inside = 0, mean = 0, squares = 0;
    for (size_t i = 0; i < own->n; i++) {
        const double ratio = own->logp[i] - draw_log_add(log_own + own->log_q[i], log_other + other[i]);
        if (isfinite(ratio)) {
            const double step = ratio - mean;
            mean += step / ++inside;
            squares += step * (ratio - mean);
        }
    }
    *level = inside > 1 ? (rovi_estimate){mean + log(inside / (double)own->n), sqrt(squares / (inside - 1) / inside)}
                        : (rovi_estimate){-INFINITY, 0};
}

/* The ELBO of the best mixture less that of q, on the same draws; as in a blend of two. */
static rovi_estimate gain_of(const struct region_draws *draws)
{
    rovi_estimate q, r, before;
    double w = 0.5, moved = 1;
    look(draws->of_fit, draws->r_at_fit, 0, -INFINITY, &before);
    for (int t = 0; t < STEPS && moved > STILL; t++) {
        look(draws->of_fit, draws->r_at_fit, log1p(-w), log(w), &q);
        look(draws->of_region, draws->q_at_region, log(w), log1p(-w), &r);
        const double odds = w / (1 - w) * exp(r.value - q.value), next = isfinite(odds) ? odds / (1 + odds) : 1;
        moved = fabs(next - w);
        w = fmin(fmax(next, 1e-12), 1 - 1e-12);
    }
    look(draws->of_fit, draws->r_at_fit, log1p(-w), log(w), &q);
    look(draws->of_region, draws->q_at_region, log(w), log1p(-w), &r);
    const double own = (1 - w) * q.value + w * r.value - before.value;
    return (rovi_estimate){own, hypot(w * before.mcse, w * r.mcse)}; /* draws of q count w once in both terms */
}

bool region_weigh(struct region *region, const struct region_draws *draws)
{
    struct arena memory = {0};
    struct psis inside, outside;
    const size_t n = draws->of_fit->n, m = draws->of_region->n;
    double *at_fit = arena_doubles(&memory, n), *at_region = arena_doubles(&memory, m);
    bool ok = !memory.failed;
    if (ok) {
        own_ratios(draws->of_fit, draws->r_at_fit, true, at_fit);
        own_ratios(draws->of_region, draws->q_at_region, false, at_region);
        size_t held = 0;
        for (size_t i = 0; i < n; i++) {
            held += draws->r_at_fit[i] > draws->of_fit->log_q[i];
        }
        region->held = share(held, n);
        ok = psis_smooth(n, at_fit, &outside) && psis_smooth(m, at_region, &inside);
    }
    if (ok) {
        const double odds = exp(inside.log_z.value - outside.log_z.value);
        const double mass = isnan(inside.log_z.value) ? 0 : isfinite(odds) ? odds / (1 + odds) : 1;
        const double relative = hypot(inside.met, outside.met); /* a region is not to be doubted for the fit's tail */
        region->mass = (rovi_estimate){mass, mass > 0 ? mass * (1 - mass) * relative : NAN};
        region->unmet = mass * (1 - mass) * sqrt(fmax(pow(inside.log_z.mcse, 2) - pow(inside.met, 2), 0));
        region->heavy = inside.k_hat > psis_threshold(m);
        region->gain = gain_of(draws);
        set_moments(region, draws->of_region, at_region, mass > 0 ? inside.log_z.value : 0);
    }
    arena_free(&memory);
    return ok;
}

void region_add(struct region_sum *sum, rovi_estimate mass)
{
    if (mass.value > 0) {
        const double rest = fmax(1 - mass.value, REST);
        sum->odds += mass.value / rest;
        sum->variance += pow(mass.mcse / (rest * rest), 2);
    }
}

rovi_estimate region_total(const struct region_sum *sum)
{
    const double rest = 1 / (1 + sum->odds);
    return (rovi_estimate){1 - rest, sqrt(sum->variance) * rest * rest};
}

rovi_estimate rovi_diagnosis_missed(const rovi_diagnosis_parts *parts)
{
    struct region_sum sum = {0};
    for (size_t k = 0; k < parts->region_count; k++) {
        if (parts->regions[k].missed) {
            region_add(&sum, parts->regions[k].mass);
        }
    }
    return region_total(&sum);
}
