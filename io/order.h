/* SPDX-License-Identifier: BSD-3-Clause */
/* A few order statistics of many values, without sorting all of them. */
#ifndef ROVI_IO_ORDER_H
#define ROVI_IO_ORDER_H

#include <stddef.h>

struct order_range {
    size_t from, to; /* places from..to, both included, 0 being the least value's */
};

/* Moves the n values so that each place of the ranges holds what it would hold were all of them in ascending order.
 * No value may be NaN. Expected time: O(n) for each range. */
void order_values(size_t n, double *values, size_t ranges, const struct order_range *range);

#endif
