/* SPDX-License-Identifier: BSD-3-Clause */
/* The exact optimum in the plane: what is looked at, from where, and the optimum at one angle. */
#include <math.h>
#include <unistd.h>

#include "base/linalg.h"
#include "base/status.h"
#include "theory/plane.h"
#include "theory/survey.h"

#define POINTS       768 /* per axis, unless the caller says otherwise, */
#define POINTS_BLIND 256 /* and where nothing tells how many are needed */
#define POINTS_LEAST 128
#define POINTS_MOST  8192
#define STARTS_MOST  64

/* ---- one angle ---- */

rovi_status plane_target_failed(int code, rovi_error *error)
{
    return error_set(error, ROVI_TARGET_FAILED, "the target failed with code %d", code);
}

rovi_status plane_check_resolution(const rovi_plane *plane, double degrees, rovi_error *error)
{
    const double needed = grid_needed(&plane->view, degrees * DEGREE);
    if (needed <= (double)plane->view.most) {
        return ROVI_OK;
    }
    return error_set(error, ROVI_NUMERICS_FAILED,
                     "the narrowest component is too narrow for the plane's grid: %.0f points per axis are needed, "
                     "%zu are allowed",
                     ceil(needed), plane->view.most);
}

rovi_status plane_solve(const rovi_plane *plane, double degrees, size_t start, rovi_plane_product **product,
                        rovi_error *error)
{
    struct arena memory = {0};
    struct angle at = {0};
    rovi_status status = plane_check_resolution(plane, degrees, error);
    if (status != ROVI_OK) {
        return status;
    }
    angle_make(plane, GRID_FINE, &memory, &at);
    int code = 0;
    if (!memory.failed) {
        linalg_hold_threads();
        code = angle_solve(plane, &at, degrees, GRID_FINE, start);
        *product = code == 0 ? plane_product_keep(plane, &at, degrees) : NULL;
        linalg_release_threads();
    }
    arena_free(&memory);
    return code != 0 ? plane_target_failed(code, error) : *product == NULL ? error_no_memory(error) : ROVI_OK;
}

rovi_status rovi_plane_at(const rovi_plane *plane, double degrees, size_t start, rovi_plane_product **product,
                          rovi_error *error)
{
    *product = NULL;
    if (!isfinite(degrees)) {
        return error_set(error, ROVI_BAD_INPUT, "the angle is %g degrees; it must be finite", degrees);
    }
    if (start != ROVI_PLANE_EVERY_START && start >= plane->starts) {
        return error_set(error, ROVI_BAD_INPUT, "start %zu was asked for; the starts are 0 to %zu", start,
                         plane->starts - 1);
    }
    const double turned = fmod(degrees, 90);
    return plane_solve(plane, turned < 0 ? turned + 90 : turned, start, product, error);
}

/* ---- the plane ---- */

/* Rows of plane->mix: each piece; none, for the marginals; all; and the pairs, when there are other pieces besides */
static void list_starts(rovi_plane *plane)
{
    const struct gaussians *pieces = &plane->view.pieces;
    const size_t K = pieces->K;
    for (size_t k = 0; k < K; k++) {
        plane->mix[k * K + k] = 1;
        plane->mix[(K + 1) * K + k] = pieces->weight[k];
    }
    size_t row = K + 2;
    for (size_t k = 0; k < K && row < plane->starts; k++) {
        for (size_t l = 0; l < k && row < plane->starts; l++, row++) {
            plane->mix[row * K + k] = pieces->weight[k];
            plane->mix[row * K + l] = pieces->weight[l];
        }
    }
}

static rovi_status place_starts(rovi_plane *plane, rovi_error *error)
{
    const size_t K = plane->view.pieces.K, pairs = K > 2 && plane->view.exact ? K * (K - 1) / 2 : 0;
    plane->starts = K + 2 + pairs;
    if (plane->starts > STARTS_MOST) {
        plane->starts = K + 2 > STARTS_MOST ? K + 2 : STARTS_MOST;
    }
    plane->mix = arena_doubles(&plane->memory, plane->starts * K);
    if (plane->memory.failed) {
        return error_no_memory(error);
    }
    list_starts(plane);
    return ROVI_OK;
}

