/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two restarts agree when neither their ELBOs nor their means and standard deviations differ by more than a fifth of a
 * nat, of a standard deviation or of the sd itself, beyond what the noise of the measurement explains. Means and sd are
 * those of the same reference points for all restarts. Each restart is compared with the best of each cluster so far.
 */
#include "diagnose/restarts.h"

#include <math.h>
#include <stdlib.h>

#include "family/draw.h"

#define DRAWS    (16 * DRAW_BLOCK)
#define NATS     0.2
#define DISTANCE 0.2 /* of means, in sd */
#define RATIO    1.25

struct moments {
    double *mean, *sd; /* d; NULL for a restart that failed */
};

struct ranked {
    double elbo;
    size_t place;
};

static bool is_usable(const rovi_restart *restart)
{
    return restart->approximation != NULL && isfinite(restart->elbo.value);
}

static void measure(const rovi_approximation *q, uint64_t seed, double *work, struct arena *arena, struct moments *m)
{
    const size_t d = q->dim;
    const struct rng_stream stream = {.seed = seed, .purpose = RNG_DIAGNOSE, .substream = (uint64_t)1 << 40};
    double *x = arena_doubles(arena, DRAW_BLOCK * d);
    *m = (struct moments){arena_doubles(arena, d), arena_doubles(arena, d)};
    for (size_t first = 0; first < DRAWS && !arena->failed; first += DRAW_BLOCK) {
        draw_points(q, stream, first, DRAW_BLOCK, x, NULL, work);
        draw_add_moments(first, DRAW_BLOCK, d, x, m->mean, m->sd);
    }
    for (size_t j = 0; j < d && !arena->failed; j++) {
        m->sd[j] = sqrt(m->sd[j] / (DRAWS - 1));
    }
}

/* What sets restart a apart from b. */
static void compare(size_t d, const struct moments *a, const struct moments *b, rovi_restart_cluster *out)
{
    out->shift = 0;
    out->scale = 1;
    for (size_t j = 0; j < d; j++) {
        const double ratio = a->sd[j] / b->sd[j];
        out->shift = fmax(out->shift, fabs(a->mean[j] - b->mean[j]) / b->sd[j]);
        out->scale = fmax(out->scale, fmax(ratio, 1 / ratio));
    }
}

static rovi_estimate below(const rovi_restart *a, const rovi_restart *b)
{
    return (rovi_estimate){b->elbo.value - a->elbo.value, hypot(a->elbo.mcse, b->elbo.mcse)};
}

static bool agree(const rovi_restart_cluster *apart)
{
    const double noise = 3 * sqrt(2.0 / DRAWS);
    return fabs(apart->below.value) < NATS + 3 * apart->below.mcse && apart->shift < DISTANCE + noise &&
           apart->scale < RATIO + noise;
}

static int best_first(const void *a, const void *b)
{
    const struct ranked *p = a, *q = b;
    return p->elbo != q->elbo ? (p->elbo < q->elbo) - (p->elbo > q->elbo)
                              : (p->place > q->place) - (p->place < q->place);
}

/* The winner, then the others that are usable by falling ELBO; how many. */
static size_t rank(const rovi_fit_parts *fit, struct ranked *ranked)
{
    size_t count = 0;
    for (size_t i = 0; i < fit->restart_count; i++) {
        if (i == fit->winner || is_usable(&fit->restarts[i])) {
            ranked[count++] = (struct ranked){i == fit->winner ? INFINITY : fit->restarts[i].elbo.value, i};
        }
    }
    qsort(ranked, count, sizeof *ranked, best_first);
    return count;
}

static size_t most_work(const rovi_fit_parts *fit)
{
    size_t most = 0;
    for (size_t i = 0; i < fit->restart_count; i++) {
        const rovi_approximation *q = fit->restarts[i].approximation;
        most = q != NULL && draw_work(q) > most ? draw_work(q) : most;
    }
    return most;
}

size_t restarts_cluster(const rovi_fit_parts *fit, uint64_t seed, struct arena *arena, rovi_restart_cluster **clusters,
                        size_t *cluster)
{
    const size_t n = fit->restart_count, d = fit->restarts[fit->winner].approximation->dim;
    struct arena memory = {0};
    struct ranked *ranked = arena_take(&memory, n, sizeof *ranked);
    struct moments *moments = arena_take(&memory, n, sizeof *moments);
    double *work = arena_doubles(&memory, most_work(fit));
    size_t count = 0, usable = memory.failed ? 0 : rank(fit, ranked);
    *clusters = arena_take(arena, n, sizeof **clusters);
    for (size_t i = 0; i < n; i++) {
        cluster[i] = SIZE_MAX;
    }
    for (size_t k = 0; k < usable && *clusters != NULL && !memory.failed; k++) {
        const size_t i = ranked[k].place;
        rovi_restart_cluster apart = {.size = 1, .best = i, .scale = 1};
        if (usable > 1) {
            measure(fit->restarts[i].approximation, seed, work, &memory, &moments[i]);
        }
        for (size_t c = 0; c < count && !memory.failed && cluster[i] == SIZE_MAX; c++) {
            const size_t best = (*clusters)[c].best;
            apart.below = below(&fit->restarts[i], &fit->restarts[best]);
            compare(d, &moments[i], &moments[best], &apart);
            cluster[i] = agree(&apart) ? c : SIZE_MAX;
        }
        if (cluster[i] < count) {
            (*clusters)[cluster[i]].size++;
        } else if (!memory.failed) {
            if (i != fit->winner) {
                apart.below = below(&fit->restarts[i], &fit->restarts[fit->winner]);
                compare(d, &moments[i], &moments[fit->winner], &apart);
            }
            cluster[i] = count;
            (*clusters)[count++] = apart;
        }
    }
    for (size_t i = 0; i < n; i++) {
        cluster[i] = cluster[i] == SIZE_MAX ? count : cluster[i];
    }
    arena->failed = arena->failed || memory.failed;
    arena_free(&memory);
    return count;
}
