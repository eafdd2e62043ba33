/* SPDX-License-Identifier: BSD-3-Clause */
#include "explore/settle.h"

#include <math.h>

#include "base/linalg.h"
#include "evidence/elbo.h"
#include "explore/explored.h"

#define AWAY    1.0  /* standard deviations, beyond those of a draw: a mean that has left the mode it began in */
#define CHUNK   5    /* natural-gradient steps between looks at the ELBO */
#define CHUNKS  16   /* at most */
#define SLIGHT  1e-3 /* nats: a gain that is not worth a chunk */
#define RATE    0.5  /* of a natural-gradient step, at least */
#define SHRINKS 8    /* halvings of a local, at most, while too few of its draws lie inside the support */
#define COARSE  10   /* times its width: the scale of differences that is off by more is corrected */

bool settle_climb(struct explorer *e, double *logp)
{
    const struct metric units = {.L = e->count > 0 ? e->locals[0].L : NULL};
    e->ascent.low = explored_level(e);
    return ascent_climb_nearer(&e->ascent, units, e->progress->meter->target->start, e->x, logp);
}

/* In units of the first local, or of x. */
static void guess_scale(struct explorer *e)
{
    for (size_t j = 0; j < e->dim; j++) {
        const double *row = e->locals[0].L + j * e->dim;
        e->scale[j] = e->count > 0 ? sqrt(linalg_dot(j + 1, row, row)) : 1;
    }
}

/* Widths of the curvature; true when the differences that showed it were of another order. */
static bool correct_scale(struct explorer *e)
{
    bool other = false;
    for (size_t j = 0; j < e->dim; j++) {
        const double h = e->H[j * e->dim + j], width = h > 0 ? 1 / sqrt(h) : e->scale[j];
        other = other || !(e->scale[j] > width / COARSE && e->scale[j] < width * COARSE);
        e->scale[j] = width;
    }
    return other;
}

/* The difference steps follow that which the first ones show. */
bool settle_curvature(struct explorer *e)
{
    guess_scale(e);
    for (int pass = 0; pass < 2; pass++) {
        if (!ascent_hessian(&e->ascent, e->x, e->scale, e->H)) {
            return false;
        }
        if (!correct_scale(e)) {
            break;
        }
    }
    return true;
}

bool settle_laplace(struct explorer *e, struct local *local)
{
    return settle_curvature(e) && local_laplace(local, &e->work, e->x, e->H);
}

/* Back to the last good state, if there is one, and half as wide. */
static void shrink(struct explorer *e, struct local *local)
{
    if (isfinite(e->good.elbo)) {
        local_copy(e->dim, &e->good, local);
    }
    for (size_t i = 0; i < e->dim * e->dim; i++) {
        local->L[i] *= 0.5;
    }
}

bool settle_has_left(struct explorer *e, const struct local *local)
{
    return e->home != NULL && local_distance(local, &e->work, local->mean, e->home) > AWAY + sqrt((double)e->dim);
}

/* The ELBO before the last chunk of steps. */
static double before(const struct explorer *e)
{
    return isfinite(e->good.elbo) ? e->good.elbo : e->work.begun;
}

bool settle_may_skip(const struct explorer *e)
{
    const double off = e->locals[0].off;
    return !e->narrow && !e->rich && off >= ELBO_FAITHFUL && off < SETTLE_WILD && (e->warm || e->wasted > 0);
}

/* Whether steps that began elsewhere are on their way to what is known. */
static bool is_on_the_way(struct explorer *e, const struct local *local)
{
    return e->count > 0 && settle_may_skip(e) && e->home == NULL && explored_joins(e, local);
}

/* Whether the first steps of all are on a long way, where others may lead. */
static bool is_astray(const struct explorer *e, const struct local *local)
{
    return e->warm_start != NULL && e->count == 0 && local->off > SETTLE_IN_DOUBT;
}

bool settle(struct explorer *e, struct local *local, struct rng_stream stream)
{
    rovi_stop stop = ROVI_STOP_CONVERGED;
    int shrunk = 0;
    e->reached = false;
    e->good.elbo = local->elbo = -INFINITY;
    for (int c = 0; c < CHUNKS && shrunk <= SHRINKS && !supervisor_ends(e->progress, &stop); c++) {
        if (!local_fit(local, &e->work, stream, CHUNK, RATE)) {
            shrunk++;
            shrink(e, local);
        } else if (e->work.idle || local->off < e->work.enough || local->elbo < before(e) + SLIGHT + 2 * local->error) {
            break;
        } else {
            local_copy(e->dim, local, &e->good);
            e->reached = is_on_the_way(e, local);
            if (e->reached || explored_find(e, local) < e->count || settle_has_left(e, local) || is_astray(e, local)) {
                break;
            }
        }
        stream.substream += CHUNK + 1;
    }
    if (shrunk > 0 && e->good.elbo > -INFINITY && e->good.elbo >= local->elbo && !(local->off < e->work.enough)) {
        local_copy(e->dim, &e->good, local);
    }
    return isfinite(local->elbo);
}

bool settle_from(struct explorer *e, struct local *local, const double *x, struct rng_stream stream)
{
    local_at(local, e->dim, x);
    return settle(e, local, stream);
}
