/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * With the shapes of all pieces fixed, F is least over the masses m_c of one coordinate's pieces at
 *     m_c' ~ m_c exp(E[log p - log q | piece c]),
 * equation (26). The other coordinates' new masses are honoured by weights on the draws, so that the coordinates take
 * turns until they agree, and no draw is made anew.
 */
#include "coordinate/weigh.h"

#include <math.h>
#include <stdint.h>

#include "base/normal.h"
#include "evidence/elbo.h"
#include "family/pieces.h"
#include "family/reference.h"

#define DRAWS_LEAST 1024
#define DRAWS_EACH  16   /* least number in a piece, or the coordinate's masses stay */
#define TURNS       20   /* of all coordinates */
#define STILL       1e-6 /* nats: a turn that moves no mass by more is the last */
#define MOST_GAIN   3.0  /* nats, of one piece over another */
#define MOST_PIECES 64   /* of a coordinate */

struct parted { /* a coordinate of more than one piece */
    size_t coordinate, count;
    double *edges;  /* count + 1, in x */
    double *mass;   /* count: before */
    double *gain;   /* count: log of the new mass over the old */
    uint8_t *piece; /* of each draw */
};

struct weigher {
    rovi_approximation *q;
    size_t count, n, most;
    struct parted *parted;
    double *ratio;    /* of each draw: log p - log q */
    double *shift;    /* of each draw: the log of its weight */
    double *x, *work; /* d; of the pieces */
    struct arena memory;
};

/* ---- pieces and draws ---- */

static struct parted part(struct weigher *w, size_t i, size_t count, const double *edges)
{
    struct arena *m = &w->memory;
    const struct parted p = {i,
                             count,
                             arena_copy(m, edges, count + 1),
                             arena_doubles(m, count),
                             arena_doubles(m, count),
                             arena_take(m, w->most, sizeof *p.piece)};
    for (size_t c = 0; c < count && !m->failed; c++) {
        p.mass[c] = normal_interval(edges[c], edges[c + 1]);
    }
    return p;
}

static void find_parted(struct weigher *w)
{
    const size_t d = w->q->dim, room = pieces_room(approximation_most_cells(w->q));
    double *edges = arena_doubles(&w->memory, room);
    w->work = arena_doubles(&w->memory, 2 * room);
    w->parted = arena_take(&w->memory, d, sizeof *w->parted);
    for (size_t i = 0; i < d && !w->memory.failed; i++) {
        const size_t count = pieces_cut(&w->q->maps[i], edges, w->work);
        if (count > 1 && count <= MOST_PIECES) {
            w->parted[w->count++] = part(w, i, count, edges);
        }
    }
}

static uint8_t piece_of(const struct parted *p, double x)
{
    uint8_t c = 0;
    while (c + 1u < p->count && x > p->edges[c + 1]) {
        c++;
    }
    return c;
}

static bool take_draws(struct weigher *w, size_t n, struct meter *meter, struct team *team, struct rng_stream stream)
{
    w->n = n;
    if (!elbo_log_ratios(w->q, meter, stream, team, 0, n, w->ratio)) {
        return false;
    }
    for (size_t s = 0; s < n; s++) {
        reference_points(stream, s, 1, w->q->dim, w->x);
        w->shift[s] = 0;
        for (size_t k = 0; k < w->count; k++) {
            struct parted *p = &w->parted[k];
            p->piece[s] = piece_of(p, w->x[p->coordinate]);
            w->shift[s] += p->gain[p->piece[s]];
        }
    }
    return true;
}

/* ---- masses ---- */

struct inside { /* of the draws in one piece */
    double n, weight;
    double mean, variance; /* of the log ratio, and of its mean */
};

