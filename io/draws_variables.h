/* SPDX-License-Identifier: BSD-3-Clause */
/* Stan's names gathered into variables with dimensions: b.1, b.2 are one variable b of length 2. */
#ifndef ROVI_IO_DRAWS_VARIABLES_H
#define ROVI_IO_DRAWS_VARIABLES_H

#include "io/draws.h"

#define VARIABLE_RANK 16 /* most dimensions; names with more indices stay variables of their own */

struct draws_variable {
    char *name;
    size_t first, count; /* its columns */
    size_t rank, size[VARIABLE_RANK];
    size_t *place; /* count: where column first + k goes when the last index is the fastest */
};

struct draws_variables {
    size_t count;
    struct draws_variable *variable;
};

/* ROVI_BAD_INPUT when the names of a variable are not those of a whole array in Stan's order. */
rovi_status draws_variables_make(const struct draws_names *names, struct pool *pool, struct draws_variables *variables,
                                 rovi_error *error);

#endif
