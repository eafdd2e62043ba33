/* SPDX-License-Identifier: BSD-3-Clause */
/* Construction, draws and log density of q, equation (9). */
#include "family/approximation.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "base/normal.h"
#include "base/status.h"
#include "family/reference.h"
#include "family/rotation.h"

#define DRAW_BLOCK 64 /* points handled at once, so that work memory does not grow with n */

static rovi_status check_map(size_t i, const rovi_map *map, rovi_error *error)
{
    if (map->knots == NULL || (map->cells > 0 && map->lambda == NULL)) {
        return error_set(error, ROVI_BAD_INPUT, "map %zu has no knots or no lambda", i);
    }
    if (!(map->alpha > 0) || !isfinite(map->alpha) || !isfinite(map->v) || !isfinite(map->knots[0])) {
        return error_set(error, ROVI_BAD_INPUT,
                         "map %zu: alpha is %g, v is %g and the first knot is %g; alpha must be "
                         "positive and all must be finite",
                         i, map->alpha, map->v, map->knots[0]);
    }
    for (size_t k = 0; k < map->cells; k++) {
        const double width = map->knots[k + 1] - map->knots[k];
        if (!(width > 0) || !isfinite(map->knots[k + 1] - map->knots[0])) {
            return error_set(error, ROVI_BAD_INPUT, "map %zu: knot %zu is %g after %g; knots must increase", i, k + 1,
                             map->knots[k + 1], map->knots[k]);
        }
        if (!(map->lambda[k] >= 0) || !isfinite(map->lambda[k] / width)) {
            return error_set(error, ROVI_BAD_INPUT,
                             "map %zu: lambda[%zu] is %g on a cell of width %g; it must not be negative, nor the slope "
                             "infinite",
                             i, k, map->lambda[k], width);
        }
    }
    return ROVI_OK;
}

static rovi_status check_whitening(size_t d, const double *L, rovi_error *error)
{
    for (size_t i = 0; i < d; i++) {
        if (!(L[i * d + i] > 0)) {
            return error_set(error, ROVI_BAD_INPUT, "whitening: diagonal entry %zu is %g; it must be positive", i,
                             L[i * d + i]);
        }
        for (size_t j = 0; j < d; j++) {
            if (!isfinite(L[i * d + j]) || (j > i && L[i * d + j] != 0)) {
                return error_set(error, ROVI_BAD_INPUT,
                                 "whitening: entry (%zu, %zu) is %g; the matrix must be finite "
                                 "and lower triangular",
                                 i, j, L[i * d + j]);
            }
        }
    }
    return ROVI_OK;
}

static rovi_status check_parts(const rovi_approximation_parts *parts, rovi_error *error)
{
    if (parts == NULL || parts->dim == 0 || parts->center == NULL || parts->rotation == NULL || parts->maps == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "an approximation needs a dimension, a center, a rotation and maps");
    }
    const size_t d = parts->dim;
    if (!linalg_all_finite(d, parts->center)) {
        return error_set(error, ROVI_BAD_INPUT, "center has an entry that is not finite");
    }
    const double off = linalg_distance_to_orthogonal(d, parts->rotation);
    if (!(off <= ROTATION_TOLERANCE)) {
        return error_set(error, ROVI_BAD_INPUT, "rotation is off orthogonality by %g; at most %g is allowed", off,
                         ROTATION_TOLERANCE);
    }
    rovi_status status = parts->whitening != NULL ? check_whitening(d, parts->whitening, error) : ROVI_OK;
    for (size_t i = 0; i < d && status == ROVI_OK; i++) {
        status = check_map(i, &parts->maps[i], error);
    }
    return status;
}

static void fill_map(struct map *T, const rovi_map *from)
{
    map_set(T, from->cells, from->knots, from->alpha);
    if (from->cells > 0) {
        memcpy(T->lambda, from->lambda, from->cells * sizeof *from->lambda);
    }
    T->v = from->v;
    map_prepare(T);
}

