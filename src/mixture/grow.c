/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probes are draws of the components, as they are and stretched about their centers. Where log p - log q is well above
 * its mean over q, the ELBO, the mixture has too little mass; of such probes the one that matters most has the greatest
 * p (log p - log q - ELBO). There a copy of the component that it was drawn from is put, half as wide: it need be no
 * good fit, only good enough to be refined.
 */
#include "mixture/grow.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "family/draw.h"
#include "family/reference.h"

#define SCALES 4
#define BLOCKS 2    /* of probes, for each component and scale */
#define LACKS  0.25 /* nats above the mean: lacking mass */
#define SHRINK 0.5
#define APART  4.0 /* mean square of a probe's coordinates, in those of a component added before: far enough from it */

static const double scale[SCALES] = {1, 1.5, 2.5, 4};

struct probing {
    const struct blend *b;
    const rovi_approximation *q; /* the mixture */
    struct meter *meter;
    struct rng_stream stream;
    double elbo;
    double *best, *score; /* of each block: tasks x d, tasks */
    double *work;
    size_t work_size;
};

static void probe_block(void *context, size_t task, size_t worker)
{
    const struct probing *job = context;
    const size_t d = job->q->dim, n = DRAW_BLOCK, k = task / (SCALES * BLOCKS);
    const rovi_approximation *q = job->b->q[k];
    double *x = job->work + worker * job->work_size, *y = x + n * d, *z = y + n * d, *log_q = z + n * d;
    double *logp = log_q + n, *work = logp + n;
    reference_points(job->stream, task * n, n, d, x);
    for (size_t i = 0; i < n * d; i++) {
        x[i] *= scale[task % SCALES];
    }
    approximation_maps(q, n, x, y);
    approximation_place(q, n, y, z);
    draw_log_density(job->q, n, z, log_q, work);
    meter_evaluate(job->meter, n, z, logp, NULL, work);
    job->score[task] = -INFINITY;
    for (size_t p = 0; p < n; p++) {
        const double lack = logp[p] - log_q[p] - job->elbo;
        const double score = lack > LACKS && isfinite(lack) ? logp[p] + log(lack) : -INFINITY;
        if (score > job->score[task]) {
            job->score[task] = score;
            memcpy(job->best + task * d, z + p * d, d * sizeof *z);
        }
    }
}

/* A copy of q around x, half as wide. NULL when out of memory. */
static rovi_approximation *half_at(const rovi_approximation *q, const double *x)
{
    const size_t d = q->dim;
    struct arena memory = {0};
    double *L = arena_doubles(&memory, d * d);
    rovi_approximation *made = NULL;
    if (L != NULL) {
        if (q->whitening != NULL) {
            memcpy(L, q->whitening, d * d * sizeof *L);
        } else {
            linalg_identity(d, L);
        }
        for (size_t i = 0; i < d * d; i++) {
            L[i] *= SHRINK;
        }
        made = approximation_reframe(q, x, L, q->rotation);
    }
    arena_free(&memory);
    return made;
}

static bool is_near(const rovi_approximation *q, const double *x, double *work)
{
    const size_t d = q->dim;
    double *y = work + d, square = 0;
    approximation_unplace(q, 1, x, work, y);
    for (size_t i = 0; i < d; i++) {
        size_t s = 0;
        const double z = map_inverse(&q->maps[i], y[i], &s);
        square += z * z;
    }
    return square < APART * (double)d;
}

/* The best probe that is not near one of the components added since there were `old`; `tasks` when there is none. */
static size_t next_probe(const struct probing *job, const struct blend *b, size_t old, size_t tasks)
{
    size_t best = tasks;
    for (size_t t = 0; t < tasks; t++) {
        bool free = job->score[t] > -INFINITY && (best == tasks || job->score[t] > job->score[best]);
        for (size_t k = old; k < b->count && free; k++) {
            free = !is_near(b->q[k], job->best + t * b->dim, job->work);
        }
        best = free ? t : best;
    }
    return best;
}

static bool add_best(const struct probing *job, struct blend *b, size_t most, size_t *added)
{
    const size_t old = b->count, tasks = old * SCALES * BLOCKS;
    for (*added = 0; *added < most && b->count < b->room; ++*added) {
        const size_t t = next_probe(job, b, old, tasks);
        if (t == tasks) {
            break;
        }
        if (!blend_add(b, half_at(b->q[t / (SCALES * BLOCKS)], job->best + t * b->dim))) {
            return false;
        }
    }
    return true;
}

bool grow_blend(struct blend *b, size_t most, double elbo, struct meter *meter, struct team *team,
                struct rng_stream stream, size_t *added)
{
    const size_t d = b->dim, tasks = b->count * SCALES * BLOCKS;
    struct arena memory = {0};
    rovi_approximation *q = blend_mix(b);
    struct probing job = {.b = b, .q = q, .meter = meter, .stream = stream, .elbo = elbo};
    job.best = arena_doubles(&memory, tasks * d);
    job.score = arena_doubles(&memory, tasks);
    job.work_size = q == NULL ? 1 : DRAW_BLOCK * (3 * d + 2) + draw_work_or_scratch(q, meter->target);
    job.work = arena_doubles(&memory, team_size(team) * job.work_size);
    bool ok = q != NULL && !memory.failed;
    *added = 0;
    if (ok) {
        team_for(team, tasks, probe_block, &job);
        ok = add_best(&job, b, most, added);
    }
    rovi_approximation_free(q);
    arena_free(&memory);
    return ok;
}
