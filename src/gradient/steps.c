/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gradients by equations (3) and (11). Coordinates are independent given a batch, and so are rows of dF/dO: both go to
 * any thread, and each sum runs over all points in one order.
 */
#include "gradient/steps.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "family/cone.h"
#include "family/rotation.h"

struct job {
    struct steps *steps;
    rovi_approximation *q;
    const struct batch *batch;
    double eta;
};

void steps_init(struct steps *steps, struct arena *arena, size_t d, size_t cells, struct team *team)
{
    steps->team = team;
    steps->map_work_size =
        cells + (cone_project_work(cells) > 2 * (cells + 2) ? cone_project_work(cells) : 2 * (cells + 2));
    steps->map_work = arena_doubles(arena, team_size(team) * steps->map_work_size);
    steps->gradient = arena_doubles(arena, d * d);
    steps->rotation_work = arena_doubles(arena, rotation_work(d));
}

/* One coordinate. The entropy's part of dF/dlambda_k is -P_k/(lambda_k + alpha h_k). */
static void move_map(void *context, size_t i, size_t worker)
{
    const struct job *job = context;
    const struct batch *b = job->batch;
    struct map *T = &job->q->maps[i];
    const size_t J = T->D.cells;
    double *g = job->steps->map_work + worker * job->steps->map_work_size, *work = g + J, total = 0;
    map_adjoint(T, b->n, b->dim, b->x + i, b->w + i, g, &total, work);
    for (size_t k = 0; k < J; k++) {
        g[k] = -g[k] / (double)b->valid - T->D.mass[k] / (T->lambda[k] + T->alpha * T->D.width[k]);
    }
    cone_gram_solve(&T->D, g, g, work);
    const double v = T->v + job->eta * total / (double)b->valid;
    if (!linalg_all_finite(J, g) || !isfinite(v)) {
        return; /* a gradient beyond the range of doubles moves nothing */
    }
    for (size_t k = 0; k < J; k++) {
        T->lambda[k] -= job->eta * g[k];
    }
    cone_project(&T->D, T->lambda, work);
    T->v = v;
    map_prepare(T);
}

void map_step(struct steps *steps, rovi_approximation *q, const struct batch *batch, double eta)
{
    struct job job = {.steps = steps, .q = q, .batch = batch, .eta = eta};
    if (batch->valid > 0) {
        team_for(steps->team, batch->dim, move_map, &job);
    }
}

/* G = dF/dO = -mean u y^T */
static void rotation_gradient(const struct batch *b, double *G)
{
    memset(G, 0, b->dim * b->dim * sizeof *G);
    linalg_add_multiply_tn(b->dim, b->n, b->dim, -1 / (double)b->valid, b->u, b->y, G);
}

bool rotation_step(struct steps *steps, rovi_approximation *q, const struct batch *batch, double eta)
{
    const size_t d = batch->dim;
    if (batch->valid == 0) {
        return true;
    }
    rotation_gradient(batch, steps->gradient);
    rotation_project_tangent(d, q->rotation, steps->gradient, steps->rotation_work);
    const bool ok = rotation_retract(d, q->rotation, steps->gradient, eta, steps->rotation_work);
    approximation_prepare_rotation(q);
    return ok;
}