/* Where log Z is unknown it is the grid's; where it is known, the grid must hold nearly all of the mass. */
static rovi_status weigh(rovi_plane *plane, rovi_error *error)
{
    struct arena memory = {0};
    struct angle at = {0};
    angle_make(plane, GRID_FINE, &memory, &at);
    if (memory.failed) {
        arena_free(&memory);
        return error_no_memory(error);
    }
    grid_place(&plane->view, 0, GRID_FINE, &at.grid);
    const int code = grid_fill(&plane->view, &at.grid, at.scratch);
    const double found = grid_log_sum(&at.grid), known = plane->view.target->log_z;
    arena_free(&memory);
    if (code != 0) {
        return plane_target_failed(code, error);
    }
    if (!isnan(known) && !(fabs(exp(found - known) - 1) < 1e-3)) {
        return error_set(error, ROVI_NUMERICS_FAILED,
                         "the box from (%g, %g) to (%g, %g) holds %.4g of the target's mass on a grid of %zu points; "
                         "give another box, or more points",
                         plane->view.box[0], plane->view.box[1], plane->view.box[2], plane->view.box[3],
                         exp(found - known), at.grid.n[0]);
    }
    plane->view.log_z = isnan(known) ? found : known;
    return ROVI_OK;
}

static size_t count_threads(const struct rovi_target *target, int wanted)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return !target->concurrent ? 1 : wanted > 0 ? (size_t)wanted : processors > 0 ? (size_t)processors : 1;
}

static rovi_status prepare(rovi_plane *plane, const double *box, rovi_error *error)
{
    struct view *view = &plane->view;
    rovi_status status;
    if (view->exact) { /* normalised, and the grid holds it by construction, if it can resolve it */
        view->log_z = 0;
        status = gaussians_of(view->target, &plane->memory, &view->pieces, error);
    } else {
        status = survey(view, box, &plane->memory, error);
        status = status == ROVI_OK ? weigh(plane, error) : status;
    }
    return status == ROVI_OK ? place_starts(plane, error) : status;
}

static rovi_status check_options(const rovi_target *target, const rovi_plane_options *options, rovi_error *error)
{
    if (target == NULL || target->dim != 2) {
        return error_set(error, ROVI_BAD_INPUT, "the target has dimension %zu; a plane has 2",
                         target == NULL ? 0 : target->dim);
    }
    if (options->points != 0 && (options->points < POINTS_LEAST || options->points > POINTS_MOST)) {
        return error_set(error, ROVI_BAD_INPUT, "the grid's points are %zu; %d to %d are allowed", options->points,
                         POINTS_LEAST, POINTS_MOST);
    }
    const double *box = options->box;
    if (box != NULL && (!linalg_all_finite(4, box) || !(box[0] < box[2]) || !(box[1] < box[3]))) {
        return error_set(error, ROVI_BAD_INPUT, "the box is from (%g, %g) to (%g, %g); it must have an inside", box[0],
                         box[1], box[2], box[3]);
    }
    return ROVI_OK;
}

rovi_status rovi_plane_new(const rovi_target *target, const rovi_plane_options *options, rovi_plane **plane,
                           rovi_error *error)
{
    const rovi_plane_options defaults = {0};
    options = options == NULL ? &defaults : options;
    *plane = NULL;
    rovi_status status = check_options(target, options, error);
    if (status != ROVI_OK) {
        return status;
    }
    struct arena memory = {0};
    rovi_plane *made = arena_take(&memory, 1, sizeof *made);
    if (made == NULL) {
        return error_no_memory(error);
    }
    made->memory = memory;
    made->threads = count_threads(target, options->threads);
    made->view.target = target;
    made->view.exact = gaussians_present(target) && options->box == NULL;
    made->view.most = options->points != 0 ? options->points : made->view.exact ? POINTS : POINTS_BLIND;
    linalg_hold_threads();
    status = prepare(made, options->box, error);
    linalg_release_threads();
    if (status != ROVI_OK) {
        rovi_plane_free(made);
        return status;
    }
    *plane = made;
    return ROVI_OK;
}

void rovi_plane_free(rovi_plane *plane)
{
    if (plane != NULL) {
        struct arena memory = plane->memory;
        arena_free(&memory);
    }
}

size_t rovi_plane_start_count(const rovi_plane *plane)
{
    return plane->starts;
}
