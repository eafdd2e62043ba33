/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The modes of q. Those of a mixture are the cells of its components, joined where no valley parts them: where the
 * density along the line between their means does not fall below half of the lower end.
 */
#include "family/modes.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/linalg.h"
#include "base/status.h"
#include "family/draw.h"

#define JOINED_MOST 256 /* cells of components that are compared with each other */
#define STATIONS    15  /* points on the line between two means */

_Static_assert(STATIONS + 2 <= DRAW_BLOCK, "a line is one block");

/* Which mode the cells of a component belong to. */
struct membership {
    struct cells cells;
    size_t *mode; /* of each listed cell; shown.listed or more: none that is listed */
};

struct owned_modes {
    rovi_modes shown;
    size_t dim, components; /* of the approximation that they are of */
    struct membership *of;  /* of each component, or of the one product */
    struct arena memory;
};

struct part { /* a cell of a component; in the end, a mode */
    double weight;
    double *mean, *sd;
    size_t leader; /* the part that stands for the mode that this one belongs to */
    size_t component, cell;
};

struct joining {
    const rovi_approximation *q;
    struct membership *of; /* of each component */
    size_t count;
    double total; /* cells of all components, listed or not */
    struct part *part;
    double *x, *log_q, *work;
};

static int heavier_first(const void *a, const void *b)
{
    const struct part *p = a, *q = b;
    return (p->weight < q->weight) - (p->weight > q->weight);
}

/* The heaviest cells of every component, by falling weight. */
static void collect(struct joining *j, struct arena *arena)
{
    const rovi_approximation *q = j->q;
    j->part = arena_take(arena, q->count * JOINED_MOST, sizeof *j->part);
    for (size_t k = 0; k < q->count && !arena->failed; k++) {
        rovi_modes cells;
        modes_of_product(q->component[k], JOINED_MOST, arena, &cells, &j->of[k].cells);
        j->of[k].mode = arena_take(arena, JOINED_MOST, sizeof *j->of[k].mode);
        j->total += cells.total;
        for (size_t c = 0; c < cells.listed && !arena->failed; c++) {
            j->part[j->count++] = (struct part){.weight = q->weight[k] * cells.mode[c].weight,
                                                .mean = arena_copy(arena, cells.mode[c].mean, q->dim),
                                                .sd = arena_copy(arena, cells.mode[c].sd, q->dim),
                                                .component = k,
                                                .cell = c};
        }
    }
    if (!arena->failed) {
        qsort(j->part, j->count, sizeof *j->part, heavier_first);
        j->count = j->count < JOINED_MOST ? j->count : JOINED_MOST;
    }
}

static size_t leader_of(const struct joining *j, size_t p)
{
    while (j->part[p].leader != p) {
        p = j->part[p].leader;
    }
    return p;
}

static bool is_valley_between(struct joining *j, size_t a, size_t b)
{
    const size_t d = j->q->dim;
    for (size_t s = 0; s <= STATIONS + 1; s++) {
        const double t = (double)s / (STATIONS + 1);
        for (size_t i = 0; i < d; i++) {
            j->x[s * d + i] = (1 - t) * j->part[a].mean[i] + t * j->part[b].mean[i];
        }
    }
    draw_log_density(j->q, STATIONS + 2, j->x, j->log_q, j->work);
    const double low = fmin(j->log_q[0], j->log_q[STATIONS + 1]) - log(2);
    for (size_t s = 1; s <= STATIONS; s++) {
        if (j->log_q[s] < low) {
            return true;
        }
    }
    return false;
}

/* Every part is led by the heaviest that it is joined to. */
static void find_leaders(struct joining *j)
{
    for (size_t b = 0; b < j->count; b++) {
        j->part[b].leader = b;
        for (size_t a = 0; a < b; a++) {
            const size_t p = leader_of(j, a), q = leader_of(j, b);
            if (p != q && !is_valley_between(j, a, b)) {
                j->part[p < q ? q : p].leader = p < q ? p : q;
            }
        }
    }
}

