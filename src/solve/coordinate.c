/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The coordinate solver (docs/solver.md):
 *   1. explore: climb from dispersed starts, fit a local normal to each mode;
 *   2. frame: centre and whiten by what was found;
 *   3. candidates: rotations from the curvature, maps from the local normals' marginals;
 *   4. screen them by a few sweeps of exact coordinate updates, keep the best;
 *   5. polish: turn the planes of the rotation whose gradient is told from noise, sweep, until neither gains.
 * The numbers of lines and of points grow until what they decide is resolved above its own error.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/elbo.h"
#include "solve/candidate.h"
#include "solve/line.h"
#include "solve/restart.h"
#include "solve/start.h"
#include "solve/turn.h"
#include "solve/weigh.h"

#define MODES               12 /* kept by the exploration */
#define LINES_LEAST         8  /* of a coordinate update */
#define LINES_SCREEN        32 /* at most, while candidates are screened */
#define LINES_MOST          2048
#define LINES_FLOOR         64   /* which a sweep may always take */
#define POINTS_LEAST        1024 /* of a turn */
#define POINTS_MOST         65536
#define POINTS_MOST_DOUBLES 4194304 /* and at most so many coordinates of points: what one array of a batch holds */
#define NOISE_PART          0.5 /* of the tolerance: noise that the lines of a sweep may leave; settling halves it twice */
#define TRACE_POINTS        200
#define MASS_ERROR          0.003 /* of the mass of a mode's side along a coordinate */
#define MASS_DRAWS          16384 /* at most, to get there */
#define IDLE_ROUNDS         2
#define SETTLING            4    /* sweeps over which the coordinates are averaged in the end */
#define SETTLED             0.02 /* of the tolerance: noise of a sweep that needs no averaging */
#define SCREEN_DRAWS        1000
#define HOPE                8   /* rounds of the present gain, in which a candidate must reach the one before it */
#define POLISHED            2   /* candidates at most */
#define CLOSE               1.0 /* nats: a candidate further below the best is not polished */

struct coordinates {
    const struct problem *problem;
    struct restart *restart;
    struct explorer explorer;
    struct frame frame;
    struct candidates candidates;
    struct lines lines;
    struct turn turn;
    struct batch batch;
    struct arena batch_memory; /* of the batch alone, which grows */
    size_t batch_room;         /* points */
    size_t trace_draws;
    double *ratio, *before;   /* trace_draws */
    double *best_ratio;       /* trace_draws: log ratios of the best on the draws of the trace */
    rovi_approximation *best; /* so far */
    double best_elbo;
    double tolerance;        /* nats that do not matter, as far as known */
    double noise;            /* nats that the lines of the last sweep left in q */
    struct line_mean *means; /* d */
    uint64_t streams;        /* used up so far */
    struct arena memory;
};

static struct rng_stream fresh(struct coordinates *s)
{
    return (struct rng_stream){.seed = s->restart->seed, .purpose = RNG_FIT, .substream = ++s->streams};
}

static bool ended(struct coordinates *s)
{
    if (s->restart->iterations >= (uint64_t)s->problem->settings->iterations) {
        s->restart->stop = ROVI_STOP_MAX_ITERATIONS;
        return true;
    }
    return supervisor_ends(&s->restart->progress, &s->restart->stop);
}

/* Log ratios of q at n draws of the stream; want of memory is noted, and told by `solve`. */
static void take_ratios(struct coordinates *s, const rovi_approximation *q, struct rng_stream stream, size_t n,
                        double *ratio)
{
    if (!elbo_log_ratios(q, &s->restart->meter, stream, s->problem->team, n, ratio)) {
        s->restart->no_memory = true;
        memset(ratio, 0, n * sizeof *ratio);
    }
}

/* ---- exact coordinate updates ---- */

static size_t most_lines(size_t d)
{
    const size_t shared = LINES_MOST / d * 2;
    return shared < LINES_FLOOR ? LINES_FLOOR : shared > LINES_MOST ? LINES_MOST : shared;
}

/* How many lines bring the noise of all coordinates below a part of the tolerance, when n left this much in one. */
static size_t lines_needed(const struct coordinates *s, size_t n, double noise)
{
    const size_t d = s->problem->target->dim, most = most_lines(d);
    const double budget = NOISE_PART * s->tolerance / (double)d, need = (double)n * noise / budget;
    return need < LINES_LEAST ? LINES_LEAST : need > (double)most ? most : 2 * (size_t)(need / 2 + 1);
}

