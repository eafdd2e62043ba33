/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/table.h"

#include <math.h>

void table_open(struct table *table, FILE *json, const char *name, const char *question, size_t columns,
                const struct column *column)
{
    *table = (struct table){.json = json, .columns = columns, .column = column};
    printf("\n%s: %s\n\n", name, question);
    for (size_t i = 0; i < columns; i++) {
        printf("%s%*s", i == 0 ? "" : "  ", column[i].width, column[i].name);
    }
    printf("\n");
    if (json != NULL) {
        fprintf(json, "  \"%s\": {\n   \"question\": \"%s\",\n   \"rows\": [", name, question);
    }
}

void table_close(struct table *table)
{
    if (table->json != NULL) {
        fprintf(table->json, "\n   ]\n  }");
    }
    fflush(stdout);
}

static void add_cell(struct table *table, const char *text, const char *json)
{
    const struct column *column = &table->column[table->cell];
    const bool first = table->cell == 0, last = table->cell + 1 == table->columns;
    printf("%s%*s%s", first ? "" : "  ", column->width, text, last ? "\n" : "");
    if (table->json != NULL) {
        fprintf(table->json, "%s\"%s\": %s%s", first ? (table->any ? ",\n    {" : "\n    {") : ", ", column->name, json,
                last ? "}" : "");
    }
    table->any = table->any || last;
    table->cell = last ? 0 : table->cell + 1;
    fflush(stdout);
}

void table_text(struct table *table, const char *text)
{
    char quoted[256];
    snprintf(quoted, sizeof quoted, "\"%s\"", text);
    add_cell(table, text, quoted);
}

void table_number(struct table *table, double value, int digits)
{
    char text[64];
    snprintf(text, sizeof text, "%.*f", digits, value);
    add_cell(table, isnan(value) ? "-" : text, isfinite(value) ? text : "null");
}

void table_short(struct table *table, double value)
{
    char text[64];
    snprintf(text, sizeof text, "%.3g", value);
    add_cell(table, isnan(value) ? "-" : text, isfinite(value) ? text : "null");
}

void table_scientific(struct table *table, double value)
{
    char text[64];
    snprintf(text, sizeof text, "%.6e", value);
    add_cell(table, isnan(value) ? "-" : text, isfinite(value) ? text : "null");
}

void table_count(struct table *table, size_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", value);
    add_cell(table, text, text);
}
