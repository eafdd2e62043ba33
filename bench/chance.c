/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/chance.h"

#include <math.h>

#define TWO_PI 6.283185307179586

double chance_next(struct chance *chance)
{
    uint64_t z = chance->state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return ((double)((z ^ (z >> 31)) >> 12) + 0.5) * 0x1p-52;
}

double chance_normal(struct chance *chance)
{
    const double radius = sqrt(-2 * log(chance_next(chance)));
    return radius * cos(TWO_PI * chance_next(chance));
}
