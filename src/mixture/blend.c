/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * With G the mean of the components' densities, draws of all of them, as many of each, are draws of G, and an integral
 * over q_k is a mean of v_k = q_k/G over all of them (the balance heuristic, Veach and Guibas 1995): where components
 * overlap each learns from the draws of the others, and where they are apart from its own alone.
 *
 * The ELBO of sum_k w_k q_k is concave in the weights, its gradient L_k - 1 with L_k = E_k[log p - log q], its second
 * derivative -A, A_ij = int q_i q_j/q: it is at most max_k L_k, and Newton's method finds the weights. A step is taken
 * in the logarithms of the weights, which is exact where components are apart; when it does not gain, the step is w_k
 * <- w_k exp(L_k), normalised, which always does (equation 36, the bound that is tight at the present shares).
 */
#include "mixture/blend.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"
#include "family/draw.h"

#define STEPS       100
#define TRIAL_STEPS 20
#define ENOUGH      1e-6  /* nats: the most that other weights could gain, when it is done */
#define LONGEST     2.0   /* step in the logarithm of a weight */
#define RIDGE       1e-10 /* of the diagonal of A: components may be the same */
#define NEGLIGIBLE  1e-6  /* weight of a component that is dropped */
#define ABSENT      1e-12 /* share below which a component does not count */
#define OVERLAP     0.02  /* least share of others in a component, for it to be a candidate for dropping */

bool blend_init(struct blend *b, size_t dim, size_t room)
{
    *b = (struct blend){.dim = dim, .room = room};
    b->q = arena_take(&b->memory, room, sizeof(void *));
    b->weight = arena_doubles(&b->memory, room);
    b->level = arena_doubles(&b->memory, room);
    b->variance = arena_doubles(&b->memory, room);
    b->row = arena_take(&b->memory, room, sizeof *b->row);
    b->moved = arena_take(&b->memory, room, sizeof *b->moved);
    return !b->memory.failed;
}

void blend_free(struct blend *b)
{
    for (size_t k = 0; k < b->count; k++) {
        rovi_approximation_free(b->q[k]);
    }
    arena_free(&b->tables);
    arena_free(&b->memory);
}

bool blend_add(struct blend *b, rovi_approximation *q)
{
    if (q == NULL || b->count == b->room) {
        rovi_approximation_free(q);
        return false;
    }
    const double share = 1 / (double)(b->count + 1);
    for (size_t k = 0; k < b->count; k++) {
        b->weight[k] *= 1 - share;
    }
    b->q[b->count] = q;
    b->moved[b->count] = true;
    b->weight[b->count++] = share;
    return true;
}

static void normalise(struct blend *b)
{
    double sum = 0;
    for (size_t k = 0; k < b->count; k++) {
        sum += b->weight[k];
    }
    for (size_t k = 0; k < b->count; k++) {
        b->weight[k] /= sum;
    }
}

static void drop(struct blend *b, size_t k)
{
    const size_t after = --b->count - k;
    rovi_approximation_free(b->q[k]);
    memmove(b->q + k, b->q + k + 1, after * sizeof *b->q);
    memmove(b->weight + k, b->weight + k + 1, after * sizeof *b->weight);
    memmove(b->level + k, b->level + k + 1, after * sizeof *b->level);
    memmove(b->variance + k, b->variance + k + 1, after * sizeof *b->variance);
    memmove(b->row + k, b->row + k + 1, after * sizeof *b->row);
    memmove(b->moved + k, b->moved + k + 1, after * sizeof *b->moved);
    normalise(b);
}

bool blend_set(struct blend *b, const rovi_approximation *q)
{
    bool ok = true;
    for (size_t k = 0; k < b->count; k++) {
        rovi_approximation_free(b->q[k]);
    }
    b->count = 0;
    for (size_t k = 0; k < rovi_approximation_components(q) && ok; k++) {
        ok = blend_add(b, approximation_copy(rovi_approximation_component(q, k, NULL)));
    }
    for (size_t k = 0; k < b->count; k++) {
        rovi_approximation_component(q, k, &b->weight[k]);
    }
    return ok;
}

/* ---- draws ---- */

struct sampling {
    struct blend *b;
    const rovi_approximation *q; /* the mixture */
    struct meter *meter;
    struct rng_stream stream;
    size_t blocks; /* of each component */
    double *work;
    size_t work_size;
};

