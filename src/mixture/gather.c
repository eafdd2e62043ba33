/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Restarts that fell into different modes are together a better fit than any of them: their mixture, weighted on draws
 * of each (equation (36)). It is put together where the target's density has a valley on the line between their means;
 * those that end in one place are one restart, however far apart they are as densities.
 */
#include "mixture/gather.h"

#include <math.h>

#include "climb/segment.h"
#include "mixture/blend.h"

#define CLOSE      10.0 /* nats: a restart so far below the best is of no weight */
#define DRAWS      192  /* of each component, for the weights; more where log ratios vary much, */
#define SURE       0.1  /* until the log odds of two are known to this error */
#define MOST_TABLE 4e6  /* densities of components at draws, at most */

struct gathering {
    const struct problem *problem;
    struct restart *restart;
    struct blend blend;
    double *mean, *logp; /* room x d: of the blend's components; the log density there */
    struct segment segment;
    struct arena memory;
};

/* Whether the density falls below half of its lower end somewhere between the means of components a and b. */
static bool is_parted(struct gathering *g, size_t a, size_t b)
{
    const size_t d = g->problem->target->dim;
    const double low = fmin(g->logp[a], g->logp[b]) - log(2);
    return segment_lowest(&g->segment, g->mean + a * d, g->mean + b * d, NULL) < low;
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
    meter_evaluate(&g->restart->meter, 1, mean, g->logp + count, NULL, g->segment.scratch);
    for (size_t k = 0; k < count && is_new; k++) {
        is_new = is_parted(g, k, count);
    }
    rovi_approximation *copy = is_new ? approximation_copy(q) : NULL;
    g->restart->no_memory = g->restart->no_memory || (is_new && copy == NULL);
    if (copy != NULL) {
        g->restart->no_memory = !blend_add(&g->blend, copy) || g->restart->no_memory;
    }
}

static bool is_product(const rovi_restart *restart)
{
    return restart->approximation != NULL && restart->approximation->count == 0;
}

/* By falling ELBO, so that of those in one place the best stays. */
static void collect(struct gathering *g, size_t count, const rovi_restart *restarts, size_t best)
{
    double last = INFINITY;
    for (size_t taken = 0; taken < count; taken++) {
        size_t next = count;
        for (size_t i = 0; i < count; i++) {
            const double elbo = restarts[i].elbo.value;
            if (is_product(&restarts[i]) && elbo < last && (next == count || elbo > restarts[next].elbo.value)) {
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
    g->logp = arena_doubles(&g->memory, room);
    segment_init(&g->segment, &g->memory, &g->restart->meter);
    return restart_trace_room(g->restart, 1) && blend_init(&g->blend, target->dim, room) && !g->memory.failed;
}

static bool weigh(struct gathering *g, size_t draws, uint64_t substream)
{
    const struct rng_stream stream = {.seed = g->restart->seed, .purpose = RNG_FIT, .substream = substream};
    const bool ok = blend_sample(&g->blend, draws, &g->restart->meter, g->problem->team, stream);
    if (ok) {
        blend_weigh(&g->blend);
    }
    return ok;
}

/* How many draws of each tell the odds, as far as they may cost that, and their tables take no more than there is room
 * for. */
static size_t draws_for_odds(const struct blend *b, uint64_t most)
{
    const double count = (double)b->count, affordable = fmin((double)most / count, MOST_TABLE / (count * count));
    double variance = 0;
    for (size_t k = 0; k < b->count; k++) {
        variance = fmax(variance, b->variance[k]);
    }
    return (size_t)fmin(2 * variance / (SURE * SURE), affordable);
}

static void mix(struct gathering *g, uint64_t most)
{
    struct blend *b = &g->blend;
    bool ok = weigh(g, DRAWS, 1);
    const size_t wanted = ok ? draws_for_odds(b, most) : 0;
    if (ok && b->count > 1 && wanted > DRAWS) {
        ok = weigh(g, wanted, 2);
    }
    if (!ok) {
        g->restart->no_memory = true;
        return;
    }
    blend_prune(b, BLEND_SUPERFLUOUS * g->problem->settings->tolerance);
    if (b->tables.failed) {
        g->restart->no_memory = true;
        return;
    }
    const rovi_estimate elbo = blend_weigh(b);
    if (b->count > 1) {
        g->restart->approximation = blend_mix(b);
        g->restart->no_memory = g->restart->approximation == NULL;
        g->restart->iterations = 1;
        restart_record(g->restart, elbo);
    }
}

void restart_by_gathering(const struct problem *problem, struct restart *restart, size_t count,
                          const rovi_restart *restarts, size_t best, uint64_t most)
{
    struct gathering g = {.problem = problem, .restart = restart};
    restart->stop = restarts[best].stop; /* what improves on a converged fit within a price is one */
    restart->no_memory = !set_up(&g, count);
    if (!restart->no_memory) {
        collect(&g, count, restarts, best);
    }
    if (!restart->no_memory && g.blend.count > 1) {
        mix(&g, most);
    }
    blend_free(&g.blend);
    arena_free(&g.memory);
}
