/* SPDX-License-Identifier: BSD-3-Clause */
/* Mixtures, between what evaluates them (mixture.c) and what builds them from the user's arrays (mixture_new.c). */
#ifndef ROVI_TARGET_MIXTURE_H
#define ROVI_TARGET_MIXTURE_H

#include "target/target.h"

struct mixture {
    size_t d, K;
    size_t groups, per; /* groups, and components in each: 1 and K (shared matrix) or K and 1 (one each) */
    double df;          /* of Student's t; INFINITY for the Gaussian */
    double *weight;     /* K: sum 1 */
    double *location;   /* K x d: the means as they were given */
    double *log_c;      /* K: log (w_k c_k), log density of component k where q_k = 0 */
    double *centre;     /* groups x d */
    double *L;          /* groups x d x d, Cholesky factors; NULL for the identity */
    double *mean;       /* K x d: whitened means, L^-1 (m_k - centre) */
};

/* log of the density of a spherical component at its mean: standard normal, or Student's t with df < infinity */
double mixture_log_peak(size_t d, double df);

/* z (n x d) = L_g^-1 (x - centre_g) for the rows of x; z may be x */
void mixture_whiten(const struct mixture *mix, size_t g, size_t n, const double *x, double *z);

/* The evaluate and classify of a target whose self is a mixture, and the doubles of scratch that they need */
int mixture_evaluate(const struct rovi_target *target, size_t n, const double *x, double *logp, double *grad,
                     double *scratch);
void mixture_classify(const struct rovi_target *target, size_t n, const double *x, size_t *component, double *scratch);
size_t mixture_scratch(const struct mixture *mix);

/* Its lines, O(d^2) each however many points there are, and the doubles of scratch */
int mixture_lines(const struct rovi_target *target, const struct target_lines *along, double *logp, double *scratch);
size_t mixture_lines_scratch(const struct mixture *mix);

#endif
