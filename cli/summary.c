/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Draws are independent, so the error of a mean is sd/sqrt(n), that of an sd sqrt((m4 - m2^2)/(4 m2 n)), and that of a
 * p-quantile half of the distance of the order statistics n p +- sqrt(n p (1 - p)).
 */
#include "cli/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/fit_file.h"
#include "io/order.h"
#include "io/report.h"

#define DRAWS_MOST  4000
#define DRAWS_LEAST 400
#define COST        4e9 /* d^2 times the draws, at most: a second or two */
#define CHUNK       64  /* draws at once, as many as the library makes */

static const double level[SUMMARY_QUANTILES] = {0.05, 0.5, 0.95};
static const char *const level_name[SUMMARY_QUANTILES] = {"q5", "q50", "q95"};

struct work {
    size_t d, m, n, kept, vague;
    double *x, *out, *values; /* CHUNK x d, CHUNK x m, rows x n */
};

static size_t count_draws(size_t d)
{
    double affordable = COST / ((double)d * (double)d);
    return affordable > DRAWS_MOST ? DRAWS_MOST : affordable < DRAWS_LEAST ? DRAWS_LEAST : (size_t)affordable;
}

static size_t count_nan(size_t n, const double *x)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += isnan(x[i]) != 0;
    return count;
}

static rovi_status draw(const rovi_fit *fit, const rovi_target *target, uint64_t seed, size_t rows, struct work *work,
                        rovi_error *error)
{
    for (size_t first = 0; first < work->n; first += CHUNK) {
        size_t n = work->n - first < CHUNK ? work->n - first : CHUNK;
        const rovi_outputs outputs = {.include = ROVI_TRANSFORMED, .seed = seed, .first = first};
        rovi_status status = rovi_approximation_draw(rovi_fit_approximation(fit), seed, first, n, work->x, NULL, error);
        if (!status)
            status = rovi_target_constrain(target, &outputs, n, work->x, work->out, error);
        if (status)
            return status;
        for (size_t i = 0; i < n; i++) {
            const double *out = work->out + i * work->m;
            const size_t unknown = count_nan(work->m, out);
            if (unknown == work->m)
                continue;
            work->vague += unknown > 0;
            for (size_t r = 0; r < rows; r++)
                work->values[r * work->n + work->kept] = out[r];
            work->kept++;
        }
    }
    return ROVI_OK;
}

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
static void find_quantiles(size_t n, double *values, rovi_estimate quantile[SUMMARY_QUANTILES])
{
    struct order_range range[SUMMARY_QUANTILES];
    double spread;
    for (size_t k = 0; k < SUMMARY_QUANTILES; k++) {
        const double at = place(n, level[k], &spread);
        range[k] = (struct order_range){(size_t)within(n, at - spread), (size_t)within(n, at + spread + 1)};
    }
    order_values(n, values, SUMMARY_QUANTILES, range);
    for (size_t k = 0; k < SUMMARY_QUANTILES; k++) {
        const double at = place(n, level[k], &spread);
        const double high = order_statistic(n, values, at + spread), low = order_statistic(n, values, at - spread);
        quantile[k] = (rovi_estimate){order_statistic(n, values, at), (high - low) / 2};
    }
}

/* Moves the values. */
static void describe(size_t n, double *values, struct summary_row *row)
{
    const rovi_estimate unknown = {NAN, NAN};
    double sum = 0, squares = 0, fourths = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    *row = (struct summary_row){.mean = unknown, .sd = unknown, .quantile = {unknown, unknown, unknown}};
    if (n < 2 || count_nan(n, values) > 0)
        return;
    const double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        const double square = (values[i] - mean) * (values[i] - mean);
        squares += square;
        fourths += square * square;
    }
    const double m2 = squares / (double)n, m4 = fourths / (double)n, variance = squares / (double)(n - 1);
    row->mean = (rovi_estimate){mean, sqrt(variance / (double)n)};
    row->sd = (rovi_estimate){sqrt(variance), m2 > 0 ? sqrt(fmax(0, m4 - m2 * m2) / (4 * m2 * (double)n)) : 0};
    find_quantiles(n, values, row->quantile);
}

static const char *name_of(const rovi_target *target, size_t index, struct pool *pool)
{
    const char *name = rovi_target_output_name(target, ROVI_TRANSFORMED, index);
    return name ? name : pool_format(pool, "x.%zu", index + 1);
}

static rovi_status fill(const rovi_fit *fit, const rovi_target *target, uint64_t seed, struct summary *summary,
                        rovi_error *error)
{
    struct work work = {.d = rovi_target_dim(target), .m = summary->outputs, .n = summary->draws};
    struct pool pool = {0};
    work.x = pool_take(&pool, CHUNK, work.d * sizeof(double));
    work.out = pool_take(&pool, CHUNK, work.m * sizeof(double));
    work.values = pool_take(&pool, summary->rows, work.n * sizeof(double));
    rovi_status status = ROVI_NO_MEMORY;
    if (work.x && work.out && work.values)
        status = draw(fit, target, seed, summary->rows, &work, error);
    else
        report_no_memory(error);
    for (size_t r = 0; !status && r < summary->rows; r++) {
        describe(work.kept, work.values + r * work.n, &summary->row[r]);
        summary->row[r].name = name_of(target, r, &summary->pool);
        if (!summary->row[r].name)
            status = report_no_memory(error);
    }
    summary->failed = work.n - work.kept;
    summary->vague = work.vague;
    pool_free(&pool);
    return status;
}

