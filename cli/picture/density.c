/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Densities for pictures. Draws are counted in fine bins and smoothed by a Gaussian kernel; targets in one or two
 * dimensions are put on a grid, which gives their marginals and the levels of their contours by plain sums.
 */
#include "cli/picture/density.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/report.h"

#define TAIL         0.002 /* of the draws on each side may lie outside the picture */
#define SIDE         321   /* points per axis of the landscape */
#define SEARCH_SIDE  241
#define SEARCH_MASS  0.995 /* of the target, inside the picture */
#define SEARCHES     8     /* doublings or halvings of the box before it is good enough */
#define LOWEST_LOG_P (-200.0)

static const double contour_mass[CONTOUR_LEVELS] = {.5, .8, .95, .99};

/* ---- from draws ---- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int descending(const void *a, const void *b)
{
    return ascending(b, a);
}

static double *sorted(struct pool *pool, size_t n, const double *draws, size_t stride)
{
    double *copy = pool_take(pool, n, sizeof *copy);
    if (!copy)
        return NULL;
    for (size_t i = 0; i < n; i++)
        copy[i] = draws[i * stride];
    qsort(copy, n, sizeof *copy, ascending);
    return copy;
}

rovi_status density_range(struct pool *pool, size_t n, const double *draws, size_t stride, double *lo, double *hi,
                          rovi_error *error)
{
    double *x = sorted(pool, n, draws, stride);
    if (!x)
        return report_no_memory(error);
    size_t tail = (size_t)(TAIL * (double)n);
    double margin = 0.05 * (x[n - 1 - tail] - x[tail]);
    if (!(margin > 0)) /* all draws are one point */
        margin = 1e-6 * (1 + fabs(x[tail]));
    *lo = x[tail] - margin;
    *hi = x[n - 1 - tail] + margin;
    return ROVI_OK;
}

/* Half of Silverman's width, which is made for one mode and would blur two. */
static double bandwidth(size_t n, const double *draws, size_t stride)
{
    double mean = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        mean += draws[i * stride] / (double)n;
    for (size_t i = 0; i < n; i++)
        square += (draws[i * stride] - mean) * (draws[i * stride] - mean) / (double)n;
    return 0.45 * sqrt(square) * pow((double)n, -0.2);
}

/* Share of the draws in each of `bins` bins over [lo, lo + bins*step). */
static void count_draws(size_t n, const double *draws, size_t stride, double lo, double step, size_t bins, double *bin)
{
    for (size_t i = 0; i < n; i++) {
        double position = (draws[i * stride] - lo) / step;
        if (position >= 0 && position < (double)bins)
            bin[(size_t)position] += 1 / (double)n;
    }
}

rovi_status density_smooth(struct pool *pool, size_t n, const double *draws, size_t stride, double lo, double hi,
                           struct curve *curve, rovi_error *error)
{
    enum { FINER = 8, BINS = FINER * CURVE_POINTS };
    *curve = (struct curve){.count = CURVE_POINTS, .lo = lo, .step = (hi - lo) / (CURVE_POINTS - 1)};
    double *bin = pool_take(pool, BINS, sizeof *bin);
    curve->value = pool_take(pool, CURVE_POINTS, sizeof *curve->value);
    if (!bin || !curve->value)
        return report_no_memory(error);
    double width = curve->step / FINER, start = lo - curve->step / 2;
    double h = fmax(bandwidth(n, draws, stride), width);
    count_draws(n, draws, stride, start, width, BINS, bin);
    for (size_t i = 0; i < CURVE_POINTS; i++)
        for (size_t b = 0; b < BINS; b++) {
            double z = (lo + (double)i * curve->step - start - ((double)b + .5) * width) / h;
            if (bin[b] > 0 && fabs(z) < 6)
                curve->value[i] += bin[b] * exp(-z * z / 2) / (h * 2.5066282746310002); /* sqrt(2 pi) */
        }
    return ROVI_OK;
}

/* ---- the target on a grid ---- */

static size_t points_in(const struct landscape *land)
{
    return land->d == 2 ? land->side * land->side : land->side;
}

static void place(const struct landscape *land, double *x)
{
    for (size_t i = 0; i < points_in(land); i++)
        for (size_t j = 0; j < land->d; j++) {
            size_t index = j == 0 ? i % land->side : i / land->side;
            x[i * land->d + j] = land->lo[j] + (double)index * land->step[j];
        }
}

/* log p - max log p at every point. False in *found when the target has no finite value there. */
static rovi_status evaluate(const rovi_target *target, struct landscape *land, struct pool *pool, bool *found,
                            rovi_error *error)
{
    size_t n = points_in(land);
    double *x = pool_take(pool, n, land->d * sizeof *x);
    land->log_p = pool_take(pool, n, sizeof *land->log_p);
    if (!x || !land->log_p)
        return report_no_memory(error);
    place(land, x);
    rovi_status status = rovi_target_evaluate(target, n, x, land->log_p, NULL, error);
    double greatest = -INFINITY;
    for (size_t i = 0; !status && i < n; i++)
        greatest = fmax(greatest, land->log_p[i]);
    *found = isfinite(greatest);
    for (size_t i = 0; !status && i < n; i++)
        land->log_p[i] = fmax(land->log_p[i] - greatest, LOWEST_LOG_P);
    return status;
}

