/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ELBO of sum_k w_k q_k is concave in the weights; w_k <- w_k exp(E_k[log p - log q]), normalised, raises it at
 * every step (equation 36, the bound that is tight at the present shares), and reaches the optimum in one where
 * components are apart.
 */
#include "solve/blend.h"

#include <math.h>
#include <string.h>

#include "family/draw.h"

#define STEPS       500
#define TRIAL_STEPS 20
#define STILL       1e-5  /* change of a weight below which it is done */
#define NEGLIGIBLE  1e-6  /* weight of a component that is dropped */
#define ABSENT      1e-12 /* share below which a component does not count */
#define OVERLAP     0.02  /* least share of others at a component's draws, for it to be a candidate for dropping */

bool blend_init(struct blend *b, size_t dim, size_t room)
{
    *b = (struct blend){.dim = dim, .room = room};
    b->q = arena_take(&b->memory, room, sizeof(void *));
    b->weight = arena_doubles(&b->memory, room);
    b->level = arena_doubles(&b->memory, room);
    b->variance = arena_doubles(&b->memory, room);
    b->row = arena_take(&b->memory, room, sizeof *b->row);
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

void blend_drop(struct blend *b, size_t k)
{
    const size_t after = --b->count - k;
    rovi_approximation_free(b->q[k]);
    memmove(b->q + k, b->q + k + 1, after * sizeof *b->q);
    memmove(b->weight + k, b->weight + k + 1, after * sizeof *b->weight);
    memmove(b->level + k, b->level + k + 1, after * sizeof *b->level);
    memmove(b->variance + k, b->variance + k + 1, after * sizeof *b->variance);
    memmove(b->row + k, b->row + k + 1, after * sizeof *b->row);
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

/* The row of log densities at one draw becomes shares of the greatest; returns that. */
static double share_out(size_t count, double *row)
{
    double top = -INFINITY;
    for (size_t j = 0; j < count; j++) {
        top = fmax(top, row[j]);
    }
    for (size_t j = 0; j < count; j++) {
        row[j] = row[j] - top > log(ABSENT) ? exp(row[j] - top) : 0; /* one that has left the numbers has no share */
    }
    return top;
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
    draw_points(b->q[k], stream, first, n, x, term, work);
    draw_terms(job->q, n, x, term, work);
    for (size_t j = 0; j < b->rows; j++) {
        for (size_t p = 0; p < n; p++) {
            share[p * b->rows + j] = term[j * n + p] - job->q->log_weight[j];
        }
    }
    const bool none = meter_evaluate(job->meter, n, x, ratio, NULL, work) == n;
    for (size_t p = 0; p < n; p++) {
        ratio[p] = (none ? -INFINITY : ratio[p]) - share_out(b->rows, share + p * b->rows);
    }
}

/* Which components count at the draws of each: where all are apart, the tables are nearly empty. */
static bool find_near(struct blend *b)
{
    const size_t rows = b->rows;
    double *most = arena_doubles(&b->tables, rows);
    b->near = arena_take(&b->tables, rows * rows, sizeof *b->near);
    b->near_count = arena_take(&b->tables, rows, sizeof *b->near_count);
    b->row_weight = arena_doubles(&b->tables, rows);
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

bool blend_sample(struct blend *b, size_t n, struct meter *meter, struct team *team, struct rng_stream stream)
{
    struct sampling job = {.b = b, .meter = meter, .stream = stream, .blocks = (n + TARGET_BLOCK - 1) / TARGET_BLOCK};
    const size_t scratch = meter->target->scratch, work = draw_work(b->q[0]);
    rovi_approximation *q = approximation_mix(b->count, b->weight, (const rovi_approximation *const *)b->q);
    arena_free(&b->tables);
    job.q = q;
    b->n = n;
    b->rows = b->count;
    b->ratio = arena_doubles(&b->tables, b->rows * n);
    b->share = arena_doubles(&b->tables, b->rows * n * b->rows);
    job.work_size = TARGET_BLOCK * (b->dim + b->rows) + (work > scratch ? work : scratch);
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

/* To be called when a weight has changed, before the two functions below. */
static void spread_weights(struct blend *b)
{
    memset(b->row_weight, 0, b->rows * sizeof *b->row_weight);
    for (size_t j = 0; j < b->count; j++) {
        b->row_weight[b->row[j]] = b->weight[j];
    }
}

/* q over the greatest q_j, at draw s of the component in this row. */
static double density_at(const struct blend *b, size_t row, size_t s)
{
    const double *share = b->share + (row * b->n + s) * b->rows;
    double q = 0;
    for (size_t i = 0; i < b->near_count[row]; i++) {
        const size_t j = b->near[row * b->rows + i];
        q += b->row_weight[j] * share[j];
    }
    return q;
}

/* Mean and variance of log p - log q over the draws of component k that lie inside the support, the share of which
 * counts as the log of it. */
static void look(struct blend *b, size_t k)
{
    const double *ratio = b->ratio + b->row[k] * b->n;
    double inside = 0, mean = 0, squares = 0;
    for (size_t s = 0; s < b->n; s++) {
        const double r = ratio[s] - log(density_at(b, b->row[k], s));
        if (isfinite(r)) {
            const double step = r - mean;
            inside++;
            mean += step / inside;
            squares += step * (r - mean);
        }
    }
    b->level[k] = inside > 0 ? mean + log(inside / (double)b->n) : -INFINITY;
    b->variance[k] = inside > 1 ? squares / (inside - 1) : INFINITY;
}

/* One step; returns the largest change of a weight. */
static double step(struct blend *b)
{
    double top = -INFINITY, sum = 0, moved = 0;
    spread_weights(b);
    for (size_t k = 0; k < b->count; k++) {
        look(b, k);
        top = fmax(top, b->level[k]);
    }
    for (size_t k = 0; k < b->count && isfinite(top); k++) {
        sum += b->weight[k] * exp(b->level[k] - top);
    }
    for (size_t k = 0; k < b->count && sum > 0; k++) {
        const double weight = b->weight[k] * exp(b->level[k] - top) / sum;
        moved = fmax(moved, fabs(weight - b->weight[k]));
        b->weight[k] = weight;
    }
    return moved;
}

static rovi_estimate elbo(const struct blend *b)
{
    double value = 0, variance = 0;
    for (size_t k = 0; k < b->count; k++) {
        if (!(b->weight[k] > 0)) {
            continue;
        }
        value += b->weight[k] * b->level[k];
        variance += b->weight[k] * b->weight[k] * b->variance[k] / (double)b->n;
    }
    return (rovi_estimate){value, sqrt(variance)};
}

rovi_estimate blend_weigh(struct blend *b)
{
    for (int t = 0; t < STEPS && step(b) > STILL; t++) {
        for (size_t k = b->count; k-- > 0;) {
            if (b->weight[k] < NEGLIGIBLE && b->count > 1) {
                b->degenerate++;
                blend_drop(b, k);
            }
        }
    }
    spread_weights(b);
    for (size_t k = 0; k < b->count; k++) {
        look(b, k);
    }
    return elbo(b);
}

/* ---- which are needed ---- */

/* Mean share of the other components at the draws of k. */
static double share_of_others(struct blend *b, size_t k)
{
    const size_t row = b->row[k];
    double others = 0;
    spread_weights(b);
    for (size_t s = 0; s < b->n; s++) {
        others += 1 - b->weight[k] * b->share[(row * b->n + s) * b->rows + row] / density_at(b, row, s);
    }
    return others / (double)b->n;
}

/* The ELBO without component k, the others' weights being fitted anew; they stay so when it is more than `least`. */
static bool can_do_without(struct blend *b, size_t k, double least, double *kept)
{
    memcpy(kept, b->weight, b->count * sizeof *kept);
    b->weight[k] = 0;
    normalise(b);
    for (int t = 0; t < TRIAL_STEPS && step(b) > STILL; t++) {
    }
    if (elbo(b).value > least) {
        return true;
    }
    memcpy(b->weight, kept, b->count * sizeof *kept);
    return false;
}

/* Of the components not yet tried, the one that fits worst: the largest part of the divergence. */
static size_t next_to_try(const struct blend *b, const bool *tried)
{
    size_t k = b->count;
    for (size_t j = 0; j < b->count; j++) {
        if (!tried[b->row[j]] && (k == b->count || b->weight[j] * b->variance[j] > b->weight[k] * b->variance[k])) {
            k = j;
        }
    }
    return k;
}

void blend_prune(struct blend *b, double loss)
{
    double *kept = arena_doubles(&b->tables, b->count);
    const double least = blend_weigh(b).value - loss;
    bool *tried = arena_take(&b->tables, b->rows, sizeof *tried);
    if (b->tables.failed) {
        return;
    }
    for (size_t k = next_to_try(b, tried); b->count > 1 && k < b->count; k = next_to_try(b, tried)) {
        tried[b->row[k]] = true;
        if (share_of_others(b, k) > OVERLAP && can_do_without(b, k, least, kept)) {
            blend_drop(b, k);
        }
    }
    blend_weigh(b);
}
