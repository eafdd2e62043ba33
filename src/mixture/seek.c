/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probes are dispersed about as widely as the mixture, and as widely as starts are. A climb from each would cost tens
 * of gradients and mostly end in what is known; a log density at each tells more for less. Where log p - log q is well
 * above its mean over q, the ELBO, either q's tails are too light or another mode is near enough to rule there. Climbs
 * start from the probes with the greatest p (log p - log q - ELBO); one that ends where q lacks mass too has found a
 * mode, which is fitted locally.
 */
#include "mixture/seek.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explore/explore.h"
#include "explore/explored.h"
#include "family/draw.h"

#define KINDS   4  /* of probes */
#define BLOCKS  16 /* of each kind */
#define MOMENTS 1024
#define LACKS   3.0 /* nats above the mean: lacking mass, where a mode has been missed */
#define CLIMBS  16

struct probe {
    double score;
    const double *x;
};

struct seeking {
    const rovi_approximation *q; /* the mixture */
    const rovi_settings *settings;
    struct meter *meter;
    struct rng_stream stream;
    double elbo;
    const double *frame;   /* whitening of the heaviest component: the coordinates of climbs */
    double *x, *mean, *sd; /* x: the probes, KINDS BLOCKS DRAW_BLOCK x d */
    struct probe *probe;
    double *work;
    size_t work_size;
};

/* ---- probes ---- */

/* Mean and standard deviations of q, by draws. */
static void take_moments(struct seeking *job)
{
    const size_t d = job->q->dim;
    double *z = job->work, *work = z + DRAW_BLOCK * d;
    for (size_t first = 0; first < MOMENTS; first += DRAW_BLOCK) {
        draw_points(job->q, job->stream, first, DRAW_BLOCK, z, NULL, work);
        draw_add_moments(first, DRAW_BLOCK, d, z, job->mean, job->sd);
    }
    for (size_t j = 0; j < d; j++) {
        job->sd[j] = sqrt(job->sd[j] / MOMENTS);
    }
}

/* About the mean of q: normal in every coordinate, as wide as q or half as wide again; differences of two draws, which
 * know how coordinates go together. And about where starts are scattered. */
static void disperse(const struct seeking *job, size_t task, double *x, double *work)
{
    static const double width[] = {1, 1.5, 1.06}; /* the last: of a difference, 1.5 over root two */
    const size_t d = job->q->dim, kind = task / BLOCKS;
    const uint64_t first = MOMENTS + 2 * task * DRAW_BLOCK;
    double *other = work, *rest = other + DRAW_BLOCK * d;
    if (kind == 2) {
        draw_points(job->q, job->stream, first, DRAW_BLOCK, x, NULL, rest);
        draw_points(job->q, job->stream, first + DRAW_BLOCK, DRAW_BLOCK, other, NULL, rest);
    }
    for (size_t p = 0; p < DRAW_BLOCK; p++) {
        double *row = x + p * d;
        if (kind != 2) {
            rng_normals(job->stream, first + p, d, row);
        }
        for (size_t j = 0; j < d; j++) {
            const double far = kind == 2 ? row[j] - other[p * d + j] : row[j];
            row[j] = kind == 3 ? target_origin(job->meter->target, j) +
                                     job->settings->start_spread * (double)(1 + p % 4) * far
                               : job->mean[j] + width[kind] * (kind == 2 ? 1 : job->sd[j]) * far;
        }
    }
}

static void probe_block(void *context, size_t task, size_t worker)
{
    const struct seeking *job = context;
    const size_t d = job->q->dim, n = DRAW_BLOCK;
    double *x = job->x + task * n * d, *log_q = job->work + worker * job->work_size, *logp = log_q + n;
    double *work = logp + n;
    disperse(job, task, x, work);
    draw_log_density(job->q, n, x, log_q, work);
    meter_evaluate(job->meter, n, x, logp, NULL, work);
    for (size_t p = 0; p < n; p++) {
        const double lack = logp[p] - log_q[p] - job->elbo;
        job->probe[task * n + p] =
            (struct probe){lack > LACKS && isfinite(lack) ? logp[p] + log(lack) : -INFINITY, x + p * d};
    }
}

