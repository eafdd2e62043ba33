/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Equation (23), and what n lines leave of noise in it, by the remark after it.
 *
 * The first lines, which settle the grid, are asked at all of its points. Where a spline through one point in four
 * would have told the same to well within the noise, the others are asked at those alone.
 */
#include "coordinate/line.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "family/reference.h"

#define PILOT    16  /* lines that are asked at every point */
#define THINNING 4   /* of the grid's points, one in so many is asked of the other lines */
#define BIAS     .05 /* of the noise: what a spline may add to it */
#define ACCEPTED .5  /* least share of the lines on which a point must lie inside the support */

_Static_assert(QUANTILE_GRID <= TARGET_BLOCK, "a line is one question");
_Static_assert(QUANTILE_GRID / THINNING + 2 <= SPLINE_MOST, "the points that are asked are knots of a spline");

void lines_init(struct lines *lines, struct arena *arena, size_t most, const struct progress *progress,
                struct team *team)
{
    const size_t d = progress->meter->target->dim;
    lines->progress = progress;
    lines->team = team;
    lines->dim = d;
    lines->most = most;
    lines->together = progress->meter->target->lines != NULL ? TARGET_LINES : 1;
    lines->x = arena_doubles(arena, most * d);
    lines->y = arena_doubles(arena, most * d);
    lines->z = arena_doubles(arena, most * d);
    lines->axis = arena_doubles(arena, d);
    lines->value = arena_doubles(arena, most * QUANTILE_GRID);
    lines->weights = arena_doubles(arena, QUANTILE_GRID * SPLINE_MOST);
    lines->work_size = TARGET_LINES * (d + QUANTILE_GRID) + target_lines_scratch(progress->meter->target);
    lines->work = arena_doubles(arena, team_size(team) * lines->work_size);
}

static bool same_stream(const struct rng_stream *a, const struct rng_stream *b)
{
    return a->seed == b->seed && a->purpose == b->purpose && a->substream == b->substream;
}

/* Draws of q in antithetic pairs, rows 2p and 2p + 1: those that are not there yet. */
static void lay_lines(struct lines *lines, const rovi_approximation *q, size_t n, struct rng_stream stream)
{
    const size_t d = lines->dim;
    if (lines->q != q || !same_stream(&lines->stream, &stream)) {
        lines->q = q;
        lines->stream = stream;
        lines->laid = 0;
    }
    if (lines->laid >= n) {
        return;
    }
    const size_t first = lines->laid, pairs = (n - first) / 2;
    double *x = lines->x + first * d, *y = lines->y + first * d, *z = lines->z + first * d;
    reference_points(stream, first / 2, pairs, d, z);
    for (size_t p = 0; p < pairs; p++) {
        for (size_t j = 0; j < d; j++) {
            x[2 * p * d + j] = z[p * d + j];
            x[(2 * p + 1) * d + j] = -z[p * d + j];
        }
    }
    approximation_maps(q, n - first, x, y);
    approximation_place(q, n - first, y, z);
    lines->laid = n;
}

/* The draws follow map i, which has changed. */
static void move_draws(struct lines *lines, const struct map *T, size_t i)
{
    const size_t d = lines->dim;
    for (size_t s = 0; s < lines->laid; s++) {
        const double y = map_at(T, lines->x[s * d + i]), step = y - lines->y[s * d + i];
        double *z = lines->z + s * d;
        for (size_t r = 0; r < d; r++) {
            z[r] += step * lines->axis[r];
        }
        lines->y[s * d + i] = y;
    }
}

struct job {
    struct lines *lines;
    size_t coordinate, first, count; /* lines first, ..., count - 1 */
    bool thin;
};

struct steps {
    size_t count;
    const double *t;
};

/* x (n x d) <- where the lines from `first` on pass through y_i = 0 */
static void find_origins(const struct lines *lines, size_t i, size_t first, size_t n, double *x)
{
    const size_t d = lines->dim;
    for (size_t s = 0; s < n; s++) {
        const double *z = lines->z + (first + s) * d, y = lines->y[(first + s) * d + i];
        for (size_t r = 0; r < d; r++) {
            x[s * d + r] = z[r] - y * lines->axis[r];
        }
    }
}

