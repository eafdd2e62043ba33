/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The coordinate solver (docs/solver.md):
 *   1. explore: climb from dispersed starts, fit a local normal to each mode;
 *   2. frame: centre and whiten by what was found;
 *   3. candidates: rotations from the curvature, maps from the local normals' marginals;
 *   4. screen them by a round or two of exact coordinate updates, keep the best;
 *   5. polish: coordinate updates, and turns of the planes whose gradient is told from noise, until neither gains.
 */
#include "coordinate/coordinate.h"

#include <math.h>
#include <stdlib.h>

#include "coordinate/polish.h"
#include "directions/lone.h"
#include "explore/explore.h"
#include "explore/explored.h"
#include "restart/start.h"

#define TRACE_POINTS  200
#define POLISHED      2   /* candidates at most, where there is one mode */
#define POLISHED_MANY 4   /* where there are more: the screened ELBO says less of where each ends */
#define CLOSE         1.0 /* nats: a candidate further below the best is not polished */
#define NORMAL        8   /* times the tolerance: where the local normal is off by less, no rotation is looked for */
#define MANY          50  /* dimensions: in more, where looking costs more, */
#define NORMAL_MANY   100 /* the same, */
#define NORMAL_MOST   0.5 /* and nats: no tolerance makes it more */
#define DOUBTFUL      2   /* times that: what draws of its own show a local normal to be off by that is not so near */
#define FEW           4   /* modes: more are the wells of a few coordinates, of which some may not have been met */
#define CLEAR         0.5 /* nats: a fit that is off by less leaves no other rotation much to gain */
#define NEAR          0.1 /* nats: a single local that is off by less is measured by fewer draws, and what comes of it */

struct coordinates {
    const struct problem *problem;
    struct restart *restart;
    struct explorer explorer;
    struct frame frame, product; /* product: without correlations */
    struct candidates candidates;
    struct polish polish;
    bool normal; /* no rotation is looked for, since the local normal is nearly the target, as it seems */
    struct arena memory;
};

static double normal_enough(const struct coordinates *s)
{
    const double tolerances = s->explorer.dim > MANY ? NORMAL_MANY : NORMAL;
    return fmin(NORMAL_MOST, tolerances * s->problem->settings->tolerance);
}

static int better_first(const void *a, const void *b)
{
    const struct candidate *p = a, *q = b;
    return (p->elbo < q->elbo) - (p->elbo > q->elbo);
}

static enum whitening whitening(const struct problem *problem)
{
    if (problem->settings->precondition == PRECONDITION_NONE) {
        return WHITENING_NONE;
    }
    return problem->rotate ? WHITENING_TRIANGULAR : WHITENING_DIAGONAL;
}

/* Adds rotations and, where one mode is known and correlations make the frame, the mean field, if these are worth less
 * than what a normal is off by, as far as that is known: not where it leaves the support. False when out of memory. */
static bool rotate(struct coordinates *s)
{
    if (!candidates_rotate(&s->candidates, s->restart->seed)) {
        return false;
    }
    const double off = s->explorer.locals[0].off;
    if (whitening(s->problem) != WHITENING_TRIANGULAR || s->frame.count > 1 || isinf(off)) {
        return true;
    }
    frame_init(&s->product, &s->memory, &s->explorer, WHITENING_DIAGONAL);
    if (s->memory.failed) {
        return false;
    }
    frame_make(&s->product, &s->explorer, WHITENING_DIAGONAL);
    return candidates_add_product(&s->candidates, &s->product, off);
}

/* Candidates, from one on, are looked at before any is moved: a restart that is ended has then the best of them. Not
 * those of a part of the modes, whose trace of the others may be seen by none of the draws, and cost much; what it is
 * worth is told by lines alone. */
static void look(struct coordinates *s, size_t from)
{
    struct candidates *c = &s->candidates;
    for (size_t k = from; k < c->count; k++) {
        for (size_t i = 0; i < s->problem->target->dim; i++) {
            c->list[k].lines[i] = POLISH_LINES;
        }
        if (c->list[k].to - c->list[k].from == s->frame.count) {
            polish_take_stock(&s->polish, &c->list[k]);
        } else {
            c->list[k].lines_only = true;
        }
    }
}

/* The best comes first. */
static void screen(struct coordinates *s)
{
    struct candidates *c = &s->candidates;
    look(s, 0);
    if (s->normal && c->list[0].divergence > DOUBTFUL * normal_enough(s)) {
        s->restart->no_memory = !rotate(s) || s->restart->no_memory;
        look(s, 1);
    }
    for (size_t k = 0; k < c->count && c->count > 1 && !polish_ended(&s->polish); k++) {
        polish_screen(&s->polish, &c->list[k]);
        if (polish_is_nearly_done(&s->polish, &c->list[k])) {
            break;
        }
    }
    qsort(c->list, c->count, sizeof *c->list, better_first);
}

static bool set_up(struct coordinates *s)
{
    const rovi_settings *settings = s->problem->settings;
    s->restart->progress.shown.phase = "looking for modes";
    polish_init(&s->polish, &s->memory, s->problem, s->restart);
    explorer_init(&s->explorer, &s->memory, &s->restart->progress, EXPLORER_MODES, s->problem->team);
    s->restart->progress.shown.iterations = (uint64_t)settings->iterations;
    return !s->memory.failed;
}

