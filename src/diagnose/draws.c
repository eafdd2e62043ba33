/* SPDX-License-Identifier: BSD-3-Clause */
#include "diagnose/draws.h"

#include "family/draw.h"

struct job {
    const struct draws *draws;
    struct law law;
    struct meter *meter;
    struct rng_stream stream;
    double *log_r;
    double *work; /* work_size doubles for each worker */
    size_t work_size;
};

static void points(const void *of, struct rng_stream stream, uint64_t first, size_t n, double *x, double *log_density,
                   double *work)
{
    draw_points(of, stream, first, n, x, log_density, work);
}

static void log_density(const void *of, size_t n, const double *x, double *out, double *work)
{
    draw_log_density(of, n, x, out, work);
}

struct law law_of(const rovi_approximation *q)
{
    return (struct law){q, q->dim, draw_work(q), points, log_density};
}

static size_t block_size(const struct draws *draws, size_t first)
{
    return draws->n - first < DRAW_BLOCK ? draws->n - first : DRAW_BLOCK;
}

static void take_block(void *context, size_t index, size_t worker)
{
    const struct job *job = context;
    const struct draws *draws = job->draws;
    const size_t first = index * DRAW_BLOCK, n = block_size(draws, first);
    double *x = draws->x + first * draws->dim, *logp = draws->logp + first, *work = job->work + worker * job->work_size;
    job->law.points(job->law.of, job->stream, first, n, x, draws->log_q + first, work);
    meter_evaluate(job->meter, n, x, logp, NULL, work);
}

static void density_block(void *context, size_t index, size_t worker)
{
    const struct job *job = context;
    const size_t first = index * DRAW_BLOCK, n = block_size(job->draws, first);
    job->law.log_density(job->law.of, n, job->draws->x + first * job->draws->dim, job->log_r + first,
                         job->work + worker * job->work_size);
}

static bool run(struct job *job, size_t work_size, struct team *team, void (*block)(void *, size_t, size_t))
{
    struct arena memory = {0};
    job->work_size = work_size;
    job->work = arena_doubles(&memory, team_size(team) * work_size);
    const bool ok = !memory.failed;
    if (ok) {
        team_for(team, (job->draws->n + DRAW_BLOCK - 1) / DRAW_BLOCK, block, job);
    }
    arena_free(&memory);
    return ok;
}

bool draws_take(struct draws *draws, struct arena *arena, struct law law, size_t n, struct meter *meter,
                struct rng_stream stream, struct team *team)
{
    const size_t scratch = meter->target->scratch;
    *draws = (struct draws){.dim = law.dim,
                            .n = n,
                            .x = arena_doubles(arena, n * law.dim),
                            .logp = arena_doubles(arena, n),
                            .log_q = arena_doubles(arena, n)};
    struct job job = {.draws = draws, .law = law, .meter = meter, .stream = stream};
    return !arena->failed && run(&job, law.work > scratch ? law.work : scratch, team, take_block);
}

bool draws_density(const struct draws *draws, struct law law, struct team *team, double *log_r)
{
    struct job job = {.draws = draws, .law = law, .log_r = log_r};
    return run(&job, law.work, team, density_block);
}
