/* SPDX-License-Identifier: BSD-3-Clause */
/* Densities in the plane, seen in a box: contours and exact marginals of a target, of a fit, or of an exact optimum. */
#ifndef ROVI_CLI_REPRODUCE_VIEW_H
#define ROVI_CLI_REPRODUCE_VIEW_H

#include "cli/reproduce/study.h"

struct view { /* its contours are the data block $contoursINDEX, x_1 and x_2 in columns 1 and 2 */
    size_t index;
    const struct landscape *land; /* NULL after a failure */
};

/* Box: lo_1, lo_2, hi_1, hi_2. */
struct view view_make(struct study *study, const rovi_target *target, const double box[4], size_t index);

/* The density of a fit or of an exact optimum as a target; both are borrowed until the study ends. */
const rovi_target *view_of_fit(struct study *study, const rovi_approximation *q);
const rovi_target *view_of_product(struct study *study, const rovi_plane_product *product);

/* Data block $name of n draws. */
void view_draws(struct study *study, const rovi_approximation *q, size_t n, const char *name);

/* KL(q_j || p_j), averaged over both coordinates, by sums over the grid. */
double view_marginal_kl(const struct view *q, const struct view *p);

/* Print the ranges of an upright square panel. */
void view_ranges(struct study *study, const double box[4]);

#endif
