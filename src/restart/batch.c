/* SPDX-License-Identifier: BSD-3-Clause */
#include "restart/batch.h"

#include <stdatomic.h>

#include "family/reference.h"

struct job {
    struct batch *batch;
    const rovi_approximation *q;
    struct rng_stream stream;
    const struct progress *progress;
    atomic_size_t rejected;
    atomic_int ended; /* a rovi_stop, or SUPERVISOR_GO */
};

void batch_init(struct batch *batch, struct arena *arena, size_t n, const struct rovi_target *target, struct team *team)
{
    const size_t d = target->dim;
    *batch = (struct batch){.n = n, .dim = d, .team = team};
    batch->x = arena_doubles(arena, n * d);
    batch->y = arena_doubles(arena, n * d);
    batch->u = arena_doubles(arena, n * d);
    batch->w = arena_doubles(arena, n * d);
    batch->work_size = TARGET_BLOCK * (2 * d + 1) + target->scratch;
    batch->work = arena_doubles(arena, team_size(team) * batch->work_size);
}

static void block(void *context, size_t index, size_t worker)
{
    struct job *job = context;
    struct batch *b = job->batch;
    const rovi_approximation *q = job->q;
    rovi_stop stop = ROVI_STOP_INTERRUPTED;
    if (supervisor_ends_all(job->progress, &stop)) {
        atomic_store(&job->ended, (int)stop);
        return;
    }
    const size_t d = b->dim, first = index * TARGET_BLOCK;
    const size_t n = b->n - first < TARGET_BLOCK ? b->n - first : TARGET_BLOCK;
    double *x = b->x + first * d, *y = b->y + first * d, *u = b->u + first * d;
    double *z = b->work + worker * b->work_size, *grad = z + TARGET_BLOCK * d;
    double *logp = grad + TARGET_BLOCK * d, *scratch = logp + TARGET_BLOCK;
    reference_points(job->stream, first, n, d, x);
    approximation_maps(q, n, x, y);
    approximation_place(q, n, y, z);
    const size_t rejected = meter_evaluate(job->progress->meter, n, z, logp, grad, scratch);
    approximation_pull(q, n, grad, u, b->w + first * d);
    atomic_fetch_add(&job->rejected, rejected);
}

bool batch_evaluate(struct batch *batch, const rovi_approximation *q, struct rng_stream stream,
                    const struct progress *progress, rovi_stop *stop)
{
    if (supervisor_ends(progress, stop)) {
        return false;
    }
    struct job job = {.batch = batch, .q = q, .stream = stream, .progress = progress, .ended = SUPERVISOR_GO};
    team_for(batch->team, (batch->n + TARGET_BLOCK - 1) / TARGET_BLOCK, block, &job);
    batch->valid = batch->n - atomic_load(&job.rejected);
    if (atomic_load(&job.ended) != SUPERVISOR_GO) {
        *stop = (rovi_stop)atomic_load(&job.ended);
        return false;
    }
    return true;
}
