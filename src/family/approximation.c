/* SPDX-License-Identifier: BSD-3-Clause */
/* q made from its parts, a rotated product or a mixture of such; copied; and shown. */
#include "family/approximation.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "base/status.h"
#include "family/approximation_check.h"

/* ---- rotated products ---- */

static void fill_map(struct map *T, const rovi_map *from)
{
    map_set(T, from->cells, from->knots, from->alpha);
    if (from->cells > 0) {
        memcpy(T->lambda, from->lambda, from->cells * sizeof *from->lambda);
    }
    T->v = from->v;
    map_prepare(T);
}

static void take_rotation(rovi_approximation *q, const rovi_approximation_parts *parts, struct arena *memory)
{
    const size_t d = parts->dim;
    q->rotation = arena_copy(memory, parts->rotation, d * d);
    q->transform = q->rotation;
    if (parts->whitening != NULL) {
        q->whitening = arena_copy(memory, parts->whitening, d * d);
        q->transform = arena_doubles(memory, d * d);
    }
}

static void take_reflections(rovi_approximation *q, const rovi_approximation_parts *parts, struct arena *memory)
{
    const size_t d = parts->dim, r = parts->reflections;
    q->compact = true;
    q->scale = arena_doubles(memory, d);
    reflections_init(&q->reflections, memory, d, r);
    for (size_t i = 0; i < d && !memory->failed; i++) {
        q->scale[i] = parts->scale != NULL ? parts->scale[i] : 1;
    }
    if (r > 0 && !memory->failed) {
        memcpy(q->reflections.V, parts->reflectors, r * d * sizeof(double));
    }
}

static void take_arrays(rovi_approximation *q, const rovi_approximation_parts *parts, size_t room, struct arena *memory)
{
    const size_t d = parts->dim;
    q->dim = d;
    q->center = arena_copy(memory, parts->center, d);
    (parts->rotation != NULL ? take_rotation : take_reflections)(q, parts, memory);
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
    linalg_hold_threads();
    approximation_prepare_rotation(q);
    linalg_release_threads();
    approximation_refresh_view(q);
    return q;
}

rovi_approximation *approximation_of_identities(const rovi_approximation_parts *parts, size_t room)
{
    static const double knots[2] = {-1, 1}, lambda[1] = {0};
    struct arena memory = {0};
    rovi_map *maps = arena_take(&memory, parts->dim, sizeof *maps);
    rovi_approximation *q = NULL;
    if (maps != NULL) {
        for (size_t i = 0; i < parts->dim; i++) {
            maps[i] = (rovi_map){.cells = 1, .knots = knots, .lambda = lambda, .alpha = 1};
        }
        rovi_approximation_parts all = *parts;
        all.maps = maps;
        q = approximation_make(&all, room);
    }
    arena_free(&memory);
    return q;
}

rovi_status rovi_approximation_new(const rovi_approximation_parts *parts, rovi_approximation **q, rovi_error *error)
{
    *q = NULL;
    const rovi_status status = approximation_check(parts, error);
    if (status == ROVI_OK) {
        *q = approximation_make(parts, 0);
        return *q == NULL ? error_no_memory(error) : ROVI_OK;
    }
    return status;
}

/* ---- mixtures ---- */

static bool same_frame(const rovi_approximation *a, const rovi_approximation *b)
{
    const size_t bytes = a->dim * a->dim * sizeof(double);
    return !a->compact && !b->compact && (a->whitening == NULL) == (b->whitening == NULL) &&
           memcmp(a->rotation, b->rotation, bytes) == 0 &&
           (a->whitening == NULL || memcmp(a->whitening, b->whitening, bytes) == 0);
}

/* Components that share whitening and rotation share the product with these, O(d^2) for each point. work: d */
static void find_frames(rovi_approximation *q, double *work)
{
    for (size_t k = 0; k < q->count; k++) {
        size_t j = 0;
        while (j < k && !(q->frame[j] == j && same_frame(q->component[j], q->component[k]))) {
            j++;
        }
        q->frame[k] = j;
        approximation_unplace(q->component[j], 1, q->component[k]->center, work, q->offset + k * q->dim);
    }
}

rovi_approximation *approximation_mix(size_t count, const double *weights, const rovi_approximation *const *components)
{
    struct arena memory = {0};
    rovi_approximation *q = arena_take(&memory, 1, sizeof *q);
    if (q != NULL) {
        *q = (rovi_approximation){.dim = components[0]->dim,
                                  .count = count,
                                  .component = arena_take(&memory, count, sizeof(void *)),
                                  .weight = arena_copy(&memory, weights, count),
                                  .log_weight = arena_doubles(&memory, count),
                                  .frame = arena_take(&memory, count, sizeof *q->frame),
                                  .offset = arena_doubles(&memory, count * components[0]->dim)};
    }
    double *work = arena_doubles(&memory, components[0]->dim);
    if (q == NULL || memory.failed) {
        arena_free(&memory);
        return NULL;
    }
    q->memory = memory;
    for (size_t k = 0; k < count; k++) {
        q->log_weight[k] = log(weights[k]);
        q->component[k] = approximation_make(&components[k]->view, 0);
        if (q->component[k] == NULL) {
            rovi_approximation_free(q);
            return NULL;
        }
    }
    linalg_hold_threads();
    find_frames(q, work);
    linalg_release_threads();
    return q;
}

