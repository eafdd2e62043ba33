/* SPDX-License-Identifier: BSD-3-Clause */
/* Typed access to the fields of a JSON document: every error says where it is, what was found and what is allowed. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "io/report.h"

struct field field_root(const char *file, json_t *value)
{
    return (struct field){.file = file, .value = value};
}

struct field field_item(const struct field *array, size_t index)
{
    return (struct field){
        .file = array->file, .parent = array, .index = index, .value = json_array_get(array->value, index)};
}

bool field_find(const struct field *object, const char *key, struct field *member)
{
    *member = (struct field){.file = object->file, .parent = object, .key = key};
    member->value = json_object_get(object->value, key);
    return member->value != NULL;
}

/* ---- messages ---- */

struct text {
    char bytes[160];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof text->bytes - text->length;
    int length = vsnprintf(text->bytes + text->length, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        text->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void append_path(struct text *path, const struct field *field)
{
    if (!field->parent)
        return;
    append_path(path, field->parent);
    if (field->key)
        append(path, "%s%.60s", path->length ? "." : "", field->key);
    else
        append(path, "[%zu]", field->index);
}

static struct text path_of(const struct field *field)
{
    struct text path = {0};
    append_path(&path, field);
    if (path.length)
        append(&path, ": ");
    return path;
}

static void append_array(struct text *found, const json_t *array)
{
    size_t n = json_array_size(array);
    append(found, n == 0 ? "an empty array" : n == 1 ? "an array of 1 value" : "an array of %zu values", n);
}

static struct text describe(const json_t *value)
{
    struct text found = {0};
    if (!value)
        append(&found, "nothing");
    else if (json_is_string(value))
        append(&found, "\"%.40s\"", json_string_value(value));
    else if (json_is_integer(value))
        append(&found, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        append(&found, "%.10g", json_real_value(value));
    else if (json_is_array(value))
        append_array(&found, value);
    else
        append(&found, "%s",
               json_is_object(value) ? "an object"
               : json_is_null(value) ? "null"
               : json_is_true(value) ? "true"
                                     : "false");
    return found;
}

rovi_status field_report(const struct field *field, const char *allowed, rovi_error *error)
{
    return report(error, ROVI_BAD_INPUT, "%.160s: %sfound %s, allowed: %s", field->file, path_of(field).bytes,
                  describe(field->value).bytes, allowed);
}

rovi_status field_get(const struct field *object, const char *key, struct field *member, rovi_error *error)
{
    if (field_find(object, key, member))
        return ROVI_OK;
    return report(error, ROVI_BAD_INPUT, "%.160s: %sthe key \"%s\" is missing", object->file, path_of(object).bytes,
                  key);
}

/* ---- keys ---- */

static bool is_among(const char *key, const char *const *keys)
{
    for (; *keys; keys++)
        if (strcmp(key, *keys) == 0)
            return true;
    return false;
}

static rovi_status report_key(const struct field *field, const char *key, const char *const *keys, rovi_error *error)
{
    struct text allowed = {0};
    struct suggestion suggestion = {.typed = key};
    char meant[SUGGESTION_ROOM];
    for (size_t i = 0; keys[i]; i++) {
        append(&allowed, "%s%s", i ? ", " : "", keys[i]);
        suggestion_consider(&suggestion, keys[i]);
    }
    return report(error, ROVI_BAD_INPUT, "%.160s: %sunknown key \"%.40s\"%s, allowed: %s", field->file,
                  path_of(field).bytes, key, suggestion_text(&suggestion, meant), allowed.bytes);
}

rovi_status field_check_keys(const struct field *field, const char *const *keys, rovi_error *error)
{
    if (!json_is_object(field->value))
        return field_report(field, "an object", error);
    for (void *i = json_object_iter(field->value); i; i = json_object_iter_next(field->value, i))
        if (!is_among(json_object_iter_key(i), keys))
            return report_key(field, json_object_iter_key(i), keys, error);
    return ROVI_OK;
}

/* ---- scalars ---- */

rovi_status field_to_text(const struct field *field, const char **text, rovi_error *error)
{
    if (!json_is_string(field->value))
        return field_report(field, "a text", error);
    *text = json_string_value(field->value);
    return ROVI_OK;
}

rovi_status field_to_double(const struct field *field, double *value, rovi_error *error)
{
    if (!json_is_number(field->value))
        return field_report(field, "a number", error);
    *value = json_number_value(field->value);
    return ROVI_OK;
}

rovi_status field_to_nullable(const struct field *field, double *value, rovi_error *error)
{
    if (!json_is_null(field->value))
        return field_to_double(field, value, error);
    *value = NAN;
    return ROVI_OK;
}

/* Digits, as json_from_uint64 writes them above 2^63 - 1. */
static bool read_digits(const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    unsigned long long read = strtoull(text, &end, 10);
    *value = read;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

rovi_status field_to_uint64(const struct field *field, uint64_t *value, rovi_error *error)
{
    if (json_is_string(field->value) && read_digits(json_string_value(field->value), value))
        return ROVI_OK;
    if (!json_is_integer(field->value) || json_integer_value(field->value) < 0)
        return field_report(field, "a whole number from 0", error);
    *value = (uint64_t)json_integer_value(field->value);
    return ROVI_OK;
}

rovi_status field_to_size(const struct field *field, size_t least, size_t most, size_t *value, rovi_error *error)
{
    json_int_t found = json_integer_value(field->value);
    if (json_is_integer(field->value) && found >= 0 && (uint64_t)found >= least && (uint64_t)found <= most) {
        *value = (size_t)found;
        return ROVI_OK;
    }
    struct text allowed = {0};
    append(&allowed, "a whole number from %zu to %zu", least, most);
    return field_report(field, allowed.bytes, error);
}

/* ---- arrays ---- */

rovi_status field_check_length(const struct field *field, size_t length, const char *of, rovi_error *error)
{
    if (json_is_array(field->value) && json_array_size(field->value) == length)
        return ROVI_OK;
    struct text allowed = {0};
    append(&allowed, "an array of %zu %s%s", length, of, length == 1 ? "" : "s");
    return field_report(field, allowed.bytes, error);
}

typedef rovi_status (*read_one)(const struct field *field, double *value, rovi_error *error);

static rovi_status read_array(const struct field *field, size_t count, double *values, read_one read, rovi_error *error)
{
    rovi_status status = field_check_length(field, count, "number", error);
    for (size_t i = 0; status == ROVI_OK && i < count; i++) {
        struct field item = field_item(field, i);
        status = read(&item, values + i, error);
    }
    return status;
}

rovi_status field_to_doubles(const struct field *field, size_t count, double *values, rovi_error *error)
{
    return read_array(field, count, values, field_to_double, error);
}

rovi_status field_to_nullables(const struct field *field, size_t count, double *values, rovi_error *error)
{
    return read_array(field, count, values, field_to_nullable, error);
}

rovi_status field_to_matrix(const struct field *field, size_t rows, size_t columns, double *values, rovi_error *error)
{
    rovi_status status = field_check_length(field, rows, "row", error);
    for (size_t i = 0; status == ROVI_OK && i < rows; i++) {
        struct field row = field_item(field, i);
        status = field_to_doubles(&row, columns, values + i * columns, error);
    }
    return status;
}

/* ---- members by their names ---- */

rovi_status field_read_number(const struct field *object, const char *key, double *value, rovi_error *error)
{
    struct field field;
    CHECK(field_get(object, key, &field, error));
    return field_to_nullable(&field, value, error);
}

rovi_status field_read_count(const struct field *object, const char *key, uint64_t *value, rovi_error *error)
{
    struct field field;
    CHECK(field_get(object, key, &field, error));
    return field_to_uint64(&field, value, error);
}

rovi_status field_read_text(const struct field *object, const char *key, const char **text, rovi_error *error)
{
    struct field field;
    *text = NULL;
    CHECK(field_get(object, key, &field, error));
    return json_is_null(field.value) ? ROVI_OK : field_to_text(&field, text, error);
}

rovi_status field_read_estimate(const struct field *object, const char *key, rovi_estimate *estimate, rovi_error *error)
{
    struct field field;
    *estimate = (rovi_estimate){NAN, NAN};
    CHECK(field_get(object, key, &field, error));
    if (json_is_null(field.value))
        return ROVI_OK;
    CHECK(field_read_number(&field, "value", &estimate->value, error));
    return field_read_number(&field, "mcse", &estimate->mcse, error);
}

rovi_status field_read_share(const struct field *object, const char *key, const char *key_mcse, rovi_estimate *share,
                             rovi_error *error)
{
    struct field mcse;
    share->mcse = NAN;
    CHECK(field_read_number(object, key, &share->value, error));
    return field_find(object, key_mcse, &mcse) ? field_to_nullable(&mcse, &share->mcse, error) : ROVI_OK;
}

#define STOP_TEXT(name, text) " \"" text "\""

rovi_status field_read_stop(const struct field *object, const char *key, rovi_stop *stop, rovi_error *error)
{
    static const rovi_stop all[] = {
#define STOP_ENTRY(name, text) name,
        ROVI_STOP_LIST(STOP_ENTRY)
#undef STOP_ENTRY
    };
    struct field field;
    const char *text = "";
    CHECK(field_get(object, key, &field, error));
    CHECK(field_to_text(&field, &text, error));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        *stop = all[i];
        if (strcmp(text, rovi_stop_text(all[i])) == 0)
            return ROVI_OK;
    }
    return field_report(&field, "one of" ROVI_STOP_LIST(STOP_TEXT), error);
}

rovi_status field_read_evaluations(const struct field *object, const char *key, rovi_evaluations *evaluations,
                                   rovi_error *error)
{
    struct field field;
    CHECK(field_get(object, key, &field, error));
    CHECK(field_read_count(&field, "density", &evaluations->density, error));
    CHECK(field_read_count(&field, "gradient", &evaluations->gradient, error));
    return field_read_count(&field, "rejected", &evaluations->rejected, error);
}
