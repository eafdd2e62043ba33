/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A team of threads for parallel loops over fixed blocks. What a block computes may not depend on the thread that runs
 * it, and sums over blocks are made afterwards in block order: that is how results keep their bits for any team size.
 */
#ifndef ROVI_BASE_PARALLEL_H
#define ROVI_BASE_PARALLEL_H

#include <stddef.h>
#include <stdint.h>

struct team;

/* A team of `threads` >= 1, the caller counted. NULL when out of memory or threads. NULL also is a valid team: of one.
 */
struct team *team_new(size_t threads);
void team_free(struct team *team);

/* What a setting "threads" asks for: 0 is one per processor of this machine. */
size_t team_size_of(int64_t threads);
size_t team_size(const struct team *team);

/* body(context, i, worker) for i = 0..count-1, worker < team_size. Returns when all are done. Not to be nested on one
 * team. */
void team_for(struct team *team, size_t count, void (*body)(void *context, size_t index, size_t worker), void *context);

#endif
