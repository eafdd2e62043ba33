/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One increasing map T(x) = alpha x + sum_k lambda_k M_k(x) + v, equation (2): evaluation, inverse, adjoint.
 * It is linear on each of J + 2 segments: segment 0 left of a_0, segment k + 1 the cell [a_k, a_{k+1}], segment J + 1
 * right of a_J.
 */
#ifndef ROVI_FAMILY_MAP_H
#define ROVI_FAMILY_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "family/dictionary.h"

struct map {
    struct dictionary D;
    double alpha, v;
    double *lambda; /* J */
    /* made from these by map_prepare */
    double *value;     /* T(a_k): J + 1 */
    double *slope;     /* of segment s: J + 2 */
    double *log_slope; /* J + 2 */
    /* segment lookup: of an even grid over [a_0, a_J], the segment where each bin begins; few bins hold two knots */
    uint32_t *guide; /* guide_bins */
    size_t guide_bins;
    double bins_per_unit;
};

/* Takes arrays for `room` cells from the arena, which may fail. */
void map_init(struct map *T, struct arena *arena, size_t room);

/* T becomes alpha x on these cells + 1 knots (at most the room's). */
void map_set(struct map *T, size_t cells, const double *knots, double alpha);

/* T becomes the piecewise-linear map through the n >= 2 points (x_j, t_j), both increasing; n - 1 at most the room's.
 */
void map_interpolate(struct map *T, size_t n, const double *x, const double *t);

/* To be called after lambda, alpha or v changed. */
void map_prepare(struct map *T);

/* The segment of x, in O(1) expected time. */
static inline size_t map_segment(const struct map *T, double x)
{
    const double *a = T->D.knots;
    const size_t J = T->D.cells;
    if (!(x >= a[0])) {
        return 0;
    }
    if (x >= a[J]) {
        return J + 1;
    }
    const size_t bin = (size_t)((x - a[0]) * T->bins_per_unit);
    size_t s = T->guide[bin < T->guide_bins ? bin : T->guide_bins - 1];
    s += x >= a[s] ? 1 : 0; /* by arithmetic: a branch would be foreseen half of the time */
    while (x >= a[s]) {
        s++;
    }
    while (x < a[s - 1]) {
        s--;
    }
    return s;
}

/* T(x) for x in segment s */
static inline double map_value(const struct map *T, size_t s, double x)
{
    const size_t anchor = s > 0 ? s - 1 : 0;
    return T->value[anchor] + (x - T->D.knots[anchor]) * T->slope[s];
}

static inline double map_at(const struct map *T, double x)
{
    return map_value(T, map_segment(T, x), x);
}

/* T^-1(y) by binary search; *segment is where it lies. The halves are chosen by arithmetic, since no branch could be
 * foreseen: a mixture's density asks for this at every point, of every coordinate of every component. */
static inline double map_inverse(const struct map *T, double y, size_t *segment)
{
    const double *end = T->value; /* value[s] ends segment s */
    for (size_t n = T->D.cells + 1; n > 1; n -= n / 2) {
        end += n / 2 * (size_t)(end[n / 2 - 1] <= y);
    }
    const size_t s = (size_t)(end - T->value) + (*end <= y ? 1 : 0), anchor = s > 0 ? s - 1 : 0;
    *segment = s;
    return T->D.knots[anchor] + (y - T->value[anchor]) / T->slope[s];
}

/* out_k = sum_i w_i M_k(x_i) for k = 0..J-1 and *total = sum_i w_i; n points with the given stride (in doubles).
 * work: 2 (J + 2) doubles. */
void map_adjoint(const struct map *T, size_t n, size_t stride, const double *x, const double *w, double *out,
                 double *total, double *work);

#endif