/* What is left when nothing could be explored, since it was ended before: a start. */
static bool settle_for_start(struct coordinates *s)
{
    const struct problem *problem = s->problem;
    s->restart->approximation =
        start_make(problem->settings, problem->target->dim, s->restart->seed, problem->rotate, problem->target->start);
    return s->restart->approximation != NULL;
}

/* Whether the only local is nearly the target, so that turns from there are enough. */
static bool is_normal(const struct coordinates *s, enum whitening kind)
{
    const struct explorer *e = &s->explorer;
    return kind == WHITENING_TRIANGULAR && e->count == 1 && e->locals[0].off < normal_enough(s);
}

static bool warm_start(void *solver, struct explorer *e)
{
    struct coordinates *s = solver;
    const bool begun = restart_warm_start(s->problem, s->restart, e);
    s->restart->stop = ROVI_STOP_MAX_ITERATIONS; /* as before: this solver has not ended */
    s->restart->progress.shown.phase = "looking for modes";
    return begun;
}

/* Finds modes, unless that was done, and leaves them to the restarts after this one. */
static void explore(struct coordinates *s)
{
    struct known_modes *own = &s->restart->modes;
    const bool explored = own->count > 0;
    const struct known_modes *known = explored ? own : s->problem->known;
    if (known != NULL) {
        explored_adopt(&s->explorer, known);
    }
    s->explorer.starts = explored ? 0 : s->explorer.starts;
    s->explorer.warm_start = known == NULL && restart_may_warm_start(s->problem, s->restart) ? warm_start : NULL;
    s->explorer.warm_start_data = s;
    explore_run(&s->explorer, s->problem->settings, s->restart->seed);
    s->restart->promise = explored_promise(&s->explorer);
    if (known == NULL) {
        explored_leave(&s->explorer, own, &s->restart->memory);
    } else if (!explored && !explored_has_news(&s->explorer) && !polish_ended(&s->polish)) {
        s->restart->stop = ROVI_STOP_SAME_MODES;
    }
}

/* The list of candidates; it may stay empty, when no mode is found. False when out of memory. */
static bool find_candidates(struct coordinates *s)
{
    if (s->restart->start == NULL) {
        explore(s);
    }
    if (s->restart->no_memory || !restart_trace_room(s->restart, TRACE_POINTS)) {
        return false;
    }
    if (s->restart->stop == ROVI_STOP_SAME_MODES) {
        return true;
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
    s->restart->progress.shown.phase = "comparing starts";
    frame_make(&s->frame, &s->explorer, kind);
    s->polish.many = s->explorer.count > FEW;
    if (kind == WHITENING_TRIANGULAR && s->explorer.count == 1) {
        const bool near = s->explorer.locals[0].off < NEAR;
        polish_spare(&s->polish, near ? 4 : 2, near && s->explorer.dim <= MANY ? 2 : 1);
    }
    if (s->explorer.count == 0) {
        return true;
    }
    s->normal = is_normal(s, kind);
    return candidates_make(&s->candidates, s->problem->rotate) && (!s->problem->rotate || s->normal || rotate(s));
}

/* The restart has converged when the candidate that ends best has. */
static void polish_best(struct coordinates *s)
{
    struct candidate *list = s->candidates.list;
    const double least = list[0].elbo - CLOSE;
    const size_t wanted = s->frame.count > 1 ? POLISHED_MANY : POLISHED;
    const size_t most = wanted < s->candidates.count ? wanted : s->candidates.count;
    double top = -INFINITY;
    bool converged = false;
    s->restart->progress.shown.phase = "improving";
    for (size_t k = 0; k < most && list[k].elbo >= least && !polish_ended(&s->polish); k++) {
        const bool here = polish_run(&s->polish, &list[k], k > 0 ? top : -INFINITY);
        converged = list[k].elbo > top ? here : converged;
        top = fmax(top, list[k].elbo);
        if (s->frame.count == 1 && list[k].divergence < CLEAR) {
            break;
        }
    }
    s->restart->stop = converged ? ROVI_STOP_CONVERGED : s->restart->stop;
    s->restart->approximation = s->polish.best;
    s->polish.best = NULL;
}

/* False when out of memory. */
static bool solve(struct coordinates *s)
{
    s->restart->stop = ROVI_STOP_MAX_ITERATIONS; /* unless something else ends it */
    if (!set_up(s) || !find_candidates(s)) {
        return false;
    }
    if (s->candidates.count == 0) {
        if (s->restart->stop == ROVI_STOP_SAME_MODES) {
            return true;
        }
        if (polish_ended(&s->polish)) {
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
    struct coordinates s = {.problem = problem, .restart = restart};
    restart->no_memory = !solve(&s) || restart->no_memory;
    candidates_free(&s.candidates);
    polish_free(&s.polish);
    if (restart->approximation != NULL) {
        approximation_refresh_view(restart->approximation);
    }
    arena_free(&s.memory);
}
