/* SPDX-License-Identifier: BSD-3-Clause */
/* The mixture that finished restarts make. */
#ifndef ROVI_MIXTURE_GATHER_H
#define ROVI_MIXTURE_GATHER_H

#include "restart/restart.h"

/* A mixture of those of `count` finished restarts that lie in different modes; no approximation when there is one mode.
 * `best` is the one of greatest ELBO. most: evaluations that better weights may take. */
void restart_by_gathering(const struct problem *problem, struct restart *restart, size_t count,
                          const rovi_restart *restarts, size_t best, uint64_t most);

#endif
