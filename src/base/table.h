/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables of settings: one row a setting, with its name, range, default and help, and where its value lies in the struct
 * that holds them all. Setting and getting by name, defaults and validation are the same for every table.
 */
#ifndef ROVI_BASE_TABLE_H
#define ROVI_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "rovi.h"

struct table_row {
    rovi_setting shown;
    size_t offset;      /* of an int64_t (choice: the word's index; integer) or a double */
    double least, most; /* of a number */
};

struct table {
    const struct table_row *rows;
    size_t count, size; /* of rows; of the struct of values */
};

/* Rows of a file that defines FIELD(name), the offset of that field. The texts of the numbers are shown as they stand.
 */
#define TABLE_CHOICE(name, allowed, value, help)                                                                       \
    {                                                                                                                  \
        {#name, ROVI_SETTING_CHOICE, allowed, value, help}, FIELD(name), 0, 0                                          \
    }
#define TABLE_INTEGER(name, least, most, value, help)                                                                  \
    {                                                                                                                  \
        {#name, ROVI_SETTING_INTEGER, #least ".." #most, #value, help}, FIELD(name), least, most                       \
    }
#define TABLE_REAL(name, least, most, value, help)                                                                     \
    {                                                                                                                  \
        {#name, ROVI_SETTING_REAL, #least ".." #most, #value, help}, FIELD(name), least, most                          \
    }

const rovi_setting *table_at(const struct table *table, size_t index); /* NULL past the end */

/* '-' and '_' are the same in names; NULL, with the error set, when there is no such row. */
const struct table_row *table_find(const struct table *table, const char *name, rovi_error *error);

/* A struct of all defaults, to be given to free(); NULL when out of memory. */
void *table_new(const struct table *table);

/* False, with nothing stored, when the row does not allow this value. */
bool table_store(const struct table_row *row, void *settings, const char *text);

rovi_status table_set(const struct table *table, void *settings, const char *name, const char *value,
                      rovi_error *error);

struct table_text {
    char *start;
    size_t size;
};
rovi_status table_get(const struct table *table, const void *settings, const char *name, struct table_text text,
                      rovi_error *error);

#endif
