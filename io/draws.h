/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Draws of a fit, a block at a time whatever their number, and what a file of draws says about them. Those who write
 * formats (draws_csv.h, draws_netcdf.h) see plain arrays.
 */
#ifndef ROVI_IO_DRAWS_H
#define ROVI_IO_DRAWS_H

#include "io/fit_file.h"

#define DRAWS_MODES 64 /* the modes that draws are told apart by: those that the fit lists */

/* Stan's names: a, b.1, b.2, m.1.1, m.2.1; indices from 1, the first one the fastest. */
struct draws_names {
    size_t count;
    const char *const *name;
};

/* What holds for all draws of a file. Borrowed. */
struct draws_head {
    const char *model, *method, *status; /* one line each */
    const rovi_estimate *elbo;           /* of the fit; NULL: they are a sampler's */
    uint64_t iterations, count, seed;
    size_t chains;                    /* each of `count` draws */
    uint64_t proposals;               /* of which the draws were chosen; 0: they are all */
    struct draws_names shown;         /* columns of draws */
    struct draws_names unconstrained; /* columns of unconstrained draws; count 0 when they are the same */
    const double *mean;               /* where q's mean is shown: shown.count */
};

struct draws_block {
    size_t n;
    size_t chain;                          /* that all of them belong to */
    uint64_t first;                        /* place of the first of them in it */
    const double *x;                       /* n x shown.count */
    const double *unconstrained;           /* n x unconstrained.count */
    const double *lp, *log_q, *log_weight; /* n; lp and log_weight are NaN where there is no target; log_q, log_weight
                                              and mode are NULL for a sampler's draws */
    const int *mode;                       /* n, place among the modes of the fit; -1: none of the listed */
};

/* Takes the blocks one after the other. */
typedef rovi_status (*draws_sink)(void *sink, const struct draws_block *block, rovi_error *error);

/* Hands all draws to the sink; stops at the first failure of either. */
typedef rovi_status (*draws_source)(const void *source, draws_sink take, void *sink, rovi_error *error);

/* On which scale draws are shown; all zero for the coordinates of the fit themselves, x.1, ..., x.d. */
struct draws_scale {
    struct draws_names shown;         /* count 0: x.1, ..., x.d */
    struct draws_names unconstrained; /* d names where there is `constrain`, else none */
    /* n draws as shown from n unconstrained ones, which have the numbers first, first + 1, ... in the stream of the
     * seed; NULL: they are shown as they are */
    rovi_status (*constrain)(void *data, uint64_t first, size_t n, const double *unconstrained, double *shown,
                             rovi_error *error);
    void *data;
};

struct draws_request {
    const struct fit_file *fit;
    const rovi_target *target; /* NULL: not at hand */
    uint64_t seed, count;
    uint64_t proposals; /* draw so many and keep `count` of them, by their weights without replacement; 0: keep all */
    bool by_restarts;   /* `count` draws of each restart that was fitted, a chain each; without proposals */
    struct draws_scale scale;
};

struct draws {
    struct draws_head head;
    struct draws_request request; /* its texts and handles are borrowed */
    rovi_modes *modes;
    const rovi_approximation **chain; /* head.chains: what each is drawn from */
    size_t d, room;                   /* room: draws in a block */
    size_t *chosen;                   /* numbers of the draws that are kept, increasing; NULL: 0, 1, ... */
    double *chosen_lp;
    struct pool pool;
};

/* Makes the head and, where there are proposals, the choice among them: their densities are asked for here. On failure
 * there is nothing to close. */
rovi_status draws_open(struct draws *draws, const struct draws_request *request, rovi_error *error);
void draws_close(struct draws *draws);

rovi_status draws_each(const void *draws, draws_sink take, void *sink, rovi_error *error); /* a draws_source */

/* Draws at hand, of a sampler that knows no log q. */
struct draws_table {
    const char *target, *method, *status; /* for the head */
    uint64_t seed;
    size_t count, dim;
    const double *x, *log_p; /* count x dim, count */
};

/* The head has its texts from the pool. */
rovi_status draws_table_head(const struct draws_table *table, struct pool *pool, struct draws_head *head,
                             rovi_error *error);
rovi_status draws_table_each(const void *table, draws_sink take, void *sink, rovi_error *error); /* a draws_source */

#endif
