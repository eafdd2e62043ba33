/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In some dozens of dimensions most targets have one mode, near which a few leading directions and diagonal whitening
 * come close, for a fiftieth of what dense local normals cost. So that is tried first, an exploration begins with it,
 * and it stays when its log ratios hardly vary and no other mode is found. In fewer dimensions it is tried where the
 * first climb of an exploration leads to no normal near the target, and the exploration begins with the better of both.
 */
#include "directions/lone.h"

#include <math.h>

#include "directions/large.h"
#include "explore/explore.h"
#include "explore/explored.h"
#include "explore/first.h"

#define FROM      50  /* dimensions, above which it is tried first; */
#define FROM_WARM 5   /* and up to these above so many, where the first climb leads to no local near the target */
#define ENOUGH    0.1 /* nats: half of the variance of the log ratios, of a fit that stays */
#define IN_DOUBT  1.0 /* nats: the same, from which on it may be in a funnel's neck */
#define CLOSE     2.5 /* nats: the same, of one that leads the exploration */
#define ASTRAY    7.5 /* nats: the same, from which on another one may be better */
#define DRAWS     512 /* that this is measured on */

struct warm {
    rovi_approximation *q; /* expanded; or NULL */
    double elbo, off;      /* off: how far it is from the target, as far as its own draws tell */
};

/* What a fit by directions left; -infinity and infinity where any of its draws is outside the support. */
static struct warm take(const struct problem *problem, struct restart *restart)
{
    struct warm warm = {.elbo = -INFINITY, .off = INFINITY};
    struct arena memory = {0};
    struct elbo elbo;
    double *ratio = arena_doubles(&memory, DRAWS);
    if (restart->approximation != NULL) {
        warm.q = approximation_expand(restart->approximation);
        const bool ok =
            warm.q != NULL && ratio != NULL && restart_measure(problem, restart, warm.q, DRAWS, ratio, &elbo);
        restart->no_memory = restart->no_memory || !ok;
        warm.elbo = ok && elbo.outside.value == 0 ? elbo.estimate.value : warm.elbo;
        warm.off = ok && elbo.outside.value == 0 ? elbo.divergence : warm.off;
    }
    arena_free(&memory);
    return warm;
}

/* Where it is in doubt, the exploration begins with what a wider normal leads to, if that is better. */
static bool begin(struct explorer *e, const struct warm *warm, uint64_t seed)
{
    const bool in_doubt = warm->off > IN_DOUBT && warm->off < CLOSE;
    return (in_doubt && first_of_approximation(e, warm->q, FIRST_FROM_WIDER, seed) && e->locals[0].elbo > warm->elbo) ||
           first_of_approximation(e, warm->q, warm->off < ENOUGH ? FIRST_AS_IT_IS : FIRST_FROM_IT, seed);
}

/* The exploration knows what led it as its first mode. */
static bool begin_warm(struct explorer *e, const struct warm *warm, uint64_t seed)
{
    const bool begun = begin(e, warm, seed);
    e->warm = begun && fmin(warm->off, e->locals[0].off) < CLOSE;
    return begun;
}

/* Whether an exploration that begins with it finds no other mode. The modes are left to the restart. */
static bool is_alone(const struct problem *problem, struct restart *restart, const struct warm *warm)
{
    struct arena memory = {0};
    struct explorer e;
    bool alone = false;
    restart->progress.shown.phase = "looking for modes";
    explorer_init(&e, &memory, &restart->progress, EXPLORER_MODES, problem->team);
    if (!memory.failed && begin_warm(&e, warm, restart->seed)) {
        e.brief = e.warm;
        explore_run(&e, problem->settings, restart->seed);
        alone = !explored_has_news(&e);
        explored_leave(&e, &restart->modes, &restart->memory);
    }
    arena_free(&memory);
    return alone;
}

/* The restart becomes one that has not begun, but for what it has asked, the modes it knows, and a want of memory. */
static void forget(struct restart *restart)
{
    rovi_approximation_free(restart->approximation);
    restart->approximation = NULL;
    restart->stop = ROVI_STOP_CONVERGED;
    restart->iterations = restart->progress.shown.iteration = 0;
    restart->progress.shown.elbo = restart->progress.shown.mcse = NAN;
    restart->trace_length = restart->trace_room = 0;
    restart->promise = -INFINITY;
}

/* A fit by directions, kept when it is better than the best so far. False when it was ended; where no launch led
 * anywhere, other starts still may. */
static bool fit_low_rank(const struct problem *problem, struct restart *restart, enum directions_begin begin,
                         struct warm *best)
{
    restart->trace_length = 0;
    restart_by_directions(problem, restart, begin, NULL);
    const struct warm warm = take(problem, restart);
    const bool better = best->q == NULL || warm.elbo > best->elbo;
    rovi_approximation_free(better ? best->q : warm.q);
    *best = better ? warm : *best;
    rovi_approximation_free(restart->approximation);
    restart->approximation = NULL;
    return !restart->no_memory && !atomic_load(&restart->meter.failed) &&
           (restart->stop == ROVI_STOP_CONVERGED || restart->stop == ROVI_STOP_MAX_ITERATIONS ||
            restart->stop == ROVI_STOP_FAILED);
}

/* Where the first is far from the target there may be a better one elsewhere: of a mean field's optima it is the
 * nearest to where it began. */
static bool fit_low_rank_twice(const struct problem *problem, struct restart *restart, struct warm *best)
{
    bool went = fit_low_rank(problem, restart, DIRECTIONS_SCATTERED, best);
    if (went && best->q != NULL && best->off > ASTRAY) {
        went = fit_low_rank(problem, restart, DIRECTIONS_HIGHEST, best);
    }
    return went;
}

static bool is_tried(const struct problem *problem, const struct restart *restart)
{
    return restart->start == NULL && problem->settings->precondition != PRECONDITION_NONE;
}

bool restart_may_warm_start(const struct problem *problem, const struct restart *restart)
{
    const size_t d = problem->target->dim;
    return d > FROM_WARM && d <= FROM && is_tried(problem, restart);
}

bool restart_warm_start(const struct problem *problem, struct restart *restart, struct explorer *e)
{
    struct warm warm = {.q = NULL};
    const bool whole = fit_low_rank_twice(problem, restart, &warm);
    bool begun = false;
    if (warm.q != NULL) {
        begun = whole ? begin_warm(e, &warm, restart->seed)
                      : isfinite(warm.elbo) && first_take(e, warm.q, warm.elbo, warm.off);
    }
    rovi_approximation_free(warm.q);
    forget(restart);
    return begun;
}

bool restart_by_lone_mode(const struct problem *problem, struct restart *restart)
{
    struct warm warm = {.q = NULL};
    if (problem->target->dim <= FROM || !is_tried(problem, restart)) {
        return false;
    }
    bool done = !fit_low_rank_twice(problem, restart, &warm);
    if (!done && warm.q != NULL) {
        done = is_alone(problem, restart, &warm) && warm.off < ENOUGH;
        supervisor_ends(&restart->progress, &restart->stop);
    }
    if (!done) {
        rovi_approximation_free(warm.q);
        forget(restart);
        return false;
    }
    restart->approximation = warm.q;
    return true;
}
