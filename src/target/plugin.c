/* SPDX-License-Identifier: BSD-3-Clause */
/* Plugins: a user's log density in a shared library, with the symbols that rovi.h lists. Inside, a callback target. */
#include <math.h>
#include <string.h>

#include "base/status.h"
#include "target/failures.h"
#include "target/library.h"

struct functions {
    const int *abi, *concurrent, *gradient;
    size_t (*dim)(const void *self);
    rovi_logp logp;
    int (*open)(const char *data, void **self, char *sentence, size_t size);
    void (*close)(void *self);
    const char *(*name)(size_t index, const void *self);
    double (*log_z)(const void *self);
};

static rovi_status find_functions(const struct library *library, struct functions *f, rovi_error *error)
{
    static const struct library_symbol symbols[] = {
        {"rovi_plugin_abi", offsetof(struct functions, abi), false},
        {"rovi_plugin_dim", offsetof(struct functions, dim), false},
        {"rovi_plugin_logp", offsetof(struct functions, logp), false},
        {"rovi_plugin_concurrent", offsetof(struct functions, concurrent), true},
        {"rovi_plugin_gradient", offsetof(struct functions, gradient), true},
        {"rovi_plugin_open", offsetof(struct functions, open), true},
        {"rovi_plugin_close", offsetof(struct functions, close), true},
        {"rovi_plugin_name", offsetof(struct functions, name), true},
        {"rovi_plugin_log_z", offsetof(struct functions, log_z), true}};
    const rovi_status status = library_find(library, sizeof symbols / sizeof *symbols, symbols, f, error);
    if (status == ROVI_OK && *f->abi != ROVI_PLUGIN_ABI) {
        return error_set(error, ROVI_BAD_INPUT, "%.200s: found rovi_plugin_abi = %d, allowed: %d, of rovi %s",
                         library->path, *f->abi, ROVI_PLUGIN_ABI, ROVI_VERSION);
    }
    return status;
}

static rovi_status open_data(const struct library *library, const struct functions *f, const char *data, void **self,
                             rovi_error *error)
{
    char sentence[300] = "", line[300];
    *self = NULL;
    if (f->open == NULL && data != NULL) {
        return error_set(error, ROVI_BAD_INPUT,
                         "%.200s: found data (%.100s), allowed: none, as it has no rovi_plugin_open", library->path,
                         data);
    }
    if (f->open == NULL || f->open(data, self, sentence, sizeof sentence) == 0) {
        return ROVI_OK;
    }
    sentence[sizeof sentence - 1] = '\0';
    failures_one_line(line, sizeof line, sentence);
    return error_set(error, ROVI_BAD_INPUT, "%.160s: the plugin rejects its data: %s", library->path,
                     line[0] == '\0' ? "it gives no reason" : line);
}

static rovi_status copy_names(const struct library *library, const struct functions *f, const void *self,
                              rovi_target *target, rovi_error *error)
{
    if (f->name == NULL) {
        return ROVI_OK;
    }
    char **names = arena_take(&target->memory, target->dim, sizeof *names);
    for (size_t j = 0; j < target->dim && !target->memory.failed; j++) {
        const char *name = f->name(j, self);
        if (name == NULL) {
            return error_set(error, ROVI_BAD_INPUT, "%.200s: rovi_plugin_name(%zu) is NULL, allowed: a name",
                             library->path, j);
        }
        names[j] = arena_take(&target->memory, strlen(name) + 1, 1);
        if (names[j] != NULL) {
            strcpy(names[j], name);
        }
    }
    if (target->memory.failed) {
        return error_no_memory(error);
    }
    target->names = (const char *const *)names;
    return library_check_names(library, target->dim, target->names, error);
}

static rovi_status make(const struct library *library, const struct functions *f, void *self, rovi_target **target,
                        rovi_error *error)
{
    const size_t d = f->dim(self);
    if (d < 1 || d > TARGET_DIM_MOST) {
        return error_set(error, ROVI_BAD_INPUT, "%.200s: found rovi_plugin_dim() = %zu, allowed: from 1 to %d",
                         library->path, d, TARGET_DIM_MOST);
    }
    rovi_status status = rovi_target_new(d, f->logp, self, target, error);
    if (status == ROVI_OK) {
        status = copy_names(library, f, self, *target, error);
    }
    if (status != ROVI_OK) {
        rovi_target_free(*target);
        *target = NULL;
        return status;
    }
    rovi_target_set_log_z(*target, f->log_z == NULL ? NAN : f->log_z(self));
    rovi_target_set_concurrent(*target, f->concurrent != NULL && *f->concurrent != 0);
    rovi_target_set_gradient(*target, f->gradient == NULL || *f->gradient != 0);
    return ROVI_OK;
}

rovi_status plugin_open(const struct library *library, const struct library_request *request, rovi_target **target,
                        rovi_error *error)
{
    struct functions f = {0};
    void *self = NULL;
    rovi_status status = find_functions(library, &f, error);
    if (status == ROVI_OK) {
        status = open_data(library, &f, request->data, &self, error);
    }
    if (status != ROVI_OK) {
        return status;
    }
    status = make(library, &f, self, target, error);
    if (status == ROVI_OK) {
        (*target)->close = f.close;
        (*target)->closed = self;
    } else if (f.close != NULL) {
        f.close(self);
    }
    return status;
}
