/* SPDX-License-Identifier: BSD-3-Clause */
/* An optimum as the caller gets it: its densities, how far the grid may be off, and what each component has of it. */
#include <math.h>

#include "theory/plane.h"

struct owned_product {
    rovi_plane_product shown; /* first, so that its address is this one's */
    struct arena memory;
};

/* log of weight k times density of component k at z */
static double log_component(const struct gaussians *pieces, size_t k, double z1, double z2)
{
    const double *S = pieces->covariance + 4 * k, a = z1 - pieces->mean[2 * k], b = z2 - pieces->mean[2 * k + 1];
    const double det = S[0] * S[3] - S[1] * S[2];
    return log(pieces->weight[k] / (2 * 180 * DEGREE * sqrt(det))) -
           0.5 * (S[3] * a * a - (S[1] + S[2]) * a * b + S[0] * b * b) / det;
}

#define NOTHING 1e-18 /* mass of a grid point that no share misses */

static void measure_shares(const struct gaussians *pieces, const struct angle *at, double *share)
{
    const struct grid *grid = &at->grid;
    double total = 0;
    for (size_t node = 0; node < grid->n[0] * grid->n[1]; node++) {
        const size_t i = node / grid->n[1], j = node % grid->n[1];
        const double mass = at->best.q[0][i] * at->best.q[1][j] * grid->step[0] * grid->step[1];
        const double a = grid->lo[0] + grid->step[0] * (double)i, b = grid->lo[1] + grid->step[1] * (double)j;
        for (size_t k = 0; k < pieces->K && mass > NOTHING; k++) {
            const double part =
                mass *
                exp(log_component(pieces, k, grid->c * a - grid->s * b, grid->s * a + grid->c * b) - grid->log_p[node]);
            share[k] += part;
            total += part;
        }
    }
    for (size_t k = 0; k < pieces->K; k++) {
        share[k] /= total;
    }
}

rovi_plane_product *plane_product_keep(const rovi_plane *plane, struct angle *at, double degrees)
{
    struct arena memory = {0};
    struct owned_product *out = arena_take(&memory, 1, sizeof *out);
    const struct grid *grid = &at->grid;
    const size_t K = plane->view.exact ? plane->view.pieces.K : 0;
    double *share = arena_doubles(&memory, K);
    double *q[2] = {arena_copy(&memory, at->best.q[0], grid->n[0]), arena_copy(&memory, at->best.q[1], grid->n[1])};
    if (memory.failed) {
        arena_free(&memory);
        return NULL;
    }
    out->shown = (rovi_plane_product){.degrees = degrees,
                                      .kl = at->best.F + plane->view.log_z,
                                      .count = {grid->n[0], grid->n[1]},
                                      .lo = {grid->lo[0], grid->lo[1]},
                                      .step = {grid->step[0], grid->step[1]},
                                      .density = {q[0], q[1]},
                                      .start = at->best_start,
                                      .share_count = K,
                                      .share = share};
    if (K > 0) {
        measure_shares(&plane->view.pieces, at, share);
    }
    out->shown.kl_change = fabs(at->best.F - angle_solve_halved(at));
    out->memory = memory;
    return &out->shown;
}

void rovi_plane_product_free(rovi_plane_product *product)
{
    if (product != NULL) {
        struct arena memory = ((struct owned_product *)product)->memory;
        arena_free(&memory);
    }
}

/* Mass between a and b, within half a step of point k: log q is taken as the parabola through k and its neighbours,
 * which for a normal is exact (in its tail a straight line is not good enough); by 3-point Gauss-Legendre. */
static double mass_of_cell(const rovi_plane_product *product, size_t i, size_t k, double a, double b)
{
    static const double node[] = {-0.77459666924148338, 0, 0.77459666924148338};
    static const double weight[] = {5.0 / 18, 8.0 / 18, 5.0 / 18};
    const double *q = product->density[i] + k, h = product->step[i];
    if (k == 0 || k + 1 == product->count[i] || !(q[-1] > 0 && q[0] > 0 && q[1] > 0)) {
        return q[0] * (b - a);
    }
    const double rise = 0.5 * log(q[1] / q[-1]), bend = 0.5 * (log(q[1] / q[0]) + log(q[-1] / q[0]));
    double sum = 0;
    for (int n = 0; n < 3; n++) {
        const double u = (0.5 * (a + b) + 0.5 * (b - a) * node[n] - product->lo[i]) / h - (double)k;
        sum += weight[n] * exp(u * (rise + u * bend));
    }
    return q[0] * sum * (b - a);
}

static double mass_between(const rovi_plane_product *product, size_t i, double lo, double hi)
{
    const double h = product->step[i];
    double inside = 0, total = 0;
    for (size_t k = 0; k < product->count[i]; k++) {
        const double at = product->lo[i] + h * (double)k;
        const double a = fmin(fmax(lo, at - 0.5 * h), at + 0.5 * h), b = fmin(fmax(hi, at - 0.5 * h), at + 0.5 * h);
        inside += mass_of_cell(product, i, k, a, fmax(a, b));
        total += mass_of_cell(product, i, k, at - 0.5 * h, at + 0.5 * h);
    }
    return inside / total;
}

double rovi_plane_product_mass(const rovi_plane_product *product, const double lo[2], const double hi[2])
{
    return mass_between(product, 0, lo[0], hi[0]) * mass_between(product, 1, lo[1], hi[1]);
}
