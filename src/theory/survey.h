/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the mass of a target in the plane is, when nothing is known of it. */
#ifndef ROVI_THEORY_SURVEY_H
#define ROVI_THEORY_SURVEY_H

#include "theory/grid.h"

/* Fills view->box, unless one is given, and view->pieces with the target's peaks, from view->target and view->most.
 * ROVI_NUMERICS_FAILED when no box holds the target. */
rovi_status survey(struct view *view, const double *box, struct arena *memory, rovi_error *error);

#endif
