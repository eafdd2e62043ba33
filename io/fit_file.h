/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FIT.json: all of a fit, with what it was made from and how. Doubles come back to the last bit.
 * docs/commands.md describes the keys.
 */
#ifndef ROVI_IO_FIT_FILE_H
#define ROVI_IO_FIT_FILE_H

#include "io/json.h"
#include "io/memory.h"
#include "io/target_file.h"
#include "rovi.h"

#define FIT_FORMAT 1 /* raised when a reader of the former format would misread the file */

/* What a fit file says beside the fit itself. Texts are borrowed from whoever filled it in. */
struct fit_context {
    const char *version; /* of the rovi that fitted */
    const char *command; /* as typed, quoted for a shell */
    const char *method;  /* that was used */
    const char *preset;
    const char *target; /* as named on the command line */
    uint64_t seed;
    double total_s;             /* of the whole run so far */
    json_t *settings;           /* {name: value}, see fit_settings_to_json */
    json_t *target_description; /* NULL when the target has none */
    const char *target_path;    /* absolute; NULL for a built-in */
    const char *target_fingerprint;
    const char *data_path; /* of a library; NULL without data */
    const char *data_fingerprint;
    json_t *names;                         /* of the coordinates, texts; NULL where they have none */
    const rovi_diagnosis_parts *diagnosis; /* NULL: there is none */
    bool is_library;                       /* target_path is one: there is no description */
    size_t taken_in; /* modes that searches beyond earlier fits had found, and this one has; not read back */
    bool in_vain;    /* the last time that it went on with such modes nothing came of it; neither written nor read */
};

/* Values as they are in force; NULL when out of memory. */
json_t *fit_settings_to_json(const rovi_settings *settings);

/* Names of the target's coordinates; NULL where they have none, and when out of memory. */
json_t *fit_names_to_json(const rovi_target *target);

/* The name of a coordinate, or NULL. */
const char *fit_coordinate_name(const struct fit_context *context, size_t index);

/* The keys that the fit file and `rovi fit --json` have in common, from "rovi" to "collapse". NULL: out of memory. */
json_t *fit_head_to_json(const struct fit_context *context, const rovi_fit *fit);

/* Whitening and rotation, or scale and reflectors, of a rotated product. False when out of memory. */
bool fit_put_matrices(json_t *object, const rovi_approximation_parts *q);

rovi_status fit_write(const struct fit_context *context, const rovi_fit *fit, FILE *stream, const char *name,
                      rovi_error *error);

/* One restart: as it stands in a fit file (NULL: out of memory), and back. *restart borrows from the pool and from *q,
 * which the caller frees, also on failure; NULL when the restart has no approximation. */
json_t *fit_restart_to_json(const rovi_restart *restart);
rovi_status fit_restart_read(const struct field *field, size_t d, struct pool *pool, rovi_restart *restart,
                             rovi_approximation **q, rovi_error *error);

struct fit_file {
    rovi_fit *fit;
    struct fit_context context; /* borrows from `document` and `pool` */
    json_t *document;           /* the file but for its restarts */
    struct pool pool;
};

/* On failure *file is empty: nothing to clear. */
rovi_status fit_file_open(const char *path, struct fit_file *file, rovi_error *error);
rovi_status fit_file_parse(const char *name, const char *bytes, size_t count, struct fit_file *file, rovi_error *error);
void fit_file_clear(struct fit_file *file);

/* The target again, from its description; *target is NULL when there is none, as for a library. */
rovi_status fit_file_target(const struct fit_file *file, rovi_target **target, rovi_error *error);

/* The same for a library, loaded again with its data. */
rovi_status fit_file_library(const struct fit_file *file, rovi_log log, rovi_target **target, rovi_error *error);

#endif
