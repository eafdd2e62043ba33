/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Draws of q, and log q at any point, equations (9) and (35). A draw of a mixture has a number of its own that says
 * which component it is of; its log density is that of all components together.
 */
#include "family/draw.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "base/normal.h"
#include "base/status.h"
#include "family/reference.h"
#include "target/target.h"

#define NOTHING (-745.2)            /* nats below the greatest term: the exponential is 0 */
#define CHOICE  ((uint64_t)1 << 63) /* substreams of the numbers that choose components: apart from all others */

size_t draw_work(const rovi_approximation *q)
{
    return DRAW_BLOCK * (2 * q->dim + 1 + q->count);
}

size_t draw_work_or_scratch(const rovi_approximation *q, const rovi_target *target)
{
    const size_t work = draw_work(q);
    return work > target->scratch ? work : target->scratch;
}

/* log q where y + offset, in the frame of whitening and rotation, is T(x): x coordinate by coordinate. */
static void density_in_frame(const rovi_approximation *q, size_t n, const double *y, const double *offset,
                             double *log_q)
{
    const size_t d = q->dim;
    for (size_t p = 0; p < n; p++) {
        log_q[p] = -q->log_det;
    }
    for (size_t i = 0; i < d; i++) { /* one map after another, as in approximation_maps_density */
        const struct map *T = &q->maps[i];
        const double off = offset == NULL ? 0 : offset[i];
        for (size_t p = 0; p < n; p++) {
            size_t s = 0;
            const double x = map_inverse(T, y[p * d + i] - off, &s);
            log_q[p] += normal_log_density(x) - T->log_slope[s];
        }
    }
}

void draw_add_moments(size_t seen, size_t n, size_t d, const double *z, double *mean, double *squares)
{
    for (size_t p = 0; p < n; p++) {
        for (size_t j = 0; j < d; j++) {
            const double off = z[p * d + j] - mean[j];
            mean[j] += off / (double)(seen + p + 1);
            squares[j] += off * (z[p * d + j] - mean[j]);
        }
    }
}

double draw_log_add(double a, double b)
{
    const double top = fmax(a, b);
    return isinf(top) ? top : top + log1p(exp(fmin(a, b) - top));
}

void draw_mix(size_t count, size_t n, const double *term, double *log_q)
{
    for (size_t p = 0; p < n; p++) {
        double top = -INFINITY, sum = 0;
        for (size_t k = 0; k < count; k++) {
            top = term[k * n + p] > top ? term[k * n + p] : top;
        }
        for (size_t k = 0; k < count && isfinite(top); k++) {
            const double below = term[k * n + p] - top;
            sum += below > NOTHING ? exp(below) : 0;
        }
        log_q[p] = isfinite(top) ? top + log(sum) : top;
    }
}

void draw_terms(const rovi_approximation *q, size_t n, const double *z, double *term, double *work)
{
    const size_t d = q->dim;
    double *w = work, *y = work + n * d;
    for (size_t j = 0; j < q->count; j++) {
        if (q->frame[j] != j) {
            continue;
        }
        approximation_unplace(q->component[j], n, z, w, y);
        for (size_t k = j; k < q->count; k++) {
            if (q->frame[k] == j) {
                density_in_frame(q->component[k], n, y, q->offset + k * d, term + k * n);
            }
        }
    }
    for (size_t p = 0; p < q->count * n; p++) {
        term[p] += q->log_weight[p / n];
    }
}

void draw_log_density(const rovi_approximation *q, size_t n, const double *z, double *log_q, double *work)
{
    double *y = work + n * q->dim, *term = work + 2 * n * q->dim;
    if (q->count == 0) {
        approximation_unplace(q, n, z, work, y);
        density_in_frame(q, n, y, NULL, log_q);
        return;
    }
    draw_terms(q, n, z, term, work);
    draw_mix(q->count, n, term, log_q);
}

