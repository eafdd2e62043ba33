/* SPDX-License-Identifier: BSD-3-Clause */
/* Cells are read where they stand; the bytes end with a zero, so that no scan runs past them. */
#include "io/points_csv.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "io/bytes.h"
#include "io/report.h"

struct reader {
    const char *file, *at;
    size_t line, d;
    size_t columns; /* 0 before the first line */
    bool *taken;    /* columns: part of the point */
};

static size_t count_of(const char *text, char what)
{
    size_t count = 0;
    for (; *text && *text != '\n'; text++)
        count += *text == what;
    return count;
}

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\r' || *at == '"')
        at++;
    return at;
}

static bool ends_cell(const char *at)
{
    return *at == ',' || *at == '\n' || *at == '\0';
}

/* The number in the cell at `at`; *end is the end of the cell. */
static bool read_cell(const char *at, double *value, const char **end)
{
    char *rest = (char *)at;
    const char *begin = skip_blanks(at);
    *value = ends_cell(begin) ? NAN : strtod(begin, &rest);
    bool ok = rest != at && rest != begin && ends_cell(skip_blanks(rest));
    *end = at + strcspn(at, ",\n");
    return ok;
}

/* Whether a line is to be read; else the reader is past it. */
static bool holds_data(struct reader *r)
{
    const char *begin = skip_blanks(r->at);
    if (*begin != '#' && *begin != '\n' && *begin != '\0')
        return true;
    r->at += strcspn(r->at, "\n");
    r->at += *r->at == '\n';
    r->line++;
    return false;
}

/* The first line says how many columns there are, and perhaps their names. */
static rovi_status read_names(struct reader *r, struct pool *pool, rovi_error *error)
{
    double value;
    const char *end;
    size_t points = 0;
    bool names = !read_cell(r->at, &value, &end);
    r->columns = count_of(r->at, ',') + 1;
    r->taken = pool_take(pool, r->columns, sizeof *r->taken);
    if (!r->taken)
        return report_no_memory(error);
    const char *at = r->at;
    for (size_t c = 0; c < r->columns; c++) {
        r->taken[c] = names && strncmp(skip_blanks(at), "x.", 2) == 0;
        points += r->taken[c];
        at += strcspn(at, ",\n");
        at += *at == ',';
    }
    for (size_t c = 0; points == 0 && c < r->columns; c++)
        r->taken[c] = true;
    points = points == 0 ? r->columns : points;
    if (points != r->d)
        return report(error, ROVI_BAD_INPUT,
                      "%.200s:%zu: found points of %zu coordinates, allowed: %zu, as the target has", r->file, r->line,
                      points, r->d);
    if (names)
        r->at = at + (*at == '\n');
    r->line += names;
    return ROVI_OK;
}

static rovi_status read_row(struct reader *r, double *point, rovi_error *error)
{
    size_t columns = count_of(r->at, ',') + 1;
    if (columns != r->columns)
        return report(error, ROVI_BAD_INPUT, "%.200s:%zu: found %zu columns, allowed: %zu, as in the first line",
                      r->file, r->line, columns, r->columns);
    for (size_t c = 0; c < columns; c++) {
        double value;
        const char *end;
        bool ok = read_cell(r->at, &value, &end) && isfinite(value);
        if (r->taken[c] && !ok)
            return report(error, ROVI_BAD_INPUT, "%.200s:%zu: column %zu: found \"%.*s\", allowed: a finite number",
                          r->file, r->line, c + 1, (int)(end - r->at < 60 ? end - r->at : 60), r->at);
        if (r->taken[c])
            *point++ = value;
        r->at = end + (*end != '\0');
    }
    r->line++;
    return ROVI_OK;
}

static rovi_status read_all(struct reader *r, struct pool *pool, double *points, size_t *count, rovi_error *error)
{
    rovi_status status = ROVI_OK;
    *count = 0;
    while (!status && *r->at) {
        if (!holds_data(r))
            continue;
        if (r->columns == 0) {
            status = read_names(r, pool, error);
            continue;
        }
        status = read_row(r, points + *count * r->d, error);
        (*count)++;
    }
    if (!status && *count == 0)
        return report(error, ROVI_BAD_INPUT, "%.200s: found no point, allowed: at least one row of %zu numbers",
                      r->file, r->d);
    return status;
}

rovi_status points_csv_read(const char *path, size_t d, struct pool *pool, double **points, size_t *count,
                            rovi_error *error)
{
    char *bytes;
    size_t size, lines = 1;
    rovi_status status = bytes_read(path, pool, &bytes, &size, error);
    if (status)
        return status;
    for (size_t i = 0; i < size; i++)
        lines += bytes[i] == '\n';
    *points = pool_take(pool, lines, d * sizeof(double));
    if (!*points)
        return report_no_memory(error);
    struct reader reader = {.file = path, .at = bytes, .line = 1, .d = d};
    return read_all(&reader, pool, *points, count, error);
}
