/* SPDX-License-Identifier: BSD-3-Clause */
/* The cone lambda >= 0 in the norm of the Gram matrix Q: what the projected gradient step of equation (12) needs. */
#ifndef ROVI_FAMILY_CONE_H
#define ROVI_FAMILY_CONE_H

#include <stddef.h>

#include "family/dictionary.h"

/* x = Q^-1 g (J each; x may be g), by one tridiagonal solve. work: 2 (J + 1) doubles. */
void cone_gram_solve(const struct dictionary *D, const double *g, double *x, double *work);

size_t cone_project_work(size_t cells); /* doubles of work */

/* lambda <- argmin over lambda >= 0 of |lambda - lambda_in|_Q, in place, exactly (up to rounding). Returns the number
 * of active-set rounds. */
size_t cone_project(const struct dictionary *D, double *lambda, double *work);

#endif
