/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The modes of q from its structure, equation (16). Each coordinate is cut at the valleys of its density (pieces.c); a
 * mode of q is a cell of the product of the coordinates' pieces. There may be 2^d cells, so the heaviest are found by
 * extending the heaviest partial products by one coordinate at a time: a partial product that is not among the heaviest
 * cannot become so.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/linalg.h"
#include "base/normal.h"
#include "base/status.h"
#include "family/approximation.h"
#include "family/pieces.h"

/* ---- the pieces of one coordinate ---- */

struct piece {
    double mass, mean, variance; /* of T(X) for X in it */
};

struct coordinate {
    size_t count;
    struct piece *pieces;
    double *cuts; /* count - 1 values of T between the pieces */
};

/* Adds E[1, T - v, (T - v)^2] over a bounded part (from, to) of segment s, from its values at the ends: in a steep
 * segment moments about its own end keep the digits that those about x = 0 would lose. */
static void add_bounded(const struct map *T, size_t s, double from, double to, double moment[3])
{
    const double t = map_value(T, s, from) - T->v, rise = T->slope[s] * (to - from);
    double m[3];
    normal_cell_moments(from, to, m);
    moment[0] += m[0];
    moment[1] += t * m[0] + rise * m[1];
    moment[2] += t * t * m[0] + 2 * t * rise * m[1] + rise * rise * m[2];
}

/* The same over a part that is not bounded: T - v = c + slope x there. */
static void add_unbounded(const struct map *T, size_t s, double from, double to, double moment[3])
{
    const double c = map_value(T, s, 0) - T->v, m = T->slope[s];
    const double P = normal_interval(from, to), X1 = normal_moment1(from, to), X2 = normal_moment2(from, to);
    moment[0] += P;
    moment[1] += c * P + m * X1;
    moment[2] += c * c * P + 2 * c * m * X1 + m * m * X2;
}

static struct piece make_piece(const struct map *T, double from, double to)
{
    const size_t J = T->D.cells;
    double moment[3] = {0};
    for (size_t s = 0; s <= J + 1; s++) {
        const double left = s > 0 ? fmax(from, T->D.knots[s - 1]) : from, right = s <= J ? fmin(to, T->D.knots[s]) : to;
        if (left < right) {
            (isfinite(right - left) ? add_bounded : add_unbounded)(T, s, left, right, moment);
        }
    }
    const double mean = moment[1] / moment[0];
    return (struct piece){
        .mass = moment[0], .mean = T->v + mean, .variance = fmax(0, moment[2] / moment[0] - mean * mean)};
}

static struct coordinate make_coordinate(const struct map *T, double *edges, double *work, struct arena *arena)
{
    const size_t count = pieces_cut(T, edges, work);
    struct coordinate c = {.count = count, .pieces = arena_take(arena, count, sizeof *c.pieces)};
    c.cuts = arena_doubles(arena, count);
    for (size_t i = 0; i < count && !arena->failed; i++) {
        c.pieces[i] = make_piece(T, edges[i], edges[i + 1]);
        if (i > 0) {
            c.cuts[i - 1] = map_value(T, map_segment(T, edges[i]), edges[i]);
        }
    }
    return c;
}

static struct coordinate *make_coordinates(const rovi_approximation *q, struct arena *arena)
{
    size_t most = 0;
    for (size_t i = 0; i < q->dim; i++) {
        most = q->maps[i].D.cells > most ? q->maps[i].D.cells : most;
    }
    double *edges = arena_doubles(arena, pieces_room(most)), *work = arena_doubles(arena, 2 * pieces_room(most));
    struct coordinate *c = arena_take(arena, q->dim, sizeof *c);
    for (size_t i = 0; i < q->dim && !arena->failed; i++) {
        c[i] = make_coordinate(&q->maps[i], edges, work, arena);
    }
    return c;
}

/* ---- the heaviest cells of the product ---- */

struct cell {
    double weight;
    size_t parent, piece; /* cell of the coordinates before, piece of the last one */
};

struct product {
    size_t count;
    struct cell *cells; /* by falling weight */
};

