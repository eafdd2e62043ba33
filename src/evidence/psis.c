/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Importance weights whose largest values are replaced by the quantiles of a generalized Pareto law fitted to them
 * (Vehtari, Simpson, Gelman, Yao and Gabry 2024), equations (37) and (38). The fit is that of Zhang and Stephens
 * (2009): a mean over profile likelihoods, with a weak prior that draws the shape to 1/2.
 */
#include "evidence/psis.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/status.h"
#include "evidence/weights.h"

#define FEWEST      5  /* tail weights that a law can be fitted to */
#define PRIOR_DRAWS 10 /* that the prior counts as */
#define PRIOR_SHAPE 0.5
#define PRIOR_SCALE 3
#define SHAPE_MOST  0.9
#define SHAPE_FIRM  0.5  /* of weights below which they have a variance */
#define CERTAIN     2.0  /* standard errors of the shape that it is taken higher, where few of the heaviest were met */
#define CONSTANT    1e-9 /* nats: weights that differ by less differ by rounding alone */

struct tail {
    size_t n;
    double *excess;             /* n, rising: weights less the cutoff */
    double *b, *k, *likelihood; /* grid of the profile */
    double shape, scale;
};

double psis_threshold(size_t n)
{
    return fmin(1 - 1 / log10((double)n), 0.7);
}

static size_t tail_length(size_t n)
{
    return (size_t)ceil(fmin((double)n / 5, 3 * sqrt((double)n)));
}

/* A shape estimated from a tail of n weights, as large as it may well be. */
static double shape_at_most(double shape, size_t n)
{
    return shape + CERTAIN * (1 + fmax(shape, 0)) / sqrt((double)n);
}

bool psis_error_holds(double k_hat, size_t n)
{
    return isnan(k_hat) || shape_at_most(k_hat, tail_length(n)) <= SHAPE_FIRM;
}

/* Shape of greatest likelihood for given b = -shape/scale */
static double profile_shape(const struct tail *t, double b)
{
    double sum = 0;
    for (size_t i = 0; i < t->n; i++) {
        sum += log1p(-b * t->excess[i]);
    }
    return sum / (double)t->n;
}

static double profile_weight(const struct tail *t, size_t grid, size_t i)
{
    double sum = 0;
    for (size_t j = 0; j < grid; j++) {
        sum += exp(t->likelihood[j] - t->likelihood[i]);
    }
    return 1 / sum;
}

static size_t grid_size(size_t n)
{
    return 30 + (size_t)sqrt((double)n);
}

static void fit_tail(struct tail *t)
{
    const size_t grid = grid_size(t->n);
    const double n = (double)t->n, quartile = t->excess[(size_t)(n / 4 + 0.5) - 1];
    double b = 0, sum = 0;
    for (size_t i = 0; i < grid; i++) {
        t->b[i] = (1 - sqrt((double)grid / ((double)i + 0.5))) / (PRIOR_SCALE * quartile) + 1 / t->excess[t->n - 1];
        t->k[i] = profile_shape(t, t->b[i]);
        t->likelihood[i] = n * (log(-t->b[i] / t->k[i]) - t->k[i] - 1);
    }
    for (size_t i = 0; i < grid; i++) {
        const double weight = profile_weight(t, grid, i);
        if (weight >= 10 * DBL_EPSILON) {
            b += weight * t->b[i];
            sum += weight;
        }
    }
    b /= sum;
    const double shape = profile_shape(t, b);
    t->scale = -shape / b;
    t->shape = (n * shape + PRIOR_DRAWS * PRIOR_SHAPE) / (n + PRIOR_DRAWS);
}

static double pareto_quantile(const struct tail *t, double p)
{
    return fabs(t->shape) < DBL_EPSILON ? -t->scale * log1p(-p) : t->scale * expm1(-t->shape * log1p(-p)) / t->shape;
}

struct entry {
    double value;
    size_t place;
};

static int by_value(const void *a, const void *b)
{
    const struct entry *p = a, *q = b;
    return p->value != q->value ? (p->value > q->value) - (p->value < q->value)
                                : (p->place > q->place) - (p->place < q->place);
}