rovi_status rovi_approximation_new_mixture(size_t count, const double *weights,
                                           const rovi_approximation *const *components, rovi_approximation **q,
                                           rovi_error *error)
{
    *q = NULL;
    const rovi_status status = approximation_check_mixture(count, weights, components, error);
    if (status == ROVI_OK) {
        *q = approximation_mix(count, weights, components);
        return *q == NULL ? error_no_memory(error) : ROVI_OK;
    }
    return status;
}

void rovi_approximation_free(rovi_approximation *q)
{
    if (q != NULL) {
        for (size_t k = 0; k < q->count; k++) {
            rovi_approximation_free(q->component[k]);
        }
        struct arena memory = q->memory;
        arena_free(&memory);
    }
}

/* ---- copies ---- */

rovi_approximation *approximation_copy(const rovi_approximation *q)
{
    return q->count == 0 ? approximation_make(&q->view, 0)
                         : approximation_mix(q->count, q->weight, (const rovi_approximation *const *)q->component);
}

rovi_approximation *approximation_reframe(const rovi_approximation *q, const double *center, const double *whitening,
                                          const double *rotation)
{
    struct arena memory = {0};
    rovi_map *maps = arena_take(&memory, q->dim, sizeof *maps);
    rovi_approximation *made = NULL;
    if (maps != NULL) {
        for (size_t i = 0; i < q->dim; i++) {
            maps[i] = q->view.maps[i];
            maps[i].v = 0;
        }
        made = approximation_make(
            &(rovi_approximation_parts){
                .dim = q->dim, .center = center, .whitening = whitening, .rotation = rotation, .maps = maps},
            0);
    }
    arena_free(&memory);
    return made;
}

bool approximation_keep(rovi_approximation **kept, rovi_approximation *q)
{
    approximation_refresh_view(q);
    rovi_approximation *copy = approximation_make(&q->view, 0);
    if (copy == NULL) {
        return false;
    }
    rovi_approximation_free(*kept);
    *kept = copy;
    return true;
}

rovi_approximation *approximation_expand(const rovi_approximation *q)
{
    const size_t d = q->dim;
    struct arena memory = {0};
    double *L = arena_doubles(&memory, d * d), *O = arena_doubles(&memory, d * d);
    rovi_approximation *full = NULL;
    if (!q->compact) {
        full = approximation_make(&q->view, 0);
    } else if (!memory.failed) {
        linalg_identity(d, O);
        reflections_apply_transposed(&q->reflections, d, O); /* rows: those of O */
        for (size_t i = 0; i < d; i++) {
            L[i * d + i] = q->scale[i];
        }
        full = approximation_make(
            &(rovi_approximation_parts){
                .dim = d, .center = q->center, .whitening = L, .rotation = O, .maps = q->view.maps},
            0);
    }
    arena_free(&memory);
    return full;
}

/* ---- what it shows ---- */

void approximation_refresh_view(rovi_approximation *q)
{
    for (size_t i = 0; i < q->dim; i++) {
        const struct map *T = &q->maps[i];
        q->map_view[i] =
            (rovi_map){.cells = T->D.cells, .knots = T->D.knots, .lambda = T->lambda, .alpha = T->alpha, .v = T->v};
    }
    q->view = (rovi_approximation_parts){
        .dim = q->dim, .center = q->center, .whitening = q->whitening, .rotation = q->rotation, .maps = q->map_view};
    if (q->compact) {
        q->view.scale = q->scale;
        q->view.reflections = q->reflections.count;
        q->view.reflectors = q->reflections.V;
    }
}

const rovi_approximation_parts *rovi_approximation_parts_of(const rovi_approximation *q)
{
    return q->count == 0 ? &q->view : NULL;
}

size_t rovi_approximation_components(const rovi_approximation *q)
{
    return q->count == 0 ? 1 : q->count;
}

const rovi_approximation *rovi_approximation_component(const rovi_approximation *q, size_t k, double *weight)
{
    if (k >= rovi_approximation_components(q)) {
        return NULL;
    }
    if (weight != NULL) {
        *weight = q->count == 0 ? 1 : q->weight[k];
    }
    return q->count == 0 ? q : q->component[k];
}

size_t rovi_approximation_dim(const rovi_approximation *q)
{
    return q->dim;
}

size_t approximation_most_cells(const rovi_approximation *q)
{
    size_t most = 0;
    for (size_t i = 0; i < q->dim; i++) {
        most = q->maps[i].D.cells > most ? q->maps[i].D.cells : most;
    }
    return most;
}
