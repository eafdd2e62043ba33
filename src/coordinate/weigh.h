/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The masses of the pieces of each coordinate, equation (26). A coordinate update weighs pieces by the mean of log p
 * alone, which varies much from line to line; log p - log q at draws of q varies as little as q is close to p, and
 * tells the masses of all coordinates at once.
 */
#ifndef ROVI_COORDINATE_WEIGH_H
#define ROVI_COORDINATE_WEIGH_H

#include "base/parallel.h"
#include "base/rng.h"
#include "family/approximation.h"
#include "target/meter.h"

struct weigh_limits {
    size_t most;  /* draws */
    double error; /* standard error of a mass, which more draws are taken to reach */
};

/* Gives each piece of q's coordinates the mass at which F is least, all else fixed, from fresh draws of q. False when
 * out of memory, with q as it was. */
bool weigh_pieces(rovi_approximation *q, struct meter *meter, struct team *team, struct rng_stream stream,
                  const struct weigh_limits *limits);

#endif
