/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
#include "io/partial_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "io/bytes.h"
#include "io/fit_file.h"
#include "io/report.h"

/* ---- what a fit is known by ---- */

/* All but what changes no restart that has come to its own end. */
static json_t *settings_to_json(const rovi_settings *settings)
{
    json_t *object = fit_settings_to_json(settings);
    if (object) {
        json_object_del(object, "max_time");
        json_object_del(object, "threads");
    }
    return object;
}

static rovi_status put_fingerprint(json_t *object, const char *key, const char *path, rovi_error *error)
{
    char fingerprint[FINGERPRINT_SIZE];
    rovi_status status = path ? bytes_fingerprint_file(path, fingerprint, error) : ROVI_OK;
    if (status)
        return status;
    return json_put(object, key, json_from_text(path ? fingerprint : NULL)) ? ROVI_OK : report_no_memory(error);
}

static rovi_status make_key(const struct partial_key *key, json_t **made, rovi_error *error)
{
    json_t *object = *made = json_object();
    rovi_status status = put_fingerprint(object, "start", key->start, error);
    if (!status)
        status = put_fingerprint(object, "init", key->init, error);
    if (status)
        return status;
    bool ok = json_put(object, "partial", json_integer(FIT_FORMAT)) &&
              json_put(object, "rovi", json_from_text(rovi_version())) &&
              json_put(object, "target", json_from_text(key->target_fingerprint)) &&
              json_put(object, "data", json_from_text(key->data_fingerprint)) &&
              json_put(object, "dim", json_from_uint64(key->dim)) &&
              json_put(object, "settings", settings_to_json(key->settings));
    return ok ? ROVI_OK : report_no_memory(error);
}

/* The first setting that differs; NULL: none. */
static const char *other_setting(json_t *ours, json_t *theirs)
{
    const char *name;
    json_t *value;
    json_object_foreach(ours, name, value)
    {
        if (!json_equal(value, json_object_get(theirs, name)))
            return name;
    }
    return json_object_size(ours) == json_object_size(theirs) ? NULL : "their number";
}

static rovi_status report_other(const struct partial_file *file, const char *what, const char *name, rovi_error *error)
{
    return report(error, ROVI_BAD_INPUT,
                  "--resume: %.200s was begun with another %s%s%s, allowed: that of the same command, or without "
                  "--resume a fit from its beginning",
                  file->path, what, name ? " " : "", name ? name : "");
}

static rovi_status check_key(const struct partial_file *file, json_t *found, rovi_error *error)
{
    static const struct {
        const char *key, *what;
    } parts[] = {{"partial", "format"}, {"rovi", "version of rovi"}, {"target", "target"}, {"data", "file of data"},
                 {"dim", "dimension"},  {"start", "--start"},        {"init", "--init"}};
    if (!json_object_get(found, "partial"))
        return report(error, ROVI_BAD_INPUT,
                      "--resume: %.200s does not hold restarts of a fit, allowed: what `rovi fit` left there",
                      file->path);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!json_equal(json_object_get(file->key, parts[i].key), json_object_get(found, parts[i].key)))
            return report_other(file, parts[i].what, NULL, error);
    const char *name = other_setting(json_object_get(file->key, "settings"), json_object_get(found, "settings"));
    return name ? report_other(file, "setting", name, error) : ROVI_OK;
}

/* ---- reading ---- */

static void forget(struct partial_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        rovi_approximation_free(file->approximations[i]);
    file->count = 0;
    file->end = 0;
}

static size_t count_lines(const char *bytes, size_t count)
{
    size_t lines = 0;
    for (size_t i = 0; i < count; i++)
        lines += bytes[i] == '\n';
    return lines;
}

/* Line `number`, the key being line 0. */
static rovi_status read_line(struct partial_file *file, size_t number, const char *line, size_t length,
                             rovi_error *error)
{
    json_t *value = NULL;
    rovi_status status = document_parse(file->path, line, length, &value, error);
    struct field root = field_root(file->path, value);
    uint64_t d = (uint64_t)json_integer_value(json_object_get(file->key, "dim"));
    if (!status && number == 0)
        status = check_key(file, value, error);
    else if (!status) {
        size_t i = file->count++;
        status = fit_restart_read(&root, (size_t)d, &file->pool, file->restarts + i, file->approximations + i, error);
    }
    json_decref(value);
    return status;
}

static rovi_status read_lines(struct partial_file *file, const char *bytes, size_t count, rovi_error *error)
{
    size_t lines = count_lines(bytes, count);
    file->restarts = pool_take(&file->pool, lines, sizeof *file->restarts);
    file->approximations = pool_take(&file->pool, lines, sizeof(void *));
    if (!file->restarts || !file->approximations)
        return report_no_memory(error);
    const char *line = bytes;
    rovi_status status = ROVI_OK;
    for (size_t number = 0; !status && number < lines; number++) {
        const char *end = memchr(line, '\n', count - (size_t)(line - bytes));
        status = read_line(file, number, line, (size_t)(end - line), error);
        line = end + 1;
        file->end = line - bytes;
    }
    return status;
}

rovi_status partial_file_read(struct partial_file *file, rovi_error *error)
{
    struct pool pool = {0};
    char *bytes;
    size_t count;
    file->found = access(file->path, F_OK) == 0;
    if (!file->found)
        return ROVI_OK;
    rovi_status status = bytes_read(file->path, &pool, &bytes, &count, error);
    if (!status)
        status = read_lines(file, bytes, count, error);
    if (status)
        forget(file);
    pool_free(&pool);
    return status;
}

void partial_file_restart(struct partial_file *file)
{
    forget(file);
}

/* ---- writing ---- */

static bool write_restart(struct partial_file *file, const rovi_restart *restart, FILE *stream)
{
    json_t *object = fit_restart_to_json(restart);
    bool ok = object && (file->end > 0 || document_write_line(file->key, stream)) &&
              document_write_line(object, stream) && fflush(stream) == 0;
    json_decref(object);
    return ok;
}

/* Behind the last whole line: what a failure leaves there is cut off by the next one, or by the reader. errno is 0 when
 * there was no memory. */
static bool append(struct partial_file *file, const rovi_restart *restart)
{
    errno = 0;
    int descriptor = open(file->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    FILE *stream = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    if (!stream)
        return false;
    bool ok = ftruncate(descriptor, file->end) == 0 && fseek(stream, file->end, SEEK_SET) == 0 &&
              write_restart(file, restart, stream);
    int reason = errno;
    if (ok)
        file->end = ftell(stream);
    fclose(stream);
    errno = reason;
    return ok;
}

rovi_status partial_file_add(struct partial_file *file, const rovi_restart *restart, rovi_error *error)
{
    if (append(file, restart))
        return ROVI_OK;
    return errno ? report(error, ROVI_IO_FAILED, "%.200s: cannot be written: %s", file->path, strerror(errno))
                 : report_no_memory(error);
}

void partial_file_remove(const struct partial_file *file)
{
    unlink(file->path);
}

/* ---- the whole ---- */

rovi_status partial_file_open(const char *output, const struct partial_key *key, struct partial_file *file,
                              rovi_error *error)
{
    *file = (struct partial_file){0};
    rovi_status status = make_key(key, &file->key, error);
    file->path = pool_format(&file->pool, "%s.partial", output);
    if (!status && !file->path)
        status = report_no_memory(error);
    if (status)
        partial_file_clear(file);
    return status;
}

void partial_file_clear(struct partial_file *file)
{
    forget(file);
    json_decref(file->key);
    pool_free(&file->pool);
    *file = (struct partial_file){0};
}
