/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks of draws of q and of log densities: of a rotated product, or of a mixture of such. */
#ifndef ROVI_FAMILY_DRAW_H
#define ROVI_FAMILY_DRAW_H

#include "base/rng.h"
#include "family/approximation.h"

#define DRAW_BLOCK 64 /* points handled at once, so that work memory does not grow with n */

/* Doubles of work for the functions below. */
size_t draw_work(const rovi_approximation *q);

/* The same, where it is the target's scratch in turn. */
size_t draw_work_or_scratch(const rovi_approximation *q, const rovi_target *target);

/* Draws first, ..., first + n - 1 of the stream (n <= DRAW_BLOCK) into z (n x d), their log q into log_q (n), which may
 * be NULL. */
void draw_points(const rovi_approximation *q, struct rng_stream stream, uint64_t first, size_t n, double *z,
                 double *log_q, double *work);

/* log q at n <= DRAW_BLOCK points z (n x d). */
void draw_log_density(const rovi_approximation *q, size_t n, const double *z, double *log_q, double *work);

/* log(w_k q_k) of each component of a mixture at n <= DRAW_BLOCK points, into term (count x n). work: 2 n d. O(d^2) a
 * point for each whitening and rotation that is not diagonal; those that several components share count once. */
void draw_terms(const rovi_approximation *q, size_t n, const double *z, double *term, double *work);

/* log_q (n) <- log of the sum of exp(term) over the components, whose terms are as above. */
void draw_mix(size_t count, size_t n, const double *term, double *log_q);

/* The n points z (n x d) join those `seen` before in the means and the sums of squared deviations from them (d each; 0
 * at first). */
void draw_add_moments(size_t seen, size_t n, size_t d, const double *z, double *mean, double *squares);

/* log(e^a + e^b) */
double draw_log_add(double a, double b);

#endif
