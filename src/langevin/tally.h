/* SPDX-License-Identifier: BSD-3-Clause */
/* What a Langevin run is judged by: mean log density and mass per mode, of the particles now and of all draws kept. */
#ifndef ROVI_LANGEVIN_TALLY_H
#define ROVI_LANGEVIN_TALLY_H

#include "langevin/particles.h"

/* To which mode a point belongs. */
struct modes {
    size_t count;                     /* 0: no modes are known */
    const double *centers;            /* count x d, the nearest decides; or NULL: */
    const struct rovi_target *target; /* the component of greatest responsibility */
};

struct tally {
    struct modes modes;
    size_t n;     /* particles */
    size_t *mode; /* n: of the particles now */
    double *scratch;
    uint64_t kept;       /* states kept as draws */
    double *log_density; /* n: sums over the states kept */
    double *visits;      /* n x modes: how many of the states kept were in the mode */
};

/* Takes its memory from the arena, which may fail. */
void tally_init(struct tally *t, struct arena *arena, struct modes modes, const struct particles *p);

/* Mean log density and mass per mode (modes.count) of the particles now, errors between particles. */
rovi_estimate tally_now(struct tally *t, const struct particles *p, rovi_estimate *mass);

/* The present state is kept; and the estimates over all states kept so far. */
void tally_keep(struct tally *t, const struct particles *p);
rovi_estimate tally_kept(const struct tally *t, rovi_estimate *mass);

#endif
