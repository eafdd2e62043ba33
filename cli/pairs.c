/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which axes show most of a fit. In few dimensions all are shown. In many, candidates are the fit's own coordinates
 * y = O' L^-1 (x - center) = T(.), which are independent, or those of the target when the fit is a mixture and has no
 * rotation. They are ranked, on draws and on the modes that were found beyond the fit, by
 *   share of the variance that lies between modes  +  J/(1 + J),  J = skewness^2/12 + (excess kurtosis)^2/48,
 * J being the leading terms of the entropy that a law lacks against the normal law of its variance. Where there is a
 * mode beyond the fit, the last axis is the way to it, by the diagonal discriminant a_j = (m_j - mean_j)/sd_j^2.
 */
#include "cli/pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/density.h"
#include "io/report.h"

#define PRODUCTS_MOST 4e8 /* multiplications spent on ranking */
#define RANKED_LEAST  200 /* draws */
#define RANKED_MOST   4000
#define POINTS_DRAWN  6000 /* in all panels together */
#define DENSITY_DRAWS 40000
#define GROUPS        (PAIR_MODES + 1 + MARKS_MOST) /* modes of the fit, all others of it, modes beyond it */

struct candidate { /* the value at x is direction . x - offset */
    const double *direction;
    double offset, score;
    size_t index; /* dimension: the way to a mode beyond the fit */
};

/* ---- axes ---- */

/* L' a = (column j of O): then a . (x - center) is coordinate j of O' L^-1 (x - center). */
static void find_direction(const rovi_approximation_parts *parts, size_t j, double *a)
{
    const size_t d = parts->dim;
    for (size_t i = d; i-- > 0;) {
        double sum = parts->rotation[i * d + j];
        for (size_t k = i + 1; parts->whitening && k < d; k++)
            sum -= parts->whitening[k * d + i] * a[k];
        a[i] = parts->whitening ? sum / parts->whitening[i * d + i] : sum;
    }
}

static double project(const struct candidate *candidate, const double *x, size_t d)
{
    double sum = -candidate->offset;
    for (size_t i = 0; i < d; i++)
        sum += candidate->direction[i] * x[i];
    return sum;
}

/* One candidate for each coordinate; parts are NULL for the target's own. */
static rovi_status list_candidates(const rovi_approximation_parts *parts, size_t d, struct pool *pool,
                                   struct candidate *candidates, rovi_error *error)
{
    double *direction = pool_take(pool, d, d * sizeof *direction);
    if (!direction)
        return report_no_memory(error);
    for (size_t j = 0; j < d; j++) {
        candidates[j] = (struct candidate){.direction = direction + j * d, .index = j};
        if (!parts) {
            direction[j * d + j] = 1;
            continue;
        }
        find_direction(parts, j, direction + j * d);
        candidates[j].offset = project(candidates + j, parts->center, d);
    }
    return ROVI_OK;
}

static void set_moments(const struct column *column, size_t j, double *mean, double *variance)
{
    const size_t d = column->scene->d, n = column->draw_count;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += column->draws[i * d + j];
    *mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += pow(column->draws[i * d + j] - *mean, 2);
    *variance = squares / (double)n;
}

/* The way to a mode beyond the fit, in standard deviations of the fit along it, from its mean. */
static rovi_status find_way(const struct column *column, const rovi_region *region, struct pool *pool,
                            struct candidate *candidate, rovi_error *error)
{
    const size_t d = column->scene->d;
    double *a = pool_take(pool, d, sizeof *a), square = 0;
    if (!a)
        return report_no_memory(error);
    *candidate = (struct candidate){.direction = a, .index = d};
    for (size_t j = 0; j < d; j++) {
        double mean, variance;
        set_moments(column, j, &mean, &variance);
        a[j] = variance > 0 ? (region->mean[j] - mean) / variance : 0;
        candidate->offset += a[j] * mean;
        square += a[j] * a[j] * variance;
    }
    for (size_t j = 0; j < d && square > 0; j++)
        a[j] /= sqrt(square);
    candidate->offset /= square > 0 ? sqrt(square) : 1;
    return ROVI_OK;
}

