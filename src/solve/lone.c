/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In some dozens of dimensions most targets have one mode, near which a few leading directions and diagonal whitening
 * come close, for a fiftieth of what dense local normals cost. So that is tried first, and stays when its log ratios
 * hardly vary and climbs from dispersed starts, in units of its standard deviations, find nothing that a valley parts
 * from it.
 */
#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "evidence/elbo.h"
#include "family/draw.h"
#include "solve/ascent.h"
#include "solve/restart.h"

#define FROM    50  /* dimensions, above which it is tried */
#define CLOSE   2.5 /* nats: half of the variance of the log ratios, at most */
#define DRAWS   512 /* that this is measured on */
#define CLIMBS  16  /* in opposite pairs, at four distances: half of them about the mode, half about the origin */
#define NEAREST 2.0 /* of these, in standard deviations; each is twice the one before */
#define SAME    1.0 /* standard deviations between ends of climbs to one mode */
#define INNER   9   /* points between two of them that are looked at */
#define VALLEY  3.0 /* nats below the lower end: these are two modes */

struct lookout {
    const struct problem *problem;
    struct restart *restart;
    const rovi_approximation *q;
    size_t dim;
    double *mean, *sd, *L; /* d, d, d x d: diagonal */
    double *peak, *x, *z;  /* d */
    double *line;          /* INNER x d */
    double *scratch;
    double peak_logp;
    struct ascent ascent;
    struct arena memory;
};

/* Mean and standard deviations of q, from its draws. */
static bool take_moments(struct lookout *l)
{
    const struct rng_stream stream = {.seed = l->restart->seed, .purpose = RNG_START, .substream = 7};
    const size_t d = l->dim;
    double log_q[DRAW_BLOCK], *z = arena_doubles(&l->memory, DRAW_BLOCK * d);
    double *work = arena_doubles(&l->memory, draw_work(l->q));
    if (l->memory.failed) {
        return false;
    }
    draw_points(l->q, stream, 0, DRAW_BLOCK, z, log_q, work);
    for (size_t j = 0; j < d; j++) {
        double square = 0;
        for (size_t p = 0; p < DRAW_BLOCK; p++) {
            l->mean[j] += z[p * d + j] / DRAW_BLOCK;
        }
        for (size_t p = 0; p < DRAW_BLOCK; p++) {
            square += pow(z[p * d + j] - l->mean[j], 2);
        }
        l->L[j * d + j] = l->sd[j] = sqrt(square / (DRAW_BLOCK - 1));
    }
    return true;
}

static bool set_up(struct lookout *l)
{
    const size_t d = l->dim = l->problem->target->dim;
    l->mean = arena_doubles(&l->memory, d);
    l->sd = arena_doubles(&l->memory, d);
    l->L = arena_doubles(&l->memory, d * d);
    l->peak = arena_doubles(&l->memory, d);
    l->x = arena_doubles(&l->memory, d);
    l->z = arena_doubles(&l->memory, d);
    l->line = arena_doubles(&l->memory, INNER * d);
    l->scratch = arena_doubles(&l->memory, l->problem->target->scratch);
    ascent_init(&l->ascent, &l->memory, &l->restart->progress, l->problem->team);
    if (l->memory.failed) {
        return false;
    }
    return take_moments(l);
}

/* Whether q is near the target, as far as its own draws tell. */
static bool is_close(struct lookout *l)
{
    const struct rng_stream stream = {.seed = l->restart->seed, .purpose = RNG_TRACE};
    double *ratio = arena_doubles(&l->memory, DRAWS);
    if (ratio == NULL || !elbo_log_ratios(l->q, &l->restart->meter, stream, l->problem->team, DRAWS, ratio)) {
        return false;
    }
    const struct elbo elbo = elbo_of_ratios(DRAWS, ratio);
    return elbo.outside == 0 && elbo.divergence < CLOSE;
}

/* Whether the density falls between the peak and where the climb ended. */
static bool is_parted(struct lookout *l, double logp)
{
    double value[INNER], lowest = INFINITY;
    for (size_t k = 0; k < INNER; k++) {
        const double part = (double)(k + 1) / (INNER + 1);
        for (size_t j = 0; j < l->dim; j++) {
            l->line[k * l->dim + j] = l->peak[j] + part * (l->x[j] - l->peak[j]);
        }
    }
    const bool none = meter_evaluate(l->restart->progress.meter, INNER, l->line, value, NULL, l->scratch) == INNER;
    for (size_t k = 0; k < INNER; k++) {
        lowest = fmin(lowest, none || !isfinite(value[k]) ? -INFINITY : value[k]);
    }
    return lowest < fmin(logp, l->peak_logp) - VALLEY;
}

static double distance(const struct lookout *l)
{
    double sum = 0;
    for (size_t j = 0; j < l->dim; j++) {
        sum += pow((l->x[j] - l->peak[j]) / l->sd[j], 2);
    }
    return sqrt(sum);
}

/* Where searching begins: the target's start, or the origin. */
static double origin(const struct lookout *l, size_t j)
{
    const double *start = l->problem->target->start;
    return start == NULL ? 0 : start[j];
}

/* Whether climb s ends in another mode than the one at the peak. */
static bool finds_other(struct lookout *l, uint64_t s)
{
    const struct rng_stream stream = {.seed = l->restart->seed, .purpose = RNG_START, .substream = 6};
    const double side = s % 2 == 0 ? 1 : -1, round = (double)(s / 2 % 4);
    double logp = 0;
    rng_normals(stream, s / 2, l->dim, l->z);
    for (size_t j = 0; j < l->dim; j++) {
        const double far = side * l->problem->settings->start_spread * l->z[j];
        l->x[j] =
            s < CLIMBS / 2 ? l->mean[j] + NEAREST * exp2(round) * l->sd[j] * far : origin(l, j) + (1 + round) * far;
    }
    return ascent_climb(&l->ascent, l->L, l->x, &logp) && distance(l) > SAME && is_parted(l, logp);
}

/* Whether all climbs end in the mode of the one from the mean. */
static bool is_alone(struct lookout *l)
{
    rovi_stop stop = ROVI_STOP_CONVERGED;
    memcpy(l->x, l->mean, l->dim * sizeof *l->x);
    if (!ascent_climb(&l->ascent, l->L, l->x, &l->peak_logp)) {
        return false;
    }
    memcpy(l->peak, l->x, l->dim * sizeof *l->x);
    for (uint64_t s = 0; s < CLIMBS && !supervisor_ends(&l->restart->progress, &stop); s++) {
        if (finds_other(l, s)) {
            return false;
        }
    }
    return true;
}

/* The restart becomes one that has not begun, but for what it has asked. */
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
    struct lookout l = {.problem = problem, .restart = restart, .q = restart->approximation};
    bool done =
        restart->no_memory || (restart->stop != ROVI_STOP_CONVERGED && restart->stop != ROVI_STOP_MAX_ITERATIONS);
    if (!done && l.q != NULL && set_up(&l)) {
        done = problem->lone || (is_close(&l) && is_alone(&l));
    }
    if (done && l.q != NULL) {
        rovi_approximation *full = approximation_expand(l.q);
        restart->no_memory = full == NULL;
        rovi_approximation_free(restart->approximation);
        restart->approximation = full;
        restart->lone = true;
    } else if (!done) {
        forget(restart);
    }
    arena_free(&l.memory);
    return done;
}
