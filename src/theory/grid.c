/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trapezoidal rule on a smooth density that vanishes at both ends is better than any power of the step: for a
 * normal of standard deviation s its error is 2 exp(-2 pi^2 (s/h)^2), 1e-8 at h = s. So what counts is the narrowest
 * width that a product density may have along an axis: that of a component given its other coordinate,
 * 1/sqrt((S^-1)_ii).
 */
#include "theory/grid.h"

#include <math.h>

#define REACH 7.0 /* sds around every component: what lies beyond has mass 3e-12 */

static const double per_width[] = {[GRID_COARSE] = 1.5, [GRID_FINE] = 4}; /* steps per narrowest width */
static const size_t least[] = {[GRID_COARSE] = 48, [GRID_FINE] = 128};

struct axis {
    double lo, hi, width;
};

/* Along unit vector i of the frame: u = (c, s) or (-s, c) */
static void direction(const struct grid *grid, size_t i, double u[2])
{
    u[0] = i == 0 ? grid->c : -grid->s;
    u[1] = i == 0 ? grid->s : grid->c;
}

double grid_piece_mean(const struct view *view, const struct grid *grid, size_t piece, size_t i)
{
    const double *m = view->pieces.mean + 2 * piece;
    double u[2];
    direction(grid, i, u);
    return u[0] * m[0] + u[1] * m[1];
}

double grid_piece_variance(const struct view *view, const struct grid *grid, size_t piece, size_t i)
{
    const double *S = view->pieces.covariance + 4 * piece;
    double u[2];
    direction(grid, i, u);
    return u[0] * u[0] * S[0] + u[0] * u[1] * (S[1] + S[2]) + u[1] * u[1] * S[3];
}

/* In the plane (S^-1)_ii = S_jj / det S, j the other axis. */
static double piece_width(const struct view *view, const struct grid *grid, size_t piece, size_t i)
{
    const double *S = view->pieces.covariance + 4 * piece;
    return sqrt((S[0] * S[3] - S[1] * S[2]) / grid_piece_variance(view, grid, piece, 1 - i));
}

static struct axis axis_of_pieces(const struct view *view, const struct grid *grid, size_t i)
{
    struct axis axis = {INFINITY, -INFINITY, INFINITY};
    for (size_t k = 0; k < view->pieces.K; k++) {
        const double m = grid_piece_mean(view, grid, k, i);
        const double reach = REACH * sqrt(grid_piece_variance(view, grid, k, i));
        axis.lo = fmin(axis.lo, m - reach);
        axis.hi = fmax(axis.hi, m + reach);
        axis.width = fmin(axis.width, piece_width(view, grid, k, i));
    }
    return axis;
}

/* All corners of the box are on the grid. Nothing is known of widths. */
static struct axis axis_of_box(const struct view *view, const struct grid *grid, size_t i)
{
    struct axis axis = {INFINITY, -INFINITY, 0};
    double u[2];
    direction(grid, i, u);
    for (int corner = 0; corner < 4; corner++) {
        const double at = u[0] * view->box[corner & 1 ? 2 : 0] + u[1] * view->box[corner & 2 ? 3 : 1];
        axis.lo = fmin(axis.lo, at);
        axis.hi = fmax(axis.hi, at);
    }
    return axis;
}

static struct axis axis_of(const struct view *view, const struct grid *grid, size_t i)
{
    return view->exact ? axis_of_pieces(view, grid, i) : axis_of_box(view, grid, i);
}

size_t grid_most(const struct view *view, enum fineness fineness)
{
    const size_t most = fineness == GRID_FINE ? view->most : view->most / 4;
    return most > least[fineness] ? most : least[fineness];
}

static void turn(struct grid *grid, double radians)
{
    grid->c = cos(radians);
    grid->s = sin(radians);
}

void grid_place(const struct view *view, double radians, enum fineness fineness, struct grid *grid)
{
    const size_t most = grid_most(view, fineness);
    turn(grid, radians);
    for (size_t i = 0; i < 2; i++) {
        const struct axis axis = axis_of(view, grid, i);
        const double wanted = view->exact ? ceil((axis.hi - axis.lo) / axis.width * per_width[fineness]) : INFINITY;
        size_t n = wanted < (double)most ? (size_t)wanted : most;
        n = n < least[fineness] ? least[fineness] : n;
        grid->n[i] = n - n % 2; /* even: a grid of half the points is inside it */
        grid->lo[i] = axis.lo;
        grid->step[i] = (axis.hi - axis.lo) / (double)(grid->n[i] - 1);
    }
}

double grid_needed(const struct view *view, double radians)
{
    struct grid grid = {0};
    double most = 0;
    turn(&grid, radians);
    for (size_t i = 0; i < 2 && view->exact; i++) {
        const struct axis axis = axis_of(view, &grid, i);
        most = fmax(most, (axis.hi - axis.lo) / axis.width);
    }
    return most;
}

/* n points of row-major order from number `first` on */
static void points(const struct grid *grid, size_t first, size_t n, double *z)
{
    for (size_t i = 0; i < n; i++) {
        const size_t row = (first + i) / grid->n[1], column = (first + i) % grid->n[1];
        const double a = grid->lo[0] + grid->step[0] * (double)row;
        const double b = grid->lo[1] + grid->step[1] * (double)column;
        z[2 * i] = grid->c * a - grid->s * b;
        z[2 * i + 1] = grid->s * a + grid->c * b;
    }
}

#define NOWHERE 1e5 /* nats below the peak stand for a density of zero: finite, so that 0 times it is 0 */

int grid_fill(const struct view *view, struct grid *grid, double *scratch)
{
    const size_t total = grid->n[0] * grid->n[1];
    double *z = scratch, top = -INFINITY;
    for (size_t at = 0; at < total; at += TARGET_BLOCK) {
        const size_t n = total - at < TARGET_BLOCK ? total - at : TARGET_BLOCK;
        points(grid, at, n, z);
        const int code = target_evaluate(view->target, n, z, grid->log_p + at, NULL, scratch + 2 * TARGET_BLOCK, NULL);
        if (code != 0) {
            return code < 0 ? code : -1;
        }
    }
    for (size_t i = 0; i < total; i++) {
        top = fmax(top, grid->log_p[i]);
    }
    for (size_t i = 0; i < total; i++) {
        grid->log_p[i] = fmax(grid->log_p[i], top - NOWHERE);
    }
    return 0;
}

double grid_log_sum(const struct grid *grid)
{
    const size_t total = grid->n[0] * grid->n[1];
    double top = -INFINITY, sum = 0;
    for (size_t i = 0; i < total; i++) {
        top = fmax(top, grid->log_p[i]);
    }
    for (size_t i = 0; i < total; i++) {
        sum += exp(grid->log_p[i] - top);
    }
    return top + log(sum * grid->step[0] * grid->step[1]);
}
