/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A batch: reference points pushed through q into the target, and the target's gradients brought back. Everything a map
 * step or a rotation step needs to know about the target is in it.
 */
#ifndef ROVI_RESTART_BATCH_H
#define ROVI_RESTART_BATCH_H

#include "base/parallel.h"
#include "base/rng.h"
#include "family/approximation.h"
#include "supervise/supervisor.h"

struct batch {
    size_t n, dim;
    double *x;         /* reference points: n x d */
    double *y;         /* T(x): n x d */
    double *u;         /* L^T grad log p(z): n x d; zero where the target rejected the point */
    double *w;         /* O^T u = -grad_y V: n x d */
    size_t valid;      /* points the target did not reject: averages are over these */
    struct team *team; /* borrowed */
    double *work;      /* work_size doubles for each worker */
    size_t work_size;
};

/* Takes its memory from the arena, which may fail. */
void batch_init(struct batch *batch, struct arena *arena, size_t n, const struct rovi_target *target,
                struct team *team);

/* Evaluates all n points of the stream under q. False when the supervisor ended it (*stop says why): the batch is then
 * not to be used. */
bool batch_evaluate(struct batch *batch, const rovi_approximation *q, struct rng_stream stream,
                    const struct progress *progress, rovi_stop *stop);

#endif
