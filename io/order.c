/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Quicksort that leaves alone the parts in which nothing is asked for. The lesser values are moved to the front by
 * arithmetic instead of branches (after Lomuto): of random values a branch would be foreseen half of the time.
 */
#include "io/order.h"

#include <stdbool.h>

#define FEW 12 /* values that are sorted by insertion */

static void sort_few(size_t n, double *x)
{
    for (size_t i = 1; i < n; i++) {
        const double value = x[i];
        size_t at = i;
        for (; at > 0 && x[at - 1] > value; at--)
            x[at] = x[at - 1];
        x[at] = value;
    }
}

/* Moves the values below the pivot to the front, or those that do not exceed it; returns how many there are. */
static size_t gather(size_t n, double *x, double pivot, bool equal)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const double value = x[i];
        x[i] = x[count];
        x[count] = value;
        count += (equal ? value <= pivot : value < pivot) ? 1 : 0;
    }
    return count;
}

static double median_of_three(double a, double b, double c)
{
    return a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
}

static bool is_wanted(size_t first, size_t n, size_t ranges, const struct order_range *range)
{
    for (size_t k = 0; k < ranges; k++)
        if (range[k].from < first + n && range[k].to >= first)
            return true;
    return false;
}

/* Of the values whose places begin at `first`. */
static void order_part(size_t first, size_t n, double *x, size_t ranges, const struct order_range *range)
{
    while (n > FEW && is_wanted(first, n, ranges, range)) {
        const double pivot = median_of_three(x[0], x[n / 2], x[n - 1]);
        const size_t below = gather(n, x, pivot, false);
        const size_t done = below > 0 ? below : gather(n, x, pivot, true); /* the least values: all the same */
        if (below > 0)
            order_part(first, below, x, ranges, range);
        first += done;
        x += done;
        n -= done;
    }
    if (n <= FEW)
        sort_few(n, x);
}

void order_values(size_t n, double *values, size_t ranges, const struct order_range *range)
{
    order_part(0, n, values, ranges, range);
}
