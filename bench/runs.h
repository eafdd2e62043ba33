/* SPDX-License-Identifier: BSD-3-Clause */
/* Fits by settings given as text, and what is asked of many of them. */
#ifndef ROVI_BENCH_RUNS_H
#define ROVI_BENCH_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "rovi.h"

/* One fit; `settings` is "name=value name=value ...", applied in this order after the seed. Ends the program when the
 * fit fails. */
rovi_fit *bench_fit(const rovi_target *target, uint64_t seed, const char *settings);

double median(size_t n, double *value); /* sorts; NaN when n is 0 */
double bench_seconds(void);
double bench_cpu_seconds(void); /* of this process: neighbours change it less than the clock */

#endif
