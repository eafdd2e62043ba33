/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The knots follow from math.md, "the floor of a dictionary": between two modes at distance 2m the map's slope is about
 * exp(m^2/2), so that nearly all of the rise falls into one cell of any uniform mesh, and the density between the modes
 * is flat there. Cells of equal rise cure it, and keep the conditioning of the entropy term, which grows like
 * (median slope/rise)^2.
 */
#include "restart/start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/linalg.h"
#include "base/rng.h"
#include "family/rotation.h"

#define MOST_REFINEMENT 8    /* times the cells of the uniform dictionary, at most */
#define LEAST_WIDTH     1e-9 /* of a cell, relative to the range */

double start_alpha(const rovi_settings *settings)
{
    return settings->smoothness > 0 ? 1 / sqrt(settings->smoothness) : settings->alpha;
}

struct draft {
    rovi_approximation_parts parts;
    double *center, *rotation;
    rovi_map *maps;
};

static struct draft draft_make(size_t d, struct arena *arena)
{
    struct draft draft = {.center = arena_doubles(arena, d),
                          .rotation = arena_doubles(arena, d * d),
                          .maps = arena_take(arena, d, sizeof *draft.maps)};
    draft.parts =
        (rovi_approximation_parts){.dim = d, .center = draft.center, .rotation = draft.rotation, .maps = draft.maps};
    return draft;
}

static void draft_rotation(struct draft *draft, struct rng_stream stream, bool rotate, double *work)
{
    if (rotate) {
        rotation_haar(draft->parts.dim, stream, 0, draft->rotation, work);
    } else {
        linalg_identity(draft->parts.dim, draft->rotation);
    }
}

static void draft_maps(struct draft *draft, const rovi_settings *settings, double slope, size_t cells, double *knots,
                       double *lambda)
{
    const double alpha = start_alpha(settings);
    dictionary_uniform_knots(cells, settings->range, knots);
    for (size_t k = 0; k < cells; k++) {
        lambda[k] = fmax(0, slope - alpha) * (knots[k + 1] - knots[k]);
    }
    for (size_t i = 0; i < draft->parts.dim; i++) {
        draft->maps[i] =
            (rovi_map){.cells = cells, .knots = knots, .lambda = lambda, .alpha = alpha, .v = draft->maps[i].v};
    }
}

rovi_approximation *start_make(const rovi_settings *settings, size_t d, uint64_t seed, bool rotate,
                               const double *center)
{
    const struct rng_stream rotation = {.seed = seed, .purpose = RNG_START, .substream = 0};
    const struct rng_stream means = {.seed = seed, .purpose = RNG_START, .substream = 1};
    const struct rng_stream width = {.seed = seed, .purpose = RNG_START, .substream = 2};
    const size_t cells = dictionary_uniform_cells(settings->mesh, settings->range);
    struct arena memory = {0};
    struct draft draft = draft_make(d, &memory);
    double *work = arena_doubles(&memory, rotation_work(d)), *scatter = arena_doubles(&memory, d);
    double *knots = arena_doubles(&memory, cells + 1), *lambda = arena_doubles(&memory, cells);
    rovi_approximation *q = NULL;
    if (!memory.failed) {
        double narrow = 0;
        rng_uniforms(width, 0, 1, &narrow);
        narrow = fmax(0, 2 * narrow - 1);
        rng_normals(means, 0, d, scatter);
        if (center != NULL) {
            memcpy(draft.center, center, d * sizeof *center);
        }
        for (size_t i = 0; i < d; i++) {
            draft.maps[i].v = narrow * settings->start_spread * scatter[i];
        }
        draft_rotation(&draft, rotation, rotate, work);
        draft_maps(&draft, settings, pow(settings->start_slope, 1 - narrow), cells, knots, lambda);
        q = approximation_make(&draft.parts, 0);
    }
    arena_free(&memory);
    return q;
}

/* ---- knots that follow the map ---- */

size_t start_most_cells(const rovi_settings *settings)
{
    return MOST_REFINEMENT * dictionary_uniform_cells(settings->mesh, settings->range);
}

struct weighted {
    double slope, mass;
};

static int by_slope(const void *a, const void *b)
{
    const struct weighted *p = a, *q = b;
    return (p->slope > q->slope) - (p->slope < q->slope);
}

