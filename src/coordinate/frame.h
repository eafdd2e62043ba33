/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frame that the maps are fitted in: x = center + L y, and the local normals seen from it. L is a factor of the
 * mean covariance within the modes, so that components of one covariance become round whatever lies between them.
 */
#ifndef ROVI_COORDINATE_FRAME_H
#define ROVI_COORDINATE_FRAME_H

#include "explore/explorer.h"

enum whitening { WHITENING_NONE, WHITENING_DIAGONAL, WHITENING_TRIANGULAR };

struct frame {
    size_t dim, count;    /* of local normals */
    struct team *team;    /* or NULL */
    double *center;       /* d */
    double *L;            /* d x d; NULL without whitening */
    double *mean;         /* count x d */
    double *covariance;   /* count x d x d */
    const double *weight; /* count; borrowed from the explorer */
    double *work;         /* 2 d x d */
};

/* Takes its memory from the arena, which may fail. */
void frame_init(struct frame *frame, struct arena *arena, const struct explorer *explorer, enum whitening whitening);

void frame_make(struct frame *frame, const struct explorer *explorer, enum whitening whitening);

/* H <- L^T H L: a Hessian seen from the frame, in place. */
void frame_hessian(struct frame *frame, double *H);

/* P <- the precision of local k in the frame; the identity, and false, beyond the range of doubles. */
bool frame_precision(struct frame *frame, size_t k, double *P);

/* KL to local k of the product nearest to it: what correlations in the frame are worth, in nats. P: d x d, of work. */
double frame_coupling(struct frame *frame, size_t k, double *P);

#endif
