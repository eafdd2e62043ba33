/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared libraries as targets: loading one, finding its symbols, telling the kinds apart. */
#include "target/library.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "target/elf.h"

/* dlerror's text without the file name that it often begins with. */
static const char *reason(const char *path)
{
    const char *text = dlerror();
    const size_t length = strlen(path);
    if (text == NULL) {
        return "no reason is known";
    }
    return strncmp(text, path, length) == 0 && strncmp(text + length, ": ", 2) == 0 ? text + length + 2 : text;
}

static rovi_status load(const char *path, struct library *library, rovi_error *error)
{
    const rovi_status checked = elf_check(path, error);
    if (checked != ROVI_OK) {
        return checked;
    }
    struct arena memory = {0};
    const size_t length = strlen(path);
    char *here = arena_take(&memory, length + 3, 1);
    if (here == NULL) {
        return error_no_memory(error);
    }
    /* a name without a slash would be looked for in the system's folders */
    const char *name = strchr(path, '/') != NULL ? path : strcat(strcpy(here, "./"), path);
    *library = (struct library){.path = path, .handle = dlopen(name, RTLD_NOW | RTLD_LOCAL)};
    rovi_status status = ROVI_OK;
    if (library->handle == NULL) {
        status = error_set(error, ROVI_BAD_INPUT, "%.200s: cannot be loaded as a shared library: %.240s", path,
                           reason(name));
    }
    arena_free(&memory);
    return status;
}

static bool has(const struct library *library, const char *symbol)
{
    return dlsym(library->handle, symbol) != NULL;
}

rovi_status library_find(const struct library *library, size_t count, const struct library_symbol *symbols,
                         void *pointers, rovi_error *error)
{
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(library->handle, symbols[i].name);
        if (address == NULL && !symbols[i].optional) {
            return error_set(error, ROVI_BAD_INPUT, "%.200s: the symbol %s is missing", library->path, symbols[i].name);
        }
        memcpy((char *)pointers + symbols[i].offset, &address, sizeof address); /* POSIX: functions fit into void * */
    }
    return ROVI_OK;
}

static int compare_names(const void *a, const void *b)
{
    const char *const *p = a, *const *q = b;
    return strcmp(*p, *q);
}

static bool fits_csv(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == ',' || *c == '"' || *c == '#') {
            return false;
        }
    }
    return name[0] != '\0' && strcmp(name, "lp__") != 0 && strcmp(name, "lp_approx__") != 0;
}

rovi_status library_check_names(const struct library *library, size_t count, const char *const *names,
                                rovi_error *error)
{
    struct arena memory = {0};
    const char **sorted = arena_take(&memory, count, sizeof *sorted);
    if (sorted == NULL) {
        return error_no_memory(error);
    }
    rovi_status status = ROVI_OK;
    for (size_t i = 0; i < count && status == ROVI_OK; i++) {
        sorted[i] = names[i];
        if (!fits_csv(names[i])) {
            status = error_set(error, ROVI_BAD_INPUT,
                               "%.200s: found the name \"%.80s\" (number %zu), allowed: names without blanks, commas, "
                               "quotes and #, other than lp__ and lp_approx__",
                               library->path, names[i], i + 1);
        }
    }
    if (status == ROVI_OK) {
        qsort(sorted, count, sizeof *sorted, compare_names);
    }
    for (size_t i = 1; i < count && status == ROVI_OK; i++) {
        if (strcmp(sorted[i - 1], sorted[i]) == 0) {
            status =
                error_set(error, ROVI_BAD_INPUT, "%.200s: found the name \"%.80s\" twice, allowed: names that differ",
                          library->path, sorted[i]);
        }
    }
    arena_free(&memory);
    return status;
}

rovi_status rovi_target_open(const char *path, const char *data, uint32_t seed, rovi_log log, rovi_target **target,
                             rovi_error *error)
{
    struct library library = {0};
    const rovi_status accepted = target_accept(1, target, error);
    if (accepted != ROVI_OK) {
        return accepted;
    }
    if (path == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "path is NULL; it must name a shared library");
    }
    const rovi_status status = load(path, &library, error);
    if (status != ROVI_OK) {
        return status;
    }
    const struct library_request request = {.data = data, .seed = seed, .log = log};
    if (has(&library, "rovi_plugin_abi")) {
        return plugin_open(&library, &request, target, error);
    }
    if (has(&library, "bs_log_density_gradient")) {
        return stan_open(&library, &request, target, error);
    }
    return error_set(
        error, ROVI_BAD_INPUT,
        "%.200s: the symbols bs_log_density_gradient (a Stan model built by BridgeStan) and rovi_plugin_abi "
        "(a plugin) are both missing, allowed: a library with one of them",
        path);
}