/* The row of log densities at a draw of component k becomes densities over their mean; returns the log of that. One
 * that has left the numbers has none, and a draw at which none has a density counts for its own component. */
static double share_out(size_t count, size_t k, double *row)
{
    double top = -INFINITY, mean = 0;
    for (size_t j = 0; j < count; j++) {
        top = fmax(top, row[j]);
    }
    for (size_t j = 0; j < count; j++) {
        row[j] = row[j] - top > log(ABSENT) ? exp(row[j] - top) : 0;
        mean += row[j] / (double)count;
    }
    row[k] = mean > 0 ? row[k] : 1;
    for (size_t j = 0; j < count && mean > 0; j++) {
        row[j] /= mean;
    }
    return top + log(mean);
}

static void sample_block(void *context, size_t index, size_t worker)
{
    const struct sampling *job = context;
    struct blend *b = job->b;
    const size_t k = index / job->blocks, first = index % job->blocks * TARGET_BLOCK, d = b->dim;
    const size_t n = b->n - first < TARGET_BLOCK ? b->n - first : TARGET_BLOCK;
    double *x = job->work + worker * job->work_size, *term = x + TARGET_BLOCK * d,
           *work = term + TARGET_BLOCK * b->rows;
    double *ratio = b->ratio + k * b->n + first, *share = b->share + (k * b->n + first) * b->rows;
    struct rng_stream stream = job->stream;
    stream.substream += k;
    draw_points(b->q[k], stream, first, n, x, NULL, work);
    draw_terms(job->q, n, x, term, work);
    for (size_t j = 0; j < b->rows; j++) {
        for (size_t p = 0; p < n; p++) {
            share[p * b->rows + j] = term[j * n + p] - job->q->log_weight[j];
        }
    }
    meter_evaluate(job->meter, n, x, ratio, NULL, work);
    for (size_t p = 0; p < n; p++) {
        ratio[p] -= share_out(b->rows, k, share + p * b->rows);
    }
}

/* Which components count at the draws of each: where all are apart, the tables are nearly empty. */
static bool find_near(struct blend *b)
{
    const size_t rows = b->rows;
    double *most = arena_doubles(&b->tables, rows);
    b->near = arena_take(&b->tables, rows * rows, sizeof *b->near);
    b->near_count = arena_take(&b->tables, rows, sizeof *b->near_count);
    b->live = arena_take(&b->tables, rows * rows, sizeof *b->live);
    b->live_count = arena_take(&b->tables, rows, sizeof *b->live_count);
    b->row_weight = arena_doubles(&b->tables, rows);
    b->moments = arena_take(&b->tables, rows, sizeof *b->moments);
    b->metric = arena_doubles(&b->tables, rows * rows);
    b->factor = arena_doubles(&b->tables, rows * rows);
    b->step = arena_doubles(&b->tables, 2 * rows);
    b->kept = arena_doubles(&b->tables, rows);
    for (size_t k = 0; k < rows && !b->tables.failed; k++) {
        memset(most, 0, rows * sizeof *most);
        for (size_t s = 0; s < b->n; s++) {
            const double *share = b->share + (k * b->n + s) * rows;
            for (size_t j = 0; j < rows; j++) {
                most[j] = share[j] > most[j] ? share[j] : most[j];
            }
        }
        for (size_t j = 0; j < rows; j++) {
            if (most[j] > ABSENT) {
                b->near[k * rows + b->near_count[k]++] = j;
            }
        }
    }
    return !b->tables.failed;
}

rovi_approximation *blend_mix(const struct blend *b)
{
    return approximation_mix(b->count, b->weight, (const rovi_approximation *const *)b->q);
}

bool blend_sample(struct blend *b, size_t n, struct meter *meter, struct team *team, struct rng_stream stream)
{
    struct sampling job = {.b = b, .meter = meter, .stream = stream, .blocks = (n + TARGET_BLOCK - 1) / TARGET_BLOCK};
    rovi_approximation *q = blend_mix(b);
    arena_free(&b->tables);
    job.q = q;
    b->n = n;
    b->rows = b->count;
    b->ratio = arena_doubles(&b->tables, b->rows * n);
    b->share = arena_doubles(&b->tables, b->rows * n * b->rows);
    job.work_size = TARGET_BLOCK * (b->dim + b->rows) + draw_work_or_scratch(b->q[0], meter->target);
    job.work = arena_doubles(&b->tables, team_size(team) * job.work_size);
    for (size_t k = 0; k < b->count; k++) {
        b->row[k] = k;
    }
    const bool ok = q != NULL && !b->tables.failed;
    if (ok) {
        team_for(team, b->count * job.blocks, sample_block, &job);
    }
    rovi_approximation_free(q);
    return ok && find_near(b);
}

