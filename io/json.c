/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole JSON documents, and making values. */
#include "io/json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <string.h>

#include "io/memory.h"
#include "io/number.h"
#include "io/report.h"

/*
 * jansson's lexer ignores that its buffer could not grow: it goes on with a letter missing, and past its memory when
 * that was a closing quote (version 2.14). So its allocator may not fail while it parses. It is given one that leaves
 * the parser by longjmp instead, and takes all from a pool, so that nothing is lost; what was parsed is then copied
 * with the usual allocator. The only moment at which io/ touches something global: no other thread may use jansson
 * during it.
 */
static struct {
    struct pool pool;
    json_malloc_t usual_malloc;
    json_free_t usual_free;
    jmp_buf no_memory;
} parser;

static void parser_free(void *memory)
{
    (void)memory; /* the pool does it */
}

static void *parser_malloc(size_t size)
{
    json_set_alloc_funcs(parser.usual_malloc, parser.usual_free);
    void *memory = pool_take(&parser.pool, size, 1);
    if (!memory)
        longjmp(parser.no_memory, 1);
    json_set_alloc_funcs(parser_malloc, parser_free);
    return memory;
}

/* The document, or NULL: without memory then, unless *found says what else. */
static json_t *parse(const char *bytes, size_t count, json_error_t *found)
{
    json_get_alloc_funcs(&parser.usual_malloc, &parser.usual_free);
    if (setjmp(parser.no_memory) != 0) {
        found->text[0] = '\0';
        pool_free(&parser.pool);
        return NULL;
    }
    json_set_alloc_funcs(parser_malloc, parser_free);
    json_t *root = json_loadb(bytes, count, JSON_REJECT_DUPLICATES, found);
    json_set_alloc_funcs(parser.usual_malloc, parser.usual_free);
    json_t *copy = json_deep_copy(root);
    pool_free(&parser.pool);
    return copy;
}

rovi_status document_parse(const char *file, const char *bytes, size_t count, json_t **root, rovi_error *error)
{
    json_error_t found = {0};
    *root = parse(bytes, count, &found);
    if (*root)
        return ROVI_OK;
    if (found.text[0] == '\0')
        return report_no_memory(error);
    return report(error, ROVI_BAD_INPUT, "%.200s:%d:%d: not valid JSON: %s", file, found.line, found.column,
                  found.text);
}

static bool is_container(const json_t *value)
{
    return json_is_array(value) || json_is_object(value);
}

static bool holds_scalars(const json_t *array)
{
    size_t index;
    json_t *item;
    json_array_foreach(array, index, item)
    {
        if (is_container(item))
            return false;
    }
    return true;
}

/* What goes on one line: scalars, arrays of scalars, and objects of these. */
static bool is_flat(const json_t *value)
{
    if (json_is_array(value))
        return holds_scalars(value);
    for (void *i = json_object_iter((json_t *)value); i; i = json_object_iter_next((json_t *)value, i)) {
        const json_t *member = json_object_iter_value(i);
        if (json_is_object(member) || !holds_scalars(member))
            return false;
    }
    return true;
}

/* As jansson reads it back: a real with a point or an exponent. */
static bool write_real(double value, FILE *stream)
{
    char text[NUMBER_ROOM + sizeof ".0"];
    size_t length = number_write(value, text);
    text[length] = '\0';
    if (!strpbrk(text, ".e"))
        strcpy(text + length, ".0");
    return fputs(text, stream) >= 0;
}

static bool write_word(const json_t *value, FILE *stream)
{
    return json_dumpf(value, stream, JSON_ENCODE_ANY) == 0;
}

static bool write_name(const char *key, FILE *stream)
{
    json_t *text = json_string(key);
    bool ok = text && write_word(text, stream) && fputs(": ", stream) >= 0;
    json_decref(text);
    return ok;
}

/* On one line. jansson would write it too, but for its numbers, by printf, which are most of a fit. */
static bool write_flat(const json_t *value, FILE *stream)
{
    bool ok = true;
    if (json_is_real(value))
        return write_real(json_real_value(value), stream);
    if (!is_container(value))
        return write_word(value, stream);
    fputc(json_is_array(value) ? '[' : '{', stream);
    for (size_t i = 0; ok && i < json_array_size(value); i++)
        ok = (i == 0 || fputs(", ", stream) >= 0) && write_flat(json_array_get(value, i), stream);
    void *first = json_object_iter((json_t *)value);
    for (void *i = first; ok && i; i = json_object_iter_next((json_t *)value, i))
        ok = (i == first || fputs(", ", stream) >= 0) && write_name(json_object_iter_key(i), stream) &&
             write_flat(json_object_iter_value(i), stream);
    return ok && fputc(json_is_array(value) ? ']' : '}', stream) != EOF;
}

