/* SPDX-License-Identifier: BSD-3-Clause */
/* Equation (38d) of docs/math.md, of which equal weights are a case. */
#include "io/describe.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "io/order.h"

static const double level[DESCRIBED_QUANTILES] = {0.05, 0.5, 0.95};

/* ---- mean and sd ---- */

static double share(const double *weight, size_t i, size_t n)
{
    return weight ? weight[i] : 1 / (double)n;
}

static void describe_moments(size_t n, const double *values, const double *weight, struct described *out)
{
    double mean = values[0], m2 = 0, m2_noise = 0, mean_noise = 0, concentration = 0, shift = 0;
    for (size_t i = 0; i < n; i++) /* from one of them, so that the mean of what is constant is exact */
        shift += share(weight, i, n) * (values[i] - mean);
    mean += shift;
    for (size_t i = 0; i < n; i++)
        m2 += share(weight, i, n) * (values[i] - mean) * (values[i] - mean);
    for (size_t i = 0; i < n; i++) {
        const double w = share(weight, i, n), square = (values[i] - mean) * (values[i] - mean);
        concentration += w * w;
        mean_noise += w * w * square;
        m2_noise += w * w * (square - m2) * (square - m2);
    }
    const double unbiased = 1 / (1 - concentration), sd = sqrt(unbiased * m2);
    out->mean = (rovi_estimate){mean, sqrt(unbiased * mean_noise)};
    out->sd = (rovi_estimate){sd, m2 > 0 ? sqrt(m2_noise / m2) / 2 : 0};
}

/* ---- quantiles of equally weighted values ---- */

/* The place of a p-quantile, and half of the distance over which it is told by n draws. */
static double place(size_t n, double p, double *spread)
{
    *spread = sqrt((double)n * p * (1 - p));
    return p * (double)(n - 1);
}

static double within(size_t n, double index)
{
    return index < 0 ? 0 : index > (double)(n - 1) ? (double)(n - 1) : index;
}

static double order_statistic(size_t n, const double *ordered, double at)
{
    double index = within(n, at);
    size_t below = (size_t)index, above = below + 1 < n ? below + 1 : below;
    return ordered[below] + (index - (double)below) * (ordered[above] - ordered[below]);
}

/* Orders the values as far as is needed. */
static void find_quantiles(size_t n, double *values, rovi_estimate quantile[DESCRIBED_QUANTILES])
{
    struct order_range range[DESCRIBED_QUANTILES];
    double spread;
    for (size_t k = 0; k < DESCRIBED_QUANTILES; k++) {
        const double at = place(n, level[k], &spread);
        range[k] = (struct order_range){(size_t)within(n, at - spread), (size_t)within(n, at + spread + 1)};
    }
    order_values(n, values, DESCRIBED_QUANTILES, range);
    for (size_t k = 0; k < DESCRIBED_QUANTILES; k++) {
        const double at = place(n, level[k], &spread);
        const double high = order_statistic(n, values, at + spread), low = order_statistic(n, values, at - spread);
        quantile[k] = (rovi_estimate){order_statistic(n, values, at), (high - low) / 2};
    }
}

/* ---- of weighted values ---- */

static int by_value(const void *a, const void *b)
{
    const struct weighed *p = a, *q = b;
    return (p->value > q->value) - (p->value < q->value);
}

/* Where the weights of the values up to it, its own by half, sum to p; linear in between. */
static double weighed_quantile(size_t n, const struct weighed *ordered, double p)
{
    double sum = 0, before = 0;
    for (size_t i = 0; i < n; i++) {
        const double here = sum + ordered[i].weight / 2;
        if (here >= p) {
            const double part = i > 0 && here > before ? (p - before) / (here - before) : 1;
            return i > 0 ? ordered[i - 1].value + part * (ordered[i].value - ordered[i - 1].value) : ordered[0].value;
        }
        sum += ordered[i].weight;
        before = here;
    }
    return ordered[n - 1].value;
}

static double level_noise(size_t n, const struct weighed *ordered, double quantile, double p)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double off = ordered[i].weight * ((ordered[i].value <= quantile) - p);
        sum += off * off;
    }
    return sqrt(sum);
}

static void find_weighed_quantiles(size_t n, const double *values, const double *weight, struct weighed *work,
                                   rovi_estimate quantile[DESCRIBED_QUANTILES])
{
    for (size_t i = 0; i < n; i++)
        work[i] = (struct weighed){values[i], weight[i]};
    qsort(work, n, sizeof *work, by_value);
    for (size_t k = 0; k < DESCRIBED_QUANTILES; k++) {
        const double at = weighed_quantile(n, work, level[k]), noise = level_noise(n, work, at, level[k]);
        const double high = weighed_quantile(n, work, level[k] + noise),
                     low = weighed_quantile(n, work, level[k] - noise);
        quantile[k] = (rovi_estimate){at, (high - low) / 2};
    }
}

/* ---- all ---- */

static bool any_nan(size_t n, const double *x)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(x[i]))
            return true;
    return false;
}

struct described describe(size_t n, double *values, const double *weight, struct weighed *work)
{
    const rovi_estimate unknown = {NAN, NAN};
    struct described out = {.mean = unknown, .sd = unknown, .quantile = {unknown, unknown, unknown}};
    if (n < 2 || any_nan(n, values))
        return out;
    describe_moments(n, values, weight, &out);
    if (weight)
        find_weighed_quantiles(n, values, weight, work, out.quantile);
    else
        find_quantiles(n, values, out.quantile);
    return out;
}
