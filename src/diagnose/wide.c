/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each component of q gets a multivariate Cauchy law in its own coordinates, of the same location and spread. Weights
 * over the mean of q and that law are at most twice those over either (a defensive mixture, Hesterberg 1995), so that
 * tails heavier than q's are met and weigh little. What that costs where q is the target already, a control variate
 * takes back: the mean of q over the mean density is known to be 1 (Owen and Zhou 2000), equation (38c).
 */
#include "diagnose/wide.h"

#include <math.h>

#include "base/normal.h"
#include "evidence/elbo.h"
#include "evidence/psis.h"
#include "family/draw.h"
#include "family/reference.h"
#include "target/mixture.h"

#define EFFECTIVE 0.25 /* share of the draws that the weights leave, below which they may not have met what matters */
#define DEGREES   1.0  /* of freedom: Cauchy */
#define STRATA    256  /* of a coordinate's reference, for its mean and sd */
#define OF_SPREAD ((uint64_t)1 << 62) /* substreams of the numbers that spread draws, and of those that choose */
#define OF_CHOICE ((uint64_t)1 << 61)

static const rovi_approximation *component(const struct wide *wide, size_t k)
{
    return wide->q->count > 0 ? wide->q->component[k] : wide->q;
}

/* x (STRATA): the middles of strata of equal mass */
static void set_moments(const struct map *T, const double *x, double *location, double *spread)
{
    double mean = 0, squares = 0;
    for (size_t s = 0; s < STRATA; s++) {
        const double t = map_at(T, x[s]), step = t - mean;
        mean += step / (double)(s + 1);
        squares += step * (t - mean);
    }
    *location = mean;
    *spread = sqrt(squares / STRATA);
}

void wide_init(struct wide *wide, struct arena *arena, const rovi_approximation *q)
{
    const size_t d = q->dim, count = q->count > 0 ? q->count : 1;
    const double peak = mixture_log_peak(d, DEGREES);
    double x[STRATA];
    for (size_t s = 0; s < STRATA; s++) {
        x[s] = normal_quantile(((double)s + 0.5) / STRATA);
    }
    *wide = (struct wide){.q = q,
                          .count = count,
                          .location = arena_doubles(arena, count * d),
                          .spread = arena_doubles(arena, count * d),
                          .log_constant = arena_doubles(arena, count)};
    for (size_t k = 0; k < count && !arena->failed; k++) {
        const rovi_approximation *part = component(wide, k);
        wide->log_constant[k] = peak - part->log_det + (q->count > 0 ? q->log_weight[k] : 0);
        for (size_t i = 0; i < d; i++) {
            set_moments(&part->maps[i], x, &wide->location[k * d + i], &wide->spread[k * d + i]);
            wide->log_constant[k] -= log(wide->spread[k * d + i]);
        }
    }
}

/* ---- the law ---- */

static size_t choose(const struct wide *wide, double u)
{
    size_t k = 0;
    while (k + 1 < wide->count && u > wide->q->weight[k]) {
        u -= wide->q->weight[k++];
    }
    return k;
}

static void log_density(const void *of, size_t n, const double *z, double *log_r, double *work)
{
    const struct wide *wide = of;
    const size_t d = wide->q->dim;
    double *w = work, *y = work + n * d;
    for (size_t p = 0; p < n; p++) {
        log_r[p] = -INFINITY;
    }
    for (size_t k = 0; k < wide->count; k++) {
        approximation_unplace(component(wide, k), n, z, w, y);
        for (size_t p = 0; p < n; p++) {
            double square = 1;
            for (size_t i = 0; i < d; i++) {
                const double x = (y[p * d + i] - wide->location[k * d + i]) / wide->spread[k * d + i];
                square += x * x;
            }
            log_r[p] = draw_log_add(log_r[p], wide->log_constant[k] - 0.5 * ((double)d + DEGREES) * log(square));
        }
    }
}

/* A normal vector over the size of a normal number is a Cauchy vector. */
static void points(const void *of, struct rng_stream stream, uint64_t first, size_t n, double *z, double *log_r,
                   double *work)
{
    const struct wide *wide = of;
    const size_t d = wide->q->dim;
    struct rng_stream spreads = stream, choices = stream;
    double *x = work;
    spreads.substream |= OF_SPREAD;
    choices.substream |= OF_CHOICE;
    for (size_t p = 0; p < n; p++) {
        double size = 1, u = 0;
        rng_normals(spreads, first + p, 1, &size);
        rng_uniforms(choices, first + p, 1, &u);
        const size_t k = choose(wide, u);
        reference_points(stream, first + p, 1, d, x);
        for (size_t i = 0; i < d; i++) {
            x[i] = wide->location[k * d + i] + wide->spread[k * d + i] * x[i] / fabs(size);
        }
        approximation_place(component(wide, k), 1, x, z + p * d);
    }
    log_density(wide, n, z, log_r, work);
}

