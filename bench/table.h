/* SPDX-License-Identifier: BSD-3-Clause */
/* A table that answers one question: printed row by row, and written as JSON, one object a row. */
#ifndef ROVI_BENCH_TABLE_H
#define ROVI_BENCH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct column {
    const char *name;
    int width; /* negative: flush left */
};

struct table {
    FILE *json; /* or NULL */
    size_t columns;
    const struct column *column;
    size_t cell; /* of the row that is being written */
    bool any;    /* rows so far */
};

void table_open(struct table *table, FILE *json, const char *name, const char *question, size_t columns,
                const struct column *column);
void table_close(struct table *table);

/* The next cell; the last one of a row ends it. NaN is a dash, and null in JSON. */
void table_text(struct table *table, const char *text);
void table_number(struct table *table, double value, int digits); /* digits after the point */
void table_short(struct table *table, double value);              /* three significant digits */
void table_scientific(struct table *table, double value);         /* seven, with an exponent */
void table_count(struct table *table, size_t value);

#endif
