/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The best angle in the plane. KL as a function of it is piecewise smooth, with kinks where another end of the
 * coordinate updates becomes the least, and its valleys may be narrow. So a coarse grid is scanned at regular angles
 * and at all that the target itself suggests (lines between components, axes of their ellipses: there are the bottoms
 * of valleys in the cases that can be solved by hand), and the lowest valleys are searched by golden section on the
 * fine grid. A quarter turn exchanges the axes: [0, 90) degrees is all.
 */
#include <math.h>
#include <stdlib.h>

#include "base/linalg.h"
#include "base/parallel.h"
#include "base/status.h"
#include "theory/plane.h"

#define REGULAR    60   /* angles of the scan, 1.5 degrees apart */
#define VALLEYS    6    /* that are searched on the fine grid */
#define GOLDEN     16   /* steps: to 1/2000 of a valley */
#define SAME_ANGLE 1e-7 /* degrees */
#define PREFER     1e-9 /* nats by which another angle than 0, or than one that the target suggests, must be better */

struct search {
    const rovi_plane *plane;
    size_t count;
    double *angle;              /* count, rising, in [0, 90) */
    double *value;              /* of the scan; then of the valleys */
    size_t valley[VALLEYS + 1]; /* indices of angles; the first is that of 0 degrees */
    double found[VALLEYS + 1], found_value[VALLEYS + 1];
    size_t valleys;
    int *code;                   /* per worker */
    struct angle *coarse, *fine; /* per worker */
};

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double in_quarter(double degrees)
{
    const double a = fmod(fmod(degrees, 90) + 90, 90);
    return a < SAME_ANGLE || a > 90 - SAME_ANGLE ? 0 : a;
}

/* Regular angles, lines between pieces, and the axes of every piece's ellipse */
static void list_angles(struct search *search)
{
    const struct gaussians *pieces = &search->plane->view.pieces;
    size_t n = 0;
    for (int i = 0; i < REGULAR; i++) {
        search->angle[n++] = 90.0 * i / REGULAR;
    }
    for (size_t k = 0; k < pieces->K; k++) {
        const double *S = pieces->covariance + 4 * k;
        search->angle[n++] = in_quarter(0.5 * atan2(S[1] + S[2], S[0] - S[3]) / DEGREE);
        for (size_t l = 0; l < k; l++) {
            const double *a = pieces->mean + 2 * k, *b = pieces->mean + 2 * l;
            search->angle[n++] = in_quarter(atan2(a[1] - b[1], a[0] - b[0]) / DEGREE);
        }
    }
    qsort(search->angle, n, sizeof *search->angle, by_value);
    search->count = 1;
    for (size_t i = 1; i < n; i++) {
        if (search->angle[i] - search->angle[search->count - 1] > SAME_ANGLE) {
            search->angle[search->count++] = search->angle[i];
        }
    }
}

static void scan_one(void *context, size_t index, size_t worker)
{
    struct search *search = context;
    struct angle *at = &search->coarse[worker];
    const int code = angle_solve(search->plane, at, search->angle[index], GRID_COARSE, ROVI_PLANE_EVERY_START);
    search->code[worker] = code != 0 ? code : search->code[worker];
    search->value[index] = at->best.F;
}

/* Angles no worse than their neighbours, the lowest of them; 0 degrees is always among them. */
static void list_valleys(struct search *search)
{
    const size_t n = search->count;
    const double *value = search->value;
    search->valleys = 1;
    search->valley[0] = 0;
    for (size_t i = 1; i < n; i++) {
        if (value[i] > value[i - 1] || value[i] > value[(i + 1) % n]) {
            continue;
        }
        if (search->valleys > VALLEYS && value[search->valley[VALLEYS]] <= value[i]) {
            continue;
        }
        size_t at = search->valleys <= VALLEYS ? search->valleys++ : VALLEYS;
        for (; at > 1 && value[search->valley[at - 1]] > value[i]; at--) {
            search->valley[at] = search->valley[at - 1];
        }
        search->valley[at] = i;
    }
}

static double value_at(struct search *search, double degrees, size_t worker)
{
    struct angle *at = &search->fine[worker];
    const int code = angle_solve(search->plane, at, in_quarter(degrees), GRID_FINE, ROVI_PLANE_EVERY_START);
    search->code[worker] = code != 0 ? code : search->code[worker];
    return at->best.F;
}

