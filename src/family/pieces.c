/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The density along a coordinate, phi(x)/T'(x) at T(x), is piecewise smooth: it is cut at its valleys, walking from
 * left to right with the hysteresis of the rule (equation 16).
 *
 * New masses move the knots in x and leave their values: within a piece the distribution function is scaled, from the
 * nearer end of the line, so that tails keep their digits.
 */
#include "family/pieces.h"

#include <math.h>
#include <string.h>

#include "base/normal.h"

#define LEAST_MASS 0.01 /* a lighter piece of a coordinate is noise of the estimated density, not a mode */
#define LEAST_GAP  1e-9 /* between knots, in x */

size_t pieces_room(size_t cells)
{
    return 2 * cells + 5;
}

/* The density along a coordinate at the ends of the map's segments and at 0: it is monotone between these points. */
struct profile {
    size_t count;
    double *x, *density; /* room for pieces_room */
};

static void profile_add(struct profile *p, const struct map *T, size_t segment, double x)
{
    p->x[p->count] = x;
    p->density[p->count++] = exp(normal_log_density(x) - T->log_slope[segment]);
}

static void profile_fill(struct profile *p, const struct map *T)
{
    const size_t J = T->D.cells;
    p->count = 0;
    for (size_t s = 0; s <= J + 1; s++) {
        const double left = s > 0 ? T->D.knots[s - 1] : -INFINITY, right = s <= J ? T->D.knots[s] : INFINITY;
        if (s > 0) {
            profile_add(p, T, s, left);
        }
        if (left < 0 && right > 0) {
            profile_add(p, T, s, 0);
        }
        if (s <= J) {
            profile_add(p, T, s, right);
        }
    }
}

/* Where to cut at the valley whose lowest point is i: in the middle of the stretch that is less than twice as high,
 * since the lowest point of an estimated valley is a matter of noise. */
static double valley_middle(const struct profile *p, size_t i)
{
    size_t from = i, to = i;
    while (from > 0 && p->density[from - 1] < 2 * p->density[i]) {
        from--;
    }
    while (to + 1 < p->count && p->density[to + 1] < 2 * p->density[i]) {
        to++;
    }
    return 0.5 * (p->x[from] + p->x[to]);
}

/* Writes -infinity, the cuts, +infinity into `edges`, which has room for pieces_room; returns how many pieces. */
static size_t cut_at_valleys(const struct profile *p, double *edges)
{
    size_t pieces = 1, peak = 0, valley = 0; /* indices of the highest point since the cut, the lowest since the peak */
    edges[0] = -INFINITY;
    for (size_t i = 1; i < p->count; i++) {
        const double low = p->density[valley];
        if (p->density[i] > 2 * low && low < 0.5 * p->density[peak]) {
            edges[pieces++] = valley_middle(p, valley);
            peak = valley = i;
        } else if (p->density[i] > p->density[peak]) {
            peak = valley = i;
        } else if (p->density[i] < low) {
            valley = i;
        }
    }
    edges[pieces] = INFINITY;
    return pieces;
}

static double piece_mass(const double *edges, size_t i)
{
    return normal_interval(edges[i], edges[i + 1]);
}

/* Joins the lightest piece to its lighter neighbour until all have the least mass; returns how many are left. */
static size_t merge_light(size_t count, double *edges)
{
    while (count > 1) {
        size_t lightest = 0;
        for (size_t i = 1; i < count; i++) {
            lightest = piece_mass(edges, i) < piece_mass(edges, lightest) ? i : lightest;
        }
        if (piece_mass(edges, lightest) >= LEAST_MASS) {
            break;
        }
        const double left = lightest > 0 ? piece_mass(edges, lightest - 1) : INFINITY;
        const double right = lightest + 1 < count ? piece_mass(edges, lightest + 1) : INFINITY;
        const size_t gone = left <= right ? lightest : lightest + 1;
        memmove(edges + gone, edges + gone + 1, (count - gone) * sizeof *edges);
        count--;
    }
    return count;
}

size_t pieces_cut(const struct map *T, double *edges, double *work)
{
    struct profile p = {.x = work, .density = work + pieces_room(T->D.cells)};
    profile_fill(&p, T);
    return merge_light(cut_at_valleys(&p, edges), edges);
}

void pieces_reweigh(struct map *T, size_t count, const double *edges, const double *mass, double *work)
{
    double *x = work, *t = x + T->D.cells + 1, left = 0, right = 1;
    size_t n = 0, k = 0;
    for (size_t i = 0; i < count; i++) {
        const double whole = piece_mass(edges, i);
        right = fmax(0, right - mass[i]); /* of the line beyond piece i; `left` is what lies before it */
        for (; k <= T->D.cells && (T->D.knots[k] <= edges[i + 1] || i + 1 == count); k++) {
            const double before = normal_interval(edges[i], T->D.knots[k]) / whole;
            const double after = normal_interval(T->D.knots[k], edges[i + 1]) / whole;
            const double at = normal_between(left + mass[i] * before, right + mass[i] * after);
            if (isfinite(at) && (n == 0 || at > x[n - 1] + LEAST_GAP)) {
                x[n] = at;
                t[n++] = T->value[k];
            }
        }
        left += mass[i];
    }
    if (n >= 2) {
        map_interpolate(T, n, x, t);
    }
}