static void take_arrays(rovi_approximation *q, const rovi_approximation_parts *parts, size_t room, struct arena *memory)
{
    const size_t d = parts->dim;
    q->dim = d;
    q->center = arena_copy(memory, parts->center, d);
    q->rotation = arena_copy(memory, parts->rotation, d * d);
    q->transform = q->rotation;
    if (parts->whitening != NULL) {
        q->whitening = arena_copy(memory, parts->whitening, d * d);
        q->transform = arena_doubles(memory, d * d);
    }
    q->map_view = arena_take(memory, d, sizeof *q->map_view);
    q->maps = arena_take(memory, d, sizeof *q->maps);
    for (size_t i = 0; i < d && !memory->failed; i++) {
        const rovi_map *from = &parts->maps[i];
        map_init(&q->maps[i], memory, from->cells > room ? from->cells : room);
        if (!memory->failed) {
            fill_map(&q->maps[i], from);
        }
    }
}

rovi_approximation *approximation_make(const rovi_approximation_parts *parts, size_t room)
{
    struct arena memory = {0};
    rovi_approximation *q = arena_take(&memory, 1, sizeof *q);
    if (q != NULL) {
        take_arrays(q, parts, room, &memory);
    }
    if (q == NULL || memory.failed) {
        arena_free(&memory);
        return NULL;
    }
    q->memory = memory;
    for (size_t i = 0; q->whitening != NULL && i < q->dim; i++) {
        q->log_det += log(q->whitening[i * q->dim + i]);
    }
    linalg_hold_threads();
    approximation_prepare_rotation(q);
    linalg_release_threads();
    approximation_refresh_view(q);
    return q;
}

rovi_status rovi_approximation_new(const rovi_approximation_parts *parts, rovi_approximation **q, rovi_error *error)
{
    *q = NULL;
    const rovi_status status = check_parts(parts, error);
    if (status == ROVI_OK) {
        *q = approximation_make(parts, 0);
        return *q == NULL ? error_no_memory(error) : ROVI_OK;
    }
    return status;
}

void rovi_approximation_free(rovi_approximation *q)
{
    if (q != NULL) {
        struct arena memory = q->memory;
        arena_free(&memory);
    }
}

void approximation_prepare_rotation(rovi_approximation *q)
{
    if (q->whitening != NULL) {
        linalg_multiply(q->dim, q->dim, q->dim, q->whitening, q->rotation, q->transform);
    }
}

void approximation_refresh_view(rovi_approximation *q)
{
    for (size_t i = 0; i < q->dim; i++) {
        const struct map *T = &q->maps[i];
        q->map_view[i] =
            (rovi_map){.cells = T->D.cells, .knots = T->D.knots, .lambda = T->lambda, .alpha = T->alpha, .v = T->v};
    }
    q->view = (rovi_approximation_parts){
        .dim = q->dim, .center = q->center, .whitening = q->whitening, .rotation = q->rotation, .maps = q->map_view};
}

const rovi_approximation_parts *rovi_approximation_parts_of(const rovi_approximation *q)
{
    return &q->view;
}

size_t rovi_approximation_dim(const rovi_approximation *q)
{
    return q->dim;
}

void approximation_maps(const rovi_approximation *q, size_t n, const double *x, double *y)
{
    const size_t d = q->dim;
    for (size_t i = 0; i < d; i++) {
        const struct map *T = &q->maps[i];
        for (size_t p = i; p < n * d; p += d) {
            y[p] = map_value(T, map_segment(T, x[p]), x[p]);
        }
    }
}

void approximation_place(const rovi_approximation *q, size_t n, const double *y, double *z)
{
    const size_t d = q->dim;
    linalg_multiply_nt(n, d, d, y, q->transform, z);
    for (size_t p = 0; p < n; p++) {
        for (size_t i = 0; i < d; i++) {
            z[p * d + i] += q->center[i];
        }
    }
}

void approximation_unplace(const rovi_approximation *q, size_t n, const double *z, double *w, double *y)
{
    const size_t d = q->dim;
    for (size_t p = 0; p < n; p++) {
        for (size_t i = 0; i < d; i++) {
            w[p * d + i] = z[p * d + i] - q->center[i];
        }
    }
    if (q->whitening != NULL) {
        linalg_solve_lower(n, d, q->whitening, w);
    }
    linalg_multiply(n, d, d, w, q->rotation, y); /* rows: y^T = w^T O */
}

