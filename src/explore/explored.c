/* SPDX-License-Identifier: BSD-3-Clause */
#include "explore/explored.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/elbo.h"

#define NEAR       0.5  /* standard deviations: closer is the same mode */
#define BEYOND     3.0  /* standard deviations, beyond those of a draw: where draws of a local are */
#define WITHIN     2.0  /* standard deviations: a mean within a local */
#define SURROUND   1.0  /* standard deviations, beyond those of a draw: where its mass is */
#define NEGLIGIBLE 1e-4 /* weight of a local that is dropped */
#define HOPELESS   22   /* nats: its weight would be negligible, were Laplace's approximation off by a dozen */
#define NEWS       1e-3 /* weight of modes that are worth a fit of their own */

size_t explored_find(struct explorer *e, const struct local *fresh)
{
    const double noise = 3 * sqrt((double)e->dim / (double)e->work.draws);
    size_t k = 0;
    for (; k < e->count; k++) {
        const struct local *known = &e->locals[k]; /* near by the measure of both: one may span several modes */
        if (local_distance(known, &e->work, known->mean, fresh->mean) < NEAR + noise &&
            local_distance(fresh, &e->work, known->mean, fresh->mean) < NEAR + noise) {
            break;
        }
    }
    return k;
}

double explored_level(const struct explorer *e)
{
    const struct local *first = &e->locals[0];
    return e->count > 0 ? first->elbo + local_log_density(first, e->dim, sqrt((double)e->dim)) : -INFINITY;
}

bool explored_has_peak(struct explorer *e)
{
    for (size_t k = 0; k < e->count; k++) {
        const struct local *known = &e->locals[k];
        if (local_distance(known, &e->work, known->peak, e->x) < NEAR ||
            local_distance(known, &e->work, known->mean, e->x) < NEAR) {
            return true;
        }
    }
    return false;
}

bool explored_is_home(struct explorer *e, const double *x, double logp)
{
    for (size_t k = 0; k < e->count; k++) {
        const struct local *known = &e->locals[k];
        const double far = known->off < ELBO_FAITHFUL ? local_distance(known, &e->work, known->mean, x) : INFINITY;
        if (far < SURROUND + sqrt((double)e->dim) &&
            fabs(logp - known->elbo - local_log_density(known, e->dim, far)) < ELBO_AGREED) {
            return true;
        }
    }
    return false;
}

const struct local *explored_best(const struct explorer *e)
{
    const struct local *best = NULL;
    for (size_t k = 0; k < e->count; k++) {
        best = best == NULL || e->locals[k].elbo > best->elbo ? &e->locals[k] : best;
    }
    return best;
}

bool explored_is_hopeless(const struct explorer *e, double worth)
{
    const struct local *best = explored_best(e);
    return best != NULL && worth < best->elbo - HOPELESS;
}

bool explored_reaches(struct explorer *e, const double *x, double logp)
{
    double depth = 0, at = 0;
    for (size_t k = 0; k < e->count; k++) {
        const double *mean = e->locals[k].mean;
        e->valley.metric.L = e->locals[k].L;
        if (meter_evaluate(e->progress->meter, 1, mean, &at, NULL, e->valley.segment.scratch) > 0) {
            continue;
        }
        if (valley_joined(&e->valley, (struct place){x, logp}, (struct place){mean, at}, &depth)) {
            return true;
        }
    }
    return false;
}

bool explored_joins(struct explorer *e, const struct local *local)
{
    double logp = 0;
    return meter_evaluate(e->progress->meter, 1, local->mean, &logp, NULL, e->valley.segment.scratch) == 0 &&
           explored_reaches(e, local->mean, logp);
}

/* Takes local k out; its memory is used again. */
static void drop(struct explorer *e, size_t k)
{
    const struct local gone = e->locals[k];
    memmove(&e->locals[k], &e->locals[k + 1], (e->count - k - 1) * sizeof gone);
    e->locals[--e->count] = gone;
}

bool explored_keep(struct explorer *e)
{
    const size_t k = explored_find(e, &e->locals[e->count]);
    const bool is_new = k == e->count;
    if (is_new && explored_is_hopeless(e, e->locals[k].elbo)) {
        return false;
    }
    memcpy(e->locals[k].peak, e->x, e->dim * sizeof *e->x);
    e->count += is_new;
    for (size_t i = e->count; i-- > 0;) {
        if (explored_is_hopeless(e, e->locals[i].elbo)) {
            drop(e, i);
        }
    }
    return is_new;
}

bool explored_covers(struct explorer *e, const double *x)
{
    for (size_t k = 0; k < e->count; k++) {
        if (local_distance(&e->locals[k], &e->work, e->locals[k].mean, x) < BEYOND + sqrt((double)e->dim)) {
            return true;
        }
    }
    return false;
}

bool explored_knows(struct explorer *e, const struct local *local)
{
    return explored_find(e, local) < e->count;
}

static int better_first(const void *a, const void *b)
{
    const struct local *p = a, *q = b;
    return (p->elbo < q->elbo) - (p->elbo > q->elbo);
}

/* Whether the locals whose means lie within local k are together the better description: it then spans several modes.
 */
static bool is_superseded(struct explorer *e, size_t k)
{
    double inside = 0;
    for (size_t j = 0; j < e->count; j++) {
        if (j != k && local_distance(&e->locals[k], &e->work, e->locals[k].mean, e->locals[j].mean) < WITHIN) {
            inside += exp(e->locals[j].elbo - e->locals[k].elbo);
        }
    }
    return inside > 1;
}

static void drop_superseded(struct explorer *e)
{
    for (size_t k = e->count; k-- > 0;) {
        if (is_superseded(e, k)) {
            drop(e, k);
        }
    }
}

void explored_weigh(struct explorer *e)
{
    double sum = 0;
    qsort(e->locals, e->count, sizeof *e->locals, better_first);
    drop_superseded(e);
    for (size_t k = 0; k < e->count; k++) {
        e->weight[k] = exp(e->locals[k].elbo - e->locals[0].elbo);
        if (e->weight[k] < NEGLIGIBLE) {
            e->count = k;
        } else {
            sum += e->weight[k];
        }
    }
    for (size_t k = 0; k < e->count; k++) {
        e->weight[k] /= sum;
    }
}

void explored_leave(const struct explorer *e, struct known_modes *modes, struct arena *arena)
{
    const size_t d = e->dim;
    modes->locals = arena_take(arena, e->count, sizeof *modes->locals);
    for (size_t k = 0; k < e->count && !arena->failed; k++) {
        local_init(&modes->locals[k], arena, d);
        if (!arena->failed) {
            local_copy(d, &e->locals[k], &modes->locals[k]);
            modes->count++;
        }
    }
}

void explored_adopt(struct explorer *e, const struct known_modes *modes)
{
    for (e->count = 0; e->count < modes->count && e->count < e->room; e->count++) {
        local_copy(e->dim, &modes->locals[e->count], &e->locals[e->count]);
        e->locals[e->count].known = true;
    }
    e->warm = e->again = e->count > 0;
}

bool explored_has_news(const struct explorer *e)
{
    double news = 0;
    for (size_t k = 0; k < e->count; k++) {
        news += e->locals[k].known ? 0 : e->weight[k];
    }
    return news > NEWS;
}

double explored_promise(const struct explorer *e)
{
    return e->count > 0 ? e->locals[0].elbo - log(e->weight[0]) : -INFINITY; /* weights are exp(ELBO) over their sum */
}
