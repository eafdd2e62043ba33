/* SPDX-License-Identifier: BSD-3-Clause */
/* A diagnosis as JSON: what `rovi check --json` prints of it is what a fit file keeps. */
#ifndef ROVI_IO_DIAGNOSIS_H
#define ROVI_IO_DIAGNOSIS_H

#include "io/json.h"
#include "io/memory.h"

/* Which mode number k is a part of: null where it is one itself. */
json_t *diagnosis_part_to_json(const rovi_diagnosed_mode *mode, size_t k);

/* Puts the keys from "search" to "time" into the object; verdict and reason are json_from_collapse's. False when out of
 * memory. */
bool diagnosis_put(json_t *object, const rovi_diagnosis_parts *parts);

/* Reads them again, of a fit in d dimensions with so many restarts, and verdict and reason from `collapse`. The parts
 * and what they point to are the pool's. */
rovi_status diagnosis_read(const struct field *object, const struct field *collapse, size_t d, size_t restart_count,
                           struct pool *pool, const rovi_diagnosis_parts **parts, rovi_error *error);

#endif
