/* SPDX-License-Identifier: BSD-3-Clause */
/* Which restarts of a fit agree, and by how much the others differ. */
#ifndef ROVI_DIAGNOSE_RESTARTS_H
#define ROVI_DIAGNOSE_RESTARTS_H

#include "base/arena.h"
#include "rovi.h"

/* Clusters into *clusters (memory of the arena, which may fail), that of the winner first, and the cluster of each
 * restart into cluster (restart_count); returns how many clusters. */
size_t restarts_cluster(const rovi_fit_parts *fit, uint64_t seed, struct arena *arena, rovi_restart_cluster **clusters,
                        size_t *cluster);

#endif
