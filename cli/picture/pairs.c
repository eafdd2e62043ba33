/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which axes show most of a fit. In few dimensions all are shown. In many, candidates are the fit's own coordinates
 * y = O' L^-1 (x - center) = T(.), which are independent, or those of the target when the fit is a mixture and has no
 * rotation. They are ranked, on draws and on the modes that were found beyond the fit, by
 *   share of the variance that lies between modes  +  J/(1 + J),  J = skewness^2/12 + (excess kurtosis)^2/48,
 * J being the leading terms of the entropy that a law lacks against the normal law of its variance. Where there is a
 * mode beyond the fit, the last axis is the way to it, by the diagonal discriminant a_j = (m_j - mean_j)/sd_j^2.
 */
#include "cli/picture/pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/picture/density.h"
#include "io/report.h"

#define POWERS_MOST   4e6 /* values that are ranked by */
#define RANKED_LEAST  200 /* draws */
#define RANKED_MOST   4000
#define POINTS_DRAWN  6000 /* in all panels together */
#define DENSITY_DRAWS 40000
#define GROUPS        (PAIR_MODES + 1 + MARKS_MOST) /* modes of the fit, all others of it, modes beyond it */

struct candidate {
    size_t index;            /* of the coordinate; dimension: the way to a mode beyond the fit */
    const double *direction; /* of that way, NULL for a coordinate: the value at x is direction . x - offset */
    double offset, score;
};

/* ---- axes ---- */

/* What the candidates are coordinates of: the fit's own, or the target's. */
struct points {
    const struct column *column;
    const double *draws, *marks; /* rows of d: of the draws, and of the modes beyond the fit */
};

static double project(const struct candidate *candidate, const double *x, size_t d)
{
    double sum = -candidate->offset;
    for (size_t i = 0; i < d; i++)
        sum += candidate->direction[i] * x[i];
    return sum;
}

static double value_at(const struct points *points, const struct candidate *candidate, size_t draw)
{
    const size_t d = points->column->scene->d;
    return candidate->direction ? project(candidate, points->column->draws + draw * d, d)
                                : points->draws[draw * d + candidate->index];
}

static double mark_at(const struct points *points, const struct candidate *candidate, size_t mark)
{
    const size_t d = points->column->scene->d;
    return candidate->direction ? project(candidate, picture_region(points->column, mark)->mean, d)
                                : points->marks[mark * d + candidate->index];
}

