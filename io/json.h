/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON documents: reading with line and column in the errors, writing so that doubles come back to the last bit, and
 * typed access to fields that says where in the document something is wrong and what is allowed there.
 */
#ifndef ROVI_IO_JSON_H
#define ROVI_IO_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "rovi.h"

/* ---- whole documents ---- */

/* Parse; `file` names the source in messages. Repeated keys are an error. The caller decrefs *root. */
rovi_status document_parse(const char *file, const char *bytes, size_t count, json_t **root, rovi_error *error);

/* Write with indentation, but what holds only scalars on one line; 17 digits. `name` is that of the output, for
 * messages. ROVI_IO_FAILED when the stream takes no more. */
rovi_status document_write(const json_t *root, FILE *stream, const char *name, rovi_error *error);

/* The same on one line, without spaces: a record of a file of many. False when the stream takes no more, or there is no
 * memory. */
bool document_write_line(const json_t *root, FILE *stream);

/* ---- making values: NULL when out of memory, as jansson does ---- */

json_t *json_from_double(double value);   /* null for what is not finite */
json_t *json_from_uint64(uint64_t value); /* a string of digits above 2^63 - 1, which jansson's integers cannot hold */
json_t *json_from_text(const char *text); /* what is not UTF-8 becomes '?'; null for NULL */
json_t *json_from_doubles(size_t count, const double *values);
json_t *json_from_matrix(size_t rows, size_t columns, const double *values); /* row-major */

json_t *json_from_estimate(rovi_estimate estimate);                /* {"value", "mcse"}; null when it is unknown */
json_t *json_from_collapse(const rovi_diagnosis_parts *diagnosis); /* {"verdict", "reason"}; null when nobody searched,
                                                                      and for NULL */
json_t *json_from_evaluations(const rovi_evaluations *evaluations);

/* object[key] = value, taking over the reference. False when out of memory, also when value is NULL already: collect
 * the results with `ok = ok && ...` or `ok &= ...`. */
bool json_put(json_t *object, const char *key, json_t *value);

/* A number and its error, a key each. */
bool json_put_share(json_t *object, const char *key, const char *key_mcse, rovi_estimate share);

/* `object` when all went well; else NULL, and the object is gone. */
json_t *json_whole(json_t *object, bool ok);

/* ---- fields: a value, and the way to it for messages. Fields live on the stack and borrow from the document ---- */

struct field {
    const char *file;
    const struct field *parent; /* NULL at the root */
    const char *key;            /* in an object; NULL in an array */
    size_t index;               /* in an array */
    json_t *value;
};

struct field field_root(const char *file, json_t *value);
struct field field_item(const struct field *array, size_t index); /* index in range */
bool field_find(const struct field *object, const char *key, struct field *member);
rovi_status field_get(const struct field *object, const char *key, struct field *member, rovi_error *error);

/* "file: path: found ..., allowed: ..." */
rovi_status field_report(const struct field *field, const char *allowed, rovi_error *error);

/* It is an object with no other keys than these (NULL-terminated). */
rovi_status field_check_keys(const struct field *field, const char *const *keys, rovi_error *error);

rovi_status field_to_text(const struct field *field, const char **text, rovi_error *error); /* lives in the document */
rovi_status field_to_double(const struct field *field, double *value, rovi_error *error);
rovi_status field_to_nullable(const struct field *field, double *value, rovi_error *error); /* null gives NaN */
rovi_status field_to_uint64(const struct field *field, uint64_t *value, rovi_error *error);
rovi_status field_to_size(const struct field *field, size_t least, size_t most, size_t *value, rovi_error *error);

/* The member of that name: null gives NaN, a text NULL, an estimate two NaN. Texts live in the document. */
rovi_status field_read_number(const struct field *object, const char *key, double *value, rovi_error *error);
rovi_status field_read_count(const struct field *object, const char *key, uint64_t *value, rovi_error *error);
rovi_status field_read_text(const struct field *object, const char *key, const char **text, rovi_error *error);
rovi_status field_read_estimate(const struct field *object, const char *key, rovi_estimate *estimate,
                                rovi_error *error);
/* What json_put_share wrote; files of an early version have no error, which is NaN then. */
rovi_status field_read_share(const struct field *object, const char *key, const char *key_mcse, rovi_estimate *share,
                             rovi_error *error);
rovi_status field_read_stop(const struct field *object, const char *key, rovi_stop *stop, rovi_error *error);
rovi_status field_read_evaluations(const struct field *object, const char *key, rovi_evaluations *evaluations,
                                   rovi_error *error);

rovi_status field_check_length(const struct field *field, size_t length, const char *of, rovi_error *error);
rovi_status field_to_doubles(const struct field *field, size_t count, double *values, rovi_error *error);
rovi_status field_to_nullables(const struct field *field, size_t count, double *values, rovi_error *error);
rovi_status field_to_matrix(const struct field *field, size_t rows, size_t columns, double *values, rovi_error *error);

#endif