static double median_slope(const struct map *T, struct weighted *work)
{
    double below = 0;
    for (size_t k = 0; k < T->D.cells; k++) {
        work[k] = (struct weighted){.slope = T->slope[k + 1], .mass = T->D.mass[k]};
    }
    qsort(work, T->D.cells, sizeof *work, by_slope);
    for (size_t k = 0; k < T->D.cells; k++) {
        below += work[k].mass;
        if (below >= 0.5 * (1 - T->D.outside)) {
            return work[k].slope;
        }
    }
    return T->alpha;
}

/* How many new cells old cell k is worth: by its width, or by its rise where the map is steeper than usual. */
static double worth(const struct map *T, size_t k, double mesh, double slope)
{
    return T->D.width[k] * fmax(1, T->slope[k + 1] / slope) / mesh;
}

/* New knots at equal steps of the cells' worth, but none closer than doubles can tell well apart; the first and last
 * stay. Returns the number of cells. */
static size_t place_knots(const struct map *T, double mesh, double slope, size_t most, double *knots)
{
    const size_t J = T->D.cells;
    const double least = LEAST_WIDTH * (T->D.knots[J] - T->D.knots[0]);
    double total = 0, passed = 0;
    for (size_t k = 0; k < J; k++) {
        total += worth(T, k, mesh, slope);
    }
    const size_t wanted = total < 1 ? 1 : total > (double)most ? most : (size_t)ceil(total - 1e-9);
    size_t cells = 0;
    knots[0] = T->D.knots[0];
    for (size_t j = 1, k = 0; j < wanted; j++) {
        const double at = total * (double)j / (double)wanted;
        while (k + 1 < J && passed + worth(T, k, mesh, slope) < at) {
            passed += worth(T, k++, mesh, slope);
        }
        const double knot = T->D.knots[k] + T->D.width[k] * (at - passed) / worth(T, k, mesh, slope);
        if (knot > knots[cells] + least && knot < T->D.knots[J] - least) {
            knots[++cells] = knot;
        }
    }
    knots[++cells] = T->D.knots[J];
    return cells;
}

/* The map on the new knots has the old one's values there; v is then what makes its first value that of the old one. */
static rovi_map refine_map(const struct map *T, const rovi_settings *settings, struct arena *arena)
{
    const size_t most = start_most_cells(settings);
    double *knots = arena_doubles(arena, most + 1), *lambda = arena_doubles(arena, most);
    struct weighted *work = arena_take(arena, T->D.cells, sizeof *work);
    if (arena->failed) {
        return (rovi_map){0};
    }
    const size_t cells = place_knots(T, settings->mesh, median_slope(T, work), most, knots);
    struct dictionary D;
    dictionary_init(&D, arena, cells);
    if (arena->failed) {
        return (rovi_map){0};
    }
    dictionary_set(&D, cells, knots);
    double v = T->value[0] - T->alpha * knots[0], before = T->value[0];
    for (size_t k = 0; k < cells && !arena->failed; k++) {
        const double x = knots[k + 1], value = map_at(T, x);
        lambda[k] = fmax(0, value - before - T->alpha * D.width[k]);
        v += lambda[k] * D.mean[k];
        before = value;
    }
    return (rovi_map){.cells = cells, .knots = knots, .lambda = lambda, .alpha = T->alpha, .v = v};
}

rovi_approximation *start_refine(const rovi_settings *settings, const rovi_approximation *q)
{
    struct arena memory = {0};
    rovi_approximation_parts parts = q->view;
    rovi_map *maps = arena_take(&memory, q->dim, sizeof *maps);
    for (size_t i = 0; i < q->dim && !memory.failed; i++) {
        maps[i] = refine_map(&q->maps[i], settings, &memory);
    }
    parts.maps = maps;
    rovi_approximation *refined = memory.failed ? NULL : approximation_make(&parts, 0);
    arena_free(&memory);
    return refined;
}

bool start_is_gathered(const rovi_approximation *q)
{
    return q->count > 0 && q->component[0]->compact;
}

bool start_is_place(const rovi_approximation *q)
{
    bool place = q->count == 0 && q->compact && q->reflections.count == 0;
    for (size_t i = 0; place && i < q->dim; i++) {
        place = q->maps[i].D.cells == 0;
    }
    return place;
}
