/* SPDX-License-Identifier: BSD-3-Clause */
/* The starting point of a fit from a JSON file. */
#ifndef ROVI_IO_INIT_H
#define ROVI_IO_INIT_H

#include "rovi.h"

/* Sets the start of the target: from an array of d numbers, its coordinates; from an object, a Stan model's parameters
 * on the constrained scale, as CmdStan takes them, or for other targets numbers by the names of the coordinates, x.1,
 * ..., x.d where there are none, each once. The log density has to be finite there. */
rovi_status init_read(const char *path, rovi_target *target, rovi_error *error);

#endif
