/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The target interface: a log density that is asked in batches, and what a kind of target fills in to be one.
 */
#ifndef ROVI_TARGET_TARGET_H
#define ROVI_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "rovi.h"

struct meter;

/* The most points in one call of evaluate: a block of a parallel loop. */
#define TARGET_BLOCK 64

/* A kind of target: log densities at n <= TARGET_BLOCK points (rows of x) and gradients unless grad is NULL; scratch
 * holds target->scratch doubles. Returns 0, or < 0 when the target failed for good. Points outside the support get
 * logp = -INFINITY; anything not finite is taken as that by target_evaluate. */
typedef int (*target_evaluate_fn)(const struct rovi_target *target, size_t n, const double *x, double *logp,
                                  double *grad, double *scratch);

/* Which component each of n <= TARGET_BLOCK points most likely came from; scratch as above. */
typedef void (*target_classify_fn)(const struct rovi_target *target, size_t n, const double *x, size_t *component,
                                   double *scratch);
/* The most lines in one question below. */
#define TARGET_LINES 4

/* The points x_s + t_j u: `lines` <= TARGET_LINES rows x_s of x, `points` <= TARGET_BLOCK steps t_j. */
struct target_lines {
    size_t lines, points;
    const double *x, *u, *t;
};

/* A kind that has a short form along a line may fill it in: log densities (lines x points), as evaluate gives them;
 * scratch holds target->lines_scratch doubles. */
typedef int (*target_lines_fn)(const struct rovi_target *target, const struct target_lines *along, double *logp,
                               double *scratch);

/* What a draw is for the user, where that is not the point itself: parameters, then transformed parameters, then
 * generated quantities. */
struct target_outputs {
    size_t parameters, transformed, generated;
    const char *const *names; /* of all */
    /* Of one point, into out, with random numbers from the seed. False when the model fails there. */
    bool (*constrain)(const struct rovi_target *target, unsigned include, uint32_t seed, const double *x, double *out);
    rovi_status (*unconstrain)(const struct rovi_target *target, const char *json, double *x, rovi_error *error);
};

struct rovi_target {
    size_t dim;
    double log_z;    /* NaN when unknown */
    bool concurrent; /* evaluate may be called from several threads at once */
    target_evaluate_fn evaluate;
    size_t components; /* of a mixture, or of a view of one; 0: not one, and no classify */
    target_classify_fn classify;
    size_t scratch;           /* doubles that one call of evaluate or classify needs */
    target_lines_fn lines;    /* or NULL */
    size_t lines_scratch;     /* doubles that one call of lines needs */
    void *self;               /* the kind's own data, inside `memory` */
    struct rovi_target *base; /* owned; NULL but for views of another target */
    struct meter *through;    /* of a solver's view: the meter by which it asks the target itself; else NULL */
    double *start;            /* d: where searching begins; NULL for the origin */
    target_evaluate_fn plain; /* what evaluate was before differences took the place of gradients; else NULL */
    /* What only models have: NULL for the others. */
    const char *const *names;             /* of the d coordinates */
    const struct target_outputs *outputs; /* what a draw is for the user */
    struct failures *failures;            /* what the model has said */
    void (*close)(void *closed);          /* gives back what is not in `memory`; or NULL */
    void *closed;                         /* its argument */
    struct arena memory;
};

/* The largest dimension: far beyond what a dense rotation can be kept for, and small enough that d * d * 64 doubles
 * have a size. */
#define TARGET_DIM_MOST 1000000

/* What a constructor checks first: there is a place for the handle, which becomes NULL, and 1 <= d <= the most. */
rovi_status target_accept(size_t d, struct rovi_target **target, rovi_error *error);

/* A target of dimension d with nothing but its memory; NULL when out of memory. */
struct rovi_target *target_make(size_t d);

/* What a constructor does last: *target = made, or free it and fail when its memory failed. */
rovi_status target_finish(struct rovi_target *made, struct rovi_target **target, rovi_error *error);

/* Coordinate j of where searching begins: the target's start, or the origin. */
double target_origin(const struct rovi_target *target, size_t j);

/* Points whose log density is not finite, or whose gradient is not. */
struct target_rejected {
    size_t count;
    size_t undefined; /* of them, those that are not outside the support: of a log density of NaN or +infinity, or with
                         no finite gradient at a finite one */
};

/* Evaluate and tidy, n <= TARGET_BLOCK: what is not finite becomes logp = -INFINITY with a zero gradient; *rejected
 * (unless NULL) is how many. Returns 0, or < 0 when the target failed for good. */
int target_evaluate(const struct rovi_target *target, size_t n, const double *x, double *logp, double *grad,
                    double *scratch, struct target_rejected *rejected);

/* The same for points on lines, from the target's short form or by placing them; scratch holds target_lines_scratch. */
int target_evaluate_lines(const struct rovi_target *target, const struct target_lines *along, double *logp,
                          double *scratch, struct target_rejected *rejected);
size_t target_lines_scratch(const struct rovi_target *target);

#endif