static rovi_status find_points(const struct column *column, struct pool *pool, struct points *points, rovi_error *error)
{
    const rovi_approximation *q = rovi_fit_approximation(column->file.fit);
    const size_t d = column->scene->d;
    const rovi_region *region;
    double *marks = pool_take(pool, MARKS_MOST, d * sizeof *marks), *draws = NULL;
    size_t count = 0;
    if (!marks)
        return report_no_memory(error);
    for (; (region = picture_region(column, count)); count++)
        memcpy(marks + count * d, region->mean, d * sizeof *marks);
    *points = (struct points){column, column->draws, marks};
    if (!column->pairs.rotated)
        return ROVI_OK;
    draws = pool_take(pool, column->draw_count, d * sizeof *draws);
    if (!draws)
        return report_no_memory(error);
    points->draws = draws;
    const rovi_status status = rovi_approximation_coordinates(q, column->draw_count, column->draws, draws, error);
    return status ? status : rovi_approximation_coordinates(q, count, marks, marks, error);
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

static double score(const struct points *points, const struct candidate *candidate, size_t n)
{
    const struct column *column = points->column;
    const double middle = value_at(points, candidate, 0);
    struct sums all = {0}, groups[GROUPS] = {0};
    const rovi_region *region;
    for (size_t i = 0; i < n; i++) {
        double value = value_at(points, candidate, i) - middle;
        count_in(&all, value, 1);
        count_in(groups + column->pairs.group[i], value, 1);
    }
    for (size_t k = 0; (region = picture_region(column, k)); k++) {
        double value = mark_at(points, candidate, k) - middle, times = region->mass.value * (double)n;
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

static void rank(const struct points *points, struct candidate *candidates)
{
    const size_t d = points->column->scene->d;
    size_t n = (size_t)fmin(RANKED_MOST, fmax(RANKED_LEAST, POWERS_MOST / (double)d));
    n = n < points->column->pairs.count ? n : points->column->pairs.count;
    for (size_t j = 0; j < d; j++)
        candidates[j].score = score(points, candidates + j, n);
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
static void mark_regions(struct column *column, const struct points *points, const struct candidate *candidate,
                         size_t k)
{
    struct pairs *pairs = &column->pairs;
    struct pair_axis *axis = pairs->axis + k;
    const rovi_region *region;
    for (size_t m = 0; (region = picture_region(column, m)); m++) {
        double at = mark_at(points, candidate, m), air = 0.06 * (axis->hi - axis->lo);
        pairs->mark[m].at[k] = at;
        pairs->mark[m].missed = region->missed;
        pairs->mark_count = m + 1;
        axis->lo = fmin(axis->lo, at - air);
        axis->hi = fmax(axis->hi, at + air);
    }
}

/* The values along one axis, its range and its density. Coordinates have the range that all fits of the scene share. */
static rovi_status fill_axis(struct column *column, struct pool *pool, const struct points *points,
                             const struct candidate *candidate, size_t k, rovi_error *error)
{
    const size_t d = column->scene->d;
    struct pairs *pairs = &column->pairs;
    struct pair_axis *axis = pairs->axis + k;
    size_t n = column->draw_count < DENSITY_DRAWS ? column->draw_count : DENSITY_DRAWS;
    double *all = pool_take(pool, n, sizeof *all);
    if (!all)
        return report_no_memory(error);
    for (size_t i = 0; i < n; i++)
        all[i] = value_at(points, candidate, i);
    for (size_t i = 0; i < pairs->count; i++)
        pairs->value[i * pairs->shown + k] = value_at(points, candidate, i);
    name_axis(column, candidate, axis->label);
    axis->lo = column->scene->lo[k];
    axis->hi = column->scene->hi[k];
    rovi_status status = d > PAIR_AXES ? density_range(pool, n, all, 1, &axis->lo, &axis->hi, error) : ROVI_OK;
    mark_regions(column, points, candidate, k);
    return status ? status : density_smooth(pool, n, all, 1, axis->lo, axis->hi, &axis->density, error);
}

/* Whether the fit's own coordinates are others than those of the target. */
static bool is_turned(const rovi_approximation_parts *parts)
{
    for (size_t i = 0; i < parts->dim && parts->rotation; i++)
        for (size_t j = 0; j < parts->dim; j++)
            if (i != j && (parts->rotation[i * parts->dim + j] != 0 ||
                           (parts->whitening && parts->whitening[i * parts->dim + j] != 0)))
                return true;
    return parts->reflections > 0;
}

/* The axes of many dimensions, the leading first. */
static rovi_status choose(const struct points *points, struct pool *pool, struct candidate *candidates,
                          rovi_error *error)
{
    const rovi_region *region = picture_region(points->column, 0);
    rank(points, candidates);
    return region ? find_way(points->column, region, pool, candidates + PAIR_AXES - 1, error) : ROVI_OK;
}

rovi_status pairs_make(struct column *column, struct pool *pool, rovi_error *error)
{
    const size_t d = column->scene->d;
    const rovi_approximation_parts *parts = rovi_approximation_parts_of(rovi_fit_approximation(column->file.fit));
    struct points points;
    struct pairs *pairs = &column->pairs;
    struct candidate *candidates = pool_take(pool, d, sizeof *candidates);
    pairs->shown = d < PAIR_AXES ? d : PAIR_AXES;
    pairs->rotated = d > PAIR_AXES && parts && is_turned(parts);
    size_t panels = pairs->shown > 2 ? pairs->shown * (pairs->shown - 1) / 2 : 1;
    pairs->count = RANKED_MOST < column->draw_count ? RANKED_MOST : column->draw_count;
    pairs->value = pool_take(pool, pairs->count, pairs->shown * sizeof *pairs->value);
    if (!candidates || !pairs->value)
        return report_no_memory(error);
    for (size_t j = 0; j < d; j++)
        candidates[j].index = j;
    rovi_status status = find_points(column, pool, &points, error);
    if (!status)
        status = find_groups(column, pool, error);
    if (!status && d > PAIR_AXES)
        status = choose(&points, pool, candidates, error);
    if (panels > 1 && pairs->count > POINTS_DRAWN / panels)
        pairs->count = POINTS_DRAWN / panels;
    for (size_t k = 0; k < pairs->shown && !status; k++)
        status = fill_axis(column, pool, &points, candidates + k, k, error);
    return status;
}
