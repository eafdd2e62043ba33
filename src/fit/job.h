/* SPDX-License-Identifier: BSD-3-Clause */
/* A fit while it runs. */
#ifndef ROVI_FIT_JOB_H
#define ROVI_FIT_JOB_H

#include "mixture/mixture.h"
#include "restart/restart.h"

struct fit_job {
    struct problem problem;
    const rovi_fit_input *input;
    struct supervisor supervisor;
    struct team *team;
    size_t threads;
    size_t count;
    struct restart *restarts; /* count */
    rovi_restart *shown;      /* count */
    bool mixing;              /* the restarts that run now are mixtures, on these terms */
    struct mixture_terms terms;
    size_t winner;        /* count until one is chosen */
    struct elbo evidence; /* of the winner */
    struct meter total;
    struct arena memory;
};

/* Whether rotations are of low rank. */
static inline bool fit_is_low_rank(const struct fit_job *job)
{
    return settings_low_rank(job->problem.settings, job->problem.target->dim);
}

#endif
