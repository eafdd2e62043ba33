/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RoVI as in arXiv 2510.17063: from (O, lambda, v), alternate
 *   1. a projected gradient step of MFVI on (lambda, v) for the rotated target, equation (12),
 *   2. a gradient step on O in the tangent space of O(d), retracted by QR, equation (3),
 * each on a fresh batch of reference points. Additions, all off in the paper's preset: knots that move to where the
 * maps rise, and steps that shrink over the last half of the iterations, so that the noise of the batches dies out.
 */

#include "gradient/gradient.h"

#include <math.h>
#include <string.h>

#include "evidence/elbo.h"
#include "gradient/steps.h"
#include "restart/start.h"

#define BARREN_MOST 10 /* iterations in a row without one valid point, after which a restart has failed */

struct alternation {
    const struct problem *problem;
    struct restart *restart;
    struct batch batch;
    struct steps steps;
    double step_cap;          /* on the map step, from the smoothness constant */
    size_t trace_draws;       /* per trace point */
    double *ratio, *before;   /* log ratios of the present trace point, and of the one at nine tenths of the way */
    rovi_approximation *best; /* at the trace point of the best ELBO; NULL without backtracking */
    double best_elbo, best_mcse;
    double caution; /* factor of the steps: halved at each return to the best */
    size_t barren;
};

static size_t most_cells(const struct alternation *a)
{
    const rovi_approximation *start = a->restart->start;
    const size_t own = start_most_cells(a->problem->settings);
    const size_t given = start != NULL ? approximation_most_cells(start) : 0;
    return given > own ? given : own;
}

/* 1/(L + Upsilon/alpha^2), equation (14); no cap when L is unknown. */
static double step_cap(const rovi_settings *settings, const struct dictionary *D, struct arena *arena)
{
    double *work = arena_doubles(arena, 4 * D->cells + 2);
    if (settings->smoothness == 0 || arena->failed) {
        return INFINITY;
    }
    const double alpha = start_alpha(settings);
    return 1 / (settings->smoothness + dictionary_entropy_smoothness(D, work) / (alpha * alpha));
}

static bool set_up(struct alternation *a, struct arena *arena)
{
    const struct problem *problem = a->problem;
    struct restart *restart = a->restart;
    const rovi_settings *settings = problem->settings;
    const size_t d = problem->target->dim, iterations = (size_t)settings->iterations;
    a->trace_draws = (size_t)settings->draws / 5;
    a->ratio = arena_doubles(arena, a->trace_draws);
    a->before = arena_doubles(arena, a->trace_draws);
    batch_init(&a->batch, arena, (size_t)settings->batch, problem->target, problem->team);
    steps_init(&a->steps, arena, d, most_cells(a), problem->team);
    restart->approximation = restart->start != NULL
                                 ? approximation_copy(restart->start)
                                 : start_make(settings, d, restart->seed, problem->rotate, problem->target->start);
    restart->progress.shown.iterations = iterations;
    restart->progress.shown.phase = "gradient steps";
    if (!restart_trace_room(restart, (size_t)settings->trace + 1) || restart->approximation == NULL || arena->failed) {
        return false;
    }
    a->step_cap = step_cap(settings, &restart->approximation->maps[0].D, arena);
    return !arena->failed;
}

/* The factor of the steps at iteration t of n: 1 up to the middle, then linear to step_decay at the end. */
static double decay(const rovi_settings *settings, uint64_t t)
{
    const double late = fmax(0, 2 * (double)t / (double)settings->iterations - 1);
    return 1 - late * (1 - settings->step_decay);
}

static bool is_due(uint64_t t, uint64_t iterations, int64_t times)
{
    const uint64_t n = (uint64_t)times;
    return t * n / iterations != (t - 1) * n / iterations;
}

/* Adds a trace point; false when out of memory. */
static bool trace(struct alternation *a)
{
    struct elbo elbo;
    if (!restart_measure(a->problem, a->restart, a->restart->approximation, a->trace_draws, a->ratio, &elbo)) {
        return false;
    }
    restart_record(a->restart, elbo.estimate);
    if (10 * a->restart->iterations <= 9 * (uint64_t)a->problem->settings->iterations) {
        memcpy(a->before, a->ratio, a->trace_draws * sizeof *a->before);
    }
    return true;
}

