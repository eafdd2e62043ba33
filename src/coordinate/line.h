/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The exact coordinate update: with O and the other maps fixed, F is least at q_i(t) ~ exp of the mean of log p along
 * the line y_i = t, the mean being over the other coordinates. It asks for densities only, and moves mass between modes
 * at once, which no gradient does.
 */
#ifndef ROVI_COORDINATE_LINE_H
#define ROVI_COORDINATE_LINE_H

#include "base/parallel.h"
#include "base/rng.h"
#include "base/spline.h"
#include "coordinate/density_mean.h"
#include "family/approximation.h"
#include "supervise/supervisor.h"

struct lines {
    const struct progress *progress;
    struct team *team; /* or NULL */
    atomic_bool ended; /* by the supervisor, within the update */
    size_t dim, most;  /* most lines in one update */
    size_t together;   /* lines that the target is asked about at once */
    double *x, *y, *z; /* lines x d: reference points, T(x), placed; rows 2p and 2p + 1 are antithetic */
    size_t laid;       /* rows there are, of this q at the points of this stream */
    const rovi_approximation *q;
    struct rng_stream stream;
    double *axis;               /* d: the coordinate's direction */
    double *value;              /* lines x QUANTILE_GRID: log density on each */
    struct log_density density; /* of the coordinate */
    size_t nodes;               /* points of the grid that a thin line is asked at */
    double node[SPLINE_MOST];   /* nodes */
    double *weights;            /* QUANTILE_GRID x nodes: from the values there to those on the grid */
    double *work;               /* of each worker: a block of points, the target's scratch */
    size_t work_size;
};

/* Takes its memory from the arena, which may fail. */
void lines_init(struct lines *lines, struct arena *arena, size_t most, const struct progress *progress,
                struct team *team);

/* New map i from n lines (even, at most `most`) through draws of q at the points of the stream, and from those before
 * that `mean` (or NULL) has kept. Returns the noise that n lines leave in the new q_i, as a KL in nats; infinity
 * when nothing was learnt (no density there, or the supervisor ended it) and the map is as it was. The maps of q have
 * room for QUANTILE_KNOTS. Updates in a row from one stream share their draws, which costs O(n d) an update instead of
 * O(n d^2): between them nothing else may change q. */
double lines_update(struct lines *lines, rovi_approximation *q, size_t i, size_t n, struct rng_stream stream,
                    struct density_mean *mean);

#endif
