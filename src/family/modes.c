/* SPDX-License-Identifier: BSD-3-Clause */
/* The modes of q as they are handed out, and the mode of a point. */
#include "family/modes.h"

#include <string.h>

#include "base/linalg.h"
#include "base/status.h"
#include "family/draw.h"

struct owned_modes {
    rovi_modes shown;
    size_t dim, components; /* of the approximation that they are of */
    struct membership *of;  /* of each component, or of the one product */
    struct arena memory;
};

rovi_status rovi_approximation_modes(const rovi_approximation *q, size_t most, rovi_modes **modes, rovi_error *error)
{
    *modes = NULL;
    if (most == 0) {
        return error_set(error, ROVI_BAD_INPUT, "0 modes were asked for; at least 1 is allowed");
    }
    struct arena memory = {0};
    struct owned_modes *out = arena_take(&memory, 1, sizeof *out);
    struct membership *of = arena_take(&memory, rovi_approximation_components(q), sizeof *of);
    if (!memory.failed && q->count == 0) {
        modes_of_product(q, most, &memory, &out->shown, &of->cells);
    } else if (!memory.failed) {
        modes_of_mixture(q, most, &memory, &out->shown, of);
    }
    if (memory.failed) {
        arena_free(&memory);
        return error_no_memory(error);
    }
    out->memory = memory;
    out->of = of;
    out->dim = q->dim;
    out->components = q->count;
    *modes = &out->shown;
    return ROVI_OK;
}

/* ---- the mode of a point ---- */

struct classification {
    const struct owned_modes *modes;
    const rovi_approximation *q;
    double *w, *y, *term, *work; /* DRAW_BLOCK points; term: of each component */
    unsigned char *piece;
    size_t *component; /* of each point of the block: where it most likely came from */
};

/* The component with the greatest share of q at each point. */
static void find_components(struct classification *c, size_t n, const double *z)
{
    draw_terms(c->q, n, z, c->term, c->work);
    for (size_t p = 0; p < n; p++) {
        c->component[p] = 0;
        for (size_t k = 1; k < c->q->count; k++) {
            c->component[p] = c->term[k * n + p] > c->term[c->component[p] * n + p] ? k : c->component[p];
        }
    }
}

static size_t mode_of(const struct classification *c, size_t component, const double *y)
{
    const struct membership *of = &c->modes->of[component];
    const size_t cell = cells_find(&of->cells, y, c->piece), listed = c->modes->shown.listed;
    const size_t mode = cell == of->cells.listed ? listed : of->mode == NULL ? cell : of->mode[cell];
    return mode < listed ? mode : listed;
}

static void classify_block(struct classification *c, size_t n, const double *z, size_t *mode)
{
    const size_t d = c->q->dim;
    if (c->q->count == 0) {
        approximation_unplace(c->q, n, z, c->w, c->y);
    } else {
        find_components(c, n, z);
    }
    for (size_t p = 0; p < n; p++) {
        if (c->q->count > 0) {
            approximation_unplace(c->q->component[c->component[p]], 1, z + p * d, c->w, c->y + p * d);
        }
        mode[p] = mode_of(c, c->component[p], c->y + p * d);
    }
}

static size_t most_splits(const struct owned_modes *modes, const rovi_approximation *q)
{
    size_t most = 1;
    for (size_t k = 0; k < rovi_approximation_components(q); k++) {
        most = modes->of[k].cells.splits > most ? modes->of[k].cells.splits : most;
    }
    return most;
}

rovi_status rovi_modes_classify(const rovi_modes *modes, const rovi_approximation *q, size_t n, const double *z,
                                size_t *mode, rovi_error *error)
{
    const struct owned_modes *own = (const struct owned_modes *)modes;
    const size_t d = q->dim;
    if (own->dim != d || own->components != q->count) {
        return error_set(error, ROVI_BAD_INPUT,
                         "the modes are of another approximation: dimension %zu and %zu components, not %zu and %zu",
                         own->dim, own->components, d, q->count);
    }
    if (q->count == 0 && own->of->cells.splits == 0) {
        memset(mode, 0, n * sizeof *mode);
        return ROVI_OK;
    }
    struct arena memory = {0};
    struct classification c = {.modes = own,
                               .q = q,
                               .w = arena_doubles(&memory, DRAW_BLOCK * d),
                               .y = arena_doubles(&memory, DRAW_BLOCK * d),
                               .term = arena_doubles(&memory, DRAW_BLOCK * (q->count + 1)),
                               .work = arena_doubles(&memory, draw_work(q)),
                               .piece = arena_take(&memory, most_splits(own, q), 1),
                               .component = arena_take(&memory, DRAW_BLOCK, sizeof *c.component)};
    if (memory.failed) {
        arena_free(&memory);
        return error_no_memory(error);
    }
    linalg_hold_threads();
    for (size_t at = 0; at < n; at += DRAW_BLOCK) {
        classify_block(&c, n - at < DRAW_BLOCK ? n - at : DRAW_BLOCK, z + at * d, mode + at);
    }
    linalg_release_threads();
    arena_free(&memory);
    return ROVI_OK;
}

void rovi_modes_free(rovi_modes *modes)
{
    if (modes != NULL) {
        struct arena memory = ((struct owned_modes *)modes)->memory;
        arena_free(&memory);
    }
}