/* Log densities at m steps t along n lines from `first` on, into the first m places of their rows. */
static void ask_lines(struct lines *lines, size_t coordinate, size_t first, size_t n, const struct steps *steps,
                      double *work)
{
    const size_t m = steps->count;
    double *x = work, *value = x + TARGET_LINES * lines->dim;
    find_origins(lines, coordinate, first, n, x);
    const struct target_lines along = {n, m, x, lines->axis, steps->t};
    meter_evaluate_lines(lines->progress->meter, &along, value, value + TARGET_LINES * QUANTILE_GRID);
    for (size_t p = 0; p < n * m; p++) {
        lines->value[(first + p / m) * QUANTILE_GRID + p % m] = value[p];
    }
}

/* The values at the nodes become those on the grid; false when one of them is not finite. */
static bool expand(const struct lines *lines, double *row)
{
    double node[SPLINE_MOST];
    if (!linalg_all_finite(lines->nodes, row)) {
        return false;
    }
    memcpy(node, row, lines->nodes * sizeof *node);
    for (size_t j = 0; j < lines->density.n; j++) {
        row[j] = linalg_dot(lines->nodes, lines->weights + j * lines->nodes, node);
    }
    return true;
}

/* A few lines of a job */
static void ask(void *context, size_t index, size_t worker)
{
    const struct job *job = context;
    struct lines *lines = job->lines;
    const size_t first = job->first + index * lines->together;
    const size_t n = job->count - first < lines->together ? job->count - first : lines->together;
    const struct steps all = {lines->density.n, lines->density.t}, some = {lines->nodes, lines->node};
    double *work = lines->work + worker * lines->work_size;
    rovi_stop stop = ROVI_STOP_INTERRUPTED;
    if (atomic_load(&lines->ended) || supervisor_ends_all(lines->progress, &stop)) {
        atomic_store(&lines->ended, true);
        return;
    }
    ask_lines(lines, job->coordinate, first, n, job->thin ? &some : &all, work);
    for (size_t s = first; job->thin && s < first + n; s++) {
        if (!expand(lines, lines->value + s * QUANTILE_GRID)) {
            ask_lines(lines, job->coordinate, s, 1, &all, work);
        }
    }
}

/* The mean over the n lines; false when no point of the grid lies inside the support on enough of them. */
static bool average(struct lines *lines, size_t n)
{
    double top = -INFINITY;
    for (size_t j = 0; j < lines->density.n; j++) {
        double sum = 0, count = 0;
        for (size_t s = 0; s < n; s++) {
            const double value = lines->value[s * QUANTILE_GRID + j];
            sum += isfinite(value) ? value : 0;
            count += isfinite(value);
        }
        lines->density.log_q[j] = count >= ACCEPTED * (double)n ? sum / count : -INFINITY;
        top = fmax(top, lines->density.log_q[j]);
    }
    for (size_t j = 0; j < lines->density.n; j++) {
        lines->density.log_q[j] -= top;
    }
    return isfinite(top);
}

/* Masses of q_i at the grid's points, sum 1. */
static void masses(const struct log_density *g, double *p)
{
    double total = 0;
    for (size_t j = 0; j < g->n; j++) {
        const double width = g->t[j + 1 < g->n ? j + 1 : j] - g->t[j > 0 ? j - 1 : j];
        p[j] = width * exp(g->log_q[j]);
        total += p[j];
    }
    for (size_t j = 0; j < g->n; j++) {
        p[j] /= total;
    }
}

/* Variance of `off` under p, of which what is not finite is left out. */
static double spread(size_t n, const double *p, const double *off)
{
    double left_out = 0, mean = 0, square = 0;
    for (size_t j = 0; j < n; j++) {
        const bool counts = isfinite(off[j]) && p[j] > 0;
        const double value = counts ? off[j] : 0;
        left_out += counts ? 0 : p[j];
        mean += p[j] * value;
        square += p[j] * value * value;
    }
    const double mass = 1 - left_out;
    return mass > 0 ? fmax(0, square - mean * mean / mass) : 0;
}

