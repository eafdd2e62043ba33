/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The regression of w_i on y_i is piecewise linear, with knots at even distances in the reference coordinate, so that
 * the cell of a draw is found at once, and its normal equations are tridiagonal. How many knots the draws can tell is
 * decided by Akaike's criterion. Beyond the outer knots the score goes on as it ends, but never so that the density
 * would rise: its tails are then a normal's or an exponential's.
 */
#include "solve/score.h"

#include <math.h>
#include <string.h>

#include "base/normal.h"

#define KNOTS_MOST 32   /* 2, 4, 8, ... are tried */
#define BEYOND     10   /* draws beyond either outer knot, about */
#define REJECTED   0.01 /* of the draws: more, and an edge of the support may matter */
#define ENOUGH     7.0  /* nats below the peak, where a mean's grid may end */

struct regression {
    size_t knots;
    double low, step;     /* of the knots, in x */
    double t[KNOTS_MOST]; /* the knots */
    double s[KNOTS_MOST]; /* the score there */
    double noise;         /* nats */
};

void scores_init(struct scores *scores, struct arena *arena, size_t d, struct team *team)
{
    *scores = (struct scores){.dim = d, .team = team};
    scores->noise = arena_doubles(arena, d);
}

struct sample { /* the valid draws of one coordinate */
    size_t n;
    const struct batch *batch;
    size_t coordinate;
    double variance; /* of y */
};

/* ---- regression ---- */

struct normal_equations { /* tridiagonal: diagonal, beside it, right side */
    double a[KNOTS_MOST], b[KNOTS_MOST], r[KNOTS_MOST];
};

/* A rejected point has no gradient. */
static bool is_valid(const struct batch *b, size_t at)
{
    return b->valid == b->n || b->w[at] != 0;
}

/* The cell of a draw, the outer ones reaching to infinity, and how far along it is. */
static size_t place(const struct regression *f, double x, double y, double *along)
{
    const double cell = (x - f->low) / f->step;
    const size_t k = !(cell > 0) ? 0 : cell >= (double)(f->knots - 2) ? f->knots - 2 : (size_t)cell;
    *along = (y - f->t[k]) / (f->t[k + 1] - f->t[k]);
    return k;
}

static void accumulate(const struct regression *f, const struct sample *sample, struct normal_equations *e)
{
    const struct batch *b = sample->batch;
    memset(e, 0, sizeof *e);
    for (size_t p = 0; p < b->n; p++) {
        const size_t at = p * b->dim + sample->coordinate;
        if (is_valid(b, at)) {
            double r = 0;
            const size_t k = place(f, b->x[at], b->y[at], &r);
            const double w = b->w[at], l = 1 - r;
            e->a[k] += l * l;
            e->a[k + 1] += r * r;
            e->b[k] += l * r;
            e->r[k] += l * w;
            e->r[k + 1] += r * w;
        }
    }
}

/* f->s by elimination; false when the draws do not determine it. */
static bool solve(struct regression *f, struct normal_equations *e)
{
    const size_t m = f->knots;
    for (size_t k = 0; k < m; k++) {
        const double left = k > 0 ? e->b[k - 1] / e->a[k - 1] : 0, full = e->a[k];
        e->a[k] -= k > 0 ? left * e->b[k - 1] : 0;
        e->r[k] -= k > 0 ? left * e->r[k - 1] : 0;
        if (!(e->a[k] > 1e-8 * full)) {
            return false;
        }
    }
    for (size_t k = m; k-- > 0;) {
        f->s[k] = (e->r[k] - (k + 1 < m ? e->b[k] * f->s[k + 1] : 0)) / e->a[k];
    }
    return true;
}

static double squared_residuals(const struct regression *f, const struct sample *sample)
{
    const struct batch *b = sample->batch;
    double sum = 0;
    for (size_t p = 0; p < b->n; p++) {
        const size_t at = p * b->dim + sample->coordinate;
        if (is_valid(b, at)) {
            double r = 0;
            const size_t k = place(f, b->x[at], b->y[at], &r);
            const double off = b->w[at] - (1 - r) * f->s[k] - r * f->s[k + 1];
            sum += off * off;
        }
    }
    return sum;
}

/* Akaike's criterion of a regression by so many knots; infinity when there is none. */
static double regress(const struct map *T, const struct sample *sample, size_t knots, struct regression *f)
{
    const double n = (double)sample->n, m = (double)knots, outer = -normal_quantile(BEYOND / n);
    struct normal_equations e;
    *f = (struct regression){.knots = knots, .low = -outer, .step = 2 * outer / (m - 1)};
    for (size_t k = 0; k < knots; k++) {
        f->t[k] = map_at(T, f->low + (double)k * f->step);
    }
    accumulate(f, sample, &e);
    if (!solve(f, &e)) {
        return INFINITY;
    }
    const double squares = squared_residuals(f, sample);
    f->noise = 0.5 * m * squares / (n - m) / n * sample->variance;
    return n * log(fmax(squares, 1e-14 * n / sample->variance)) + 2 * m;
}

static bool regress_best(const struct map *T, const struct sample *sample, struct regression *best)
{
    double least = INFINITY;
    size_t idle = 0;
    for (size_t knots = 2; knots <= KNOTS_MOST && 4 * knots < sample->n && idle < 2; knots *= 2) {
        struct regression f;
        const double criterion = regress(T, sample, knots, &f);
        idle++;
        if (criterion < least) {
            least = criterion;
            *best = f;
            idle = 0;
        }
    }
    return isfinite(least);
}

