/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starts are dispersed further than those of a fit: draws of the fit, 3, 10 and 30 times as far from its mean, and
 * points about the origin (or where the target says that searching begins), all of them in opposite pairs, so that a
 * mode at a distance is on the right side of one of two. What a climb ends in is compared with the maxima known:
 * whatever a path joins to one of them, without a valley between, is the same mode. A climb that comes to where the
 * mass of the fit is, and the target is there as the fit has it, need not go on.
 */
#include "diagnose/probe.h"

#include <math.h>
#include <string.h>

#include "evidence/elbo.h"
#include "family/draw.h"

#define STEPS 60   /* of a climb, at most, from where it is as high as the mass of the fit */
#define SAME  1e-3 /* standard deviations of the fit: the same maximum, up to where climbs end */

static void set_moments(struct probe *p)
{
    const struct draws *draws = p->draws;
    draw_add_moments(0, draws->n, p->dim, draws->x, p->mean, p->sd);
    for (size_t j = 0; j < p->dim; j++) {
        p->sd[j] = sqrt(p->sd[j] / (double)draws->n);
        p->sd[j] = p->sd[j] > 0 ? p->sd[j] : 1; /* a single draw has none */
    }
}

/* Where the mass of the fit is: log q no less than two standard deviations below its mean over q. A climb that has not
 * come as high as log p is there goes on. */
static void set_home(struct probe *p, struct arena *arena)
{
    const struct draws *draws = p->draws;
    double *ratio = arena_doubles(arena, draws->n), mean = 0, square = 0;
    p->least = INFINITY;
    if (arena->failed) {
        return;
    }
    for (size_t i = 0; i < draws->n; i++) {
        ratio[i] = draws->logp[i] - draws->log_q[i];
    }
    draw_add_moments(0, draws->n, 1, draws->log_q, &mean, &square);
    const struct elbo elbo = elbo_of_ratios(draws->n, ratio);
    p->elbo = elbo.estimate.value;
    if (elbo.outside.value == 0 && elbo.divergence < ELBO_FAITHFUL) {
        p->least = mean - 2 * sqrt(square / (double)draws->n);
    }
    for (size_t k = 0; k < PROBE_ROUND; k++) {
        p->climb[k].ascent.low = isfinite(p->elbo) ? p->elbo + mean : -INFINITY;
    }
}

static bool is_home(void *climb, const double *x, double logp)
{
    const struct probe_climb *c = climb;
    const struct probe *p = c->probe;
    double log_q = 0;
    if (logp < p->least + p->elbo - ELBO_AGREED) {
        return false;
    }
    draw_log_density(p->q, 1, x, &log_q, c->work);
    return log_q >= p->least && fabs(logp - log_q - p->elbo) < ELBO_AGREED;
}

void probe_init(struct probe *p, struct arena *arena, const struct progress *progress, struct team *team,
                const rovi_approximation *q, const struct draws *draws)
{
    const size_t d = draws->dim;
    *p = (struct probe){.progress = progress, .team = team, .draws = draws, .dim = d, .q = q};
    const rovi_approximation *one = q->count > 0 ? q->component[0] : q;
    p->metric = (struct metric){.L = one->whitening, .scale = one->scale};
    p->mean = arena_doubles(arena, d);
    p->sd = arena_doubles(arena, d);
    p->peaks = arena_take(arena, PROBE_ROOM, sizeof *p->peaks);
    p->climb = arena_take(arena, PROBE_ROUND, sizeof *p->climb);
    double *x = arena_doubles(arena, PROBE_ROOM * d);
    for (size_t k = 0; k < PROBE_ROOM && !arena->failed; k++) {
        p->peaks[k].x = x + k * d;
    }
    for (size_t k = 0; k < PROBE_ROUND && !arena->failed; k++) {
        struct probe_climb *c = &p->climb[k];
        ascent_init(&c->ascent, arena, progress, NULL);
        c->ascent.most_steps = STEPS;
        valley_init(&c->valley, arena, progress, p->metric);
        c->x = arena_doubles(arena, d);
        c->work = arena_doubles(arena, draw_work(q) / DRAW_BLOCK);
        c->probe = p;
        c->ascent.arrived_data = c;
    }
    set_home(p, arena);
    if (!arena->failed) {
        set_moments(p);
    }
}

/* ---- where a climb has ended ---- */

static double distance(const struct probe *p, const double *a, const double *b)
{
    double sum = 0;
    for (size_t j = 0; j < p->dim; j++) {
        sum += (a[j] - b[j]) / p->sd[j] * ((a[j] - b[j]) / p->sd[j]);
    }
    return sqrt(sum);
}

