/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A block of particles makes many steps before it waits for the others: between two looks at all of them they have
 * nothing to do with each other. The noise of a step has the address (seed, step, particle), so that blocks and threads
 * leave no trace in the result.
 */
#include "langevin/particles.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "base/rng.h"

#define ATTEMPTS 100 /* at a dispersed start inside the support */
#define FALL     100 /* nats per dimension: far more than densities of every shape differ between mode and bulk */
#define STILL    50  /* refused moves in a row */

void particles_init(struct particles *p, struct arena *arena, size_t n, const struct progress *progress,
                    struct team *team)
{
    const struct rovi_target *target = progress->meter->target;
    const size_t d = target->dim;
    *p = (struct particles){.n = n, .dim = d, .progress = progress, .team = team};
    p->x = arena_take(arena, n, d * sizeof(double));
    p->grad = arena_take(arena, n, d * sizeof(double));
    p->logp = arena_doubles(arena, n);
    p->began = arena_doubles(arena, n);
    p->still = arena_take(arena, n, sizeof *p->still);
    p->work_size = TARGET_BLOCK * (2 * d + 1) + target->scratch;
    p->work = arena_doubles(arena, team_size(team) * p->work_size);
    atomic_init(&p->moves, 0);
    atomic_init(&p->outside, 0);
}

struct job {
    struct particles *p;
    struct beginning from;
    double h;
    uint64_t first, count;
    atomic_int ended; /* a rovi_stop, or SUPERVISOR_GO */
};

static size_t blocks(const struct particles *p)
{
    return (p->n + TARGET_BLOCK - 1) / TARGET_BLOCK;
}

static size_t block_size(const struct particles *p, size_t index)
{
    const size_t first = index * TARGET_BLOCK;
    return p->n - first < TARGET_BLOCK ? p->n - first : TARGET_BLOCK;
}

/* ---- where they begin ---- */

/* Attempts have substreams that no step will reach. */
static void place(const struct job *job, size_t particle, uint64_t attempt)
{
    const size_t d = job->p->dim;
    double *x = job->p->x + particle * d;
    if (job->from.rows > 0) {
        memcpy(x, job->from.x + particle % job->from.rows * d, d * sizeof *x);
        return;
    }
    const struct rng_stream stream = {.seed = job->p->seed, .purpose = RNG_LANGEVIN, .substream = UINT64_MAX - attempt};
    rng_normals(stream, particle, d, x);
    for (size_t j = 0; j < d; j++) {
        x[j] *= job->from.spread;
    }
}

static void begin_block(void *context, size_t index, size_t worker)
{
    const struct job *job = context;
    struct particles *p = job->p;
    const size_t first = index * TARGET_BLOCK, n = block_size(p, index), d = p->dim;
    const uint64_t attempts = job->from.rows == 0 && job->from.spread > 0 ? ATTEMPTS : 1;
    double *logp = p->logp + first, *scratch = p->work + worker * p->work_size;
    for (size_t i = 0; i < n; i++) {
        logp[i] = -INFINITY;
    }
    size_t outside = n;
    rovi_stop stop = ROVI_STOP_INTERRUPTED;
    for (uint64_t attempt = 0; attempt < attempts && outside > 0; attempt++) {
        if (attempt > 0 && supervisor_ends_all(p->progress, &stop)) {
            break;
        }
        for (size_t i = 0; i < n; i++) {
            if (isinf(logp[i])) {
                place(job, first + i, attempt);
            }
        }
        outside = meter_evaluate(p->progress->meter, n, p->x + first * d, logp, p->grad + first * d, scratch);
    }
    memcpy(p->began + first, logp, n * sizeof *logp);
}

size_t particles_begin(struct particles *p, struct beginning from, size_t *which)
{
    struct job job = {.p = p, .from = from};
    size_t outside = 0;
    team_for(p->team, blocks(p), begin_block, &job);
    for (size_t i = p->n; i-- > 0;) {
        if (isinf(p->logp[i])) {
            outside++;
            *which = i;
        }
    }
    return outside;
}

/* ---- steps ---- */

/* y = x + h grad log p(x) + sqrt(2h) xi */
static void propose(const struct job *job, uint64_t step, size_t first, size_t n, double *y)
{
    const struct particles *p = job->p;
    const struct rng_stream stream = {.seed = p->seed, .purpose = RNG_LANGEVIN, .substream = step};
    const size_t d = p->dim;
    const double *x = p->x + first * d, *grad = p->grad + first * d, noise = sqrt(2 * job->h);
    for (size_t i = 0; i < n; i++) {
        rng_normals(stream, first + i, d, y + i * d);
    }
    for (size_t i = 0; i < n * d; i++) {
        y[i] = x[i] + job->h * grad[i] + noise * y[i];
    }
}

/* Particle i goes to y, unless that is outside the support. */
static void move(struct particles *p, size_t i, double logp, const double *y, const double *grad)
{
    const size_t d = p->dim;
    if (isinf(logp) || !linalg_all_finite(d, y)) {
        p->still[i] += p->still[i] < STILL;
        return;
    }
    p->still[i] = 0;
    p->logp[i] = logp;
    memcpy(p->x + i * d, y, d * sizeof *y);
    memcpy(p->grad + i * d, grad, d * sizeof *grad);
}

static void move_block(void *context, size_t index, size_t worker)
{
    struct job *job = context;
    struct particles *p = job->p;
    const size_t first = index * TARGET_BLOCK, n = block_size(p, index), d = p->dim;
    double *y = p->work + worker * p->work_size, *grad = y + TARGET_BLOCK * d, *logp = grad + TARGET_BLOCK * d;
    rovi_stop stop = ROVI_STOP_INTERRUPTED;
    for (uint64_t step = job->first; step < job->first + job->count; step++) {
        if (supervisor_ends_all(p->progress, &stop)) {
            atomic_store(&job->ended, (int)stop);
            return;
        }
        propose(job, step, first, n, y);
        atomic_fetch_add(&p->outside, meter_evaluate(p->progress->meter, n, y, logp, grad, logp + TARGET_BLOCK));
        atomic_fetch_add(&p->moves, n);
        for (size_t i = 0; i < n; i++) {
            move(p, first + i, logp[i], y + i * d, grad + i * d);
        }
    }
}

bool particles_move(struct particles *p, double h, uint64_t first, uint64_t count, rovi_stop *stop)
{
    struct job job = {.p = p, .h = h, .first = first, .count = count, .ended = SUPERVISOR_GO};
    team_for(p->team, blocks(p), move_block, &job);
    if (atomic_load(&job.ended) != SUPERVISOR_GO) {
        *stop = (rovi_stop)atomic_load(&job.ended);
        return false;
    }
    return true;
}

/* ---- those that are lost ---- */

static double fall(const struct particles *p)
{
    return FALL * ((double)p->dim + 10);
}

size_t particles_strayed(const struct particles *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->n; i++) {
        count += p->logp[i] < p->began[i] - fall(p);
    }
    return count;
}

size_t particles_stuck(const struct particles *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->n; i++) {
        count += p->still[i] >= STILL;
    }
    return count;
}