/* Updates every coordinate, each from as many lines as it needs, up to `most`, all through the same draws. Returns how
 * many could not be: their lines lie outside the support, or the density does not fall off along them. */
static size_t sweep(struct coordinates *s, struct candidate *c, size_t most)
{
    const struct rng_stream stream = fresh(s);
    size_t stuck = 0;
    s->noise = 0;
    for (size_t k = 0; k < c->q->dim && !ended(s); k++) {
        const size_t i = c->order[k];
        const size_t n = c->lines[i] < most ? c->lines[i] : most;
        const double noise = lines_update(&s->lines, c->q, i, n, stream, NULL);
        if (isfinite(noise)) {
            c->lines[i] = lines_needed(s, n, noise);
            s->noise += noise;
        } else {
            stuck++;
        }
    }
    s->restart->progress.shown.iteration = ++s->restart->iterations;
    return stuck;
}

/* ---- candidates ---- */

static int better_first(const void *a, const void *b)
{
    const struct candidate *p = a, *q = b;
    return (p->elbo < q->elbo) - (p->elbo > q->elbo);
}

static void keep_best(struct coordinates *s, rovi_approximation *q, rovi_estimate elbo)
{
    approximation_refresh_view(q);
    rovi_approximation *copy = approximation_make(&q->view, 0);
    if (copy == NULL) {
        s->restart->no_memory = true;
        return;
    }
    rovi_approximation_free(s->best);
    s->best = copy;
    s->best_elbo = elbo.value;
    memcpy(s->best_ratio, s->ratio, s->trace_draws * sizeof *s->ratio);
    restart_record(s->restart, elbo);
}

/* The ELBO of the candidate on the draws of the trace, which shows the best one so far, and is what the restart ends
 * with; -infinity when there is none. */
static void take_stock(struct coordinates *s, struct candidate *c)
{
    rovi_estimate elbo = {NAN, NAN};
    if (!restart_measure(s->problem, s->restart, c->q, s->trace_draws, s->ratio, &elbo)) {
        s->restart->no_memory = true;
    }
    if (elbo.value > s->best_elbo) {
        keep_best(s, c->q, elbo);
    }
    s->tolerance = elbo_resolution(s->problem->settings->tolerance, elbo, s->trace_draws);
    c->elbo = isnan(elbo.value) ? -INFINITY : elbo.value;
}

/* Candidates are looked at before any is swept: a restart that is ended has then the best of them. Not those of a part
 * of the modes, whose trace of the others may be seen by none of the draws, and cost much. */
static void screen(struct coordinates *s)
{
    struct candidates *c = &s->candidates;
    for (size_t k = 0; k < c->count; k++) {
        for (size_t i = 0; i < s->problem->target->dim; i++) {
            c->list[k].lines[i] = LINES_LEAST;
        }
        if (c->list[k].to - c->list[k].from == s->frame.count) {
            take_stock(s, &c->list[k]);
        }
    }
    for (size_t k = 0; k < c->count && c->count > 1 && !ended(s); k++) {
        sweep(s, &c->list[k], LINES_SCREEN);
        sweep(s, &c->list[k], LINES_SCREEN);
        take_stock(s, &c->list[k]);
    }
    qsort(c->list, c->count, sizeof *c->list, better_first);
}

/* ---- polish ---- */

/* Turns by the largest of falling shares of the planned angles that gains, on points of their own. */
static void turn_by_share(struct coordinates *s, rovi_approximation *q)
{
    const struct rng_stream stream = fresh(s);
    take_ratios(s, q, stream, SCREEN_DRAWS, s->before);
    for (double share = 1; share > 0.05; share *= 0.4) {
        turn_apply(&s->turn, q, share);
        take_ratios(s, q, stream, SCREEN_DRAWS, s->ratio);
        if (elbo_gain(SCREEN_DRAWS, s->before, s->ratio).value > 0) {
            return;
        }
    }
    turn_apply(&s->turn, q, 0);
}

