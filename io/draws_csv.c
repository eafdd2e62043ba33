/* SPDX-License-Identifier: BSD-3-Clause */
/* Draws as Stan CSV, streamed: a chunk of rows at a time, whatever their number. */
#include "io/draws_csv.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "io/report.h"

#define CHUNK_DOUBLES (1 << 16) /* about half a megabyte of draws at once */

struct chunk {
    size_t d, m, room;               /* m: columns, room: rows */
    double *x, *out, *log_q, *log_p; /* room x d, room x m, room, room; out is x where nothing is constrained */
    struct pool pool;
};

static rovi_status chunk_take(struct chunk *chunk, const struct draws_csv *draws, rovi_error *error)
{
    size_t d = rovi_approximation_dim(rovi_fit_approximation(draws->fit->fit));
    bool constrained = draws->target && rovi_target_is_constrained(draws->target);
    size_t m = constrained ? rovi_target_output_count(draws->target, draws->include) : d, wide = m > d ? m : d;
    *chunk = (struct chunk){.d = d, .m = m, .room = wide < CHUNK_DOUBLES ? CHUNK_DOUBLES / wide : 1};
    chunk->x = pool_take(&chunk->pool, chunk->room, d * sizeof(double));
    chunk->log_q = pool_take(&chunk->pool, chunk->room, sizeof(double));
    chunk->log_p = pool_take(&chunk->pool, chunk->room, sizeof(double));
    chunk->out = constrained ? pool_take(&chunk->pool, chunk->room, m * sizeof(double)) : chunk->x;
    return chunk->x && chunk->out && chunk->log_q && chunk->log_p ? ROVI_OK : report_no_memory(error);
}

static const char *or_unknown(const char *text)
{
    return text ? text : "unknown";
}

/* A name may hold line ends, a comment line may not. */
static void write_one_line(const char *text, FILE *stream)
{
    for (; *text; text++)
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, stream);
}

static void write_names(const struct draws_csv *draws, size_t columns, FILE *stream)
{
    fputs("lp_approx__,lp__", stream);
    for (size_t i = 0; i < columns; i++) {
        const char *name = draws->target ? rovi_target_output_name(draws->target, draws->include, i) : NULL;
        if (name)
            fprintf(stream, ",%s", name);
        else
            fprintf(stream, ",x.%zu", i + 1);
    }
    fputc('\n', stream);
}

static void write_head(const struct draws_csv *draws, size_t columns, FILE *stream)
{
    const struct fit_context *context = &draws->fit->context;
    const rovi_fit_parts *parts = rovi_fit_parts_of(draws->fit->fit);
    fprintf(stream, "# rovi_version = %s\n# model = ", rovi_version());
    write_one_line(or_unknown(context->target), stream);
    fprintf(stream, "\n# method = ");
    write_one_line(or_unknown(context->method), stream);
    fprintf(stream, "\n#   num_draws = %" PRIu64 "\n#   seed = %" PRIu64 "\n", draws->count, draws->seed);
    fprintf(stream, "#   fit_status = %s\n#   fit_elbo = %.17g\n", rovi_stop_text(parts->stop), parts->elbo.value);
    write_names(draws, columns, stream);
}

/* Not finite numbers as Stan writes them, which numpy, pandas and R read as well. */
static void write_number(double value, FILE *stream)
{
    if (isfinite(value))
        fprintf(stream, "%.17g", value);
    else
        fputs(isnan(value) ? "nan" : value > 0 ? "inf" : "-inf", stream);
}

static void write_rows(const struct chunk *chunk, size_t n, FILE *stream)
{
    for (size_t i = 0; i < n; i++) {
        write_number(chunk->log_q[i], stream);
        fputc(',', stream);
        write_number(chunk->log_p[i], stream);
        for (size_t j = 0; j < chunk->m; j++) {
            fputc(',', stream);
            write_number(chunk->out[i * chunk->m + j], stream);
        }
        fputc('\n', stream);
    }
}

static rovi_status fill(const struct draws_csv *draws, uint64_t first, size_t n, struct chunk *chunk, rovi_error *error)
{
    const rovi_approximation *q = rovi_fit_approximation(draws->fit->fit);
    rovi_status status = rovi_approximation_draw(q, draws->seed, first, n, chunk->x, chunk->log_q, error);
    for (size_t i = 0; i < n; i++)
        chunk->log_p[i] = NAN;
    if (!status && draws->target)
        status = rovi_target_evaluate(draws->target, n, chunk->x, chunk->log_p, NULL, error);
    const rovi_outputs outputs = {.include = draws->include, .seed = draws->seed, .first = first};
    if (!status && chunk->out != chunk->x)
        status = rovi_target_constrain(draws->target, &outputs, n, chunk->x, chunk->out, error);
    return status;
}

static rovi_status write_all(const struct draws_csv *draws, struct chunk *chunk, FILE *stream, const char *name,
                             rovi_error *error)
{
    for (uint64_t first = 0; first < draws->count; first += chunk->room) {
        size_t n = draws->count - first < chunk->room ? (size_t)(draws->count - first) : chunk->room;
        rovi_status status = fill(draws, first, n, chunk, error);
        if (status)
            return status;
        errno = 0;
        write_rows(chunk, n, stream);
        if (ferror(stream))
            return report(error, ROVI_IO_FAILED, "%.200s: cannot be written: %s", name, strerror(errno));
    }
    return ROVI_OK;
}

rovi_status draws_csv_write(const struct draws_csv *draws, FILE *stream, const char *name, rovi_error *error)
{
    struct chunk chunk;
    rovi_status status = chunk_take(&chunk, draws, error);
    if (!status) {
        write_head(draws, chunk.m, stream);
        status = write_all(draws, &chunk, stream, name, error);
    }
    pool_free(&chunk.pool);
    return status;
}