/* The nearest few of the peaks from `first` on, into c->near; how many. */
static size_t find_nearest(const struct probe *p, struct probe_climb *c, size_t first)
{
    size_t few = 0;
    for (size_t k = first; k < p->count; k++) {
        const double far = distance(p, c->x, p->peaks[k].x);
        size_t at = few < PROBE_NEAR ? few++ : PROBE_NEAR;
        for (; at > 0 && far < c->far[at - 1]; at--) {
            c->near[at] = c->near[at - 1];
            c->far[at] = c->far[at - 1];
        }
        c->near[at] = k;
        c->far[at] = far;
    }
    return few;
}

/* The owner of a peak from `first` on that is joined to where the climb ended, or PROBE_ROOM. */
static size_t find_joined(const struct probe *p, struct probe_climb *c, size_t first)
{
    const size_t few = find_nearest(p, c, first);
    const struct place here = {c->x, c->logp};
    for (size_t k = 0; k < few; k++) {
        const struct peak *peak = &p->peaks[c->near[k]];
        double depth = 0;
        if (c->far[k] < SAME || valley_joined(&c->valley, here, (struct place){peak->x, peak->logp}, &depth)) {
            return peak->owner;
        }
        c->depth = fmin(c->depth, depth);
    }
    return PROBE_ROOM;
}

static void run_climb(void *context, size_t index, size_t worker)
{
    const struct probe *p = context;
    struct probe_climb *c = &p->climb[index];
    (void)worker;
    c->depth = INFINITY;
    if (!ascent_climb_nearer(&c->ascent, p->metric, p->mean, c->x, &c->logp)) {
        c->end = CLIMB_FAILED;
        return;
    }
    c->end = c->ascent.came ? CLIMB_AT_HOME : c->ascent.cut ? CLIMB_CUT : CLIMB_AT_PEAK;
    if (c->end == CLIMB_AT_PEAK) {
        c->owner = find_joined(p, c, 0);
    }
}

/* Remembers where a climb of this round ended, unless it is one of the peaks that are remembered; the owner. `before`:
 * peaks known before the round. */
static size_t remember(struct probe *p, struct probe_climb *c, size_t before, bool is_of_fit)
{
    if (c->end != CLIMB_AT_PEAK) {
        return PROBE_ROOM;
    }
    const size_t owner = c->owner < PROBE_ROOM ? c->owner : find_joined(p, c, before);
    if (p->count == PROBE_ROOM) {
        return owner;
    }
    struct peak *peak = &p->peaks[p->count];
    memcpy(peak->x, c->x, p->dim * sizeof *c->x);
    peak->logp = c->logp;
    peak->owner = owner < PROBE_ROOM ? owner : p->count;
    peak->depth = c->depth;
    peak->is_of_fit = is_of_fit;
    p->count++;
    return peak->owner;
}

/* ---- rounds ---- */

void probe_modes(struct probe *p, size_t n, const double *x, size_t *owner)
{
    for (size_t first = 0; first < n; first += PROBE_ROUND) {
        const size_t round = n - first < PROBE_ROUND ? n - first : PROBE_ROUND, before = p->count;
        for (size_t k = 0; k < round; k++) {
            memcpy(p->climb[k].x, x + (first + k) * p->dim, p->dim * sizeof *x);
        }
        team_for(p->team, round, run_climb, p);
        for (size_t k = 0; k < round; k++) {
            owner[first + k] = remember(p, &p->climb[k], before, true);
        }
    }
}

static void set_start(const struct probe *p, size_t s, double *x)
{
    static const double inflation[3] = {3, 10, 30};
    const size_t d = p->dim;
    if (s < p->given) {
        memcpy(x, p->given_x + s * d, d * sizeof *x);
        return;
    }
    const size_t t = s - p->given, kind = t % 4, pair = t / 8;
    const double sign = t / 4 % 2 == 0 ? 1 : -1;
    if (kind < 3) {
        const double *draw = p->draws->x + (3 * pair + kind) % p->draws->n * d;
        for (size_t j = 0; j < d; j++) {
            x[j] = p->mean[j] + sign * inflation[kind] * (draw[j] - p->mean[j]);
        }
        return;
    }
    rng_normals(p->stream, pair, d, x);
    for (size_t j = 0; j < d; j++) {
        x[j] = target_origin(p->progress->meter->target, j) + sign * p->spread * exp2((double)(pair % 4)) * x[j];
    }
}

void probe_search(struct probe *p, size_t starts, rovi_stop *stop)
{
    for (size_t k = 0; k < PROBE_ROUND; k++) {
        p->climb[k].ascent.arrived = is_home;
    }
    for (size_t first = 0; first < starts && !supervisor_ends(p->progress, stop); first += PROBE_ROUND) {
        const size_t round = starts - first < PROBE_ROUND ? starts - first : PROBE_ROUND, before = p->count;
        for (size_t k = 0; k < round; k++) {
            set_start(p, first + k, p->climb[k].x);
        }
        team_for(p->team, round, run_climb, p);
        for (size_t k = 0; k < round; k++) {
            remember(p, &p->climb[k], before, false);
            p->climbs += p->climb[k].end != CLIMB_CUT;
        }
    }
}
