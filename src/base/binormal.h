/* SPDX-License-Identifier: BSD-3-Clause */
/* The bivariate standard normal distribution: probabilities of quadrants. */
#ifndef ROVI_BASE_BINORMAL_H
#define ROVI_BASE_BINORMAL_H

/* P(X > h, Y > k) for standard normals of correlation |r| < 1; infinite h and k allowed. Accurate relative to the
 * result, far out in the tails too: to about 1e-13, plus what the rounding of h, k and r is worth there. */
double binormal_upper(double h, double k, double r);

#endif
