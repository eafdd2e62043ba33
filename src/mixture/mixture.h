/* SPDX-License-Identifier: BSD-3-Clause */
/* The solver for mixtures. */
#ifndef ROVI_MIXTURE_MIXTURE_H
#define ROVI_MIXTURE_MIXTURE_H

#include "restart/restart.h"

/* A mixture of rotated products, from what explorations of its own find and, unless NULL, restart->start. */
void restart_by_mixture(const struct problem *problem, struct restart *restart);

#endif
