/* SPDX-License-Identifier: BSD-3-Clause */
/* Some dozens of dimensions: the solver for many, tried before, or at the begin of, the default one. */
#ifndef ROVI_DIRECTIONS_LONE_H
#define ROVI_DIRECTIONS_LONE_H

#include "restart/restart.h"

/* Quasi-Newton steps and leading directions where that is near a target of one mode, in some dozens of dimensions and
 * more; false, with the modes that it found, where it is not, or is not tried. */
bool restart_by_lone_mode(const struct problem *problem, struct restart *restart);

/* An exploration begins with what these steps lead to, or had led to when they were ended; false when they lead
 * nowhere. The restart is then as if it had not begun, but for what it has asked, and a want of memory. And whether it
 * may be tried. */
bool restart_may_warm_start(const struct problem *problem, const struct restart *restart);
bool restart_warm_start(const struct problem *problem, struct restart *restart, struct explorer *e);

#endif