/* ---- weights ---- */

/* To be called when a weight has changed, before the functions below: which of the components that count at the draws
 * of each have a weight. */
static void spread_weights(struct blend *b)
{
    const size_t rows = b->rows;
    memset(b->row_weight, 0, rows * sizeof *b->row_weight);
    for (size_t j = 0; j < b->count; j++) {
        b->row_weight[b->row[j]] = b->weight[j];
    }
    memset(b->live_count, 0, rows * sizeof *b->live_count);
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < b->near_count[row]; i++) {
            const size_t j = b->near[row * rows + i];
            if (b->row_weight[j] > 0) {
                b->live[row * rows + b->live_count[row]++] = j;
            }
        }
    }
}

/* q over the mean of all components' densities, at draw s of the component in this row. */
static double density_at(const struct blend *b, size_t row, size_t s)
{
    const double *share = b->share + (row * b->n + s) * b->rows;
    const size_t *live = b->live + row * b->rows;
    double q = 0;
    for (size_t i = 0; i < b->live_count[row]; i++) {
        q += b->row_weight[live[i]] * share[live[i]];
    }
    return q;
}

/* What a draw tells of the components that count there: log p - log q, less b->about, is r. */
static void add_draw(struct blend *b, size_t row, size_t s, double r)
{
    const double *share = b->share + (row * b->n + s) * b->rows;
    const bool inside = isfinite(r) != 0;
    for (size_t i = 0; i < b->live_count[row]; i++) {
        const size_t j = b->live[row * b->rows + i];
        struct blend_moments *m = &b->moments[j];
        m->all += share[j];
        m->inside += inside ? share[j] : 0;
        m->sum += inside ? share[j] * r : 0;
        m->squares += inside ? share[j] * r * r : 0;
    }
}

/* A += the product of densities at a draw, over q. */
static void add_metric(struct blend *b, size_t row, size_t s, double q)
{
    const double *share = b->share + (row * b->n + s) * b->rows;
    const size_t *live = b->live + row * b->rows, count = b->live_count[row];
    for (size_t i = 0; i < count; i++) {
        const double part = share[live[i]] / q;
        for (size_t j = 0; j <= i; j++) {
            b->metric[live[i] * b->rows + live[j]] += part * share[live[j]];
        }
    }
}

/* Mean and variance of log p - log q over each component, by what of it lies inside the support, the share of which
 * counts as the log of it; and, if told so, A times the number of draws. Returns the ELBO. */
static double look(struct blend *b, bool with_metric)
{
    spread_weights(b);
    memset(b->moments, 0, b->rows * sizeof *b->moments);
    if (with_metric) {
        memset(b->metric, 0, b->rows * b->rows * sizeof *b->metric);
    }
    for (size_t p = 0; p < b->rows * b->n; p++) {
        const size_t row = p / b->n, s = p % b->n;
        const double q = density_at(b, row, s);
        add_draw(b, row, s, b->ratio[p] - log(q) - b->about);
        if (with_metric && q > 0) {
            add_metric(b, row, s, q);
        }
    }
    double elbo = 0;
    for (size_t k = 0; k < b->count; k++) {
        const struct blend_moments m = b->moments[b->row[k]];
        const double mean = m.sum / m.inside;
        b->level[k] = m.inside > 0 ? b->about + mean + log(m.inside / m.all) : -INFINITY;
        b->variance[k] = m.inside > 0 ? fmax(0, m.squares / m.inside - mean * mean) : INFINITY;
        elbo += b->weight[k] > 0 ? b->weight[k] * b->level[k] : 0;
    }
    return elbo;
}

/* The most that other weights of these components could gain, as the ELBO is concave in them. */
static double to_gain(const struct blend *b, double elbo)
{
    double top = -INFINITY;
    for (size_t k = 0; k < b->count; k++) {
        top = b->weight[k] > 0 ? fmax(top, b->level[k]) : top;
    }
    return isfinite(top) ? top - elbo : 0;
}

/* log of the weights += step (count), normalised. */
static void move_weights(struct blend *b, const double *step)
{
    double top = -INFINITY;
    for (size_t k = 0; k < b->count; k++) {
        top = fmax(top, step[k]);
    }
    for (size_t k = 0; k < b->count && isfinite(top); k++) {
        b->weight[k] *= exp(step[k] - top);
    }
    normalise(b);
}

