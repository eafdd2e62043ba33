/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between knots the map is linear, so that the fit's density there is the normal's, scaled. A cell of the grid is cut
 * into pieces over which the given density deviates little from that: this costs no further value of the density.
 */
#include "family/quantile.h"

#include <math.h>
#include <stdlib.h>

#include "base/normal.h"

#define LEAST_MASS  1e-8 /* on either side of a knot: beyond, the map goes on with its outer slope */
#define LEAST_GAP   1e-9 /* between knots, in x */
#define VARIATION   0.3  /* of the log density over a piece, beyond that of the normal */
#define MOST_PIECES 8    /* of a cell */
#define QUANTILES   44 /* points of a grid at the map's quantiles, one in four of them at its knots if it has as many */
#define REACH       4.5  /* which lie in [-REACH, REACH] */
#define MARGIN      0.1  /* of that span, by which a grid begins wider */
#define DEPTH       13.0 /* nats that the ends of a grid must lie below the peak */

struct mass {
    double left[QUANTILE_GRID], right[QUANTILE_GRID]; /* shares of the mass on either side of the grid's points */
};

/* Integral of exp over a cell of width h where the exponent goes linearly from a to b. */
static double cell_mass(double h, double a, double b)
{
    if (isinf(a) || isinf(b)) {
        return 0;
    }
    const double gap = fabs(a - b);
    return h * exp(fmax(a, b)) * (gap < 1e-6 ? 1 - 0.5 * gap : -expm1(-gap) / gap);
}

/* Both shares by sums from their own end, since a tail's share is lost in one minus the other's. */
static bool find_masses(const struct log_density *q, struct mass *m)
{
    const size_t last = q->n - 1;
    double top = -INFINITY, total = 0;
    for (size_t j = 0; j < q->n; j++) {
        top = fmax(top, q->log_q[j]);
    }
    if (!isfinite(top)) {
        return false;
    }
    m->left[0] = m->right[last] = 0;
    for (size_t j = 0; j < last; j++) {
        total += cell_mass(q->t[j + 1] - q->t[j], q->log_q[j] - top, q->log_q[j + 1] - top);
        m->left[j + 1] = total;
    }
    for (size_t j = last; j-- > 0;) {
        m->right[j] = m->right[j + 1] + cell_mass(q->t[j + 1] - q->t[j], q->log_q[j] - top, q->log_q[j + 1] - top);
    }
    if (!(total > 0) || !isfinite(total)) {
        return false;
    }
    for (size_t j = 0; j < q->n; j++) {
        m->left[j] /= total;
        m->right[j] /= total;
    }
    return true;
}

static size_t count_pieces(const struct log_density *q, const struct mass *m, size_t j)
{
    if (m->left[j + 1] - m->left[j] < 1e-6) {
        return 1;
    }
    const double a = normal_between(fmax(m->left[j], LEAST_MASS), m->right[j]);
    const double b = normal_between(m->left[j + 1], fmax(m->right[j + 1], LEAST_MASS));
    const double deviation = fabs(q->log_q[j + 1] - q->log_q[j] - 0.5 * (a * a - b * b)) / VARIATION;
    return deviation > MOST_PIECES - 1 ? MOST_PIECES : 1 + (size_t)deviation;
}

struct knots {
    size_t n;
    double x[QUANTILE_KNOTS], t[QUANTILE_KNOTS];
};

static void add_knot(struct knots *k, double left, double right, double t)
{
    if (left < LEAST_MASS || right < LEAST_MASS || k->n == QUANTILE_KNOTS) {
        return;
    }
    const double x = normal_between(left, right);
    if (k->n == 0 || (x > k->x[k->n - 1] + LEAST_GAP && t > k->t[k->n - 1])) {
        k->x[k->n] = x;
        k->t[k->n++] = t;
    }
}

/* The fraction of a cell, over which the log density rises by g, that holds this share of its mass. */
static double fraction_of(double share, double g)
{
    return fabs(g) < 1e-9 ? share : log1p(share * expm1(g)) / g;
}

/* Knots within cell j: at its pieces, and where the mass on the outer side is just the least, so that the map follows
 * the density as far out as it is told to. */
