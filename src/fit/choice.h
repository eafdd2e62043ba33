/* SPDX-License-Identifier: BSD-3-Clause */
/* What a fit decides on the way: nothing here asks the target. */
#ifndef ROVI_FIT_CHOICE_H
#define ROVI_FIT_CHOICE_H

#include "fit/job.h"

/* Whether a first restart that came this far spares the others all but their search for modes: near the target, as far
 * as it sees, and with no less than its local normals promise; or with so much less that a mixture will do better. */
bool choice_first_suffices(const struct fit_job *job, const rovi_restart *first);

/* Whether it does by so much that few draws tell. */
bool choice_first_is_clear(const struct fit_job *job, const rovi_restart *first);

/* The restart of the greatest ELBO, on the draws that choose, which is the least KL; job->count when there is none. */
size_t choice_winner(const struct fit_job *job);

/* Whether the local normals that were found would together explain more than the best fit, were they apart, or the
 * best fit is far from the target. Only where the family is left to the fit. */
bool choice_tries_mixture(const struct fit_job *job);

/* Whether every search has found one mode, the same: those of a first restart that suffices, which always runs again.
 */
bool choice_is_alone(const struct fit_job *job);

/* In many dimensions: whether there may be a mixture of what the restarts have found. */
bool choice_tries_gathering(const struct fit_job *job);

/* A mixture is taken when its ELBO is greater: by more than what is lost in noise, unless it is less than half
 * as far from the target, as its log ratios tell, which says the same. */
bool choice_takes_mixture(const struct fit_job *job, size_t mixture, size_t best);

/* What valleys part loses nothing by being together, whatever its weights, and gains more than noise may show: that is
 * taken unless it is clearly worse. */
bool choice_takes_gathered(const struct fit_job *job, size_t mixture, size_t best);

#endif
