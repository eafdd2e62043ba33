/* SPDX-License-Identifier: BSD-3-Clause */
/* The TARGET of the command line: a description file or a built-in name, and what a fit file keeps of it. */
#ifndef ROVI_IO_TARGET_FILE_H
#define ROVI_IO_TARGET_FILE_H

#include <stdbool.h>

#include "io/bytes.h"
#include "io/json.h"
#include "rovi.h"

struct target_source {
    rovi_target *target;
    json_t *description;                /* as read */
    char *path;                         /* absolute; NULL for a built-in */
    char fingerprint[FINGERPRINT_SIZE]; /* of the file's bytes, or of the built-in's description */
    struct pool pool;
};

/* On failure *source is empty: nothing to clear. */
rovi_status target_source_open(const char *name, struct target_source *source, rovi_error *error);
void target_source_clear(struct target_source *source);

/* Whether the file at `path` is there but no longer has this fingerprint. */
bool target_file_changed(const char *path, const char *fingerprint);

#endif