/* Half of the variance, under q_i, that the mean of `count` lines leaves in log q_i, going by n of them. */
static double noise(const struct lines *lines, size_t n, size_t count)
{
    const struct log_density *g = &lines->density;
    double p[QUANTILE_GRID], off[QUANTILE_GRID], sum = 0;
    masses(g, p);
    for (size_t s = 0; s < n; s++) {
        for (size_t j = 0; j < g->n; j++) {
            off[j] = lines->value[s * QUANTILE_GRID + j] - g->log_q[j];
        }
        sum += spread(g->n, p, off);
    }
    return 0.5 * sum / ((double)n * (double)count);
}

/* The values of lines first, ..., n - 1; the mean is over all n. */
static bool ask_all(struct lines *lines, size_t i, size_t first, size_t n, bool thin)
{
    struct job job = {.lines = lines, .coordinate = i, .first = first, .count = n, .thin = thin};
    team_for(lines->team, (n - first + lines->together - 1) / lines->together, ask, &job);
    return !atomic_load(&lines->ended) && average(lines, n);
}

/* Whether, going by the pilot lines, splines through the nodes would tell the mean over n lines well enough. */
static bool may_thin(struct lines *lines, size_t n)
{
    const struct log_density *g = &lines->density;
    double p[QUANTILE_GRID], off[QUANTILE_GRID] = {0}, value[SPLINE_MOST];
    lines->nodes = 0;
    for (size_t j = 0; j < g->n; j++) {
        if (j % THINNING == 0 || j + 1 == g->n) {
            value[lines->nodes] = g->log_q[j]; /* splines are linear: that of the mean is the mean of them */
            lines->node[lines->nodes++] = g->t[j];
        }
    }
    if (!linalg_all_finite(g->n, g->log_q)) {
        return false;
    }
    spline_weights(lines->nodes, lines->node, g->n, g->t, lines->weights);
    for (size_t j = 0; j < g->n; j++) {
        off[j] = linalg_dot(lines->nodes, lines->weights + j * lines->nodes, value) - g->log_q[j];
    }
    masses(g, p);
    return 0.5 * spread(g->n, p, off) < BIAS * noise(lines, PILOT, n);
}

/* The mean over n lines on the grid as it is: the pilot lines, then the rest. */
static bool ask_on_grid(struct lines *lines, size_t i, size_t n)
{
    const size_t pilot = n < PILOT ? n : PILOT;
    return ask_all(lines, i, 0, pilot, false) && (n == pilot || ask_all(lines, i, pilot, n, may_thin(lines, n)));
}

/* The same on a grid that reaches far enough, which the pilot lines find. */
static bool scan(struct lines *lines, const struct map *T, size_t i, size_t n)
{
    struct log_density *g = &lines->density;
    const size_t pilot = n < PILOT ? n : PILOT;
    double low = 0, high = 0;
    quantile_span(T, &low, &high);
    for (int attempt = 0; attempt < QUANTILE_WIDENINGS; attempt++) {
        quantile_grid(T, low, high, g);
        if (!ask_all(lines, i, 0, pilot, false)) {
            return false;
        }
        if (quantile_reaches(g, &low, &high)) {
            return n == pilot || ask_all(lines, i, pilot, n, may_thin(lines, n));
        }
    }
    return false;
}

double lines_update(struct lines *lines, rovi_approximation *q, size_t i, size_t n, struct rng_stream stream,
                    struct density_mean *mean)
{
    struct map *T = &q->maps[i];
    const bool again = mean != NULL && mean->weight > 0;
    atomic_store(&lines->ended, false);
    lay_lines(lines, q, n, stream);
    approximation_axis(q, i, lines->axis);
    if (again) {
        lines->density = mean->density; /* its grid */
    }
    if (!(again ? ask_on_grid(lines, i, n) : scan(lines, T, i, n))) {
        return INFINITY;
    }
    const double left = noise(lines, n, n);
    if (mean != NULL) {
        density_mean_add(mean, &lines->density, (double)n);
    }
    if (!quantile_map(mean != NULL ? &mean->density : &lines->density, T)) {
        return INFINITY;
    }
    move_draws(lines, T, i);
    return left;
}
