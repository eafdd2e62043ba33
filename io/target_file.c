/* SPDX-License-Identifier: BSD-3-Clause */
/* The TARGET of the command line: told apart by its suffix, then by its name. */
#define _XOPEN_SOURCE 700
#include "io/target_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/builtin.h"
#include "io/description.h"
#include "io/report.h"

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);
    return n >= m && strcmp(name + n - m, suffix) == 0;
}

bool target_is_library(const char *name)
{
    return !builtin_find(name) && has_suffix(name, ".so");
}

static rovi_status parse(const char *name, const char *bytes, size_t count, struct target_source *source,
                         rovi_error *error)
{
    bytes_fingerprint(bytes, count, source->fingerprint);
    rovi_status status = document_parse(name, bytes, count, &source->description, error);
    if (status)
        return status;
    struct field root = field_root(name, source->description);
    return description_to_target(&root, &source->target, error);
}

static char *absolute_path(struct pool *pool, const char *name)
{
    char *absolute = realpath(name, NULL);
    char *path = pool_text(pool, absolute ? absolute : name);
    free(absolute);
    return path;
}

/* A file without the suffix of a description that does not begin like one is some other file, not a faulty one. */
static bool may_be_description(const char *name, size_t count, const char *bytes)
{
    size_t blank = 0;
    while (blank < count && strchr(" \t\r\n", bytes[blank]) && bytes[blank])
        blank++;
    return has_suffix(name, ".json") || (blank < count && bytes[blank] == '{');
}

static rovi_status open_file(const char *name, struct target_source *source, rovi_error *error)
{
    char *bytes;
    size_t count;
    rovi_status status = bytes_read(name, &source->pool, &bytes, &count, error);
    if (status)
        return status;
    if (!may_be_description(name, count, bytes))
        return report(
            error, ROVI_BAD_INPUT,
            "%.200s: found a file that is no target, allowed: a .json description, a .so library, the name of "
            "a built-in target",
            name);
    source->path = absolute_path(&source->pool, name);
    return source->path ? parse(name, bytes, count, source, error) : report_no_memory(error);
}

static rovi_status open_library(const struct target_request *request, struct target_source *source, rovi_error *error)
{
    source->is_library = true;
    rovi_status status = bytes_fingerprint_file(request->name, source->fingerprint, error);
    if (!status && request->data)
        status = bytes_fingerprint_file(request->data, source->data_fingerprint, error);
    if (status)
        return status;
    source->path = absolute_path(&source->pool, request->name);
    source->data_path = request->data ? absolute_path(&source->pool, request->data) : NULL;
    if (!source->path || (request->data && !source->data_path))
        return report_no_memory(error);
    return rovi_target_open(request->name, request->data, (uint32_t)request->seed, request->log, &source->target,
                            error);
}

static rovi_status report_source(const char *name, rovi_error *error)
{
    return report(error, ROVI_BAD_INPUT,
                  "found \"%.200s\", a Stan program, allowed: the .so library that BridgeStan compiles it to (in "
                  "BridgeStan's folder, with the path: `make %.*s_model.so`)",
                  name, (int)(strlen(name) - strlen(".stan")), name);
}

static rovi_status report_unknown(const char *name, rovi_error *error)
{
    struct suggestion suggestion = {.typed = name};
    char meant[SUGGESTION_ROOM];
    for (size_t i = 0; builtin_at(i); i++)
        suggestion_consider(&suggestion, builtin_at(i)->name);
    return report(error, ROVI_BAD_INPUT,
                  "found target \"%.100s\", allowed: a .json description, a .so library or the name of a built-in "
                  "target%s; `rovi help fit` lists them",
                  name, suggestion_text(&suggestion, meant));
}

static rovi_status open_any(const struct target_request *request, struct target_source *source, rovi_error *error)
{
    struct stat found;
    const char *name = request->name;
    const struct builtin *builtin = builtin_find(name);
    if (target_is_library(name))
        return open_library(request, source, error);
    if (has_suffix(name, ".stan"))
        return report_source(name, error);
    if (request->data)
        return report(error, ROVI_BAD_INPUT,
                      "--data: found \"%.200s\", allowed: data for a target that is a .so library", request->data);
    if (builtin)
        return parse(name, builtin->description, strlen(builtin->description), source, error);
    if (has_suffix(name, ".json") || stat(name, &found) == 0)
        return open_file(name, source, error);
    return report_unknown(name, error);
}

rovi_status target_source_open(const struct target_request *request, struct target_source *source, rovi_error *error)
{
    *source = (struct target_source){0};
    rovi_status status = open_any(request, source, error);
    if (status)
        target_source_clear(source);
    return status;
}

void target_source_clear(struct target_source *source)
{
    rovi_target_free(source->target);
    json_decref(source->description);
    pool_free(&source->pool);
    *source = (struct target_source){0};
}

bool target_file_changed(const char *path, const char *fingerprint)
{
    char now[FINGERPRINT_SIZE];
    return bytes_fingerprint_file(path, now, NULL) == ROVI_OK && strcmp(now, fingerprint) != 0;
}
