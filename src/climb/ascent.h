/* SPDX-License-Identifier: BSD-3-Clause */
/* Local search on the target: quasi-Newton ascent, and the curvature by differences of gradients. */
#ifndef ROVI_CLIMB_ASCENT_H
#define ROVI_CLIMB_ASCENT_H

#include "base/arena.h"
#include "base/parallel.h"
#include "climb/lbfgs.h"
#include "climb/metric.h"
#include "supervise/supervisor.h"

/* Points of a climb before its steps 0, 1, 2, 4, 8, ...: x is room x d. */
struct ascent_path {
    size_t room, count;
    double *x;
};

struct ascent {
    const struct progress *progress;
    struct team *team; /* or NULL */
    size_t dim;
    int most_steps;                                            /* of a climb, where it is not low: 200 */
    double low;                                                /* log density below which one goes on: -infinity */
    double still;                                              /* expected gain, in nats, below which one ends: 1e-6 */
    double enough;                                             /* log density at which one ends: infinity */
    bool (*arrived)(void *data, const double *x, double logp); /* whether a point of one is where it ends; or NULL */
    void *arrived_data;
    bool came;            /* whether the last climb ended there */
    bool cut;             /* whether it ended for want of steps, and low */
    struct metric metric; /* of the present climb */
    struct lbfgs memory;
    struct ascent_path *path;                      /* or NULL: where a climb leaves some of its points */
    double *begin, *at, *x;                        /* d: where it began, where it is from there in its units, a point */
    double *grad, *direction, *trial, *trial_grad; /* d */
    double *work;                                  /* of each worker: points, gradients, the target's scratch */
    size_t work_size;
};

/* Takes its memory from the arena, which may fail. */
void ascent_init(struct ascent *a, struct arena *arena, const struct progress *progress, struct team *team);

/* L-BFGS ascent of log p from x, in place, *logp its value there, in the units of the metric. False when the target
 * rejects the start. */
bool ascent_climb(struct ascent *a, struct metric metric, double *x, double *logp);

/* The same from x or, while the target rejects that, from half as far from `toward` (d; NULL: the origin), a few times;
 * a->begin is where it began. */
bool ascent_climb_nearer(struct ascent *a, struct metric metric, const double *toward, double *x, double *logp);

/* H <- Hessian of -log p at x (d x d, symmetric) by central differences with steps along the coordinates a small part
 * of scale (d): 2 d gradients. False when the target rejects a point. */
bool ascent_hessian(struct ascent *a, const double *x, const double *scale, double *H);

#endif