/* By how much a weight above the greatest excess exceeds it on average, by the law of the tail, which has no mean from
 * shape 1 on. */
static double mean_beyond(const struct tail *t)
{
    const double shape = fmin(fmax(shape_at_most(t->shape, t->n), 0), SHAPE_MOST);
    return (t->scale + shape * t->excess[t->n - 1]) / (1 - shape);
}

/* The tail of `sorted`, whose greatest value is `top`, becomes quantiles of the law fitted to it; returns its shape,
 * and in *beyond, in units of exp(top), by how much a weight above the greatest one would exceed it. */
static double smooth_tail(size_t n, const struct entry *sorted, double top, double *log_ratio, double *beyond,
                          struct arena *arena)
{
    const size_t most = tail_length(n);
    if (most >= n) {
        return NAN;
    }
    const double cutoff = fmax(sorted[n - 1 - most].value - top, log(DBL_MIN)), least = exp(cutoff);
    struct tail t = {.n = 0};
    while (t.n < n && sorted[n - 1 - t.n].value - top > cutoff) {
        t.n++;
    }
    const size_t grid = grid_size(t.n);
    t.excess = arena_doubles(arena, t.n);
    t.b = arena_doubles(arena, grid);
    t.k = arena_doubles(arena, grid);
    t.likelihood = arena_doubles(arena, grid);
    if (t.n < FEWEST || -cutoff < CONSTANT || arena->failed) {
        return NAN;
    }
    for (size_t i = 0; i < t.n; i++) {
        t.excess[i] = exp(sorted[n - t.n + i].value - top) - least;
    }
    fit_tail(&t);
    *beyond = mean_beyond(&t);
    for (size_t i = 0; i < t.n && isfinite(t.shape) && t.scale > 0; i++) {
        const double p = ((double)i + 0.5) / (double)t.n;
        log_ratio[sorted[n - t.n + i].place] = top + fmin(log(pareto_quantile(&t, p) + least), 0);
    }
    return t.shape;
}

/* Log of the mean weight, its error by the delta method, and the effective sample size. A weight beyond all that were
 * seen has probability 1/n: what it would add to the mean, which no variance of these weights knows of, is part of the
 * error, below equation (37). */
static void sum_up(size_t n, const double *log_ratio, double top, double beyond, struct psis *out)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        const double w = exp(log_ratio[i] - top);
        sum += w;
        squares += w * w;
    }
    const double relative = squares / (sum * sum) - 1 / (double)n;
    out->ess = sum * sum / squares;
    out->met = sqrt(fmax(relative, 0));
    out->log_z = (rovi_estimate){top + log(sum / (double)n), hypot(out->met, beyond / sum)};
}

bool psis_smooth(size_t n, double *log_ratio, struct psis *out)
{
    struct arena arena = {0};
    struct entry *sorted = arena_take(&arena, n, sizeof *sorted);
    *out = (struct psis){.k_hat = NAN, .log_z = {NAN, NAN}, .met = NAN};
    if (sorted != NULL && n > 0) {
        for (size_t i = 0; i < n; i++) {
            sorted[i] = (struct entry){log_ratio[i], i};
        }
        qsort(sorted, n, sizeof *sorted, by_value);
        const double top = sorted[n - 1].value;
        if (isfinite(top)) {
            double beyond = 0;
            out->k_hat = smooth_tail(n, sorted, top, log_ratio, &beyond, &arena);
            sum_up(n, log_ratio, top, beyond, out);
        }
    }
    const bool ok = !arena.failed;
    arena_free(&arena);
    return ok;
}

rovi_status rovi_smooth_weights(size_t n, double *log_weight, rovi_smoothing *smoothing, rovi_error *error)
{
    struct psis psis;
    const rovi_status status = weights_check(n, log_weight, error);
    if (status != ROVI_OK) {
        return status;
    }
    if (!psis_smooth(n, log_weight, &psis)) {
        return error_no_memory(error);
    }
    *smoothing = (rovi_smoothing){psis.k_hat, psis_threshold(n), psis.ess};
    return ROVI_OK;
}