struct law wide_law(const struct wide *wide)
{
    return (struct law){wide, wide->q->dim, 2 * DRAW_BLOCK * wide->q->dim, points, log_density};
}

/* ---- evidence ---- */

/* Of all draws, those of q first: weights p/m, m the mean of the two densities, in units of e^top; and the shares q/m,
 * at most 2, whose mean is known to be 1. */
struct weights {
    size_t n; /* pairs of draws, one of each law */
    double top;
    double *w, *share; /* 2 n */
};

static double log_mean_density(const struct wide_draws *draws, size_t i, double *log_q)
{
    const bool own = i < draws->n;
    *log_q = own ? draws->of_q->log_q[i] : draws->q_at_wide[i - draws->n];
    return draw_log_add(*log_q, own ? draws->wide_at_q[i] : draws->of_wide->log_q[i - draws->n]) - log(2);
}

static void set_weights(struct weights *made, const struct wide_draws *draws)
{
    made->top = -INFINITY;
    for (size_t i = 0; i < 2 * made->n; i++) {
        double log_q = 0;
        const double log_mean = log_mean_density(draws, i, &log_q);
        made->share[i] = exp(log_q - log_mean);
        made->w[i] = (i < made->n ? draws->of_q->logp[i] : draws->of_wide->logp[i - made->n]) - log_mean;
        made->top = fmax(made->top, made->w[i]);
    }
    for (size_t i = 0; i < 2 * made->n; i++) {
        made->w[i] = exp(made->w[i] - made->top);
    }
}

/* The mean weight by pairs of draws, corrected by what is known of the mean share; and the slope of that. */
static rovi_estimate regress(const struct weights *of, double *slope)
{
    const size_t n = of->n;
    double w = 0, c = 0, ww = 0, wc = 0, cc = 0;
    for (size_t i = 0; i < n; i++) {
        const double weight = 0.5 * (of->w[i] + of->w[n + i]), share = 0.5 * (of->share[i] + of->share[n + i]);
        const double from_w = weight - w, from_c = share - c;
        w += from_w / (double)(i + 1);
        c += from_c / (double)(i + 1);
        ww += from_w * (weight - w);
        wc += from_w * (share - c);
        cc += from_c * (share - c);
    }
    *slope = cc > 0 ? wc / cc : 0;
    return (rovi_estimate){w - *slope * (c - 1), sqrt(fmax(ww - *slope * wc, 0) / (double)(n - 1) / (double)n)};
}

/* Share of the draws that is left by the weights. */
static double effective(const struct weights *of)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < 2 * of->n; i++) {
        sum += of->w[i];
        squares += of->w[i] * of->w[i];
    }
    return sum * sum / squares / (2 * (double)of->n);
}

/* k-hat of what the shares do not explain of the weights, moved to where it has a logarithm, which leaves the shape of
 * its tail. False when out of memory. */
static bool set_k_hat(const struct weights *of, double slope, double *work, double *k_hat)
{
    struct psis psis;
    for (size_t i = 0; i < 2 * of->n; i++) {
        work[i] = log(of->w[i] - slope * of->share[i] + 2 * fabs(slope) + 1);
    }
    const bool ok = psis_smooth(2 * of->n, work, &psis);
    *k_hat = psis.k_hat;
    return ok;
}

bool wide_weigh(const struct wide_draws *draws, struct wide_evidence *out)
{
    struct arena memory = {0};
    const size_t n = draws->n;
    double *work = arena_doubles(&memory, 2 * n), slope = 0;
    struct weights made = {.n = n, .w = arena_doubles(&memory, 2 * n), .share = arena_doubles(&memory, 2 * n)};
    bool ok = !memory.failed;
    if (ok) {
        set_weights(&made, draws);
        const rovi_estimate mean = regress(&made, &slope);
        for (size_t i = 0; i < n; i++) {
            work[i] = made.top + log(0.5 * (made.w[i] + made.w[n + i]));
        }
        out->bound = elbo_of_several(n, work, work + n);
        out->log_z = (rovi_estimate){made.top + log(mean.value), mean.mcse / mean.value};
        out->effective = effective(&made);
        ok = set_k_hat(&made, slope, work, &out->k_hat);
        out->log_z.mcse = psis_error_holds(out->k_hat, 2 * n) && out->effective >= EFFECTIVE ? out->log_z.mcse : NAN;
    }
    arena_free(&memory);
    return ok;
}
