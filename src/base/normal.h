/* SPDX-License-Identifier: BSD-3-Clause */
/* The standard normal distribution: density, probabilities, quantiles and truncated moments. */
#ifndef ROVI_BASE_NORMAL_H
#define ROVI_BASE_NORMAL_H

#include <stddef.h>

#define NORMAL_LOG_SQRT_2PI 0.91893853320467274178 /* log sqrt(2 pi) */

static inline double normal_log_density(double x)
{
    return -0.5 * x * x - NORMAL_LOG_SQRT_2PI;
}

double normal_density(double x);
double normal_cdf(double x);                /* P(X <= x), relative accuracy in both tails */
double normal_upper(double x);              /* P(X > x) */
double normal_interval(double a, double b); /* P(a < X <= b) for a <= b, without cancellation in the tails */
double normal_quantile(double p);           /* cdf^-1; -+infinity at 0 and 1 */
/* The quantiles of n probabilities, several times faster and bit for bit as one by one; p and x do not overlap. */
void normal_quantiles(size_t n, const double *p, double *x);
double normal_between(double left, double right); /* the quantile with these masses on either side, by the lesser */
double normal_moment1(double a, double b);        /* E[X; a < X <= b] = phi(a) - phi(b); infinite ends allowed */
void normal_cell_moments(double a, double b, double m[3]); /* m_r = E[u^r; a < X <= b], u = (X - a)/(b - a), r = 0..2 */
double normal_moment2(double a, double b);                 /* E[X^2; a < X <= b] = P(a,b) + a phi(a) - b phi(b) */

#endif