/* ---- ranking ---- */

struct sums {
    double count, power[5]; /* power[k]: sum of values^k */
};

static void count_in(struct sums *sums, double value, double times)
{
    sums->count += times;
    for (int k = 1; k <= 4; k++)
        sums->power[k] += times * pow(value, k);
}

static double score(const struct candidate *candidate, const struct column *column, size_t n, double middle)
{
    const size_t d = column->scene->d;
    struct sums all = {0}, groups[GROUPS] = {0};
    const rovi_region *region;
    for (size_t i = 0; i < n; i++) {
        double value = project(candidate, column->draws + i * d, d) - middle;
        count_in(&all, value, 1);
        count_in(groups + column->pairs.group[i], value, 1);
    }
    for (size_t k = 0; (region = picture_region(column, k)); k++) {
        double value = project(candidate, region->mean, d) - middle, times = region->mass.value * (double)n;
        count_in(&all, value, times);
        count_in(groups + PAIR_MODES + 1 + k, value, times);
    }
    double mean = all.power[1] / all.count, m2 = all.power[2] / all.count - mean * mean, between = 0;
    if (!(m2 > 0))
        return 0;
    double m3 = all.power[3] / all.count - 3 * mean * m2 - pow(mean, 3);
    double m4 = all.power[4] / all.count - 4 * mean * m3 - 6 * mean * mean * m2 - pow(mean, 4);
    for (size_t g = 0; g < GROUPS; g++)
        if (groups[g].count > 0)
            between += groups[g].count * pow(groups[g].power[1] / groups[g].count - mean, 2);
    double lack = m3 * m3 / pow(m2, 3) / 12 + pow(m4 / (m2 * m2) - 3, 2) / 48;
    return between / all.count / m2 + lack / (1 + lack);
}

static int by_score(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return x->score != y->score ? (x->score < y->score) - (x->score > y->score)
                                : (x->index > y->index) - (x->index < y->index);
}

static void rank(const struct column *column, struct candidate *candidates)
{
    const size_t d = column->scene->d;
    double affordable = PRODUCTS_MOST / ((double)d * (double)d);
    size_t n = (size_t)fmin(RANKED_MOST, fmax(RANKED_LEAST, affordable));
    n = n < column->pairs.count ? n : column->pairs.count;
    for (size_t j = 0; j < d; j++)
        candidates[j].score = score(candidates + j, column, n, project(candidates + j, column->draws, d));
    qsort(candidates, d, sizeof *candidates, by_score);
}

/* ---- draws ---- */

static rovi_status find_groups(struct column *column, struct pool *pool, rovi_error *error)
{
    const rovi_approximation *q = rovi_fit_approximation(column->file.fit);
    struct pairs *pairs = &column->pairs;
    rovi_modes *modes = NULL;
    pairs->group = pool_take(pool, pairs->count, sizeof *pairs->group);
    if (!pairs->group)
        return report_no_memory(error);
    rovi_status status = rovi_approximation_modes(q, PAIR_MODES, &modes, error);
    if (!status)
        status = rovi_modes_classify(modes, q, pairs->count, column->draws, pairs->group, error);
    if (!status) {
        pairs->mode_count = modes->listed;
        pairs->group_count = modes->listed + ((double)modes->listed < modes->total);
        for (size_t i = 0; i < modes->listed; i++)
            pairs->weight[i] = modes->mode[i].weight;
    }
    rovi_modes_free(modes);
    return status;
}

static void name_axis(const struct column *column, const struct candidate *candidate, char label[AXIS_ROOM])
{
    if (candidate->index == column->scene->d)
        snprintf(label, AXIS_ROOM, "towards ×");
    else if (column->pairs.rotated)
        snprintf(label, AXIS_ROOM, "y_{%zu}", candidate->index + 1);
    else
        picture_name(column->scene->context, candidate->index, label);
}

