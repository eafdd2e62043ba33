/* SPDX-License-Identifier: BSD-3-Clause */
/* The TARGET of the command line: a description file, a built-in name or a shared library, and what a fit file keeps.
 */
#ifndef ROVI_IO_TARGET_FILE_H
#define ROVI_IO_TARGET_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/bytes.h"
#include "io/json.h"
#include "rovi.h"

struct target_request {
    const char *name, *data; /* data: a file, of a shared library only, or NULL */
    uint64_t seed;           /* of what a model draws while it is made */
    rovi_log log;            /* for what a model prints, or NULL */
};

/* Whether a target of that name is a shared library. */
bool target_is_library(const char *name);

struct target_source {
    rovi_target *target;
    json_t *description;                     /* as read; NULL for a library */
    char *path, *data_path;                  /* absolute; NULL for a built-in, and where there are no data */
    char fingerprint[FINGERPRINT_SIZE];      /* of the file's bytes, or of the built-in's description */
    char data_fingerprint[FINGERPRINT_SIZE]; /* "" without data */
    bool is_library;
    struct pool pool;
};

/* On failure *source is empty: nothing to clear. */
rovi_status target_source_open(const struct target_request *request, struct target_source *source, rovi_error *error);
void target_source_clear(struct target_source *source);

/* Whether the file at `path` is there but no longer has this fingerprint. */
bool target_file_changed(const char *path, const char *fingerprint);

#endif
