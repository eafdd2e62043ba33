/* SPDX-License-Identifier: BSD-3-Clause */
/* Many particles that make Langevin steps, equation (27), each on random numbers of its own. */
#ifndef ROVI_LANGEVIN_PARTICLES_H
#define ROVI_LANGEVIN_PARTICLES_H

#include "base/parallel.h"
#include "supervise/supervisor.h"
#include "target/target.h"

struct particles {
    size_t n, dim;
    uint64_t seed;
    double *x, *grad;             /* n x d */
    double *logp;                 /* n, always finite */
    double *began;                /* n: logp where they began */
    uint32_t *still;              /* n: moves in a row that were refused */
    atomic_uint_fast64_t moves;   /* proposed so far */
    atomic_uint_fast64_t outside; /* of these, those outside the support */
    const struct progress *progress;
    struct team *team; /* borrowed */
    double *work;      /* work_size doubles for each worker */
    size_t work_size;
};

/* Takes its memory from the arena, which may fail. Nobody has begun yet. */
void particles_init(struct particles *p, struct arena *arena, size_t n, const struct progress *progress,
                    struct team *team);

/* Begin at the rows of x, at the origin for rows == 0, or scattered with standard deviation `spread` > 0, where starts
 * outside the support are drawn anew. Returns how many particles then begin outside the support, for which there is no
 * going on; *which is the first of them. */
struct beginning {
    size_t rows;
    const double *x;
    double spread;
};
size_t particles_begin(struct particles *p, struct beginning from, size_t *which);

/* Steps first, ..., first + count - 1 of size h. False when the supervisor ended it (*stop says why); some particles
 * may then have made fewer. */
bool particles_move(struct particles *p, double h, uint64_t first, uint64_t count, rovi_stop *stop);

/* Particles that are lost: run off, that is, with a log density far below where they began; or stuck, with so many
 * refused moves in a row that no place is left to go. */
size_t particles_strayed(const struct particles *p);
size_t particles_stuck(const struct particles *p);

#endif
