/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A mixture while it is made: components, draws of each with the log density of every component there, and what follows
 * from these without asking the target again: the best weights, the ELBO, and which components are not needed.
 */
#ifndef ROVI_MIXTURE_BLEND_H
#define ROVI_MIXTURE_BLEND_H

#include "base/parallel.h"
#include "base/rng.h"
#include "family/approximation.h"
#include "target/meter.h"

/* Of the tolerance: what the components that are dropped may have been worth together. */
#define BLEND_SUPERFLUOUS 0.5

/* Sums over draws, each counted by the component's density there. */
struct blend_moments {
    double all, inside;  /* of all draws; of those inside the support */
    double sum, squares; /* of log p - log q, less a constant */
};

struct blend {
    size_t dim, room, count;
    size_t degenerate;             /* components dropped so far for having no weight */
    rovi_approximation **q;        /* count: rotated products, owned */
    double *weight;                /* count */
    double *level;                 /* count: mean of log p - log q over the component, q the mixture */
    double *variance;              /* count: of the same */
    size_t *row;                   /* count: where the component is in the tables */
    bool *moved;                   /* count: new, or another than when its neighbours were last fitted; the caller's */
    size_t n, rows;                /* draws of each component; components when they were taken */
    double *ratio;                 /* rows x n: log p - log of the mean of all q_j, at draw s of component k */
    double *share;                 /* rows x n x rows: q_j over that mean */
    size_t *near, *near_count;     /* rows x rows, rows: the rows that count at the draws of each */
    size_t *live, *live_count;     /* likewise: those of them that have a weight */
    double *row_weight;            /* rows: weight of the component there, 0 when it was dropped */
    double about;                  /* one of the ratios */
    struct blend_moments *moments; /* rows */
    double *metric, *factor;       /* rows x rows: A, lower triangle, times the number of draws; work */
    double *step, *kept;           /* 2 rows, rows: work */
    struct arena memory, tables;
};

/* Room for so many components; false when out of memory. */
bool blend_init(struct blend *b, size_t dim, size_t room);
void blend_free(struct blend *b);

/* Takes q, a rotated product, over; false, and q is freed, when there is no room. */
bool blend_add(struct blend *b, rovi_approximation *q);

/* The components and weights of q, a mixture or a rotated product, and no others. False when out of memory or room. */
bool blend_set(struct blend *b, const rovi_approximation *q);

/* The mixture as it is. NULL when out of memory. */
rovi_approximation *blend_mix(const struct blend *b);

/* n draws of each component, asked of the target. False when out of memory. */
bool blend_sample(struct blend *b, size_t n, struct meter *meter, struct team *team, struct rng_stream stream);

/* The weights of greatest ELBO on the draws, from those there are; components of no weight are dropped. Returns the
 * ELBO, and sets level and variance. */
rovi_estimate blend_weigh(struct blend *b);

/* One step of equation (36) towards these weights; none is dropped. */
rovi_estimate blend_approach(struct blend *b);

/* Mean share of component j in the mixture over component k, after blend_weigh or blend_approach. */
double blend_share(const struct blend *b, size_t j, size_t k);

/* Drops components, the one that fits worst first, as long as the ELBO loses less than `loss` by all of them together.
 */
void blend_prune(struct blend *b, double loss);

#endif
