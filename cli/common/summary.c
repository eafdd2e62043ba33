/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/common/summary.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "io/report.h"

#define DRAWS_MOST  4000
#define DRAWS_LEAST 400
#define COST        4e9 /* d^2 times the draws, at most: a second or two */
#define CHUNK       64  /* draws at once, as many as the library makes */

/* Weights are taken where they leave less than ALIKE of the draws, since otherwise they matter less than the draws' own
 * error, and as many as EFFECTIVE_LEAST, since fewer have too large an error themselves; for as many draws as cost
 * COST_PART of what the fit asked, a gradient as much as GRADIENT_COST densities. */
#define ALIKE           0.98
#define EFFECTIVE_LEAST 1000
#define COST_PART       0.25
#define GRADIENT_COST   4

/* Of numbers in the table. */
#define NUMBER_WIDTH  11
#define DECIMALS_MOST 9
#define DIGITS_MOST   9
#define DIGITS_DOUBLE 15

static const char *const level_name[DESCRIBED_QUANTILES] = {"q5", "q50", "q95"};

struct work {
    size_t d, m, n, kept, vague, outside;
    bool asks;                /* for log p: the draws are weighted, or some lie outside the support */
    double *x, *out, *values; /* CHUNK x d, CHUNK x m, rows x n */
    double *log_p, *log_q;    /* CHUNK each */
    double *weight;           /* n: of the draws that are kept, first as log p - log q; NULL: they are not weighted */
    struct weighed *sorted;   /* n, likewise */
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

/* Draw i of the chunk */
static void keep(size_t i, size_t rows, struct work *work)
{
    for (size_t r = 0; r < rows; r++)
        work->values[r * work->n + work->kept] = work->out[i * work->m + r];
    if (work->weight)
        work->weight[work->kept] = work->log_p[i] - work->log_q[i];
    work->kept++;
}

/* What is shown is the fit restricted to the support, as its ELBO is. */
static bool is_outside(const struct work *work, size_t i)
{
    return work->asks && work->log_p[i] == -INFINITY;
}

/* Draws first, ..., first + n - 1 of the fit, and what the model makes of them. */
static rovi_status draw_chunk(const struct summary_request *request, size_t first, size_t n, struct work *work,
                              rovi_error *error)
{
    const rovi_approximation *q = rovi_fit_approximation(request->fit);
    const rovi_outputs outputs = {.include = ROVI_TRANSFORMED, .seed = request->seed, .first = first};
    CHECK(rovi_approximation_draw(q, request->seed, first, n, work->x, work->weight ? work->log_q : NULL, error));
    if (work->asks)
        CHECK(rovi_target_evaluate(request->target, n, work->x, work->log_p, NULL, error));
    return rovi_target_constrain(request->target, &outputs, n, work->x, work->out, error);
}

static rovi_status draw(const struct summary_request *request, size_t rows, struct work *work, rovi_error *error)
{
    for (size_t first = 0; first < work->n; first += CHUNK) {
        size_t n = work->n - first < CHUNK ? work->n - first : CHUNK;
        CHECK(draw_chunk(request, first, n, work, error));
        for (size_t i = 0; i < n; i++) {
            const size_t unknown = count_nan(work->m, work->out + i * work->m);
            const bool outside = is_outside(work, i);
            work->outside += outside;
            if (outside || unknown == work->m)
                continue;
            work->vague += unknown > 0;
            keep(i, rows, work);
        }
    }
    return ROVI_OK;
}

/* ---- weights ---- */

/* How many draws may be asked for at little beside what the fit took. */
static double count_affordable(const rovi_fit *fit)
{
    const rovi_evaluations *spent = &rovi_fit_parts_of(fit)->evaluations;
    const double cost = COST_PART * ((double)spent->density + GRADIENT_COST * (double)spent->gradient);
    return floor(fmin((double)count_draws(rovi_approximation_dim(rovi_fit_approximation(fit))), cost));
}

/* How many draws are better weighted, and can be; 0: none, they stay as they are. */
static size_t count_weighted(const rovi_fit *fit, const rovi_diagnosis_parts *diagnosis)
{
    const double n = count_affordable(fit);
    if (!diagnosis || !k_hat_is_within(diagnosis_k_hat(diagnosis)))
        return 0;
    const double left = diagnosis->ess / (double)diagnosis->draws;
    return left < ALIKE && left * n >= EFFECTIVE_LEAST ? (size_t)n : 0;
}

bool summary_weighs(const rovi_fit *fit, const rovi_diagnosis_parts *diagnosis, const struct summary *summary)
{
    const bool denied = summary && !isnan(summary->k_hat.value) && !k_hat_is_within(summary->k_hat);
    return count_weighted(fit, diagnosis) > 0 && !denied;
}

struct k_hat summary_k_hat(const struct summary *summary, const rovi_diagnosis_parts *diagnosis)
{
    return summary && !isnan(summary->k_hat.value) ? summary->k_hat : diagnosis_k_hat(diagnosis);
}

/* Log weights become weights of sum 1, or none, where these draws say that they are not to be trusted. */
static rovi_status make_weights(struct work *work, struct summary *summary, rovi_error *error)
{
    rovi_smoothing smoothing;
    double top = -INFINITY, sum = 0;
    CHECK(rovi_smooth_weights(work->kept, work->weight, &smoothing, error));
    summary->k_hat = (struct k_hat){smoothing.k_hat, smoothing.k_threshold, work->kept};
    if (!k_hat_is_within(summary->k_hat)) {
        work->weight = NULL;
        return ROVI_OK;
    }
    for (size_t i = 0; i < work->kept; i++)
        top = fmax(top, work->weight[i]);
    for (size_t i = 0; i < work->kept; i++)
        sum += work->weight[i] = exp(work->weight[i] - top);
    for (size_t i = 0; i < work->kept; i++)
        work->weight[i] /= sum;
    summary->ess = smoothing.ess;
    return ROVI_OK;
}

/* ---- the summary ---- */

static const char *name_of(const rovi_target *target, size_t index, struct pool *pool)
{
    const char *name = rovi_target_output_name(target, ROVI_TRANSFORMED, index);
    return name ? name : pool_format(pool, "x.%zu", index + 1);
}

static bool take_room(bool weighs, const struct summary *summary, struct pool *pool, struct work *work)
{
    work->x = pool_take(pool, CHUNK, work->d * sizeof(double));
    work->out = pool_take(pool, CHUNK, work->m * sizeof(double));
    work->log_p = pool_take(pool, CHUNK, sizeof(double));
    work->log_q = pool_take(pool, CHUNK, sizeof(double));
    work->values = pool_take(pool, summary->rows, work->n * sizeof(double));
    work->weight = weighs ? pool_take(pool, work->n, sizeof(double)) : NULL;
    work->sorted = weighs ? pool_take(pool, work->n, sizeof(struct weighed)) : NULL;
    return work->x && work->out && work->log_p && work->log_q && work->values &&
           (!weighs || (work->weight && work->sorted));
}

static rovi_status describe_rows(const rovi_target *target, struct work *work, struct summary *summary,
                                 rovi_error *error)
{
    if (work->weight)
        CHECK(make_weights(work, summary, error));
    for (size_t r = 0; r < summary->rows; r++) {
        summary->row[r].described = describe(work->kept, work->values + r * work->n, work->weight, work->sorted);
        summary->row[r].name = name_of(target, r, &summary->pool);
        if (!summary->row[r].name)
            return report_no_memory(error);
    }
    return ROVI_OK;
}

static rovi_status fill(const struct summary_request *request, struct summary *summary, rovi_error *error)
{
    const size_t weighted = count_weighted(request->fit, request->diagnosis);
    const bool walled = diagnosis_outside(rovi_fit_parts_of(request->fit), request->diagnosis).value > 0;
    summary->draws = weighted > 0 ? weighted
                     : walled     ? (size_t)fmax(DRAWS_LEAST, count_affordable(request->fit))
                                  : count_draws(rovi_target_dim(request->target));
    struct work work = {.d = rovi_target_dim(request->target),
                        .m = summary->outputs,
                        .n = summary->draws,
                        .asks = weighted > 0 || walled};
    struct pool pool = {0};
    rovi_status status = take_room(weighted > 0, summary, &pool, &work) ? draw(request, summary->rows, &work, error)
                                                                        : report_no_memory(error);
    if (!status)
        status = describe_rows(request->target, &work, summary, error);
    summary->failed = work.n - work.kept - work.outside;
    summary->outside = work.outside;
    summary->vague = work.vague;
    pool_free(&pool);
    return status;
}

rovi_status summary_make(const struct summary_request *request, struct summary *summary, rovi_error *error)
{
    const rovi_target *target = request->target;
    size_t outputs = rovi_target_output_count(target, ROVI_TRANSFORMED);
    *summary = (struct summary){.outputs = outputs,
                                .rows = outputs < request->most ? outputs : request->most,
                                .ess = NAN,
                                .k_hat = {.value = NAN},
                                .constrained = rovi_target_is_constrained(target),
                                .by_differences = !rovi_target_has_gradient(target)};
    summary->row = pool_take(&summary->pool, summary->rows, sizeof *summary->row);
    rovi_status status = summary->row ? fill(request, summary, error) : report_no_memory(error);
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

/* To the second digit of the error. */
static void write_number(double value, double mcse, char text[SUMMARY_NUMBER])
{
    const double last = mcse > 0 && isfinite(mcse) ? floor(log10(mcse)) - 1 : NAN; /* power of ten of the last digit */
    const double first = value != 0 ? floor(log10(fabs(value))) : 0;
    if (isnan(last) || !isfinite(value))
        snprintf(text, SUMMARY_NUMBER, "%.4g", value);
    else if (last >= -DECIMALS_MOST && first < DIGITS_MOST)
        snprintf(text, SUMMARY_NUMBER, "%.*f", last < 0 ? (int)-last : 0, value);
    else
        snprintf(text, SUMMARY_NUMBER, "%.*g", (int)fmin(fmax(first - last + 1, 2), DIGITS_DOUBLE), value);
}

struct summary_cells summary_cells(const struct summary_row *row)
{
    struct summary_cells cells;
    const struct described *is = &row->described;
    const double mcse = is->mean.mcse;
    write_number(is->mean.value, mcse, cells.text[0]);
    write_number(mcse, mcse, cells.text[1]);
    write_number(is->sd.value, mcse, cells.text[2]);
    for (size_t k = 0; k < DESCRIBED_QUANTILES; k++)
        write_number(is->quantile[k].value, mcse, cells.text[3 + k]);
    return cells;
}

static int widest_number(const struct summary *summary)
{
    size_t width = NUMBER_WIDTH;
    for (size_t r = 0; r < summary->rows; r++) {
        const struct summary_cells cells = summary_cells(summary->row + r);
        for (size_t k = 0; k < SUMMARY_CELLS; k++)
            width = strlen(cells.text[k]) > width ? strlen(cells.text[k]) : width;
    }
    return (int)width;
}

static void print_row(const struct summary_row *row, int name, int width, FILE *stream)
{
    const struct summary_cells cells = summary_cells(row);
    fprintf(stream, "  %-*s %*s %9s", name, row->name, width, cells.text[0], cells.text[1]);
    for (size_t k = 2; k < SUMMARY_CELLS; k++)
        fprintf(stream, " %*s", width, cells.text[k]);
    fputc('\n', stream);
}

static size_t summary_kept(const struct summary *summary)
{
    return summary->draws - summary->failed - summary->outside;
}

void summary_print_origin(const struct summary *summary, FILE *stream)
{
    fprintf(stream, "%zu draws of the fit", summary_kept(summary));
    if (summary->outside)
        fputs(" inside the support", stream);
    if (!isnan(summary->ess))
        fprintf(stream, ", weighted by importance (worth %.0f)", summary->ess);
    fputs(summary->constrained ? ", on the constrained scale" : "", stream);
}

static void print_notes(const struct summary *summary, FILE *stream)
{
    const rovi_failures *failures = &summary->failures;
    if (summary->rows < summary->outputs)
        fprintf(stream, "  and %zu more: see --json full, or draw\n", summary->outputs - summary->rows);
    fputs("  by ", stream);
    summary_print_origin(summary, stream);
    fputs("; the column ± is the error of the mean\n", stream);
    if (summary->by_differences)
        fputs("  gradients are central differences of the log density\n", stream);
    if (summary->outside)
        fprintf(stream, "  %zu further draws lie outside the target's support\n", summary->outside);
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

/* A table of nothing but NaN is of no use to anyone. */
static void print_none(const struct summary *summary, FILE *stream)
{
    fprintf(stream,
            "\n  none of %zu draws could be constrained, so that there is no table of parameters; the model said: %s\n",
            summary->failed, summary->failures.outputs_message);
}

void summary_print(const struct summary *summary, FILE *stream)
{
    if (summary_kept(summary) == 0 && summary->failed > 0) {
        print_none(summary, stream);
        return;
    }
    int name = 8;
    const int width = widest_number(summary);
    for (size_t r = 0; r < summary->rows; r++)
        name = (int)strlen(summary->row[r].name) > name ? (int)strlen(summary->row[r].name) : name;
    fprintf(stream, "\n  %-*s %*s %10s %*s %*s %*s %*s\n", name, "", width, "mean", "±", width, "sd", width, "5 %",
            width, "50 %", width, "95 %");
    for (size_t r = 0; r < summary->rows; r++)
        print_row(&summary->row[r], name, width, stream);
    print_notes(summary, stream);
}

/* ---- for programs ---- */

static json_t *row_to_json(const struct summary_row *row)
{
    const struct described *is = &row->described;
    json_t *object = json_object();
    bool ok = json_put(object, "name", json_from_text(row->name)) &&
              json_put(object, "mean", json_from_estimate(is->mean)) &&
              json_put(object, "sd", json_from_estimate(is->sd));
    for (size_t k = 0; ok && k < DESCRIBED_QUANTILES; k++)
        ok = json_put(object, level_name[k], json_from_estimate(is->quantile[k]));
    return json_whole(object, ok);
}

static json_t *failures_to_json(const rovi_failures *failures)
{
    json_t *object = json_object();
    bool ok = json_put(object, "density", json_from_uint64(failures->density)) &&
              json_put(object, "outputs", json_from_uint64(failures->outputs)) &&
              json_put(object, "message",
                       json_from_text(failures->density ? failures->density_message : failures->outputs_message));
    return json_whole(object, ok);
}

bool summary_put(json_t *object, const struct summary *summary)
{
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t r = 0; ok && r < summary->rows; r++)
        ok = json_array_append_new(array, row_to_json(&summary->row[r])) == 0;
    return json_put(object, "parameters", array) && ok &&
           json_put(object, "parameters_total", json_from_uint64(summary->outputs)) &&
           json_put(object, "parameters_draws", json_from_uint64(summary_kept(summary))) &&
           json_put(object, "parameters_outside", json_from_uint64(summary->outside)) &&
           json_put(object, "parameters_ess", json_from_double(summary->ess)) &&
           json_put(object, "parameters_k_hat", json_from_double(summary->k_hat.value)) &&
           json_put(object, "gradient", json_from_text(summary->by_differences ? "differences" : "exact")) &&
           json_put(object, "failures", failures_to_json(&summary->failures));
}