static bool write_value(const json_t *value, FILE *stream, int depth);

static bool start_line(FILE *stream, bool first, int depth)
{
    return fprintf(stream, "%s\n%*s", first ? "" : ",", depth, "") >= 0;
}

static bool write_array(const json_t *array, FILE *stream, int depth)
{
    for (size_t i = 0; i < json_array_size(array); i++)
        if (!start_line(stream, i == 0, depth) || !write_value(json_array_get(array, i), stream, depth))
            return false;
    return true;
}

static bool write_object(const json_t *object, FILE *stream, int depth)
{
    void *first = json_object_iter((json_t *)object);
    for (void *i = first; i; i = json_object_iter_next((json_t *)object, i))
        if (!start_line(stream, i == first, depth) || !write_name(json_object_iter_key(i), stream) ||
            !write_value(json_object_iter_value(i), stream, depth))
            return false;
    return true;
}

static bool write_value(const json_t *value, FILE *stream, int depth)
{
    if (is_flat(value))
        return write_flat(value, stream);
    bool array = json_is_array(value);
    return fputc(array ? '[' : '{', stream) != EOF &&
           (array ? write_array(value, stream, depth + 1) : write_object(value, stream, depth + 1)) &&
           fprintf(stream, "\n%*s%c", depth, "", array ? ']' : '}') >= 0;
}

rovi_status document_write(const json_t *root, FILE *stream, const char *name, rovi_error *error)
{
    errno = 0;
    if (write_value(root, stream, 0) && fputc('\n', stream) != EOF)
        return ROVI_OK;
    if (ferror(stream))
        return report(error, ROVI_IO_FAILED, "%.200s: cannot be written: %s", name, strerror(errno));
    return report_no_memory(error);
}

bool document_write_line(const json_t *root, FILE *stream)
{
    return write_flat(root, stream) && fputc('\n', stream) != EOF;
}

json_t *json_from_double(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_from_uint64(uint64_t value)
{
    return value <= INT64_MAX ? json_integer((json_int_t)value) : json_sprintf("%" PRIu64, value);
}

static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 128)
        text++;
    return *text == '\0';
}

json_t *json_from_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    if (value || is_ascii(text)) /* plain text fails for want of memory only */
        return value;
    struct pool pool = {0};
    char *copy = pool_text(&pool, text);
    for (char *c = copy; c && *c; c++)
        *c = (unsigned char)*c < 128 ? *c : '?';
    if (copy)
        value = json_string(copy);
    pool_free(&pool);
    return value;
}

json_t *json_from_doubles(size_t count, const double *values)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < count; i++) {
        if (json_array_append_new(array, json_from_double(values[i])) == 0)
            continue;
        json_decref(array);
        array = NULL;
    }
    return array;
}

json_t *json_from_matrix(size_t rows, size_t columns, const double *values)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < rows; i++) {
        if (json_array_append_new(array, json_from_doubles(columns, values + i * columns)) == 0)
            continue;
        json_decref(array);
        array = NULL;
    }
    return array;
}

bool json_put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

bool json_put_share(json_t *object, const char *key, const char *key_mcse, rovi_estimate share)
{
    return json_put(object, key, json_from_double(share.value)) &&
           json_put(object, key_mcse, json_from_double(share.mcse));
}

json_t *json_whole(json_t *object, bool ok)
{
    if (ok)
        return object;
    json_decref(object);
    return NULL;
}

json_t *json_from_estimate(rovi_estimate estimate)
{
    if (isnan(estimate.value))
        return json_null();
    json_t *object = json_object();
    return json_whole(object, json_put(object, "value", json_from_double(estimate.value)) &&
                                  json_put(object, "mcse", json_from_double(estimate.mcse)));
}

/* Nobody searched, nor was a search cut short. */
static bool is_unprobed(const rovi_diagnosis_parts *diagnosis)
{
    return diagnosis->verdict == ROVI_COLLAPSE_UNKNOWN && diagnosis->climbs == 0 &&
           diagnosis->stop == ROVI_STOP_CONVERGED;
}

json_t *json_from_collapse(const rovi_diagnosis_parts *diagnosis)
{
    if (!diagnosis || is_unprobed(diagnosis))
        return json_null();
    json_t *object = json_object();
    return json_whole(object, json_put(object, "verdict", json_from_text(rovi_collapse_text(diagnosis->verdict))) &&
                                  json_put(object, "reason", json_from_text(diagnosis->reason)));
}

json_t *json_from_evaluations(const rovi_evaluations *evaluations)
{
    json_t *object = json_object();
    return json_whole(object, json_put(object, "density", json_from_uint64(evaluations->density)) &&
                                  json_put(object, "gradient", json_from_uint64(evaluations->gradient)) &&
                                  json_put(object, "rejected", json_from_uint64(evaluations->rejected)));
}