static int heavier_first(const void *a, const void *b)
{
    const struct cell *p = a, *q = b;
    if (p->weight != q->weight) {
        return p->weight > q->weight ? -1 : 1;
    }
    if (p->parent != q->parent) {
        return p->parent < q->parent ? -1 : 1;
    }
    return (p->piece > q->piece) - (p->piece < q->piece);
}

static struct product extend(const struct product *before, const struct coordinate *c, size_t most, struct arena *arena)
{
    struct product after = {.count = before->count * c->count};
    after.cells = arena_take(arena, after.count, sizeof *after.cells);
    for (size_t i = 0; i < after.count && after.cells != NULL; i++) {
        const size_t parent = i / c->count, piece = i % c->count;
        after.cells[i] = (struct cell){before->cells[parent].weight * c->pieces[piece].mass, parent, piece};
    }
    if (after.cells != NULL) {
        qsort(after.cells, after.count, sizeof *after.cells, heavier_first);
    }
    after.count = after.count < most ? after.count : most;
    return after;
}

/* A coordinate that is cut; the others tell no mode from another. */
struct split {
    size_t coordinate, cuts;
    const double *cut; /* increasing, of y */
};

/* The piece of every split that a mode is, a byte each: a coordinate has at most 100 pieces. */
struct code {
    const unsigned char *piece;
    size_t splits, mode;
};

struct owned_modes {
    rovi_modes shown;
    size_t splits;
    struct split *split;
    struct code *code; /* of the listed modes, sorted for the search */
    struct arena memory;
};

/* Mean and sd of z = center + L O y for y in one cell: `index` of the last product, traced back to the first. */
static void describe(const rovi_approximation *q, const struct coordinate *c, const struct product *products,
                     size_t index, double *mean, double *sd)
{
    const size_t d = q->dim;
    memcpy(mean, q->center, d * sizeof *mean);
    for (size_t i = d; i-- > 0;) {
        const struct cell *cell = &products[i].cells[index];
        const struct piece *piece = &c[i].pieces[cell->piece];
        for (size_t j = 0; j < d; j++) {
            const double A = q->transform[j * d + i];
            mean[j] += A * piece->mean;
            sd[j] += A * A * piece->variance;
        }
        index = cell->parent;
    }
    for (size_t j = 0; j < d; j++) {
        sd[j] = sqrt(sd[j]);
    }
}

static void list_modes(const rovi_approximation *q, const struct coordinate *c, const struct product *products,
                       struct owned_modes *out)
{
    const size_t d = q->dim;
    const struct product *last = &products[d - 1];
    rovi_mode *mode = arena_take(&out->memory, last->count, sizeof *mode);
    for (size_t m = 0; m < last->count && !out->memory.failed; m++) {
        double *mean = arena_doubles(&out->memory, d), *sd = arena_doubles(&out->memory, d);
        if (!out->memory.failed) {
            describe(q, c, products, m, mean, sd);
            mode[m] = (rovi_mode){.weight = last->cells[m].weight, .mean = mean, .sd = sd};
            out->shown.listed_weight += mode[m].weight;
        }
    }
    out->shown.mode = mode;
    out->shown.listed = last->count;
}

static int compare_codes(const void *a, const void *b)
{
    const struct code *p = a, *q = b;
    return p->splits > 0 ? memcmp(p->piece, q->piece, p->splits) : 0;
}

/* Copies the cuts of the coordinates that have some. */
static void keep_splits(size_t d, const struct coordinate *c, struct owned_modes *out)
{
    for (size_t i = 0; i < d; i++) {
        out->splits += c[i].count > 1;
    }
    out->split = arena_take(&out->memory, out->splits, sizeof *out->split);
    for (size_t i = 0, s = 0; i < d && !out->memory.failed; i++) {
        if (c[i].count > 1) {
            double *cut = arena_doubles(&out->memory, c[i].count - 1);
            if (cut != NULL) {
                memcpy(cut, c[i].cuts, (c[i].count - 1) * sizeof *cut);
            }
            out->split[s++] = (struct split){i, c[i].count - 1, cut};
        }
    }
}