static void cut_cell(const struct log_density *q, const struct mass *m, size_t j, struct knots *k)
{
    const size_t pieces = count_pieces(q, m, j);
    const double h = q->t[j + 1] - q->t[j], share = m->left[j + 1] - m->left[j], g = q->log_q[j + 1] - q->log_q[j];
    if (!(share > 0)) {
        return;
    }
    if (m->left[j] < LEAST_MASS && m->left[j + 1] > LEAST_MASS) {
        const double f = fraction_of((LEAST_MASS - m->left[j]) / share, g);
        add_knot(k, LEAST_MASS, 1 - LEAST_MASS, q->t[j] + f * h);
    }
    for (size_t p = 0; p < pieces; p++) {
        const double f = (double)p / (double)pieces, part = share * cell_mass(f, 0, f * g) / cell_mass(1, 0, g);
        add_knot(k, m->left[j] + part, m->right[j] - part, q->t[j] + f * h);
    }
    if (m->right[j] > LEAST_MASS && m->right[j + 1] < LEAST_MASS) {
        const double f = fraction_of((m->right[j] - LEAST_MASS) / share, g);
        add_knot(k, 1 - LEAST_MASS, LEAST_MASS, q->t[j] + f * h);
    }
}

bool quantile_map(const struct log_density *q, struct map *T)
{
    struct mass m;
    struct knots k = {.n = 0};
    if (!find_masses(q, &m)) {
        return false;
    }
    for (size_t j = 0; j + 1 < q->n; j++) {
        cut_cell(q, &m, j, &k);
    }
    if (k.n < 2) {
        return false;
    }
    map_interpolate(T, k.n, k.x, k.t);
    return true;
}

static int ascending(const void *a, const void *b)
{
    const double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

void quantile_sort(struct log_density *q)
{
    qsort(q->t, q->n, sizeof *q->t, ascending);
    const double least = 1e-12 * (q->t[q->n - 1] - q->t[0]);
    for (size_t j = 1; j < q->n; j++) {
        q->t[j] = fmax(q->t[j], q->t[j - 1] + least);
    }
}

void quantile_span(const struct map *T, double *low, double *high)
{
    const double left = map_at(T, -REACH), right = map_at(T, REACH), margin = MARGIN * (right - left);
    *low = left - margin;
    *high = right + margin;
}

void quantile_grid(const struct map *T, double low, double high, struct log_density *q)
{
    q->n = 0;
    for (size_t j = 0; j < QUANTILES; j++) {
        const double part = (double)j / (QUANTILES - 1);
        const bool at_knot = j % 4 == 1 && T->D.cells >= QUANTILES / 4;
        const double t =
            at_knot ? T->value[(size_t)round(part * (double)T->D.cells)] : map_at(T, REACH * (2 * part - 1));
        if (t > low && t < high) {
            q->t[q->n++] = t;
        }
    }
    const size_t rest = QUANTILE_GRID - q->n;
    for (size_t j = 0; j < rest; j++) {
        q->t[q->n++] = low + (high - low) * (double)j / (double)(rest - 1);
    }
    quantile_sort(q);
}

bool quantile_reaches(const struct log_density *q, double *low, double *high)
{
    const bool left = q->log_q[0] > -DEPTH, right = q->log_q[q->n - 1] > -DEPTH;
    const double span = *high - *low;
    *low -= left ? span : 0;
    *high += right ? span : 0;
    return !left && !right;
}

void quantile_mixture(size_t count, const double *weight, const double *mean, const double *sd, struct log_density *q)
{
    const size_t each = 12, shown = count < 4 ? count : 4; /* the rest of the grid is even over all of them */
    double low = INFINITY, high = -INFINITY;
    q->n = 0;
    for (size_t k = 0; k < count; k++) {
        low = fmin(low, mean[k] - 6 * sd[k]);
        high = fmax(high, mean[k] + 6 * sd[k]);
        for (size_t j = 0; k < shown && j < each; j++) {
            q->t[q->n++] = mean[k] + sd[k] * 8 * ((double)j / (double)(each - 1) - 0.5);
        }
    }
    const size_t rest = QUANTILE_GRID - q->n;
    for (size_t j = 0; j < rest; j++) {
        q->t[q->n++] = low + (high - low) * (double)j / (double)(rest - 1);
    }
    quantile_sort(q);
    for (size_t j = 0; j < q->n; j++) {
        double sum = 0;
        for (size_t k = 0; k < count; k++) {
            const double x = (q->t[j] - mean[k]) / sd[k];
            sum += weight[k] * exp(-0.5 * x * x) / sd[k];
        }
        q->log_q[j] = log(sum);
    }
}
