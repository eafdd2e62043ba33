/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/table.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

const rovi_setting *table_at(const struct table *table, size_t index)
{
    return index < table->count ? &table->rows[index].shown : NULL;
}

/* Equal but for '-' where the table has '_'. */
static bool same_name(const char *name, const char *given)
{
    for (; *name != '\0' && (*name == *given || (*name == '_' && *given == '-')); name++, given++) {
    }
    return *name == *given;
}

const struct table_row *table_find(const struct table *table, const char *name, rovi_error *error)
{
    for (size_t i = 0; name != NULL && i < table->count; i++) {
        if (same_name(table->rows[i].shown.name, name)) {
            return &table->rows[i];
        }
    }
    error_set(error, ROVI_BAD_INPUT, "there is no setting \"%s\"", name == NULL ? "" : name);
    return NULL;
}

/* Index of value in "a|b|c", or -1. */
static int64_t find_choice(const char *allowed, const char *value)
{
    const size_t length = strlen(value);
    for (int64_t index = 0;; index++) {
        const size_t span = strcspn(allowed, "|");
        if (span == length && strncmp(allowed, value, length) == 0) {
            return index;
        }
        if (allowed[span] == '\0') {
            return -1;
        }
        allowed += span + 1;
    }
}

static bool parse_integer(const char *text, int64_t *value)
{
    char *end = NULL;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return end != text && *end == '\0' && errno == 0 && !isspace((unsigned char)*text);
}

/* strtod reads, and printf writes, the decimal point of the host program's locale: ours is a dot. `from` becomes `to`.
 */
static void change_point(char *text, char from, char to)
{
    char *point = strchr(text, from);
    if (point != NULL) {
        *point = to;
    }
}

static bool parse_real(const char *given, double *value)
{
    const char point = *localeconv()->decimal_point;
    char text[64], *end = NULL;
    if (strlen(given) >= sizeof text || (point != '.' && strchr(given, point) != NULL)) {
        return false;
    }
    strcpy(text, given);
    change_point(text, '.', point);
    *value = strtod(text, &end);
    return end != text && *end == '\0' && !isspace((unsigned char)*text);
}

bool table_store(const struct table_row *row, void *settings, const char *text)
{
    char *field = (char *)settings + row->offset;
    int64_t integer = 0;
    double real = 0;
    switch (row->shown.type) {
    case ROVI_SETTING_CHOICE:
        integer = find_choice(row->shown.allowed, text);
        if (integer < 0) {
            return false;
        }
        memcpy(field, &integer, sizeof integer);
        return true;
    case ROVI_SETTING_INTEGER:
        if (!parse_integer(text, &integer) || (double)integer < row->least || (double)integer > row->most) {
            return false;
        }
        memcpy(field, &integer, sizeof integer);
        return true;
    case ROVI_SETTING_REAL:
        if (!parse_real(text, &real) || !(real >= row->least && real <= row->most)) {
            return false;
        }
        memcpy(field, &real, sizeof real);
        return true;
    }
    return false;
}

void *table_new(const struct table *table)
{
    void *settings = calloc(1, table->size);
    for (size_t i = 0; settings != NULL && i < table->count; i++) {
        table_store(&table->rows[i], settings, table->rows[i].shown.default_value);
    }
    return settings;
}

rovi_status table_set(const struct table *table, void *settings, const char *name, const char *value, rovi_error *error)
{
    const struct table_row *row = table_find(table, name, error);
    if (row == NULL) {
        return ROVI_BAD_INPUT;
    }
    if (value == NULL || !table_store(row, settings, value)) {
        return error_set(error, ROVI_BAD_INPUT, "%s is \"%s\"; allowed: %s", row->shown.name,
                         value == NULL ? "" : value, row->shown.allowed);
    }
    return ROVI_OK;
}

/* The shortest decimal that reads back to the same double. */
static void print_real(char *text, size_t size, double value)
{
    for (int digits = 1; digits <= DBL_DECIMAL_DIG; digits++) {
        snprintf(text, size, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    change_point(text, *localeconv()->decimal_point, '.');
}

static void print_choice(char *text, size_t size, const char *allowed, int64_t index)
{
    for (; index > 0; index--) {
        allowed += strcspn(allowed, "|") + 1;
    }
    snprintf(text, size, "%.*s", (int)strcspn(allowed, "|"), allowed);
}

static void print_value(const struct table_row *row, const void *settings, char *text, size_t size)
{
    const char *field = (const char *)settings + row->offset;
    int64_t integer = 0;
    double real = 0;
    if (row->shown.type == ROVI_SETTING_REAL) {
        memcpy(&real, field, sizeof real);
        print_real(text, size, real);
        return;
    }
    memcpy(&integer, field, sizeof integer);
    if (row->shown.type == ROVI_SETTING_CHOICE) {
        print_choice(text, size, row->shown.allowed, integer);
    } else {
        snprintf(text, size, "%lld", (long long)integer);
    }
}

rovi_status table_get(const struct table *table, const void *settings, const char *name, struct table_text text,
                      rovi_error *error)
{
    const struct table_row *row = table_find(table, name, error);
    if (row == NULL) {
        return ROVI_BAD_INPUT;
    }
    char value[32];
    print_value(row, settings, value, sizeof value);
    if (strlen(value) >= text.size) {
        return error_set(error, ROVI_BAD_INPUT, "room for %zu characters is too little for the value of %s", text.size,
                         row->shown.name);
    }
    strcpy(text.start, value);
    return ROVI_OK;
}
