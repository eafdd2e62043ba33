/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The floor of a dictionary in one dimension. Unknown are the map's values t_j at the knots; with V = -log p and the
 * normal masses P_k of the cells,
 *
 *     F(t) = E[V(T(x))] - sum_k P_k log((t_{k+1} - t_k)/h) - P_out log alpha - log(2 pi e)/2 = KL,
 *
 * by quadrature in the first term. Newton's method: the Hessian is tridiagonal, V'' is kept from below zero in it, and
 * a step is halved until F falls. The start is the true increasing map, which is near the optimum for any useful mesh.
 */
#include "cli/reproduce/floor.h"

#include <math.h>
#include <string.h>

#define CELLS_MOST 1000
#define PER_CELL   16 /* points of quadrature, also in each of the TAIL cells outside */
#define TAIL       60 /* cells of .1 outside on either side */
#define ROUNDS     200

struct problem {
    double a, alpha, h, range;
    int cells;
    double t[CELLS_MOST + 1], gradient[CELLS_MOST + 1], diagonal[CELLS_MOST + 1], beside[CELLS_MOST + 1];
};

static double normal_cdf(double x)
{
    return .5 * erfc(-x / 1.4142135623730951);
}

static double quantile(const struct problem *p, double share)
{
    double lo = -p->a - 12, hi = p->a + 12;
    for (int i = 0; i < 80; i++) {
        double middle = (lo + hi) / 2;
        if (.5 * normal_cdf(middle + p->a) + .5 * normal_cdf(middle - p->a) < share)
            lo = middle;
        else
            hi = middle;
    }
    return (lo + hi) / 2;
}

/* V and its first two derivatives. */
static double potential(const struct problem *p, double y, double *first, double *second)
{
    double s = tanh(p->a * y);
    *first = y - p->a * s;
    *second = 1 - p->a * p->a * (1 - s * s);
    double z = fabs(p->a * y); /* log cosh, without overflow */
    return .9189385332046727 + y * y / 2 + p->a * p->a / 2 - (z + log1p(exp(-2 * z)) - .6931471805599453);
}

/* One point x of weight w: value, and unless NULL what it adds to the derivatives by the knots j and j + 1. */
static double add_point(struct problem *p, const double *t, double x, double w, int derivatives)
{
    double position = (x + p->range) / p->h, first, second, y, right;
    int j = position <= 0 ? 0 : position >= p->cells ? p->cells - 1 : (int)position;
    right = position <= 0 ? 0 : position >= p->cells ? 1 : position - j;
    y = (1 - right) * t[j] + right * t[j + 1];
    y += position < 0 ? p->alpha * (x + p->range) : position > p->cells ? p->alpha * (x - p->range) : 0;
    double value = potential(p, y, &first, &second);
    if (derivatives) {
        second = fmax(second, 0);
        p->gradient[j] += w * first * (1 - right);
        p->gradient[j + 1] += w * first * right;
        p->diagonal[j] += w * second * (1 - right) * (1 - right);
        p->diagonal[j + 1] += w * second * right * right;
        p->beside[j] += w * second * right * (1 - right);
    }
    return w * value;
}

static double integrate(struct problem *p, const double *t, double lo, double width, int derivatives)
{
    double sum = 0, step = width / PER_CELL;
    for (int i = 0; i < PER_CELL; i++) {
        double x = lo + (i + .5) * step;
        sum += add_point(p, t, x, step * exp(-x * x / 2) * .3989422804014327, derivatives);
    }
    return sum;
}

static double evaluate(struct problem *p, const double *t, int derivatives)
{
    double F = -1.4189385332046727, outside = 2 * normal_cdf(-p->range); /* log(2 pi e)/2 */
    if (derivatives) {
        memset(p->gradient, 0, sizeof p->gradient);
        memset(p->diagonal, 0, sizeof p->diagonal);
        memset(p->beside, 0, sizeof p->beside);
    }
    for (int k = -TAIL; k < p->cells + TAIL; k++) {
        double lo = k < 0 ? -p->range + .1 * k : k < p->cells ? -p->range + p->h * k : p->range + .1 * (k - p->cells);
        F += integrate(p, t, lo, k < 0 || k >= p->cells ? .1 : p->h, derivatives);
    }
    for (int k = 0; k < p->cells; k++) {
        double lo = -p->range + p->h * k, P = normal_cdf(lo + p->h) - normal_cdf(lo), rise = t[k + 1] - t[k];
        if (!(rise > 0))
            return INFINITY;
        F -= P * log(rise / p->h);
        if (derivatives) {
            p->gradient[k] += P / rise;
            p->gradient[k + 1] -= P / rise;
            p->diagonal[k] += P / (rise * rise);
            p->diagonal[k + 1] += P / (rise * rise);
            p->beside[k] -= P / (rise * rise);
        }
    }
    return F - outside * log(p->alpha);
}

/* H step = -gradient for the tridiagonal H. */
static void newton_step(const struct problem *p, double *step)
{
    double pivot[CELLS_MOST + 1] = {0};
    int n = p->cells + 1;
    for (int j = 0; j < n; j++) {
        double factor = j ? p->beside[j - 1] / pivot[j - 1] : 0;
        pivot[j] = p->diagonal[j] - (j ? factor * p->beside[j - 1] : 0);
        step[j] = -p->gradient[j] - (j ? factor * step[j - 1] : 0);
    }
    for (int j = n - 1; j >= 0; j--)
        step[j] = (step[j] - (j + 1 < n ? p->beside[j] * step[j + 1] : 0)) / pivot[j];
}

static double descend(struct problem *p, double F)
{
    double step[CELLS_MOST + 1] = {0}, next[CELLS_MOST + 1] = {0}, length = 1, found = INFINITY;
    newton_step(p, step);
    for (int halving = 0; halving < 40 && !(found < F); halving++, length /= 2) {
        for (int j = 0; j <= p->cells; j++)
            next[j] = p->t[j] + length * step[j];
        found = evaluate(p, next, 0);
    }
    if (!(found < F))
        return F;
    memcpy(p->t, next, sizeof next);
    return found;
}

/* From the true map, its knots moved by `shift`: a knot in the middle of a symmetric map may be held there by symmetry,
 * where one on either side is better. */
static double floor_from(struct problem *p, double shift)
{
    for (int j = 0; j <= p->cells; j++)
        p->t[j] = quantile(p, normal_cdf(-p->range + p->h * j + shift));
    double F = evaluate(p, p->t, 1);
    for (int round = 0; round < ROUNDS; round++) {
        double before = F;
        F = descend(p, F);
        if (before - F < 1e-12)
            break;
        evaluate(p, p->t, 1);
    }
    return F;
}

double floor_of_pair(double a, double mesh, double range, double alpha)
{
    struct problem p = {.a = a, .alpha = alpha, .range = range, .cells = (int)ceil(2 * range / mesh - 1e-9)};
    double least = INFINITY;
    if (p.cells > CELLS_MOST)
        return NAN;
    p.h = 2 * range / p.cells;
    for (int quarter = 0; quarter < 4; quarter++)
        least = fmin(least, floor_from(&p, quarter * p.h / 4));
    return least;
}
