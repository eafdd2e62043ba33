/* SPDX-License-Identifier: BSD-3-Clause */
/* The floor of a dictionary: the least KL that any map in it can reach, apart from how it is looked for. */
#ifndef ROVI_CLI_REPRODUCE_FLOOR_H
#define ROVI_CLI_REPRODUCE_FLOOR_H

/* For 1/2 N(-a, 1) + 1/2 N(a, 1) in one dimension: knots every `mesh` (or a little less, to fill the range) on
 * [-range, range], slope alpha outside of them. NaN when there would be more than 1000 cells. */
double floor_of_pair(double a, double mesh, double range, double alpha);

#endif