/* Traces every listed mode back to its pieces. */
static void keep_codes(size_t d, const struct coordinate *c, const struct product *products, struct owned_modes *out)
{
    const size_t listed = out->shown.listed, splits = out->splits;
    out->code = arena_take(&out->memory, listed, sizeof *out->code);
    unsigned char *piece = arena_take(&out->memory, listed * splits, 1);
    for (size_t m = 0; m < listed && !out->memory.failed; m++) {
        size_t index = m, s = splits;
        for (size_t i = d; i-- > 0;) {
            const struct cell *cell = &products[i].cells[index];
            if (c[i].count > 1) {
                piece[m * splits + --s] = (unsigned char)cell->piece;
            }
            index = cell->parent;
        }
        out->code[m] = (struct code){piece + m * splits, splits, m};
    }
    if (!out->memory.failed) {
        qsort(out->code, listed, sizeof *out->code, compare_codes);
    }
}

static void find_modes(const rovi_approximation *q, size_t most, struct owned_modes *out, struct arena *scratch)
{
    const struct coordinate *c = make_coordinates(q, scratch);
    struct product *products = arena_take(scratch, q->dim, sizeof *products);
    struct cell whole = {.weight = 1};
    struct product before = {.count = 1, .cells = &whole};
    out->shown.total = 1;
    for (size_t i = 0; i < q->dim && !scratch->failed; i++) {
        before = products[i] = extend(&before, &c[i], most, scratch);
        out->shown.total *= (double)c[i].count;
    }
    if (!scratch->failed) {
        list_modes(q, c, products, out);
        keep_splits(q->dim, c, out);
        keep_codes(q->dim, c, products, out);
    }
}

rovi_status rovi_approximation_modes(const rovi_approximation *q, size_t most, rovi_modes **modes, rovi_error *error)
{
    *modes = NULL;
    if (most == 0) {
        return error_set(error, ROVI_BAD_INPUT, "0 modes were asked for; at least 1 is allowed");
    }
    struct arena memory = {0}, scratch = {0};
    struct owned_modes *out = arena_take(&memory, 1, sizeof *out);
    if (out != NULL) {
        out->memory = memory;
        find_modes(q, most, out, &scratch);
        memory = out->memory;
    }
    const bool failed = memory.failed || scratch.failed;
    arena_free(&scratch);
    if (failed) {
        arena_free(&memory);
        return error_no_memory(error);
    }
    *modes = &out->shown;
    return ROVI_OK;
}

#define CLASSIFY_BLOCK 64 /* points handled at once, so that work memory does not grow with n */

/* The place of y (d) in the list: pieces are told apart in y, where no map needs to be inverted. piece: work. */
static size_t mode_of(const struct owned_modes *modes, const double *y, unsigned char *piece)
{
    for (size_t s = 0; s < modes->splits; s++) {
        const struct split *split = &modes->split[s];
        piece[s] = 0;
        while (piece[s] < split->cuts && y[split->coordinate] > split->cut[piece[s]]) {
            piece[s]++;
        }
    }
    const struct code wanted = {.piece = piece, .splits = modes->splits};
    const struct code *found = bsearch(&wanted, modes->code, modes->shown.listed, sizeof wanted, compare_codes);
    return found != NULL ? found->mode : modes->shown.listed;
}

rovi_status rovi_modes_classify(const rovi_modes *modes, const rovi_approximation *q, size_t n, const double *z,
                                size_t *mode, rovi_error *error)
{
    const struct owned_modes *own = (const struct owned_modes *)modes;
    const size_t d = q->dim;
    if (own->splits == 0) {
        memset(mode, 0, n * sizeof *mode);
        return ROVI_OK;
    }
    struct arena memory = {0};
    double *w = arena_doubles(&memory, CLASSIFY_BLOCK * d), *y = arena_doubles(&memory, CLASSIFY_BLOCK * d);
    unsigned char *piece = arena_take(&memory, own->splits, 1);
    if (memory.failed) {
        arena_free(&memory);
        return error_no_memory(error);
    }
    linalg_hold_threads();
    for (size_t at = 0; at < n; at += CLASSIFY_BLOCK) {
        const size_t m = n - at < CLASSIFY_BLOCK ? n - at : CLASSIFY_BLOCK;
        approximation_unplace(q, m, z + at * d, w, y);
        for (size_t p = 0; p < m; p++) {
            mode[at + p] = mode_of(own, y + p * d, piece);
        }
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