static size_t choose(const rovi_approximation *q, struct rng_stream stream, uint64_t index)
{
    double u = 0;
    stream.substream |= CHOICE;
    rng_uniforms(stream, index, 1, &u);
    size_t k = 0;
    while (k + 1 < q->count && u > q->weight[k]) {
        u -= q->weight[k++];
    }
    return k;
}

static void draw_mixture(const rovi_approximation *q, struct rng_stream stream, uint64_t first, size_t n, double *z,
                         double *log_q, double *work)
{
    const size_t d = q->dim;
    for (size_t p = 0; p < n; p++) {
        const rovi_approximation *part = q->component[choose(q, stream, first + p)];
        reference_points(stream, first + p, 1, d, work);
        approximation_maps(part, 1, work, work + d);
        approximation_place(part, 1, work + d, z + p * d);
    }
    if (log_q != NULL) {
        draw_log_density(q, n, z, log_q, work);
    }
}

void draw_points(const rovi_approximation *q, struct rng_stream stream, uint64_t first, size_t n, double *z,
                 double *log_q, double *work)
{
    if (q->count > 0) {
        draw_mixture(q, stream, first, n, z, log_q, work);
        return;
    }
    double *x = work, *y = x + n * q->dim;
    reference_points(stream, first, n, q->dim, x);
    if (log_q != NULL) {
        approximation_maps_density(q, n, x, y, log_q);
    } else {
        approximation_maps(q, n, x, y);
    }
    approximation_place(q, n, y, z);
}

rovi_status rovi_approximation_draw(const rovi_approximation *q, uint64_t seed, uint64_t first, size_t n, double *z,
                                    double *log_q, rovi_error *error)
{
    const size_t d = q->dim;
    const struct rng_stream stream = {.seed = seed, .purpose = RNG_DRAW};
    struct arena memory = {0};
    double *block = arena_doubles(&memory, DRAW_BLOCK * (d + 1)), *block_log_q = block + DRAW_BLOCK * d;
    double *work = arena_doubles(&memory, draw_work(q));
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
        draw_points(q, stream, begin, DRAW_BLOCK, block, log_q != NULL ? block_log_q : NULL, work);
        memcpy(z + at * d, block + skip * d, m * d * sizeof *z);
        if (log_q != NULL) {
            memcpy(log_q + at, block_log_q + skip, m * sizeof *log_q);
        }
        at += m;
    }
    linalg_release_threads();
    arena_free(&memory);
    return ROVI_OK;
}

rovi_status rovi_approximation_coordinates(const rovi_approximation *q, size_t n, const double *z, double *y,
                                           rovi_error *error)
{
    if (q->count > 0) {
        return error_set(error, ROVI_BAD_INPUT, "a mixture has no coordinates of its own, only its components have");
    }
    struct arena memory = {0};
    double *work = arena_doubles(&memory, DRAW_BLOCK * q->dim);
    if (memory.failed) {
        return error_no_memory(error);
    }
    linalg_hold_threads();
    for (size_t at = 0; at < n; at += DRAW_BLOCK) {
        approximation_unplace(q, n - at < DRAW_BLOCK ? n - at : DRAW_BLOCK, z + at * q->dim, work, y + at * q->dim);
    }
    linalg_release_threads();
    arena_free(&memory);
    return ROVI_OK;
}

rovi_status rovi_approximation_log_density(const rovi_approximation *q, size_t n, const double *z, double *log_q,
                                           rovi_error *error)
{
    struct arena memory = {0};
    double *work = arena_doubles(&memory, draw_work(q));
    if (memory.failed) {
        return error_no_memory(error);
    }
    linalg_hold_threads();
    for (size_t at = 0; at < n; at += DRAW_BLOCK) {
        draw_log_density(q, n - at < DRAW_BLOCK ? n - at : DRAW_BLOCK, z + at * q->dim, log_q + at, work);
    }
    linalg_release_threads();
    arena_free(&memory);
    return ROVI_OK;
}
