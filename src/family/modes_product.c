/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The modes of a rotated product from its structure, equation (16). Each coordinate is cut at the valleys of its
 * density (pieces.c); a mode of q is a cell of the product of the coordinates' pieces. There may be 2^d cells, so the
 * heaviest are found by extending the heaviest partial products by one coordinate at a time: a partial product that is
 * not among the heaviest cannot become so.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/normal.h"
#include "family/modes.h"
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
            c.cuts[i - 1] = map_at(T, edges[i]);
        }
    }
    return c;
}

static struct coordinate *make_coordinates(const rovi_approximation *q, struct arena *arena)
{
    const size_t room = pieces_room(approximation_most_cells(q));
    double *edges = arena_doubles(arena, room), *work = arena_doubles(arena, 2 * room);
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

/* Mean and variance of y (d each) in one cell: `index` of the last product, traced back to the first. */
static void trace_back(size_t d, const struct coordinate *c, const struct product *products, size_t index, double *mean,
                       double *variance)
{
    for (size_t i = d; i-- > 0;) {
        const struct cell *cell = &products[i].cells[index];
        mean[i] = c[i].pieces[cell->piece].mean;
        variance[i] = c[i].pieces[cell->piece].variance;
        index = cell->parent;
    }
}

static void list_modes(const rovi_approximation *q, const struct coordinate *c, const struct product *products,
                       struct arena *scratch, struct arena *arena, rovi_modes *out)
{
    const size_t d = q->dim;
    const struct product *last = &products[d - 1];
    rovi_mode *mode = arena_take(arena, last->count, sizeof *mode);
    double *y = arena_doubles(scratch, 2 * d), *work = arena_doubles(scratch, approximation_moments_work(q));
    for (size_t m = 0; m < last->count && !arena->failed && !scratch->failed; m++) {
        double *mean = arena_doubles(arena, d), *sd = arena_doubles(arena, d);
        if (!arena->failed) {
            trace_back(d, c, products, m, y, y + d);
            approximation_moments(q, y, y + d, mean, sd, work);
            mode[m] = (rovi_mode){.weight = last->cells[m].weight, .mean = mean, .sd = sd};
            out->listed_weight += mode[m].weight;
        }
    }
    out->mode = mode;
    out->listed = last->count;
}

/* ---- where a point belongs ---- */

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

static int compare_codes(const void *a, const void *b)
{
    const struct code *p = a, *q = b;
    return p->splits > 0 ? memcmp(p->piece, q->piece, p->splits) : 0;
}

/* Copies the cuts of the coordinates that have some. */
static void keep_splits(size_t d, const struct coordinate *c, struct arena *arena, struct cells *out)
{
    for (size_t i = 0; i < d; i++) {
        out->splits += c[i].count > 1;
    }
    out->split = arena_take(arena, out->splits, sizeof *out->split);
    for (size_t i = 0, s = 0; i < d && !arena->failed; i++) {
        if (c[i].count > 1) {
            out->split[s++] = (struct split){i, c[i].count - 1, arena_copy(arena, c[i].cuts, c[i].count - 1)};
        }
    }
}

/* Traces every listed mode back to its pieces. */
static void keep_codes(size_t d, const struct coordinate *c, const struct product *products, struct arena *arena,
                       struct cells *out)
{
    const size_t listed = out->listed, splits = out->splits;
    out->code = arena_take(arena, listed, sizeof *out->code);
    unsigned char *piece = arena_take(arena, listed * splits, 1);
    for (size_t m = 0; m < listed && !arena->failed; m++) {
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
    if (!arena->failed) {
        qsort(out->code, listed, sizeof *out->code, compare_codes);
    }
}

size_t cells_find(const struct cells *cells, const double *y, unsigned char *piece)
{
    for (size_t s = 0; s < cells->splits; s++) {
        const struct split *split = &cells->split[s];
        piece[s] = 0;
        while (piece[s] < split->cuts && y[split->coordinate] > split->cut[piece[s]]) {
            piece[s]++;
        }
    }
    const struct code wanted = {.piece = piece, .splits = cells->splits};
    const struct code *found = bsearch(&wanted, cells->code, cells->listed, sizeof wanted, compare_codes);
    return found != NULL ? found->mode : cells->listed;
}

void modes_of_product(const rovi_approximation *q, size_t most, struct arena *arena, rovi_modes *out,
                      struct cells *cells)
{
    struct arena scratch = {0};
    const struct coordinate *c = make_coordinates(q, &scratch);
    struct product *products = arena_take(&scratch, q->dim, sizeof *products);
    struct cell whole = {.weight = 1};
    struct product before = {.count = 1, .cells = &whole};
    *out = (rovi_modes){.total = 1};
    for (size_t i = 0; i < q->dim && !scratch.failed; i++) {
        before = products[i] = extend(&before, &c[i], most, &scratch);
        out->total *= (double)c[i].count;
    }
    if (!scratch.failed) {
        list_modes(q, c, products, &scratch, arena, out);
        *cells = (struct cells){.listed = out->listed};
        keep_splits(q->dim, c, arena, cells);
        keep_codes(q->dim, c, products, arena, cells);
    }
    arena->failed = arena->failed || scratch.failed;
    arena_free(&scratch);
}