/* Returns what the planes that did not turn could still hide, in nats. */
static double turn(struct coordinates *s, rovi_approximation *q)
{
    if (!s->problem->rotate || q->dim == 1 ||
        !batch_evaluate(&s->batch, q, fresh(s), &s->restart->progress, &s->restart->stop) || s->batch.valid == 0) {
        return 0;
    }
    const struct turn_outlook outlook = turn_plan(&s->turn, q, &s->batch);
    if (outlook.gain > 0) {
        turn_by_share(s, q);
    }
    return outlook.unresolved;
}

/* A batch of n points from now on; false when out of memory. */
static bool set_points(struct coordinates *s, size_t n)
{
    if (n > s->batch_room) {
        arena_free(&s->batch_memory);
        batch_init(&s->batch, &s->batch_memory, n, s->problem->target, s->problem->team);
        s->batch_room = s->batch_memory.failed ? 0 : n;
    }
    s->batch.n = n;
    return s->batch_room > 0;
}

static bool may_grow(const struct coordinates *s)
{
    const size_t next = 4 * s->batch.n;
    return next <= POINTS_MOST && next * s->problem->target->dim <= POINTS_MOST_DOUBLES;
}

static void weigh(struct coordinates *s, rovi_approximation *q)
{
    const struct weigh_limits limits = {.most = MASS_DRAWS, .error = MASS_ERROR};
    if (!weigh_pieces(q, &s->restart->meter, s->problem->team, fresh(s), &limits)) {
        s->restart->no_memory = true;
    }
}

/* More sweeps, with the rotation as it is, each coordinate's density being averaged over them: the noise of one sweep
 * goes, also out of what is flat in F (the masses of modes of different shapes, which follow all else). Not called for
 * where lines agree. */
static void settle(struct coordinates *s, struct candidate *c)
{
    const size_t d = c->q->dim;
    memset(s->means, 0, d * sizeof *s->means);
    for (int round = 0; round < SETTLING; round++) {
        const struct rng_stream stream = fresh(s);
        for (size_t i = 0; i < d && !ended(s); i++) {
            lines_update(&s->lines, c->q, i, c->lines[i], stream, &s->means[i]);
        }
    }
    if (!ended(s)) {
        weigh(s, c->q);
    }
}

/* What a candidate, measured last, may lose against the best so far and yet be as good: the best of many rounds is so
 * by the luck of the draws too. */
static double slack(const struct coordinates *s)
{
    const double noise = elbo_gain(s->trace_draws, s->best_ratio, s->ratio).mcse;
    return s->tolerance + 2 * (isfinite(noise) ? noise : 0);
}

/* A candidate as good as the best so far is settled, and kept unless it loses more than the tolerance beyond that. */
static void finish(struct coordinates *s, struct candidate *c)
{
    if (s->noise < SETTLED * s->tolerance || c->elbo < s->best_elbo - slack(s)) {
        return;
    }
    settle(s, c);
    take_stock(s, c);
    if (c->elbo < s->best_elbo && c->elbo >= s->best_elbo - s->tolerance - slack(s)) {
        keep_best(s, c->q, elbo_of_ratios(s->trace_draws, s->ratio).estimate);
    }
}

/* Turns and sweeps until two rounds in a row gain less than half of the tolerance, and no plane can hide more; or until
 * the ELBO to beat is out of reach. True when it converged, with every coordinate. */
static bool polish(struct coordinates *s, struct candidate *c, double to_beat)
{
    bool room = set_points(s, POINTS_LEAST);
    for (int idle = 0; room && !s->restart->no_memory && !ended(s);) {
        const double before = c->elbo, unresolved = turn(s, c->q);
        const size_t stuck = sweep(s, c, LINES_MOST);
        if (ended(s)) {
            break;
        }
        weigh(s, c->q);
        take_stock(s, c);
        if (c->elbo + HOPE * fmax(0, c->elbo - before) < to_beat) {
            break;
        }
        idle = c->elbo - before < 0.5 * s->tolerance ? idle + 1 : 0;
        if (idle < IDLE_ROUNDS) {
            continue;
        }
        if (unresolved < s->tolerance || !may_grow(s)) {
            finish(s, c);
            return stuck == 0;
        }
        room = set_points(s, 4 * s->batch.n);
    }
    s->restart->no_memory = s->restart->no_memory || !room;
    return false;
}

