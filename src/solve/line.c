/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Equation (23), and what n lines leave of noise in it, by the remark after it.
 *
 * The grid follows the present map: most of its points are at that map's quantiles and knots, which cluster where the
 * density bends and where a mode ends, the others lie evenly over its span and beyond; it widens until the new density
 * has fallen far enough at both ends.
 */
#include "solve/line.h"

#include <math.h>
#include <string.h>

#include "family/reference.h"

#define QUANTILES 44   /* points of the grid at the map's quantiles, one in four of them at its knots instead */
#define REACH     4.5  /* which lie in [-REACH, REACH] */
#define DEPTH     13.0 /* nats that the ends of the grid must lie below the peak */
#define WIDENINGS 30
#define ACCEPTED  .5 /* least share of the lines on which a point must lie inside the support */

_Static_assert(QUANTILE_GRID <= TARGET_BLOCK, "a line is one question");

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
    lines->work_size = TARGET_LINES * (d + QUANTILE_GRID) + target_lines_scratch(progress->meter->target);
    lines->work = arena_doubles(arena, team_size(team) * lines->work_size);
}

static double value_at(const struct map *T, double x)
{
    return map_value(T, map_segment(T, x), x);
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
        const double y = value_at(T, lines->x[s * d + i]), step = y - lines->y[s * d + i];
        double *z = lines->z + s * d;
        for (size_t r = 0; r < d; r++) {
            z[r] += step * lines->axis[r];
        }
        lines->y[s * d + i] = y;
    }
}

static void lay_grid(struct log_density *g, const struct map *T, double low, double high)
{
    g->n = 0;
    for (size_t j = 0; j < QUANTILES; j++) {
        const double part = (double)j / (QUANTILES - 1);
        const double t =
            j % 4 != 1 ? value_at(T, REACH * (2 * part - 1)) : T->value[(size_t)round(part * (double)T->D.cells)];
        if (t > low && t < high) {
            g->t[g->n++] = t;
        }
    }
    const size_t rest = QUANTILE_GRID - g->n;
    for (size_t j = 0; j < rest; j++) {
        g->t[g->n++] = low + (high - low) * (double)j / (double)(rest - 1);
    }
    quantile_sort(g);
}

struct job {
    struct lines *lines;
    size_t coordinate, count;
};

/* x (n x d) <- where the lines from `first` on pass through y_i = 0 */
static void find_origins(const struct job *job, size_t first, size_t n, double *x)
{
    const struct lines *lines = job->lines;
    const size_t d = lines->dim;
    for (size_t s = 0; s < n; s++) {
        const double *z = lines->z + (first + s) * d, y = lines->y[(first + s) * d + job->coordinate];
        for (size_t r = 0; r < d; r++) {
            x[s * d + r] = z[r] - y * lines->axis[r];
        }
    }
}

/* log density on a few lines */
static void ask(void *context, size_t index, size_t worker)
{
    const struct job *job = context;
    struct lines *lines = job->lines;
    const size_t m = lines->density.n, first = index * lines->together;
    const size_t n = job->count - first < lines->together ? job->count - first : lines->together;
    double *x = lines->work + worker * lines->work_size, *value = x + TARGET_LINES * lines->dim;
    rovi_stop stop = ROVI_STOP_INTERRUPTED;
    if (atomic_load(&lines->ended) || supervisor_ends_all(lines->progress, &stop)) {
        atomic_store(&lines->ended, true);
        return;
    }
    find_origins(job, first, n, x);
    const struct target_lines along = {n, m, x, lines->axis, lines->density.t};
    const size_t rejected =
        meter_evaluate_lines(lines->progress->meter, &along, value, value + TARGET_LINES * QUANTILE_GRID);
    for (size_t p = 0; p < n * m; p++) {
        lines->value[(first + p / m) * QUANTILE_GRID + p % m] = rejected < n * m ? value[p] : -INFINITY;
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

/* The values of n lines at the points of the grid. */
static bool ask_all(struct lines *lines, size_t i, size_t n)
{
    struct job job = {.lines = lines, .coordinate = i, .count = n};
    team_for(lines->team, (n + lines->together - 1) / lines->together, ask, &job);
    return !atomic_load(&lines->ended) && average(lines, n);
}

/* The mean log density on a grid that reaches far enough. */
static bool scan(struct lines *lines, const struct map *T, size_t i, size_t n)
{
    struct log_density *g = &lines->density;
    double low = value_at(T, -REACH), high = value_at(T, REACH);
    const double margin = 0.1 * (high - low);
    low -= margin;
    high += margin;
    for (int attempt = 0; attempt < WIDENINGS; attempt++) {
        lay_grid(g, T, low, high);
        if (!ask_all(lines, i, n)) {
            return false;
        }
        const bool left = g->log_q[0] > -DEPTH, right = g->log_q[g->n - 1] > -DEPTH;
        if (!left && !right) {
            return true;
        }
        const double span = high - low;
        low -= left ? span : 0;
        high += right ? span : 0;
    }
    return false;
}

/* Half of the variance, under q_i, that the mean of n lines leaves in log q_i. */
static double noise(const struct lines *lines, size_t n)
{
    const struct log_density *g = &lines->density;
    double p[QUANTILE_GRID], total = 0, sum = 0;
    for (size_t j = 0; j < g->n; j++) {
        const double width = g->t[j + 1 < g->n ? j + 1 : j] - g->t[j > 0 ? j - 1 : j];
        p[j] = width * exp(g->log_q[j]);
        total += p[j];
    }
    for (size_t s = 0; s < n; s++) {
        double mean = 0, square = 0;
        for (size_t j = 0; j < g->n; j++) {
            const double value = lines->value[s * QUANTILE_GRID + j];
            const double off = isfinite(value) && p[j] > 0 ? value - g->log_q[j] : 0;
            mean += p[j] * off / total;
            square += p[j] * off * off / total;
        }
        sum += fmax(0, square - mean * mean);
    }
    return 0.5 * sum / ((double)n * (double)n);
}

static void add_to_mean(struct line_mean *mean, const struct log_density *g, double n)
{
    const double share = n / (mean->lines + n);
    mean->density = mean->lines > 0 ? mean->density : *g;
    for (size_t j = 0; j < g->n; j++) {
        const double old = mean->density.log_q[j];
        mean->density.log_q[j] = isfinite(old) && isfinite(g->log_q[j]) ? old + share * (g->log_q[j] - old) : -INFINITY;
    }
    mean->lines += n;
}

double lines_update(struct lines *lines, rovi_approximation *q, size_t i, size_t n, struct rng_stream stream,
                    struct line_mean *mean)
{
    struct map *T = &q->maps[i];
    const bool again = mean != NULL && mean->lines > 0;
    atomic_store(&lines->ended, false);
    lay_lines(lines, q, n, stream);
    for (size_t r = 0; r < lines->dim; r++) {
        lines->axis[r] = q->transform[r * lines->dim + i];
    }
    if (again) {
        lines->density = mean->density; /* its grid */
    }
    if (!(again ? ask_all(lines, i, n) : scan(lines, T, i, n))) {
        return INFINITY;
    }
    const double left = noise(lines, n);
    if (mean != NULL) {
        add_to_mean(mean, &lines->density, (double)n);
    }
    if (!quantile_map(mean != NULL ? &mean->density : &lines->density, T)) {
        return INFINITY;
    }
    move_draws(lines, T, i);
    return left;
}
