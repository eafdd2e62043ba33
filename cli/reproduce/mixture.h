/* SPDX-License-Identifier: BSD-3-Clause */
/* The mixtures that the experiments fit, and what of them an approximation keeps. */
#ifndef ROVI_CLI_REPRODUCE_MIXTURE_H
#define ROVI_CLI_REPRODUCE_MIXTURE_H

#include "cli/reproduce/study.h"

#define COMPONENTS_MOST 16

struct mixture {
    size_t d, count;
    double df; /* Student t; 0: normal */
    double weight[COMPONENTS_MOST];
    const double *means;       /* count x d */
    size_t covariance_count;   /* 0: identity, 1: shared, count */
    const double *covariances; /* each d x d */
};

/* Equal weights. */
struct mixture mixture_even(size_t d, size_t count, const double *means);

const rovi_target *mixture_target(struct study *study, const struct mixture *mixture);

/* The mixture itself as an approximation, to draw from exactly. Normal components of covariance I. */
const rovi_approximation *mixture_exact(struct study *study, const struct mixture *mixture);

/* The mass that q gives to each component: of the posterior probabilities of q's draws the mean. */
void mixture_shares(struct study *study, const struct mixture *mixture, const rovi_approximation *q,
                    rovi_estimate *share);

/* KL(q_j || p_j), averaged over the coordinates j: of the smoothed draws of q to the exact marginals. Its own error,
 * from smoothing and the number of draws, is below .002. */
double mixture_marginal_kl(struct study *study, const struct mixture *mixture, const rovi_approximation *q);

/* The same of n draws from anywhere. */
double mixture_marginal_kl_of(struct study *study, const struct mixture *mixture, size_t n, const double *x);

/* max_k |<O e_k, u>|: 1 when one axis of q is the direction u. NaN without a fit. */
double fit_alignment(const rovi_fit *fit, const double *u);

rovi_estimate fit_kl(const rovi_fit *fit);            /* NaN without a fit */
const rovi_approximation *fit_q(const rovi_fit *fit); /* NULL without a fit */

#endif