void approximation_log_density_at(const rovi_approximation *q, size_t n, const double *x, double *log_q)
{
    const size_t d = q->dim;
    for (size_t p = 0; p < n; p++) {
        log_q[p] = -q->log_det;
    }
    for (size_t i = 0; i < d; i++) { /* one map after another: all of them together are more than a cache holds */
        const struct map *T = &q->maps[i];
        for (size_t p = 0; p < n; p++) {
            const double xi = x[p * d + i];
            log_q[p] += normal_log_density(xi) - T->log_slope[map_segment(T, xi)];
        }
    }
}

struct draw_block {
    double *x, *y, *z, *log_q; /* DRAW_BLOCK points */
};

static void make_draws(const rovi_approximation *q, uint64_t seed, uint64_t first, const struct draw_block *b)
{
    reference_points((struct rng_stream){.seed = seed, .purpose = RNG_DRAW}, first, DRAW_BLOCK, q->dim, b->x);
    approximation_maps(q, DRAW_BLOCK, b->x, b->y);
    approximation_place(q, DRAW_BLOCK, b->y, b->z);
    approximation_log_density_at(q, DRAW_BLOCK, b->x, b->log_q);
}

rovi_status rovi_approximation_draw(const rovi_approximation *q, uint64_t seed, uint64_t first, size_t n, double *z,
                                    double *log_q, rovi_error *error)
{
    const size_t d = q->dim;
    struct arena memory = {0};
    const struct draw_block b = {.x = arena_doubles(&memory, DRAW_BLOCK * d),
                                 .y = arena_doubles(&memory, DRAW_BLOCK * d),
                                 .z = arena_doubles(&memory, DRAW_BLOCK * d),
                                 .log_q = arena_doubles(&memory, DRAW_BLOCK)};
    if (memory.failed) {
        arena_free(&memory);
        return error_no_memory(error);
    }
    linalg_hold_threads();
    /* Whole blocks at fixed places of the stream: the BLAS may round a row otherwise in a smaller block. */
    for (size_t at = 0; at < n;) {
        const uint64_t begin = (first + at) / DRAW_BLOCK * DRAW_BLOCK;
        const size_t skip = (size_t)(first + at - begin);
        const size_t m = n - at < DRAW_BLOCK - skip ? n - at : DRAW_BLOCK - skip;
        make_draws(q, seed, begin, &b);
        memcpy(z + at * d, b.z + skip * d, m * d * sizeof *z);
        if (log_q != NULL) {
            memcpy(log_q + at, b.log_q + skip, m * sizeof *log_q);
        }
        at += m;
    }
    linalg_release_threads();
    arena_free(&memory);
    return ROVI_OK;
}

/* log q at m points z: x = T^-1(y) coordinate by coordinate. w, y: m x d. */
static void block_log_density(const rovi_approximation *q, size_t m, const double *z, double *w, double *y,
                              double *log_q)
{
    const size_t d = q->dim;
    approximation_unplace(q, m, z, w, y);
    for (size_t p = 0; p < m; p++) {
        double sum = -q->log_det;
        for (size_t i = 0; i < d; i++) {
            size_t s = 0;
            const double x = map_inverse(&q->maps[i], y[p * d + i], &s);
            sum += normal_log_density(x) - q->maps[i].log_slope[s];
        }
        log_q[p] = sum;
    }
}

rovi_status rovi_approximation_log_density(const rovi_approximation *q, size_t n, const double *z, double *log_q,
                                           rovi_error *error)
{
    const size_t d = q->dim;
    struct arena memory = {0};
    double *w = arena_doubles(&memory, DRAW_BLOCK * d), *y = arena_doubles(&memory, DRAW_BLOCK * d);
    if (memory.failed) {
        arena_free(&memory);
        return error_no_memory(error);
    }
    linalg_hold_threads();
    for (size_t at = 0; at < n; at += DRAW_BLOCK) {
        const size_t m = n - at < DRAW_BLOCK ? n - at : DRAW_BLOCK;
        block_log_density(q, m, z + at * d, w, y, log_q + at);
    }
    linalg_release_threads();
    arena_free(&memory);
    return ROVI_OK;
}
