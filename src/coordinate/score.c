/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The regression of w_i on y_i is piecewise linear, with knots at even distances in the reference coordinate, so that
 * the cell of a draw is found at once, and its normal equations are tridiagonal. How many knots the draws can tell is
 * decided by Akaike's criterion. With every other knot left out the functions are some of those before, so that the
 * equations of fewer knots come from those of the most, and the draws are passed once. Beyond the outer knots the score
 * goes on as it ends, but never so that the density would rise: its tails are then a normal's or an exponential's.
 */
#include "coordinate/score.h"

#include <math.h>
#include <string.h>

#include "base/normal.h"

#define KNOTS_MOST 33    /* these, 17, 9, 5, 3 and 2 are tried */
#define EXACT      1e-12 /* of the squares of w: residuals that are rounding */
#define BEYOND     10    /* draws beyond either outer knot, about */
#define REJECTED   0.01  /* of the draws: more, and an edge of the support may matter */
#define ENOUGH     7.0   /* nats below the peak, where a mean's grid may end */

struct regression {
    size_t knots;
    double t[KNOTS_MOST]; /* the knots */
    double s[KNOTS_MOST]; /* the score there */
    double noise;         /* nats */
};

void scores_init(struct scores *scores, struct arena *arena, size_t d, struct team *team)
{
    *scores = (struct scores){.dim = d, .team = team};
    scores->noise = arena_doubles(arena, d);
}

/* ---- regression ---- */

/* Of one coordinate's valid draws, n of them. */
struct normal_equations {
    size_t knots;
    double t[KNOTS_MOST];                                   /* the knots */
    double a[KNOTS_MOST], b[KNOTS_MOST], right[KNOTS_MOST]; /* diagonal, beside it, right side */
    double n, squares, variance;                            /* sum of w^2; of y */
};

struct cell { /* sums over its draws; r: how far along the cell they are */
    double n, r, rr, w, wr;
};

/* A rejected point has no gradient. */
static bool is_valid(const struct batch *b, size_t at)
{
    return b->valid == b->n || b->w[at] != 0;
}

/* The outer cells reach to infinity. */
static void pass_draws(const struct batch *batch, size_t i, double low, double step, struct normal_equations *e,
                       struct cell *cells)
{
    const double last = (double)(e->knots - 2), middle = e->t[e->knots / 2];
    double per_width[KNOTS_MOST], y1 = 0, y2 = 0;
    for (size_t k = 0; k + 1 < e->knots; k++) {
        per_width[k] = 1 / (e->t[k + 1] - e->t[k]);
    }
    for (size_t at = i; at < batch->n * batch->dim; at += batch->dim) {
        if (is_valid(batch, at)) {
            const double y = batch->y[at], w = batch->w[at], place = (batch->x[at] - low) / step;
            const size_t k = (size_t)fmax(0, fmin(place, last));
            const double r = (y - e->t[k]) * per_width[k];
            cells[k].n += 1;
            cells[k].r += r;
            cells[k].rr += r * r;
            cells[k].w += w;
            cells[k].wr += w * r;
            e->squares += w * w;
            y1 += y - middle;
            y2 += (y - middle) * (y - middle);
        }
    }
    e->variance = y2 / e->n - y1 * y1 / (e->n * e->n);
}

/* For the most knots, in steps that leave so many draws beyond the outer ones. */
static void set_equations(const struct map *T, const struct batch *batch, size_t i, struct normal_equations *e)
{
    const double outer = -normal_quantile(BEYOND / (double)batch->valid), step = 2 * outer / (KNOTS_MOST - 1);
    struct cell cells[KNOTS_MOST] = {0};
    *e = (struct normal_equations){.knots = KNOTS_MOST, .n = (double)batch->valid};
    for (size_t k = 0; k < e->knots; k++) {
        e->t[k] = map_at(T, step * (double)k - outer);
    }
    pass_draws(batch, i, -outer, step, e, cells);
    for (size_t k = 0; k + 1 < e->knots; k++) {
        const struct cell *c = &cells[k];
        e->a[k] += c->n - 2 * c->r + c->rr;
        e->b[k] = c->r - c->rr;
        e->a[k + 1] += c->rr;
        e->right[k] += c->w - c->wr;
        e->right[k + 1] += c->wr;
    }
}

/* Leaves out every other knot m, where the function becomes the mean of its neighbours' values. */
static void coarsen(struct normal_equations *e)
{
    const size_t cells = (e->knots - 1) / 2;
    for (size_t j = 0; j < cells; j++) {
        const size_t m = 2 * j + 1;
        const double q = (e->t[m] - e->t[m - 1]) / (e->t[m + 1] - e->t[m - 1]), p = 1 - q;
        const double a = e->a[m], before = e->b[m - 1], after = e->b[m], right = e->right[m];
        e->a[j] += p * (p * a + 2 * before);
        e->b[j] = p * q * a + q * before + p * after;
        e->a[j + 1] = e->a[m + 1] + q * (q * a + 2 * after);
        e->right[j] += p * right;
        e->right[j + 1] = e->right[m + 1] + q * right;
        e->t[j + 1] = e->t[m + 1];
    }
    e->knots = cells + 1;
}

/* f->s by elimination; false when the draws do not determine it. */
static bool solve(const struct normal_equations *e, struct regression *f)
{
    double pivot[KNOTS_MOST];
    for (size_t k = 0; k < e->knots; k++) {
        const double left = k > 0 ? e->b[k - 1] / pivot[k - 1] : 0;
        pivot[k] = e->a[k] - (k > 0 ? left * e->b[k - 1] : 0);
        f->s[k] = e->right[k] - (k > 0 ? left * f->s[k - 1] : 0);
        if (!(pivot[k] > 1e-8 * e->a[k])) {
            return false;
        }
    }
    for (size_t k = e->knots; k-- > 0;) {
        f->s[k] = (f->s[k] - (k + 1 < e->knots ? e->b[k] * f->s[k + 1] : 0)) / pivot[k];
    }
    return true;
}

/* Akaike's criterion of the equations' regression; infinity when there is none. */
static double regress(const struct normal_equations *e, struct regression *f)
{
    const double m = (double)e->knots;
    double squares = e->squares; /* of the residuals */
    *f = (struct regression){.knots = e->knots};
    memcpy(f->t, e->t, e->knots * sizeof *f->t);
    if (4 * m >= e->n || !solve(e, f)) {
        return INFINITY;
    }
    for (size_t k = 0; k < e->knots; k++) {
        squares -= f->s[k] * e->right[k];
    }
    const double least = EXACT * e->squares;
    f->noise = squares > least ? 0.5 * m * squares / (e->n - m) / e->n * e->variance : 0;
    return e->n * log(fmax(squares, least)) + 2 * m;
}

static bool regress_best(const struct map *T, const struct batch *batch, size_t i, struct regression *best)
{
    double least = INFINITY;
    struct normal_equations e;
    struct regression f;
    set_equations(T, batch, i, &e);
    for (;; coarsen(&e)) {
        const double criterion = regress(&e, &f);
        if (criterion <= least && isfinite(criterion)) {
            least = criterion;
            *best = f;
        }
        if (e.knots == 2) {
            return isfinite(least);
        }
    }
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
    if (!regress_best(T, job->batch, i, &f) || !estimate(&f, T, mean, &g)) {
        *noise = INFINITY;
        return;
    }
    const double n = (double)job->batch->valid, share = n / (mean->weight + n);
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
