/* SPDX-License-Identifier: BSD-3-Clause */
/* Draws as a target's user knows them: by its names, and on its constrained scale where it has one. */
#ifndef ROVI_IO_DRAWS_TARGET_H
#define ROVI_IO_DRAWS_TARGET_H

#include "io/draws.h"

struct draws_target {
    const rovi_target *target;
    unsigned include; /* ROVI_TRANSFORMED | ROVI_GENERATED */
    uint64_t seed;    /* of the generated quantities */
};

/* The scale borrows from `shown`, from its target and from the pool. */
rovi_status draws_target_scale(struct draws_target *shown, struct pool *pool, struct draws_scale *scale,
                               rovi_error *error);

#endif