/* ---- from the score to the density ---- */

/* Outer slopes are not positive, and where one is zero the score must point inwards. */
static bool outer_slopes(const struct regression *f, double slope[2])
{
    const size_t m = f->knots;
    slope[0] = fmin(0, (f->s[1] - f->s[0]) / (f->t[1] - f->t[0]));
    slope[1] = fmin(0, (f->s[m - 1] - f->s[m - 2]) / (f->t[m - 1] - f->t[m - 2]));
    return (slope[0] < 0 || f->s[0] > 0) && (slope[1] < 0 || f->s[m - 1] < 0);
}

/* log q on the grid, up to a constant: the integral of the score, from knot to knot. */
static void integrate(const struct regression *f, const double slope[2], struct log_density *g)
{
    const size_t m = f->knots;
    double total[KNOTS_MOST] = {0}, top = -INFINITY;
    for (size_t k = 1; k < m; k++) {
        total[k] = total[k - 1] + 0.5 * (f->s[k] + f->s[k - 1]) * (f->t[k] - f->t[k - 1]);
    }
    for (size_t j = 0, k = 0; j < g->n; j++) {
        while (k + 1 < m && g->t[j] > f->t[k + 1]) {
            k++;
        }
        const bool left = g->t[j] < f->t[0], right = k + 1 == m;
        const double off = g->t[j] - f->t[k];
        const double bend = left ? slope[0] : right ? slope[1] : (f->s[k + 1] - f->s[k]) / (f->t[k + 1] - f->t[k]);
        g->log_q[j] = total[k] + off * (f->s[k] + 0.5 * off * bend);
        top = fmax(top, g->log_q[j]);
    }
    for (size_t j = 0; j < g->n; j++) {
        g->log_q[j] -= top;
    }
}

/* On a grid that reaches far enough. */
static bool tabulate(const struct regression *f, const struct map *T, struct log_density *g)
{
    double low = 0, high = 0, slope[2];
    if (!outer_slopes(f, slope)) {
        return false;
    }
    quantile_span(T, &low, &high);
    for (int attempt = 0; attempt < QUANTILE_WIDENINGS; attempt++) {
        quantile_grid(T, low, high, g);
        integrate(f, slope, g);
        if (quantile_reaches(g, &low, &high)) {
            return true;
        }
    }
    return false;
}

/* ---- all coordinates ---- */

struct job {
    struct scores *scores;
    const rovi_approximation *q;
    const struct batch *batch;
    const bool *skipped;
    struct density_mean *means; /* d */
};

static double variance_of(const struct batch *b, size_t i)
{
    double mean = 0, square = 0;
    for (size_t p = 0; p < b->n; p++) {
        mean += b->y[p * b->dim + i] / (double)b->n;
    }
    for (size_t p = 0; p < b->n; p++) {
        const double off = b->y[p * b->dim + i] - mean;
        square += off * off / (double)b->n;
    }
    return square;
}

/* The estimate on the grid of the mean, or, where that does not reach far enough for it, on one of its own, with
 * which the mean begins anew. */
static bool estimate(const struct regression *f, const struct map *T, struct density_mean *mean, struct log_density *g)
{
    double slope[2];
    if (mean->weight > 0 && outer_slopes(f, slope)) {
        *g = mean->density;
        integrate(f, slope, g);
        if (fmax(g->log_q[0], g->log_q[g->n - 1]) < -ENOUGH) {
            return true;
        }
    }
    mean->weight = 0;
    return tabulate(f, T, g);
}

static void plan(void *context, size_t i, size_t worker)
{
    const struct job *job = context;
    const struct map *T = &job->q->maps[i];
    struct density_mean *mean = &job->means[i];
    struct log_density g;
    struct regression f;
    double *noise = &job->scores->noise[i];
    (void)worker;
    if (job->skipped[i]) {
        return;
    }
    const struct sample sample = {job->batch->valid, job->batch, i, variance_of(job->batch, i)};
    if (!regress_best(T, &sample, &f) || !estimate(&f, T, mean, &g)) {
        *noise = INFINITY;
        return;
    }
    const double n = (double)sample.n, share = n / (mean->weight + n);
    *noise = share * share * f.noise + (share < 1 ? (1 - share) * (1 - share) * *noise : 0);
    density_mean_add(mean, &g, n);
}

bool scores_plan(struct scores *scores, const rovi_approximation *q, const struct batch *batch, const bool *skipped,
                 struct density_mean *means)
{
    struct job job = {scores, q, batch, skipped, means};
    if ((double)(batch->n - batch->valid) > REJECTED * (double)batch->n) {
        return false;
    }
    team_for(scores->team, scores->dim, plan, &job);
    return true;
}

static void apply(void *context, size_t i, size_t worker)
{
    const struct job *job = context;
    (void)worker;
    if (!job->skipped[i]) {
        quantile_map(&job->means[i].density, &job->q->maps[i]);
    }
}

void scores_apply(struct scores *scores, rovi_approximation *q, const bool *skipped, struct density_mean *means)
{
    struct job job = {.scores = scores, .q = q, .skipped = skipped, .means = means};
    team_for(scores->team, scores->dim, apply, &job);
}