/* The moments of two parts together. */
static void join(size_t d, struct part *to, const struct part *from)
{
    const double share = from->weight / (to->weight + from->weight);
    for (size_t i = 0; i < d; i++) {
        const double off = from->mean[i] - to->mean[i], rest = (1 - share) * to->sd[i] * to->sd[i];
        to->sd[i] = sqrt(rest + share * (from->sd[i] * from->sd[i] + (1 - share) * off * off));
        to->mean[i] += share * off;
    }
    to->weight += from->weight;
}

/* Parts that follow are joined to their leaders. */
static void join_all(struct joining *j)
{
    for (size_t p = 0; p < j->count; p++) {
        const size_t leader = leader_of(j, p);
        if (leader != p) {
            join(j->q->dim, &j->part[leader], &j->part[p]);
            j->total--;
        }
    }
}

/* The leaders by falling weight into `mode` (count), and for every cell the place of its leader there. Returns how many
 * there are. */
static size_t rank_leaders(struct joining *j, struct part *mode)
{
    size_t count = 0;
    for (size_t p = 0; p < j->count; p++) {
        if (leader_of(j, p) == p) {
            mode[count++] = j->part[p];
        }
    }
    qsort(mode, count, sizeof *mode, heavier_first);
    for (size_t k = 0; k < j->q->count; k++) {
        for (size_t c = 0; c < JOINED_MOST; c++) {
            j->of[k].mode[c] = SIZE_MAX; /* until a part says otherwise */
        }
    }
    for (size_t p = 0; p < j->count; p++) {
        for (size_t m = 0; m < count; m++) {
            if (mode[m].leader == leader_of(j, p)) {
                j->of[j->part[p].component].mode[j->part[p].cell] = m;
            }
        }
    }
    return count;
}

static void modes_of_mixture(const rovi_approximation *q, size_t most, struct arena *arena, struct owned_modes *out)
{
    struct joining j = {.q = q,
                        .of = arena_take(arena, q->count, sizeof *j.of),
                        .x = arena_doubles(arena, DRAW_BLOCK * q->dim),
                        .log_q = arena_doubles(arena, DRAW_BLOCK),
                        .work = arena_doubles(arena, draw_work(q))};
    rovi_mode *listed = arena_take(arena, most, sizeof *listed);
    struct part *mode = arena_take(arena, JOINED_MOST, sizeof *mode);
    if (!arena->failed) {
        collect(&j, arena);
    }
    if (arena->failed) {
        return;
    }
    linalg_hold_threads();
    find_leaders(&j);
    linalg_release_threads();
    join_all(&j);
    const size_t count = rank_leaders(&j, mode);
    out->of = j.of;
    out->shown = (rovi_modes){.total = j.total, .mode = listed, .listed = count < most ? count : most};
    for (size_t m = 0; m < out->shown.listed; m++) {
        listed[m] = (rovi_mode){.weight = mode[m].weight, .mean = mode[m].mean, .sd = mode[m].sd};
        out->shown.listed_weight += mode[m].weight;
    }
}

rovi_status rovi_approximation_modes(const rovi_approximation *q, size_t most, rovi_modes **modes, rovi_error *error)
{
    *modes = NULL;
    if (most == 0) {
        return error_set(error, ROVI_BAD_INPUT, "0 modes were asked for; at least 1 is allowed");
    }
    struct arena memory = {0};
    struct owned_modes *out = arena_take(&memory, 1, sizeof *out);
    struct membership *one = arena_take(&memory, 1, sizeof *one);
    if (!memory.failed && q->count == 0) {
        out->of = one;
        modes_of_product(q, most, &memory, &out->shown, &one->cells);
    } else if (!memory.failed) {
        modes_of_mixture(q, most, &memory, out);
    }
    if (memory.failed) {
        arena_free(&memory);
        return error_no_memory(error);
    }
    out->memory = memory;
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
