/* SPDX-License-Identifier: BSD-3-Clause */
/* A shared library in memory: the only file that knows dlopen. */
#ifndef ROVI_TARGET_LIBRARY_H
#define ROVI_TARGET_LIBRARY_H

#include "target/target.h"

struct library {
    const char *path; /* for messages; borrowed */
    void *handle;     /* never closed: code of it may have left handlers behind that run at exit */
};

/* A symbol, and where its address goes in a struct of pointers. */
struct library_symbol {
    const char *name;
    size_t offset;
    bool optional; /* its pointer is NULL when it is missing */
};

rovi_status library_find(const struct library *library, size_t count, const struct library_symbol *symbols,
                         void *pointers, rovi_error *error);

/* What rovi_target_open was given. */
struct library_request {
    const char *data;
    uint32_t seed;
    rovi_log log;
};

/* The kinds that there are. */
rovi_status stan_open(const struct library *library, const struct library_request *request, rovi_target **target,
                      rovi_error *error);
rovi_status plugin_open(const struct library *library, const struct library_request *request, rovi_target **target,
                        rovi_error *error);

/* Names of outputs or coordinates: none empty, none twice, and none that a header line of CSV could not hold. */
rovi_status library_check_names(const struct library *library, size_t count, const char *const *names,
                                rovi_error *error);

#endif