static void golden_section(struct search *search, double a, double b, size_t worker, double *at, double *value)
{
    const double ratio = 0.61803398874989484820;
    double x = b - ratio * (b - a), y = a + ratio * (b - a);
    double fx = value_at(search, x, worker), fy = value_at(search, y, worker);
    for (int i = 0; i < GOLDEN; i++) {
        if (fx <= fy) {
            b = y;
            y = x;
            fy = fx;
            x = b - ratio * (b - a);
            fx = value_at(search, x, worker);
        } else {
            a = x;
            x = y;
            fx = fy;
            y = a + ratio * (b - a);
            fy = value_at(search, y, worker);
        }
    }
    *at = fx <= fy ? x : y;
    *value = fmin(fx, fy);
}

/* The angle of the scan itself stays unless another is clearly better: those that the target suggests are often exact.
 */
static void refine_one(void *context, size_t index, size_t worker)
{
    struct search *search = context;
    const size_t i = search->valley[index], n = search->count;
    const double here = search->angle[i];
    const double left = i == 0 ? search->angle[n - 1] - 90 : search->angle[i - 1];
    const double right = i + 1 == n ? search->angle[0] + 90 : search->angle[i + 1];
    double at, value;
    search->found[index] = here;
    search->found_value[index] = value_at(search, here, worker);
    if (search->found_value[index] + search->plane->view.log_z < PREFER) { /* KL is 0: there is nothing to gain */
        return;
    }
    golden_section(search, left, here, worker, &at, &value);
    if (value < search->found_value[index] - PREFER) {
        search->found[index] = in_quarter(at);
        search->found_value[index] = value;
    }
    golden_section(search, here, right, worker, &at, &value);
    if (value < search->found_value[index] - PREFER) {
        search->found[index] = in_quarter(at);
        search->found_value[index] = value;
    }
}

static int first_code(const struct search *search)
{
    int code = 0;
    for (size_t w = 0; w < search->plane->threads && code == 0; w++) {
        code = search->code[w];
    }
    return code;
}

static double least_angle(const struct search *search)
{
    size_t best = 0;
    for (size_t v = 1; v < search->valleys; v++) {
        best = search->found_value[v] < search->found_value[best] - PREFER ? v : best;
    }
    return search->found[best];
}

static void search_make(const rovi_plane *plane, struct arena *memory, struct search *search)
{
    const size_t K = plane->view.pieces.K, most = REGULAR + K + K * (K + 1) / 2;
    search->plane = plane;
    search->angle = arena_doubles(memory, most);
    search->value = arena_doubles(memory, most);
    search->code = arena_take(memory, plane->threads, sizeof *search->code);
    search->coarse = arena_take(memory, plane->threads, sizeof *search->coarse);
    search->fine = arena_take(memory, plane->threads, sizeof *search->fine);
    for (size_t w = 0; w < plane->threads && !memory->failed; w++) {
        angle_make(plane, GRID_COARSE, memory, &search->coarse[w]);
        angle_make(plane, GRID_FINE, memory, &search->fine[w]);
    }
}

rovi_status rovi_plane_best(const rovi_plane *plane, rovi_plane_product **product, rovi_error *error)
{
    struct arena memory = {0};
    struct search search = {0};
    *product = NULL;
    rovi_status status = plane_check_resolution(plane, 0, error);
    if (status != ROVI_OK) {
        return status;
    }
    search_make(plane, &memory, &search);
    struct team *team = plane->threads > 1 ? team_new(plane->threads) : NULL;
    if (memory.failed || (plane->threads > 1 && team == NULL)) {
        team_free(team);
        arena_free(&memory);
        return error_no_memory(error);
    }
    linalg_hold_threads();
    list_angles(&search);
    team_for(team, search.count, scan_one, &search);
    list_valleys(&search);
    team_for(team, search.valleys, refine_one, &search);
    linalg_release_threads();
    team_free(team);
    const int code = first_code(&search);
    const double degrees = least_angle(&search);
    arena_free(&memory);
    return code != 0 ? plane_target_failed(code, error)
                     : plane_solve(plane, degrees, ROVI_PLANE_EVERY_START, product, error);
}