/* *place becomes `next`; false, with *place as it was, when that is NULL for want of memory. */
static bool replace(rovi_approximation **place, rovi_approximation *next)
{
    if (next == NULL) {
        return false;
    }
    rovi_approximation_free(*place);
    *place = next;
    return true;
}

static bool refine(struct alternation *a)
{
    rovi_approximation **q = &a->restart->approximation;
    return replace(q, start_refine(a->problem->settings, *q));
}

/* After a trace point: note the best so far; or, far below it, go back. Noise alone does not throw the ELBO back by ten
 * of the errors it had there. False when out of memory. */
static bool backtrack(struct alternation *a)
{
    const rovi_progress *now = &a->restart->progress.shown;
    if (a->problem->settings->backtrack == 0) {
        return true;
    }
    if (a->best == NULL || now->elbo > a->best_elbo) {
        a->best_elbo = isnan(now->elbo) ? -INFINITY : now->elbo;
        a->best_mcse = now->mcse;
        return approximation_keep(&a->best, a->restart->approximation);
    }
    if (now->elbo >= a->best_elbo - fmax(1, 10 * a->best_mcse)) {
        return true;
    }
    a->caution *= 0.5;
    return replace(&a->restart->approximation, approximation_copy(a->best));
}

static struct rng_stream fresh(const struct alternation *a, unsigned half)
{
    return (struct rng_stream){
        .seed = a->restart->seed, .purpose = RNG_FIT, .substream = 2 * a->restart->iterations + half};
}

/* One iteration of the paper. False when it was ended; the approximation is then that of the last whole step. */
static bool iterate(struct alternation *a)
{
    const rovi_settings *settings = a->problem->settings;
    struct restart *restart = a->restart;
    rovi_approximation *q = restart->approximation;
    const double shrink = a->caution * decay(settings, restart->iterations);
    if (!batch_evaluate(&a->batch, q, fresh(a, 0), &restart->progress, &restart->stop)) {
        return false;
    }
    map_step(&a->steps, q, &a->batch, fmin(settings->step_map * shrink, a->step_cap));
    if (a->problem->rotate) {
        if (!batch_evaluate(&a->batch, q, fresh(a, 1), &restart->progress, &restart->stop)) {
            return false;
        }
        rotation_step(&a->steps, q, &a->batch, settings->step_rotation * shrink);
    }
    a->barren = a->batch.valid > 0 ? 0 : a->barren + 1;
    if (a->barren == BARREN_MOST) {
        restart->stop = ROVI_STOP_FAILED;
        return false;
    }
    return true;
}

/* Converged when the last tenth of the iterations gained less than the tolerance, up to the gain's own error. */
static rovi_stop judge(const struct alternation *a)
{
    const rovi_estimate gain = elbo_gain(a->trace_draws, a->before, a->ratio);
    return gain.value <= a->problem->settings->tolerance + 2 * gain.mcse ? ROVI_STOP_CONVERGED
                                                                         : ROVI_STOP_MAX_ITERATIONS;
}

/* Restart->stop is why it ended; false when out of memory. */
static bool alternate(struct alternation *a)
{
    const rovi_settings *settings = a->problem->settings;
    struct restart *restart = a->restart;
    const uint64_t iterations = (uint64_t)settings->iterations;
    for (uint64_t t = 1; t <= iterations; t++) {
        if (!iterate(a)) {
            return true;
        }
        restart->progress.shown.iteration = restart->iterations = t;
        if (t < iterations && is_due(t, iterations, settings->refinements + 1) && !refine(a)) {
            return false;
        }
        if (is_due(t, iterations, settings->trace) && !(trace(a) && backtrack(a))) {
            return false;
        }
    }
    restart->stop = judge(a);
    return true;
}

void restart_by_gradient(const struct problem *problem, struct restart *restart)
{
    struct arena memory = {0};
    struct alternation a = {.problem = problem, .restart = restart, .caution = 1};
    restart->no_memory = !set_up(&a, &memory);
    if (!restart->no_memory && !supervisor_ends(&restart->progress, &restart->stop)) {
        restart->no_memory = !trace(&a) || !backtrack(&a) || !alternate(&a);
    }
    if (restart->approximation != NULL) {
        approximation_refresh_view(restart->approximation);
    }
    rovi_approximation_free(a.best);
    arena_free(&memory);
}