/* A_ij of two components, after a look with the metric. */
static double metric_of(const struct blend *b, size_t i, size_t j)
{
    const size_t low = b->row[i] < b->row[j] ? b->row[i] : b->row[j], high = b->row[i] + b->row[j] - low;
    return b->metric[high * b->rows + low] / (double)(b->rows * b->n);
}

double blend_share(const struct blend *b, size_t j, size_t k)
{
    return b->weight[j] * metric_of(b, j, k);
}

/* A of the components that have a weight, and 1 on the diagonal for others, factored; false when it cannot be. */
static bool factor_metric(struct blend *b)
{
    const size_t n = b->count;
    double *A = b->factor;
    for (size_t i = 0; i < n; i++) {
        const bool there = b->weight[i] > 0;
        for (size_t j = 0; j < n; j++) {
            A[i * n + j] = there && b->weight[j] > 0 ? metric_of(b, i, j) : 0;
        }
        A[i * n + i] = there ? A[i * n + i] * (1 + RIDGE) : 1;
    }
    return linalg_all_finite(n * n, A) && linalg_cholesky(n, A, A);
}

/* Newton's step in the logarithms of the weights, sum of the changes 0; false when there is none. */
static bool plan_step(struct blend *b, double elbo)
{
    const size_t n = b->count;
    double *level = b->step, *one = level + n, levels = 0, ones = 0;
    for (size_t i = 0; i < n; i++) {
        const bool there = b->weight[i] > 0;
        level[i] = there ? b->level[i] - elbo : 0;
        one[i] = there;
    }
    if (!linalg_all_finite(n, level) || !factor_metric(b)) {
        return false;
    }
    linalg_solve_lower(2, n, b->factor, level);
    linalg_solve_lower_transposed(2, n, b->factor, level);
    for (size_t i = 0; i < n; i++) {
        levels += level[i];
        ones += one[i];
    }
    for (size_t i = 0; i < n; i++) {
        const double change = b->weight[i] > 0 ? (level[i] - one[i] * levels / ones) / b->weight[i] : 0;
        level[i] = fmax(-LONGEST, fmin(LONGEST, change));
    }
    return true;
}

/* One step, after a look with the metric; the last of it is a look with that. Returns the ELBO. */
static double advance(struct blend *b, double elbo)
{
    const double left = to_gain(b, elbo);
    double *before = b->kept;
    memcpy(before, b->weight, b->count * sizeof *before);
    if (plan_step(b, elbo)) {
        move_weights(b, b->step);
        const double after = look(b, true);
        if (after >= elbo || to_gain(b, after) < 0.5 * left) { /* on draws the levels are not quite the ELBO's slope */
            return after;
        }
        memcpy(b->weight, before, b->count * sizeof *before);
        look(b, false);
    }
    move_weights(b, b->level);
    return look(b, true);
}

/* The standard error of the ELBO: draws are of strata, one for each component, and count by u = q over the mean of all
 * densities. */
static double error_of(const struct blend *b, double elbo)
{
    double variance = 0;
    for (size_t row = 0; row < b->rows; row++) {
        double mean = 0, squares = 0;
        for (size_t s = 0; s < b->n; s++) {
            const double u = density_at(b, row, s), r = b->ratio[row * b->n + s] - log(u) - elbo;
            const double value = isfinite(r) ? u * r : 0, off = value - mean;
            mean += off / (double)(s + 1);
            squares += off * (value - mean);
        }
        variance += squares / (double)(b->n - 1) / (double)b->n;
    }
    return sqrt(variance) / (double)b->rows;
}

/* A number near log p - log q, so that squares do not cancel. */
static double any_ratio(const struct blend *b)
{
    for (size_t p = 0; p < b->rows * b->n; p++) {
        if (isfinite(b->ratio[p])) {
            return b->ratio[p];
        }
    }
    return 0;
}

static bool drop_negligible(struct blend *b)
{
    bool dropped = false;
    for (size_t k = b->count; k-- > 0;) {
        if (b->weight[k] < NEGLIGIBLE && b->count > 1) {
            b->degenerate++;
            drop(b, k);
            dropped = true;
        }
    }
    return dropped;
}