static struct inside look_inside(const struct weigher *w, const struct parted *p, uint8_t c)
{
    struct inside in = {0};
    double squares = 0;
    for (size_t s = 0; s < w->n; s++) {
        if (p->piece[s] == c && isfinite(w->ratio[s])) {
            const double others = w->shift[s] - p->gain[c], weight = exp(others), r = w->ratio[s] - others;
            const double step = r - in.mean;
            in.n++;
            in.weight += weight;
            in.mean += step * weight / in.weight;
            squares += weight * step * (r - in.mean);
        }
    }
    in.variance = squares / in.weight / in.n;
    return in;
}

/* Writes the log gains that are best given those of the other coordinates; false when a piece has too few draws. */
static bool find_gains(const struct weigher *w, const struct parted *p, double *gain, double *error)
{
    struct inside in[MOST_PIECES];
    double total = 0, noise = 0;
    for (size_t c = 0; c < p->count; c++) {
        in[c] = look_inside(w, p, (uint8_t)c);
        if (in[c].n < DRAWS_EACH) {
            return false;
        }
        gain[c] = fmax(-MOST_GAIN, fmin(MOST_GAIN, in[c].mean - in[0].mean));
        total += p->mass[c] * exp(gain[c]);
    }
    for (size_t c = 0; c < p->count; c++) {
        gain[c] -= log(total);
        const double mass = p->mass[c] * exp(gain[c]);
        noise += mass * mass * in[c].variance;
    }
    for (size_t c = 0; c < p->count; c++) { /* of mass c: that of its own mean, and that of the sum it is divided by */
        const double mass = p->mass[c] * exp(gain[c]);
        *error = fmax(*error, mass * sqrt(fmax(0, (1 - 2 * mass) * in[c].variance + noise)));
    }
    return true;
}

static double set_gains(struct weigher *w, struct parted *p, const double *gain)
{
    double moved = 0;
    for (size_t s = 0; s < w->n; s++) {
        w->shift[s] += gain[p->piece[s]] - p->gain[p->piece[s]];
    }
    for (size_t c = 0; c < p->count; c++) {
        moved = fmax(moved, fabs(gain[c] - p->gain[c]));
        p->gain[c] = gain[c];
    }
    return moved;
}

/* The coordinates take turns until none moves; returns the largest standard error of a mass. */
static double settle(struct weigher *w)
{
    double gain[MOST_PIECES], error = 0, moved = 1;
    for (int turn = 0; turn < TURNS && moved > STILL; turn++) {
        error = moved = 0;
        for (size_t k = 0; k < w->count; k++) {
            if (find_gains(w, &w->parted[k], gain, &error)) {
                moved = fmax(moved, set_gains(w, &w->parted[k], gain));
            }
        }
    }
    return error;
}

static void apply(struct weigher *w)
{
    for (size_t k = 0; k < w->count; k++) {
        struct parted *p = &w->parted[k];
        for (size_t c = 0; c < p->count; c++) {
            p->mass[c] *= exp(p->gain[c]);
        }
        pieces_reweigh(&w->q->maps[p->coordinate], p->count, p->edges, p->mass, w->work);
    }
}

bool weigh_pieces(rovi_approximation *q, struct meter *meter, struct team *team, struct rng_stream stream,
                  const struct weigh_limits *limits)
{
    struct weigher w = {.q = q, .most = limits->most};
    w.ratio = arena_doubles(&w.memory, w.most);
    w.shift = arena_doubles(&w.memory, w.most);
    w.x = arena_doubles(&w.memory, q->dim);
    find_parted(&w);
    bool ok = !w.memory.failed;
    size_t n = DRAWS_LEAST < w.most ? DRAWS_LEAST : w.most;
    while (ok && w.count > 0) {
        ok = take_draws(&w, n, meter, team, stream);
        const double excess = ok ? settle(&w) / limits->error : 0, need = (double)n * excess * excess;
        if (excess <= 1 || n == w.most) {
            break;
        }
        n = need < (double)w.most ? (size_t)need + 1 : w.most;
    }
    if (ok) {
        apply(&w);
    }
    arena_free(&w.memory);
    return ok;
}
