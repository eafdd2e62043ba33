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

#define FROM     50  /* dimensions, above which it is tried first; */
#define FROM_LED 5   /* and up to these above so many, where the first climb leads to no local near the target */
#define ENOUGH   0.1 /* nats: half of the variance of the log ratios, of a fit that stays */
#define IN_DOUBT 1.0 /* nats: the same, from which on it may be in a funnel's neck */
#define CLOSE    2.5 /* nats: the same, of one that leads the exploration */
#define ASTRAY   7.5 /* nats: the same, from which on another one may be better */
#define DRAWS    512 /* that this is measured on */

struct led {
    rovi_approximation *q; /* expanded; or NULL */
    double elbo, off;      /* off: how far it is from the target, as far as its own draws tell */
};

/* What a fit by directions left; -infinity and infinity where any of its draws is outside the support. */
static struct led take(const struct problem *problem, struct restart *restart)
{
    struct led led = {.elbo = -INFINITY, .off = INFINITY};
    struct arena memory = {0};
    struct elbo elbo;
    double *ratio = arena_doubles(&memory, DRAWS);
    if (restart->approximation != NULL) {
        led.q = approximation_expand(restart->approximation);
        const bool ok = led.q != NULL && ratio != NULL && restart_measure(problem, restart, led.q, DRAWS, ratio, &elbo);
        restart->no_memory = restart->no_memory || !ok;
        led.elbo = ok && elbo.outside.value == 0 ? elbo.estimate.value : led.elbo;
        led.off = ok && elbo.outside.value == 0 ? elbo.divergence : led.off;
    }
    arena_free(&memory);
    return led;
}

/* Where it is in doubt, the exploration begins with what a wider normal leads to, if that is better. */
static bool begin(struct explorer *e, const struct led *led, uint64_t seed)
{
    const bool in_doubt = led->off > IN_DOUBT && led->off < CLOSE;
    return (in_doubt && first_of_approximation(e, led->q, FIRST_FROM_WIDER, seed) && e->locals[0].elbo > led->elbo) ||
           first_of_approximation(e, led->q, led->off < ENOUGH ? FIRST_AS_IT_IS : FIRST_FROM_IT, seed);
}

/* The exploration knows what led it as its first mode. */
static bool begin_led(struct explorer *e, const struct led *led, uint64_t seed)
{
    const bool begun = begin(e, led, seed);
    e->led = begun && fmin(led->off, e->locals[0].off) < CLOSE;
    return begun;
}

/* Whether an exploration that begins with it finds no other mode. The modes are left to the restart. */
static bool is_alone(const struct problem *problem, struct restart *restart, const struct led *led)
{
    struct arena memory = {0};
    struct explorer e;
    bool alone = false;
    restart->progress.shown.phase = "looking for modes";
    explorer_init(&e, &memory, &restart->progress, EXPLORER_MODES, problem->team);
    if (!memory.failed && begin_led(&e, led, restart->seed)) {
        e.brief = e.led;
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
static bool lead(const struct problem *problem, struct restart *restart, struct led *best)
{
    restart->trace_length = 0;
    restart_by_directions(problem, restart);
    const struct led led = take(problem, restart);
    const bool better = best->q == NULL || led.elbo > best->elbo;
    rovi_approximation_free(better ? best->q : led.q);
    *best = better ? led : *best;
    rovi_approximation_free(restart->approximation);
    restart->approximation = NULL;
    return !restart->no_memory && !atomic_load(&restart->meter.failed) &&
           (restart->stop == ROVI_STOP_CONVERGED || restart->stop == ROVI_STOP_MAX_ITERATIONS ||
            restart->stop == ROVI_STOP_FAILED);
}

/* Where the first is far from the target there may be a better one elsewhere: of a mean field's optima it is the
 * nearest to where it began. */
static bool lead_twice(const struct problem *problem, struct restart *restart, struct led *best)
{
    bool went = lead(problem, restart, best);
    if (went && best->q != NULL && best->off > ASTRAY) {
        restart->highest = true;
        went = lead(problem, restart, best);
        restart->highest = false;
    }
    return went;
}

static bool is_tried(const struct problem *problem, const struct restart *restart)
{
    return restart->start == NULL && problem->settings->precondition != PRECONDITION_NONE;
}

bool restart_may_lead(const struct problem *problem, const struct restart *restart)
{
    const size_t d = problem->target->dim;
    return d > FROM_LED && d <= FROM && is_tried(problem, restart);
}

bool restart_lead(const struct problem *problem, struct restart *restart, struct explorer *e)
{
    struct led led = {.q = NULL};
    const bool whole = lead_twice(problem, restart, &led);
    bool begun = false;
    if (led.q != NULL) {
        begun =
            whole ? begin_led(e, &led, restart->seed) : isfinite(led.elbo) && first_take(e, led.q, led.elbo, led.off);
    }
    rovi_approximation_free(led.q);
    forget(restart);
    return begun;
}

bool restart_by_lone_mode(const struct problem *problem, struct restart *restart)
{
    struct led led = {.q = NULL};
    if (problem->target->dim <= FROM || !is_tried(problem, restart)) {
        return false;
    }
    bool done = !lead_twice(problem, restart, &led);
    if (!done && led.q != NULL) {
        done = is_alone(problem, restart, &led) && led.off < ENOUGH;
        supervisor_ends(&restart->progress, &restart->stop);
    }
    if (!done) {
        rovi_approximation_free(led.q);
        forget(restart);
        return false;
    }
    restart->approximation = led.q;
    return true;
}
