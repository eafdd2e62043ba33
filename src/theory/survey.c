/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Boxes about the origin, each twice as wide, until all of the target that counts (log p within 15 nats of its peak) is
 * inside one; then the box around that. What a coarse grid steps over, and a mode far outside a box that already holds
 * everything else, is not seen: who knows better gives the box.
 */
#include "theory/survey.h"

#include <math.h>
#include <string.h>

#include "base/status.h"

#define COUNTS    15.0 /* nats below the peak: 5.5 sds of a normal */
#define NARROWEST 4.0  /* half width of the first box, and of the last */
#define WIDEST    4096.0
#define PEAKS     8    /* at most, as starts */
#define PEAK_LOW  12.0 /* nats below the highest peak: lower ones are no start */

struct survey {
    struct view *view;
    struct grid grid;
    double *scratch;
};

static rovi_status look(struct survey *s, rovi_error *error)
{
    grid_place(s->view, 0, GRID_FINE, &s->grid);
    const int code = grid_fill(s->view, &s->grid, s->scratch);
    return code == 0 ? ROVI_OK : error_set(error, ROVI_TARGET_FAILED, "the target failed with code %d", code);
}

static double highest(const struct grid *grid)
{
    double top = -INFINITY;
    for (size_t i = 0; i < grid->n[0] * grid->n[1]; i++) {
        top = fmax(top, grid->log_p[i]);
    }
    return top;
}

/* The box of all points that count, a step wider; false when it reaches the edge of the grid, or nothing is finite. */
static bool shrink(const struct grid *grid, double box[4])
{
    const double top = highest(grid);
    double lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < grid->n[0] * grid->n[1]; i++) {
        const size_t row = i / grid->n[1], column = i % grid->n[1];
        const double at[2] = {(double)row, (double)column};
        for (int a = 0; a < 2 && grid->log_p[i] > top - COUNTS; a++) {
            lo[a] = fmin(lo[a], at[a]);
            hi[a] = fmax(hi[a], at[a]);
        }
    }
    bool inside = isfinite(top);
    for (int a = 0; a < 2 && inside; a++) {
        inside = lo[a] > 0 && hi[a] < (double)grid->n[a] - 1;
        box[a] = grid->lo[a] + grid->step[a] * (lo[a] - 1);
        box[2 + a] = grid->lo[a] + grid->step[a] * (hi[a] + 1);
    }
    return inside;
}

static rovi_status find_box(struct survey *s, rovi_error *error)
{
    for (double half = NARROWEST; half <= WIDEST; half *= 2) {
        memcpy(s->view->box, (const double[]){-half, -half, half, half}, sizeof s->view->box);
        const rovi_status status = look(s, error);
        if (status != ROVI_OK) {
            return status;
        }
        if (shrink(&s->grid, s->view->box)) {
            return ROVI_OK;
        }
    }
    return error_set(error, ROVI_NUMERICS_FAILED,
                     "no box up to %g on either side of the origin holds the target; give one", WIDEST);
}

static bool is_peak(const struct grid *grid, size_t i, size_t j)
{
    const double here = grid->log_p[i * grid->n[1] + j];
    for (size_t a = i - 1; a <= i + 1; a++) {
        for (size_t b = j - 1; b <= j + 1; b++) {
            const double other = grid->log_p[a * grid->n[1] + b];
            const bool before = a < i || (a == i && b < j); /* of equal neighbours, the first is the peak */
            if (before ? other >= here : other > here) {
                return false;
            }
        }
    }
    return true;
}

/* 1/curvature along axis a by second differences; at least a step wide */
static double variance(const struct grid *grid, size_t i, size_t j, size_t a)
{
    const size_t at = i * grid->n[1] + j, by = a == 0 ? grid->n[1] : 1;
    const double bend = 2 * grid->log_p[at] - grid->log_p[at - by] - grid->log_p[at + by];
    return grid->step[a] * grid->step[a] / fmin(1, fmax(bend, 1e-4));
}

struct peaks {
    size_t count;
    size_t i[PEAKS], j[PEAKS];
    double height[PEAKS]; /* falling */
};

static void insert(struct peaks *peaks, size_t i, size_t j, double height)
{
    size_t at = peaks->count < PEAKS ? peaks->count++ : PEAKS - 1;
    for (; at > 0 && peaks->height[at - 1] < height; at--) {
        peaks->i[at] = peaks->i[at - 1];
        peaks->j[at] = peaks->j[at - 1];
        peaks->height[at] = peaks->height[at - 1];
    }
    peaks->i[at] = i;
    peaks->j[at] = j;
    peaks->height[at] = height;
}

static struct peaks find_peaks(const struct grid *grid)
{
    struct peaks peaks = {0};
    const double top = highest(grid);
    for (size_t i = 1; i + 1 < grid->n[0]; i++) {
        for (size_t j = 1; j + 1 < grid->n[1]; j++) {
            const double height = grid->log_p[i * grid->n[1] + j];
            const bool room = peaks.count < PEAKS || height > peaks.height[PEAKS - 1];
            if (height > top - PEAK_LOW && room && is_peak(grid, i, j)) {
                insert(&peaks, i, j, height);
            }
        }
    }
    return peaks;
}

static void keep_peaks(const struct grid *grid, const struct peaks *peaks, struct gaussians *pieces)
{
    for (size_t k = 0; k < peaks->count; k++) {
        const size_t i = peaks->i[k], j = peaks->j[k];
        pieces->weight[k] = 1 / (double)peaks->count;
        pieces->mean[2 * k] = grid->lo[0] + grid->step[0] * (double)i;
        pieces->mean[2 * k + 1] = grid->lo[1] + grid->step[1] * (double)j;
        pieces->covariance[4 * k] = variance(grid, i, j, 0);
        pieces->covariance[4 * k + 3] = variance(grid, i, j, 1);
    }
}

rovi_status survey(struct view *view, const double *box, struct arena *memory, rovi_error *error)
{
    const size_t most = grid_most(view, GRID_FINE);
    struct arena local = {0};
    struct survey s = {.view = view,
                       .grid.log_p = arena_doubles(&local, most * most),
                       .scratch = arena_doubles(&local, GRID_SCRATCH(view->target))};
    view->pieces = (struct gaussians){.d = 2,
                                      .weight = arena_doubles(memory, PEAKS),
                                      .mean = arena_doubles(memory, 2 * PEAKS),
                                      .covariance = arena_doubles(memory, 4 * PEAKS)};
    rovi_status status = local.failed || memory->failed ? error_no_memory(error) : ROVI_OK;
    if (status == ROVI_OK && box != NULL) {
        memcpy(view->box, box, sizeof view->box);
    } else if (status == ROVI_OK) {
        status = find_box(&s, error);
    }
    status = status == ROVI_OK ? look(&s, error) : status;
    if (status == ROVI_OK) {
        const struct peaks peaks = find_peaks(&s.grid);
        view->pieces.K = peaks.count;
        keep_peaks(&s.grid, &peaks, &view->pieces);
    }
    arena_free(&local);
    return status;
}
