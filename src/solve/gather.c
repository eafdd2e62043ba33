/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Restarts that fell into different modes are together a better fit than any of them: their mixture, weighted on draws
 * of each (equation (36)). It is put together where the target's density has a valley on the line between their means;
 * those that end in one place are one restart, however far apart they are as densities.
 */
#include <math.h>

#include "solve/blend.h"
#include "solve/restart.h"

#define CLOSE    10.0 /* nats: a restart so far below the best is of no weight */
#define STATIONS 15   /* points on the line between two means */
#define DRAWS    192  /* of each component, for the weights */
#define SUPERFLUOUS                                                                                                    \
    0.5 /* of the tolerance: what may be lost by components that are left out, as for other mixtures                   \
         */

struct gathering {
    const struct problem *problem;
    struct restart *restart;
    struct blend blend;
    double *mean; /* room x d: of the blend's components */
    double *x, *logp, *scratch;
    struct arena memory;
};

/* Whether the density falls below half of its lower end somewhere between a and b (d each). */
static bool is_parted(struct gathering *g, const double *a, const double *b)
{
    const size_t d = g->problem->target->dim;
    for (size_t s = 0; s <= STATIONS + 1; s++) {
        const double t = (double)s / (STATIONS + 1);
        for (size_t j = 0; j < d; j++) {
            g->x[s * d + j] = (1 - t) * a[j] + t * b[j];
        }
    }
    if (meter_evaluate(&g->restart->meter, STATIONS + 2, g->x, g->logp, NULL, g->scratch) == STATIONS + 2) {
        return false;
    }
    const double low = fmin(g->logp[0], g->logp[STATIONS + 1]) - log(2);
    for (size_t s = 1; s <= STATIONS; s++) {
        if (g->logp[s] < low) {
            return true;
        }
    }
    return false;
}

/* Adds q unless it is where one of those before is. */
static void add(struct gathering *g, const rovi_approximation *q)
{
    const size_t d = g->problem->target->dim, count = g->blend.count;
    double *mean = g->mean + count * d;
    bool is_new = true;
    if (rovi_approximation_mean(q, mean, NULL) != ROVI_OK) {
        g->restart->no_memory = true;
        return;
    }
    for (size_t k = 0; k < count && is_new; k++) {
        is_new = is_parted(g, g->mean + k * d, mean);
    }
    rovi_approximation *copy = is_new ? approximation_copy(q) : NULL;
    g->restart->no_memory = g->restart->no_memory || (is_new && copy == NULL);
    if (copy != NULL) {
        g->restart->no_memory = !blend_add(&g->blend, copy) || g->restart->no_memory;
    }
}

/* By falling ELBO, so that of those in one place the best stays. */
static void collect(struct gathering *g, size_t count, const rovi_restart *restarts, size_t best)
{
    double last = INFINITY;
    for (size_t taken = 0; taken < count; taken++) {
        size_t next = count;
        for (size_t i = 0; i < count; i++) {
            const double elbo = restarts[i].elbo.value;
            if (restarts[i].approximation != NULL && elbo < last &&
                (next == count || elbo > restarts[next].elbo.value)) {
                next = i;
            }
        }
        if (next == count || restarts[next].elbo.value < restarts[best].elbo.value - CLOSE) {
            return;
        }
        last = restarts[next].elbo.value;
        add(g, restarts[next].approximation);
    }
}

static bool set_up(struct gathering *g, size_t room)
{
    const struct rovi_target *target = g->problem->target;
    g->mean = arena_doubles(&g->memory, room * target->dim);
    g->x = arena_doubles(&g->memory, (STATIONS + 2) * target->dim);
    g->logp = arena_doubles(&g->memory, STATIONS + 2);
    g->scratch = arena_doubles(&g->memory, target->scratch);
    return restart_trace_room(g->restart, 1) && blend_init(&g->blend, target->dim, room) && !g->memory.failed;
}

static void mix(struct gathering *g)
{
    const struct rng_stream stream = {.seed = g->restart->seed, .purpose = RNG_FIT, .substream = 1};
    struct blend *b = &g->blend;
    if (!blend_sample(b, DRAWS, &g->restart->meter, g->problem->team, stream)) {
        g->restart->no_memory = true;
        return;
    }
    blend_weigh(b);
    blend_prune(b, SUPERFLUOUS * g->problem->settings->tolerance);
    const rovi_estimate elbo = blend_weigh(b);
    if (b->count > 1) {
        g->restart->approximation = approximation_mix(b->count, b->weight, (const rovi_approximation *const *)b->q);
        g->restart->no_memory = g->restart->approximation == NULL;
        g->restart->iterations = 1;
        restart_record(g->restart, elbo);
    }
}

void restart_by_gathering(const struct problem *problem, struct restart *restart, size_t count,
                          const rovi_restart *restarts, size_t best)
{
    struct gathering g = {.problem = problem, .restart = restart};
    restart->stop = restarts[best].stop; /* what improves on a converged fit within a price is one */
    restart->no_memory = !set_up(&g, count);
    if (!restart->no_memory) {
        collect(&g, count, restarts, best);
    }
    if (!restart->no_memory && g.blend.count > 1) {
        mix(&g);
    }
    blend_free(&g.blend);
    arena_free(&g.memory);
}