rovi_estimate blend_weigh(struct blend *b)
{
    b->about = any_ratio(b);
    double elbo = look(b, true);
    for (int t = 0; t < STEPS && (drop_negligible(b) || to_gain(b, elbo) > ENOUGH); t++) {
        elbo = advance(b, elbo);
    }
    elbo = look(b, false);
    return (rovi_estimate){elbo, error_of(b, elbo)};
}

rovi_estimate blend_approach(struct blend *b)
{
    b->about = any_ratio(b);
    look(b, false);
    move_weights(b, b->level);
    const double elbo = look(b, true);
    return (rovi_estimate){elbo, error_of(b, elbo)};
}

/* ---- which are needed ---- */

/* Whether the ELBO without component k, the others' weights being fitted anew, is more than `least`; they stay so when
 * it is. */
static bool can_do_without(struct blend *b, size_t k, double least, double *before)
{
    memcpy(before, b->weight, b->count * sizeof *before);
    b->weight[k] = 0;
    normalise(b);
    double elbo = look(b, true);
    for (int t = 0; t < TRIAL_STEPS && elbo <= least && elbo + to_gain(b, elbo) > least; t++) {
        elbo = advance(b, elbo);
    }
    if (elbo > least) {
        return true;
    }
    memcpy(b->weight, before, b->count * sizeof *before);
    return false;
}

/* loss (count) <- what the ELBO loses without each component, about, as a quadratic function of the weights about the
 * best: w^2/(2 P), P the diagonal of A^-1 - A^-1 1 (A^-1 1)^T/(1^T A^-1 1). That is too little, by a factor of two
 * where components are apart, since the second derivative grows where q falls. False when there is none. */
static bool foresee_losses(struct blend *b, double *loss)
{
    const size_t n = b->count;
    double *row = b->step, *one = row + n, ones = 0;
    if (!factor_metric(b)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        one[i] = 1;
    }
    linalg_solve_lower(1, n, b->factor, one);
    ones = linalg_dot(n, one, one);
    for (size_t k = 0; k < n; k++) {
        memset(row, 0, n * sizeof *row);
        row[k] = 1;
        linalg_solve_lower(1, n, b->factor, row);
        const double across = linalg_dot(n, row, one), P = linalg_dot(n, row, row) - across * across / ones;
        const bool alone = 1 - blend_share(b, k, k) < OVERLAP; /* none stands in for it */
        loss[k] = alone ? INFINITY : 0.5 * b->weight[k] * b->weight[k] / P;
    }
    return true;
}

/* Of the components not yet tried that may be worth less than `most`, the one that fits worst: the largest part of the
 * divergence; `count` when there is none. */
static size_t next_to_try(const struct blend *b, const bool *tried, const double *loss, double most)
{
    size_t k = b->count;
    for (size_t j = 0; j < b->count; j++) {
        if (!tried[b->row[j]] && !(loss[j] > most) &&
            (k == b->count || b->weight[j] * b->variance[j] > b->weight[k] * b->variance[k])) {
            k = j;
        }
    }
    return k;
}

/* Components that count at the draws of k have more to hold without it. */
static void note_neighbours(struct blend *b, size_t k)
{
    for (size_t i = 0; i < b->near_count[b->row[k]]; i++) {
        for (size_t j = 0; j < b->count; j++) {
            b->moved[j] = b->moved[j] || b->row[j] == b->near[b->row[k] * b->rows + i];
        }
    }
}

/* Drops the first that can be, after a look with the metric; false when there is none. */
static bool drop_one(struct blend *b, double least, bool *tried, double *before, double *loss)
{
    const double elbo = look(b, true);
    if (!foresee_losses(b, loss)) {
        return false;
    }
    for (size_t k = next_to_try(b, tried, loss, elbo - least); k < b->count;
         k = next_to_try(b, tried, loss, elbo - least)) {
        tried[b->row[k]] = true;
        if (can_do_without(b, k, least, before)) {
            note_neighbours(b, k);
            drop(b, k);
            return true;
        }
    }
    return false;
}

void blend_prune(struct blend *b, double loss)
{
    double *before = arena_doubles(&b->tables, b->count), *foreseen = arena_doubles(&b->tables, b->count);
    const double least = blend_weigh(b).value - loss;
    bool *tried = arena_take(&b->tables, b->rows, sizeof *tried);
    if (b->tables.failed) {
        return;
    }
    while (b->count > 1 && drop_one(b, least, tried, before, foreseen)) {
    }
    blend_weigh(b);
}
