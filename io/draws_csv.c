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
    size_t d, room;            /* room: rows */
    double *x, *log_q, *log_p; /* room x d, room, room */
    struct pool pool;
};

static rovi_status chunk_take(struct chunk *chunk, size_t d, rovi_error *error)
{
    *chunk = (struct chunk){.d = d, .room = d < CHUNK_DOUBLES ? CHUNK_DOUBLES / d : 1};
    chunk->x = pool_take(&chunk->pool, chunk->room, d * sizeof(double));
    chunk->log_q = pool_take(&chunk->pool, chunk->room, sizeof(double));
    chunk->log_p = pool_take(&chunk->pool, chunk->room, sizeof(double));
    return chunk->x && chunk->log_q && chunk->log_p ? ROVI_OK : report_no_memory(error);
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

static void write_origin(const char *target, const char *method, uint64_t count, uint64_t seed, FILE *stream)
{
    fprintf(stream, "# rovi_version = %s\n# model = ", rovi_version());
    write_one_line(or_unknown(target), stream);
    fprintf(stream, "\n# method = ");
    write_one_line(or_unknown(method), stream);
    fprintf(stream, "\n#   num_draws = %" PRIu64 "\n#   seed = %" PRIu64 "\n", count, seed);
}

static void write_names(size_t d, FILE *stream)
{
    fputs("lp_approx__,lp__", stream);
    for (size_t i = 1; i <= d; i++)
        fprintf(stream, ",x.%zu", i);
    fputc('\n', stream);
}

static void write_head(const struct draws_csv *draws, size_t d, FILE *stream)
{
    const struct fit_context *context = &draws->fit->context;
    const rovi_fit_parts *parts = rovi_fit_parts_of(draws->fit->fit);
    write_origin(context->target, context->method, draws->count, draws->seed, stream);
    fprintf(stream, "#   fit_status = %s\n#   fit_elbo = %.17g\n", rovi_stop_text(parts->stop), parts->elbo.value);
    write_names(d, stream);
}

/* Not finite numbers as Stan writes them, which numpy, pandas and R read as well. */
static void write_number(double value, FILE *stream)
{
    if (isfinite(value))
        fprintf(stream, "%.17g", value);
    else
        fputs(isnan(value) ? "nan" : value > 0 ? "inf" : "-inf", stream);
}

static void write_row(size_t d, const double *x, double log_q, double log_p, FILE *stream)
{
    write_number(log_q, stream);
    fputc(',', stream);
    write_number(log_p, stream);
    for (size_t j = 0; j < d; j++) {
        fputc(',', stream);
        write_number(x[j], stream);
    }
    fputc('\n', stream);
}

static void write_rows(const struct chunk *chunk, size_t n, FILE *stream)
{
    for (size_t i = 0; i < n; i++)
        write_row(chunk->d, chunk->x + i * chunk->d, chunk->log_q[i], chunk->log_p[i], stream);
}

static rovi_status check_stream(FILE *stream, const char *name, rovi_error *error)
{
    if (ferror(stream))
        return report(error, ROVI_IO_FAILED, "%.200s: cannot be written: %s", name, strerror(errno));
    return ROVI_OK;
}

static rovi_status fill(const struct draws_csv *draws, uint64_t first, size_t n, struct chunk *chunk, rovi_error *error)
{
    const rovi_approximation *q = rovi_fit_approximation(draws->fit->fit);
    rovi_status status = rovi_approximation_draw(q, draws->seed, first, n, chunk->x, chunk->log_q, error);
    for (size_t i = 0; i < n; i++)
        chunk->log_p[i] = NAN;
    if (!status && draws->target)
        status = rovi_target_evaluate(draws->target, n, chunk->x, chunk->log_p, NULL, error);
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
        if ((status = check_stream(stream, name, error)))
            return status;
    }
    return ROVI_OK;
}

rovi_status draws_csv_write(const struct draws_csv *draws, FILE *stream, const char *name, rovi_error *error)
{
    struct chunk chunk;
    size_t d = rovi_approximation_dim(rovi_fit_approximation(draws->fit->fit));
    rovi_status status = chunk_take(&chunk, d, error);
    if (!status) {
        write_head(draws, d, stream);
        status = write_all(draws, &chunk, stream, name, error);
    }
    pool_free(&chunk.pool);
    return status;
}

rovi_status draws_csv_write_table(const struct draws_table *draws, FILE *stream, const char *name, rovi_error *error)
{
    errno = 0;
    write_origin(draws->target, draws->method, draws->count, draws->seed, stream);
    fprintf(stream, "#   status = %s\n", draws->status);
    write_names(draws->dim, stream);
    for (size_t i = 0; i < draws->count && !ferror(stream); i++)
        write_row(draws->dim, draws->x + i * draws->dim, NAN, draws->log_p[i], stream);
    return check_stream(stream, name, error);
}

rovi_status draws_csv_check_name(const char *path, rovi_error *error)
{
    static const char allowed[] = "a name ending in .csv, or - for stdout";
    size_t length = path ? strlen(path) : 0;
    if (!path)
        return report(error, ROVI_BAD_INPUT, "-o: found nothing, allowed: %s", allowed);
    if ((length > 4 && strcmp(path + length - 4, ".csv") == 0) || strcmp(path, "-") == 0 ||
        strncmp(path, "/dev/", 5) == 0)
        return ROVI_OK;
    return report(error, ROVI_BAD_INPUT, "-o: found \"%.200s\", allowed: %s", path, allowed);
}
