/* SPDX-License-Identifier: BSD-3-Clause */
/* Random numbers of the benchmark's own: Steele, Lea and Flood's SplitMix64. */
#ifndef ROVI_BENCH_CHANCE_H
#define ROVI_BENCH_CHANCE_H

#include <stdint.h>

struct chance {
    uint64_t state;
};

double chance_next(struct chance *chance);   /* uniform on (0, 1) */
double chance_normal(struct chance *chance); /* by Box and Muller, one of the two */

#endif