static int better_first(const void *a, const void *b)
{
    const struct probe *p = a, *q = b;
    return p->score != q->score ? (p->score < q->score) - (p->score > q->score) : (p->x > q->x) - (p->x < q->x);
}

/* ---- climbs ---- */

static bool is_missed(const struct seeking *job, const double *x, double logp)
{
    double log_q = 0;
    draw_log_density(job->q, 1, x, &log_q, job->work);
    return logp - log_q - job->elbo > LACKS;
}

/* From the best probes that lie in none of the modes just found, up to CLIMBS climbs. */
static void climb_from_best(const struct seeking *job, struct explorer *e, const struct progress *progress)
{
    const size_t probes = KINDS * BLOCKS * DRAW_BLOCK, d = e->dim;
    rovi_stop stop = ROVI_STOP_CONVERGED;
    for (size_t s = 0, climbs = 0; s < probes && climbs < CLIMBS && e->count < e->room; s++) {
        double logp = 0;
        if (!(job->probe[s].score > -INFINITY) || supervisor_ends(progress, &stop)) {
            break;
        }
        if (explored_covers(e, job->probe[s].x)) {
            continue;
        }
        struct rng_stream stream = job->stream;
        stream.substream += 1 + 1000 * s;
        double *end = e->locals[e->count].peak;
        memcpy(end, job->probe[s].x, d * sizeof *end);
        climbs++;
        if (ascent_climb(&e->ascent, (struct metric){.L = job->frame}, end, &logp) && is_missed(job, end, logp)) {
            explore_at(e, end, stream);
        }
    }
}

static bool add_found(struct blend *b, const struct explorer *e, size_t *added)
{
    for (size_t k = 0; k < e->count && b->count < b->room; k++, ++*added) {
        if (!blend_add(b, local_approximation(b->dim, &e->locals[k]))) {
            return false;
        }
    }
    return true;
}

static const double *heaviest_frame(const struct blend *b)
{
    size_t most = 0;
    for (size_t k = 1; k < b->count; k++) {
        most = b->weight[k] > b->weight[most] ? k : most;
    }
    return b->q[most]->whitening;
}

bool seek_blend(struct blend *b, double elbo, const rovi_settings *settings, const struct progress *progress,
                struct team *team, struct rng_stream stream, size_t *added)
{
    const size_t d = b->dim, tasks = KINDS * BLOCKS;
    struct arena memory = {0};
    struct explorer explorer;
    rovi_approximation *q = blend_mix(b);
    struct seeking job = {.q = q,
                          .settings = settings,
                          .meter = progress->meter,
                          .stream = stream,
                          .elbo = elbo,
                          .frame = heaviest_frame(b)};
    explorer_init(&explorer, &memory, progress, CLIMBS, team);
    explorer.ascent.arrived = NULL; /* what is looked for is the maximum */
    job.x = arena_doubles(&memory, tasks * DRAW_BLOCK * d);
    job.mean = arena_doubles(&memory, d);
    job.sd = arena_doubles(&memory, d);
    job.probe = arena_take(&memory, tasks * DRAW_BLOCK, sizeof *job.probe);
    job.work_size = q == NULL ? 1 : DRAW_BLOCK * (d + 3) + draw_work_or_scratch(q, progress->meter->target);
    job.work = arena_doubles(&memory, team_size(team) * job.work_size);
    bool ok = q != NULL && !memory.failed;
    *added = 0;
    if (ok) {
        take_moments(&job);
        team_for(team, tasks, probe_block, &job);
        qsort(job.probe, tasks * DRAW_BLOCK, sizeof *job.probe, better_first);
        climb_from_best(&job, &explorer, progress);
        ok = add_found(b, &explorer, added);
    }
    rovi_approximation_free(q);
    arena_free(&memory);
    return ok;
}
