/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In some dozens of dimensions most targets have one mode, near which a few leading directions and diagonal whitening
 * come close, for a fiftieth of what dense local normals cost. So that is tried first, an exploration begins with it,
 * and it stays when its log ratios hardly vary and no other mode is found.
 */
#include <math.h>

#include "solve/explored.h"
#include "solve/restart.h"

#define FROM   50  /* dimensions, above which it is tried */
#define ENOUGH 0.1 /* nats: half of the variance of the log ratios, of a fit that stays */
#define CLOSE  2.5 /* nats: the same, of one that leads the exploration */
#define DRAWS  512 /* that this is measured on */
#define MODES  12  /* kept by the exploration */

/* How far q is from the target, as far as its own draws tell; infinity where any is outside the support. */
static double divergence(const struct problem *problem, struct restart *restart, const rovi_approximation *q)
{
    struct arena memory = {0};
    struct elbo elbo;
    double *ratio = arena_doubles(&memory, DRAWS);
    const bool measured = ratio != NULL && restart_measure(problem, restart, q, DRAWS, ratio, &elbo);
    arena_free(&memory);
    return measured && elbo.outside == 0 ? elbo.divergence : INFINITY;
}

/* Whether an exploration that begins with q, which is off by so much, finds no other mode. The modes are left to the
 * restart. */
static bool is_alone(const struct problem *problem, struct restart *restart, const rovi_approximation *q, double off)
{
    struct arena memory = {0};
    struct explorer e;
    bool alone = false;
    restart->progress.shown.phase = "looking for modes";
    explore_init(&e, &memory, &restart->progress, MODES, problem->team);
    if (!memory.failed && explore_begin_with(&e, q, restart->seed, off < ENOUGH)) {
        e.led = off < CLOSE;
        explore_run(&e, problem->settings, restart->seed);
        alone = !explored_has_news(&e);
        explored_leave(&e, &restart->modes, &restart->memory);
    }
    arena_free(&memory);
    return alone;
}

/* The restart becomes one that has not begun, but for what it has asked and the modes it knows. */
static void forget(struct restart *restart)
{
    rovi_approximation_free(restart->approximation);
    restart->approximation = NULL;
    restart->stop = ROVI_STOP_CONVERGED;
    restart->iterations = 0;
    restart->trace_length = restart->trace_room = 0;
    restart->promise = -INFINITY;
}

bool restart_by_lone_mode(const struct problem *problem, struct restart *restart)
{
    if (problem->target->dim <= FROM || restart->start != NULL ||
        problem->settings->precondition == PRECONDITION_NONE) {
        return false;
    }
    restart_by_directions(problem, restart);
    const bool ended = restart->stop != ROVI_STOP_CONVERGED && restart->stop != ROVI_STOP_MAX_ITERATIONS;
    rovi_approximation *q = restart->approximation == NULL ? NULL : approximation_expand(restart->approximation);
    restart->no_memory = restart->no_memory || (restart->approximation != NULL && q == NULL);
    bool done = restart->no_memory || ended;
    if (!done && q != NULL) {
        const double off = divergence(problem, restart, q);
        done = is_alone(problem, restart, q, off) && off < ENOUGH;
        supervisor_ends(&restart->progress, &restart->stop);
    }
    if (!done) {
        rovi_approximation_free(q);
        forget(restart);
        return false;
    }
    rovi_approximation_free(restart->approximation);
    restart->approximation = q;
    return true;
}