static enum whitening whitening(const struct problem *problem)
{
    if (problem->settings->precondition == PRECONDITION_NONE) {
        return WHITENING_NONE;
    }
    return problem->rotate ? WHITENING_TRIANGULAR : WHITENING_DIAGONAL;
}

static bool set_up(struct coordinates *s)
{
    const size_t d = s->problem->target->dim;
    const rovi_settings *settings = s->problem->settings;
    s->tolerance = settings->tolerance;
    s->trace_draws = (size_t)settings->draws / 10 > SCREEN_DRAWS ? (size_t)settings->draws / 10 : SCREEN_DRAWS;
    s->ratio = arena_doubles(&s->memory, s->trace_draws);
    s->before = arena_doubles(&s->memory, s->trace_draws);
    s->best_ratio = arena_doubles(&s->memory, s->trace_draws);
    s->means = arena_take(&s->memory, d, sizeof *s->means);
    explore_init(&s->explorer, &s->memory, &s->restart->progress, MODES, s->problem->team);
    lines_init(&s->lines, &s->memory, most_lines(d), &s->restart->progress, s->problem->team);
    turn_init(&s->turn, &s->memory, d, s->problem->team);
    s->restart->progress.shown.iterations = (uint64_t)settings->iterations;
    return restart_trace_room(s->restart, TRACE_POINTS) && !s->memory.failed;
}

/* What is left when nothing could be explored, since it was ended before: a start. */
static bool settle_for_start(struct coordinates *s)
{
    const struct problem *problem = s->problem;
    s->restart->approximation =
        start_make(problem->settings, problem->target->dim, s->restart->seed, problem->rotate, problem->target->start);
    return s->restart->approximation != NULL;
}

/* The list of candidates; it may stay empty, when no mode is found. False when out of memory. */
static bool find_candidates(struct coordinates *s)
{
    if (s->restart->start == NULL) {
        explore_run(&s->explorer, s->problem->settings, s->restart->seed);
        s->restart->promise = explore_promise(&s->explorer);
    }
    const enum whitening kind = whitening(s->problem);
    frame_init(&s->frame, &s->memory, &s->explorer, kind);
    candidates_init(&s->candidates, &s->memory, &s->explorer, &s->frame);
    if (s->memory.failed) {
        return false;
    }
    if (s->restart->start != NULL) {
        return candidates_add_start(&s->candidates, s->restart->start);
    }
    frame_make(&s->frame, &s->explorer, kind);
    return s->explorer.count == 0 || candidates_make(&s->candidates, s->problem->rotate, s->restart->seed);
}

/* The restart has converged when the candidate that ends best has. */
static void polish_best(struct coordinates *s)
{
    struct candidate *list = s->candidates.list;
    const double least = list[0].elbo - CLOSE;
    double top = -INFINITY;
    bool converged = false;
    for (size_t k = 0; k < s->candidates.count && k < POLISHED && list[k].elbo >= least && !ended(s); k++) {
        const bool here = polish(s, &list[k], k > 0 ? top : -INFINITY);
        converged = list[k].elbo > top ? here : converged;
        top = fmax(top, list[k].elbo);
    }
    s->restart->stop = converged ? ROVI_STOP_CONVERGED : s->restart->stop;
    s->restart->approximation = s->best;
    s->best = NULL;
}

/* False when out of memory. */
static bool solve(struct coordinates *s)
{
    s->restart->stop = ROVI_STOP_MAX_ITERATIONS; /* unless something else ends it */
    if (!set_up(s)) {
        return false;
    }
    if (!find_candidates(s)) {
        return false;
    }
    if (s->candidates.count == 0) {
        if (ended(s)) {
            return settle_for_start(s);
        }
        s->restart->stop = ROVI_STOP_FAILED;
        return true;
    }
    screen(s);
    polish_best(s);
    return !s->restart->no_memory;
}

void restart_by_coordinates(const struct problem *problem, struct restart *restart)
{
    struct coordinates s = {.problem = problem, .restart = restart, .best_elbo = -INFINITY};
    restart->no_memory = !solve(&s);
    candidates_free(&s.candidates);
    rovi_approximation_free(s.best);
    if (restart->approximation != NULL) {
        approximation_refresh_view(restart->approximation);
    }
    arena_free(&s.batch_memory);
    arena_free(&s.memory);
}