/* Where the modes beyond the fit stand on the axis, which is made to hold them. */
static void mark_regions(struct column *column, const struct candidate *candidate, size_t k)
{
    struct pairs *pairs = &column->pairs;
    struct pair_axis *axis = pairs->axis + k;
    const rovi_region *region;
    for (size_t m = 0; (region = picture_region(column, m)); m++) {
        double at = project(candidate, region->mean, column->scene->d), air = 0.06 * (axis->hi - axis->lo);
        pairs->mark[m].at[k] = at;
        pairs->mark[m].missed = region->missed;
        pairs->mark_count = m + 1;
        axis->lo = fmin(axis->lo, at - air);
        axis->hi = fmax(axis->hi, at + air);
    }
}

/* The values along one axis, its range and its density. Coordinates have the range that all fits of the scene share. */
static rovi_status fill_axis(struct column *column, struct pool *pool, const struct candidate *candidate, size_t k,
                             rovi_error *error)
{
    const size_t d = column->scene->d;
    struct pairs *pairs = &column->pairs;
    struct pair_axis *axis = pairs->axis + k;
    size_t n = column->draw_count < DENSITY_DRAWS ? column->draw_count : DENSITY_DRAWS;
    double *all = pool_take(pool, n, sizeof *all);
    if (!all)
        return report_no_memory(error);
    for (size_t i = 0; i < n; i++)
        all[i] = project(candidate, column->draws + i * d, d);
    for (size_t i = 0; i < pairs->count; i++)
        pairs->value[i * pairs->shown + k] = project(candidate, column->draws + i * d, d);
    name_axis(column, candidate, axis->label);
    axis->lo = column->scene->lo[k];
    axis->hi = column->scene->hi[k];
    rovi_status status = d > PAIR_AXES ? density_range(pool, n, all, 1, &axis->lo, &axis->hi, error) : ROVI_OK;
    mark_regions(column, candidate, k);
    return status ? status : density_smooth(pool, n, all, 1, axis->lo, axis->hi, &axis->density, error);
}

/* Whether the fit's own coordinates are others than those of the target. */
static bool is_turned(const rovi_approximation_parts *parts)
{
    for (size_t i = 0; i < parts->dim; i++)
        for (size_t j = 0; j < parts->dim; j++)
            if (i != j && (parts->rotation[i * parts->dim + j] != 0 ||
                           (parts->whitening && parts->whitening[i * parts->dim + j] != 0)))
                return true;
    return false;
}

/* The axes of many dimensions, the leading first. */
static rovi_status choose(struct column *column, struct pool *pool, struct candidate *candidates, rovi_error *error)
{
    const rovi_approximation_parts *parts = rovi_approximation_parts_of(rovi_fit_approximation(column->file.fit));
    const rovi_region *region = picture_region(column, 0);
    size_t d = column->scene->d;
    column->pairs.rotated = parts && is_turned(parts);
    rovi_status status = list_candidates(column->pairs.rotated ? parts : NULL, d, pool, candidates, error);
    if (!status)
        rank(column, candidates);
    return status || !region ? status : find_way(column, region, pool, candidates + PAIR_AXES - 1, error);
}

rovi_status pairs_make(struct column *column, struct pool *pool, rovi_error *error)
{
    const size_t d = column->scene->d;
    struct pairs *pairs = &column->pairs;
    struct candidate *candidates = pool_take(pool, d, sizeof *candidates);
    pairs->shown = d < PAIR_AXES ? d : PAIR_AXES;
    size_t panels = pairs->shown > 2 ? pairs->shown * (pairs->shown - 1) / 2 : 1;
    pairs->count = RANKED_MOST < column->draw_count ? RANKED_MOST : column->draw_count;
    pairs->value = pool_take(pool, pairs->count, pairs->shown * sizeof *pairs->value);
    if (!candidates || !pairs->value)
        return report_no_memory(error);
    rovi_status status = find_groups(column, pool, error);
    if (!status)
        status =
            d > PAIR_AXES ? choose(column, pool, candidates, error) : list_candidates(NULL, d, pool, candidates, error);
    if (panels > 1 && pairs->count > POINTS_DRAWN / panels)
        pairs->count = POINTS_DRAWN / panels;
    for (size_t k = 0; k < pairs->shown && !status; k++)
        status = fill_axis(column, pool, candidates + k, k, error);
    return status;
}