static struct landscape over_box(const struct scene *scene, size_t side)
{
    struct landscape land = {.d = scene->d, .side = side};
    for (size_t j = 0; j < scene->d; j++) {
        land.lo[j] = scene->lo[j];
        land.step[j] = (scene->hi[j] - scene->lo[j]) / (double)(side - 1);
    }
    return land;
}

/* The log_p above which lie these shares of the mass. */
static rovi_status find_levels(const struct landscape *land, struct pool *pool, size_t count, const double *share,
                               double *level, rovi_error *error)
{
    size_t n = points_in(land), next = 0;
    double *log_p = pool_take(pool, n, sizeof *log_p), total = 0, sum = 0;
    if (!log_p)
        return report_no_memory(error);
    memcpy(log_p, land->log_p, n * sizeof *log_p);
    qsort(log_p, n, sizeof *log_p, descending);
    for (size_t i = 0; i < n; i++)
        total += exp(log_p[i]);
    for (size_t i = 0; i < n && next < count; i++) {
        sum += exp(log_p[i]);
        while (next < count && sum >= share[next] * total)
            level[next++] = log_p[i];
    }
    for (; next < count; next++)
        level[next] = log_p[n - 1];
    return ROVI_OK;
}

/* Shrink the scene's box to the points above the level; true when one of them lay on the rim. */
static bool fit_box(const struct landscape *land, double level, struct scene *scene)
{
    bool rim = false;
    for (size_t j = 0; j < land->d; j++) {
        size_t first = land->side, last = 0;
        for (size_t i = 0; i < points_in(land); i++) {
            size_t index = j == 0 ? i % land->side : i / land->side;
            if (land->log_p[i] < level)
                continue;
            first = index < first ? index : first;
            last = index > last ? index : last;
        }
        rim = rim || first == 0 || last + 1 == land->side;
        scene->lo[j] = land->lo[j] + ((double)first - 1) * land->step[j];
        scene->hi[j] = land->lo[j] + ((double)last + 1) * land->step[j];
    }
    return rim;
}

static void widen(struct scene *scene, double factor)
{
    for (size_t j = 0; j < scene->d; j++) {
        double middle = (scene->lo[j] + scene->hi[j]) / 2, half = factor * (scene->hi[j] - scene->lo[j]) / 2;
        scene->lo[j] = middle - half;
        scene->hi[j] = middle + half;
    }
}

/* One look: the box shrinks to the mass, or grows when mass lies on its rim. */
static rovi_status search(struct scene *scene, struct pool *pool, bool *settled, rovi_error *error)
{
    struct landscape land = over_box(scene, SEARCH_SIDE);
    struct scene tight = *scene;
    double share = SEARCH_MASS, level;
    bool found;
    rovi_status status = evaluate(scene->target, &land, pool, &found, error);
    if (!status && found)
        status = find_levels(&land, pool, 1, &share, &level, error);
    if (status || !found)
        return status;
    bool rim = fit_box(&land, level, &tight);
    *settled = !rim;
    if (rim)
        widen(scene, 2);
    else
        memcpy(scene, &tight, sizeof tight);
    return ROVI_OK;
}

rovi_status density_find_target(struct pool *pool, struct scene *scene, rovi_error *error)
{
    struct scene draws = *scene;
    bool settled = false;
    rovi_status status = ROVI_OK;
    widen(scene, 4); /* a mode that the fit has lost is within a few of its own widths, or nobody would compare them */
    for (int i = 0; i < SEARCHES && !settled && !status; i++)
        status = search(scene, pool, &settled, error);
    if (settled && !status)
        status = search(scene, pool, &settled, error); /* again, on the finer grid of the tight box */
    for (size_t j = 0; j < scene->d; j++) { /* a search without end (mass everywhere, or nowhere) counts for nothing */
        scene->lo[j] = settled ? fmin(scene->lo[j], draws.lo[j]) : draws.lo[j];
        scene->hi[j] = settled ? fmax(scene->hi[j], draws.hi[j]) : draws.hi[j];
    }
    return status;
}

static rovi_status sum_marginal(const struct landscape *land, size_t axis, struct pool *pool, struct curve *curve,
                                rovi_error *error)
{
    *curve = (struct curve){.count = land->side, .lo = land->lo[axis], .step = land->step[axis]};
    curve->value = pool_take(pool, land->side, sizeof *curve->value);
    if (!curve->value)
        return report_no_memory(error);
    double total = 0;
    for (size_t i = 0; i < points_in(land); i++) {
        curve->value[axis == 0 ? i % land->side : i / land->side] += exp(land->log_p[i]);
        total += exp(land->log_p[i]);
    }
    for (size_t i = 0; i < land->side; i++)
        curve->value[i] /= total * curve->step;
    return ROVI_OK;
}

rovi_status density_landscape(struct pool *pool, struct scene *scene, rovi_error *error)
{
    scene->landscape = over_box(scene, SIDE);
    struct landscape *land = &scene->landscape;
    rovi_status status = evaluate(scene->target, land, pool, &scene->has_landscape, error);
    if (!status && scene->has_landscape)
        status = find_levels(land, pool, CONTOUR_LEVELS, contour_mass, land->level, error);
    for (size_t j = 0; j < land->d && !status && scene->has_landscape; j++)
        status = sum_marginal(land, j, pool, land->marginal + j, error);
    return status;
}
