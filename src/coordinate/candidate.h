/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the coordinate solver may begin: rotations read off the target's curvature, and maps read off its local
 * normals.
 */
#ifndef ROVI_COORDINATE_CANDIDATE_H
#define ROVI_COORDINATE_CANDIDATE_H

#include "coordinate/frame.h"
#include "family/approximation.h"

#define CANDIDATE_MOST 12

struct candidate {
    rovi_approximation *q;
    const struct frame *frame; /* that it was made in, unless it is a start */
    size_t from, to;           /* the locals that its maps began with: a trace of the others */
    size_t *lines;             /* d: lines that each coordinate's update needs, as far as known */
    size_t *order;             /* d: in which the coordinates are updated */
    bool lines_only;           /* its coordinates are updated one by one */
    bool edge;                 /* draws of it have been outside the support */
    double elbo;
    double divergence; /* from the target, about */
};

struct candidates {
    struct explorer *explorer; /* borrowed, as is the frame */
    struct frame *frame;
    size_t count;
    struct candidate list[CANDIDATE_MOST];
    double *hessians; /* room for hessian_room, d x d each */
    size_t hessian_room;
    double *O;                     /* d x d */
    double *mean, *variance;       /* of each local along each coordinate: locals x d */
    double *local_weight;          /* in the maps */
    double *local_mean, *local_sd; /* along one coordinate */
    double *x, *scale;             /* d */
    double *work;
};

/* Takes its memory from the arena, which may fail. */
void candidates_init(struct candidates *c, struct arena *arena, struct explorer *explorer, struct frame *frame);

/* Fills the list, for the rotated family or for O = I alone, with the frame as it is. False when out of memory. */
bool candidates_make(struct candidates *c, bool rotate);

/* Adds other rotations. False when out of memory. */
bool candidates_rotate(struct candidates *c, uint64_t seed);

/* Adds O = I in another frame, which for a diagonal one is the mean field, unless correlations within the heaviest mode
 * are worth more than `most` nats. False when out of memory. */
bool candidates_add_product(struct candidates *c, struct frame *frame, double most);

/* The list becomes a copy of `start` alone. False when out of memory. */
bool candidates_add_start(struct candidates *c, const rovi_approximation *start);

void candidates_free(struct candidates *c);

#endif
