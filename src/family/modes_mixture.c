/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The modes of a mixture are the cells of its components, joined where no valley parts them: where the density along
 * the line between their means does not fall below half of the lower end.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/linalg.h"
#include "family/draw.h"
#include "family/modes.h"

#define JOINED_MOST 256 /* cells of components that are compared with each other */
#define STATIONS    15  /* points on the line between two means */

_Static_assert(STATIONS + 2 <= DRAW_BLOCK, "a line is one block");

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

void modes_of_mixture(const rovi_approximation *q, size_t most, struct arena *arena, rovi_modes *out,
                      struct membership *of)
{
    struct joining j = {.q = q,
                        .of = of,
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
    *out = (rovi_modes){.total = j.total, .mode = listed, .listed = count < most ? count : most};
    for (size_t m = 0; m < out->listed; m++) {
        listed[m] = (rovi_mode){.weight = mode[m].weight, .mean = mode[m].mean, .sd = mode[m].sd};
        out->listed_weight += mode[m].weight;
    }
}