rovi_status summary_make(const rovi_fit *fit, const rovi_target *target, uint64_t seed, size_t most,
                         struct summary *summary, rovi_error *error)
{
    size_t outputs = rovi_target_output_count(target, ROVI_TRANSFORMED);
    *summary = (struct summary){.outputs = outputs,
                                .rows = outputs < most ? outputs : most,
                                .draws = count_draws(rovi_target_dim(target)),
                                .constrained = rovi_target_is_constrained(target),
                                .by_differences = !rovi_target_has_gradient(target)};
    summary->row = pool_take(&summary->pool, summary->rows, sizeof *summary->row);
    rovi_status status = summary->row ? fill(fit, target, seed, summary, error) : report_no_memory(error);
    rovi_target_failures(target, &summary->failures);
    if (status)
        summary_clear(summary);
    return status;
}

void summary_clear(struct summary *summary)
{
    pool_free(&summary->pool);
    *summary = (struct summary){0};
}

/* ---- for people ---- */

static void print_row(const struct summary_row *row, int width, FILE *stream)
{
    fprintf(stream, "  %-*s %11.4g %9.2g %11.4g", width, row->name, row->mean.value, row->mean.mcse, row->sd.value);
    for (size_t k = 0; k < SUMMARY_QUANTILES; k++)
        fprintf(stream, " %11.4g", row->quantile[k].value);
    fputc('\n', stream);
}

static void print_notes(const struct summary *summary, FILE *stream)
{
    const rovi_failures *failures = &summary->failures;
    if (summary->rows < summary->outputs)
        fprintf(stream, "  and %zu more: see --json full, or draw\n", summary->outputs - summary->rows);
    fprintf(stream, "  by %zu draws of the fit%s; the column ± is the error of the mean\n",
            summary->draws - summary->failed, summary->constrained ? ", on the constrained scale" : "");
    if (summary->by_differences)
        fputs("  gradients are central differences of the log density\n", stream);
    if (summary->failed)
        fprintf(stream, "  %zu further draws could not be constrained; the model said: %s\n", summary->failed,
                failures->outputs_message);
    if (summary->vague)
        fprintf(stream, "  %zu of these draws hold NaN; the model said first: %s\n", summary->vague,
                failures->outputs_message);
    if (failures->density)
        fprintf(stream, "  the model failed at %" PRIu64 " point%s, and said first: %s\n", failures->density,
                failures->density == 1 ? "" : "s", failures->density_message);
}

void summary_print(const struct summary *summary, FILE *stream)
{
    int width = 8;
    for (size_t r = 0; r < summary->rows; r++)
        width = (int)strlen(summary->row[r].name) > width ? (int)strlen(summary->row[r].name) : width;
    fprintf(stream, "\n  %-*s %11s %10s %11s %11s %11s %11s\n", width, "", "mean", "±", "sd", "5 %", "50 %", "95 %");
    for (size_t r = 0; r < summary->rows; r++)
        print_row(&summary->row[r], width, stream);
    print_notes(summary, stream);
}

/* ---- for programs ---- */

static json_t *row_to_json(const struct summary_row *row)
{
    json_t *object = json_object();
    bool ok = json_put(object, "name", json_from_text(row->name)) &&
              json_put(object, "mean", json_from_estimate(row->mean)) &&
              json_put(object, "sd", json_from_estimate(row->sd));
    for (size_t k = 0; ok && k < SUMMARY_QUANTILES; k++)
        ok = json_put(object, level_name[k], json_from_estimate(row->quantile[k]));
    if (!ok)
        json_decref(object);
    return ok ? object : NULL;
}

static json_t *failures_to_json(const rovi_failures *failures)
{
    json_t *object = json_object();
    bool ok = json_put(object, "density", json_from_uint64(failures->density)) &&
              json_put(object, "outputs", json_from_uint64(failures->outputs)) &&
              json_put(object, "message",
                       json_from_text(failures->density ? failures->density_message : failures->outputs_message));
    if (!ok)
        json_decref(object);
    return ok ? object : NULL;
}

bool summary_put(json_t *object, const struct summary *summary)
{
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t r = 0; ok && r < summary->rows; r++)
        ok = json_array_append_new(array, row_to_json(&summary->row[r])) == 0;
    return json_put(object, "parameters", array) && ok &&
           json_put(object, "parameters_total", json_from_uint64(summary->outputs)) &&
           json_put(object, "parameters_draws", json_from_uint64(summary->draws - summary->failed)) &&
           json_put(object, "gradient", json_from_text(summary->by_differences ? "differences" : "exact")) &&
           json_put(object, "failures", failures_to_json(&summary->failures));
}
