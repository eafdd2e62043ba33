/* SPDX-License-Identifier: BSD-3-Clause */
/* Prefix sums of lambda give the values at the knots; from then on T is a table lookup and one multiply-add. */
#include "family/map.h"

#include <math.h>
#include <string.h>

#define GUIDE_BINS 2 /* for each cell */

static void fill_guide(struct map *T)
{
    const double *a = T->D.knots;
    const size_t J = T->D.cells;
    size_t s = 1;
    T->bins_per_unit = J > 0 ? (double)T->guide_bins / (a[J] - a[0]) : 0;
    for (size_t bin = 0; bin < T->guide_bins; bin++) {
        const double left = a[0] + (double)bin / T->bins_per_unit;
        while (s < J && a[s] <= left) {
            s++;
        }
        T->guide[bin] = (uint32_t)s;
    }
}

void map_init(struct map *T, struct arena *arena, size_t room)
{
    *T = (struct map){.alpha = 1};
    dictionary_init(&T->D, arena, room);
    T->lambda = arena_doubles(arena, room);
    T->value = arena_doubles(arena, room + 1);
    T->slope = arena_doubles(arena, room + 2);
    T->log_slope = arena_doubles(arena, room + 2);
    T->guide = arena_take(arena, GUIDE_BINS * room, sizeof *T->guide);
}

void map_set(struct map *T, size_t cells, const double *knots, double alpha)
{
    dictionary_set(&T->D, cells, knots);
    T->alpha = alpha;
    T->v = 0;
    memset(T->lambda, 0, cells * sizeof *T->lambda);
    T->guide_bins = GUIDE_BINS * cells;
    fill_guide(T);
    map_prepare(T);
}

void map_interpolate(struct map *T, size_t n, const double *x, const double *t)
{
    double least = INFINITY;
    for (size_t k = 0; k + 1 < n; k++) {
        least = fmin(least, (t[k + 1] - t[k]) / (x[k + 1] - x[k]));
    }
    map_set(T, n - 1, x, 0.5 * least);
    T->v = t[0] - T->alpha * x[0];
    for (size_t k = 0; k + 1 < n; k++) {
        T->lambda[k] = t[k + 1] - t[k] - T->alpha * T->D.width[k];
        T->v += T->lambda[k] * T->D.mean[k];
    }
    map_prepare(T);
}

void map_prepare(struct map *T)
{
    const struct dictionary *D = &T->D;
    const size_t J = D->cells;
    double level = T->v;
    for (size_t k = 0; k < J; k++) {
        level -= T->lambda[k] * D->mean[k];
    }
    T->slope[0] = T->slope[J + 1] = T->alpha;
    T->log_slope[0] = T->log_slope[J + 1] = log(T->alpha);
    T->value[0] = T->alpha * D->knots[0] + level;
    for (size_t k = 0; k < J; k++) {
        level += T->lambda[k];
        T->value[k + 1] = T->alpha * D->knots[k + 1] + level;
        T->slope[k + 1] = T->alpha + T->lambda[k] / D->width[k];
        T->log_slope[k + 1] = log(T->slope[k + 1]);
    }
}

void map_adjoint(const struct map *T, size_t n, size_t stride, const double *x, const double *w, double *out,
                 double *total, double *work)
{
    const size_t J = T->D.cells;
    double *whole = work, *part = work + J + 2; /* by segment: sum of w, and of w times the fraction of the cell */
    memset(work, 0, 2 * (J + 2) * sizeof *work);
    for (size_t i = 0; i < n; i++) {
        const double xi = x[i * stride], wi = w[i * stride];
        const size_t s = map_segment(T, xi);
        whole[s] += wi;
        part[s] += wi * (s > 0 ? xi - T->D.knots[s - 1] : 0);
    }
    double right = whole[J + 1]; /* of all segments right of the cell, where psi_k = 1 */
    for (size_t k = J; k-- > 0;) {
        out[k] = right + part[k + 1] / T->D.width[k];
        right += whole[k + 1];
    }
    *total = right + whole[0];
    for (size_t k = 0; k < J; k++) {
        out[k] -= *total * T->D.mean[k];
    }
}
