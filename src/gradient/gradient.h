/* SPDX-License-Identifier: BSD-3-Clause */
/* The solver of the paper. */
#ifndef ROVI_GRADIENT_GRADIENT_H
#define ROVI_GRADIENT_GRADIENT_H

#include "restart/restart.h"

/* The paper's alternation of gradient steps, from the start that restart->seed gives. */
void restart_by_gradient(const struct problem *problem, struct restart *restart);

#endif
