/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * At one angle: coordinate updates (product.c) from every start that could lead elsewhere: each component, the target's
 * marginals, pairs of components. The least of their ends is taken for the optimum. Nothing proves that it is, but a
 * product density that none of these lead to has not been seen.
 */
#include "theory/plane_angle.h"

#include <math.h>

void angle_make(const struct rovi_plane *plane, enum fineness fineness, struct arena *memory, struct angle *at)
{
    const size_t most = grid_most(&plane->view, fineness);
    at->grid.log_p = arena_doubles(memory, most * most);
    for (int i = 0; i < 2; i++) {
        at->now.q[i] = arena_doubles(memory, most);
        at->best.q[i] = arena_doubles(memory, most);
    }
    at->work = arena_doubles(memory, most);
    at->scratch = arena_doubles(memory, GRID_SCRATCH(plane->view.target));
}

static bool is_wide(const struct rovi_plane *plane, size_t start)
{
    return start == plane->view.pieces.K;
}

#define SCREEN_SWEEPS  60
#define SCREEN_TOL     1e-9
#define POLISH_SWEEPS  5000
#define POLISH_TOL     1e-14
#define CLEARLY_BETTER 1e-9 /* nats: of ends that are the same, the first start is named */

/* From the starts first..last-1; the best is left in at->best. The grid is filled. */
static void ascend_from(const struct rovi_plane *plane, struct angle *at, size_t first, size_t last)
{
    at->best.F = INFINITY;
    for (size_t start = first; start < last; start++) {
        if (is_wide(plane, start)) {
            product_start_wide(&at->grid, &at->now);
        } else {
            product_start(&plane->view, &at->grid, plane->mix + start * plane->view.pieces.K, &at->now);
        }
        product_ascend(&at->grid, SCREEN_SWEEPS, SCREEN_TOL, &at->now, at->work);
        if (at->now.F < at->best.F - CLEARLY_BETTER) {
            const struct product better = at->now;
            at->now = at->best;
            at->best = better;
            at->best_start = start;
        }
    }
}

int angle_solve(const struct rovi_plane *plane, struct angle *at, double degrees, enum fineness fineness, size_t start)
{
    const bool every = start == ROVI_PLANE_EVERY_START;
    grid_place(&plane->view, degrees * DEGREE, fineness, &at->grid);
    const int code = grid_fill(&plane->view, &at->grid, at->scratch);
    if (code != 0) {
        return code;
    }
    ascend_from(plane, at, every ? 0 : start, every ? plane->starts : start + 1);
    if (fineness == GRID_FINE) {
        product_ascend(&at->grid, POLISH_SWEEPS, POLISH_TOL, &at->best, at->work);
    }
    return 0;
}

double angle_solve_halved(struct angle *at)
{
    struct grid *grid = &at->grid;
    const size_t n = grid->n[0] / 2, m = grid->n[1] / 2, full = grid->n[1];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++) {
            grid->log_p[i * m + j] = grid->log_p[2 * i * full + 2 * j];
        }
    }
    for (size_t j = 0; j < m; j++) {
        at->now.q[1][j] = at->best.q[1][2 * j];
    }
    grid->n[0] = n;
    grid->n[1] = m;
    grid->step[0] *= 2;
    grid->step[1] *= 2;
    product_ascend(grid, POLISH_SWEEPS, POLISH_TOL, &at->now, at->work);
    return at->now.F;
}
