/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The approximation q: the law of center + L O T(x), x ~ N(0, I_d), or a mixture of such. The solver moves O and the
 * maps in place, then prepares what depends on them; everyone else sees it const. It is made, copied and shown by
 * approximation.c, and has its points by approximation_place.c.
 */
#ifndef ROVI_FAMILY_APPROXIMATION_H
#define ROVI_FAMILY_APPROXIMATION_H

#include <stdbool.h>

#include "base/arena.h"
#include "family/map.h"
#include "family/reflections.h"
#include "rovi.h"

struct rovi_approximation {
    size_t dim;
    size_t count;                   /* of components; 0: a rotated product, of which all from `center` on tells */
    rovi_approximation **component; /* count: rotated products, owned */
    double *weight, *log_weight;    /* count */
    size_t *frame;                  /* count: the first component with the same whitening and rotation */
    double *offset;                 /* count x d: of the center from that one's, in its frame: (L O)^-1 (c - c') */
    double *center;                 /* d */
    double *whitening;              /* L: d x d, or NULL for the identity */
    double *rotation;               /* O: d x d */
    struct map *maps;               /* d */
    double *transform;              /* L O: d x d; rotation itself without whitening */
    bool compact;                   /* whitening, rotation and transform are NULL, and L O is scale times reflections */
    double *scale;                  /* d: the diagonal of L; compact only */
    struct reflections reflections; /* O; compact only */
    bool diagonal;                  /* L O is: points are placed coordinate by coordinate */
    double log_det;                 /* log |det L| */
    rovi_map *map_view;             /* what rovi_approximation_parts_of shows */
    rovi_approximation_parts view;
    struct arena memory;
};

/* As rovi_approximation_new, for parts that are known to be valid; every map has room for as many cells as it has, and
 * `room` at least. NULL when out of memory. */
rovi_approximation *approximation_make(const rovi_approximation_parts *parts, size_t room);

/* The same with the identity for every map, whatever the parts' maps are. */
rovi_approximation *approximation_of_identities(const rovi_approximation_parts *parts, size_t room);

/* As rovi_approximation_new_mixture, for what is known to be valid; and a copy of either kind. NULL when out of memory.
 */
rovi_approximation *approximation_mix(size_t count, const double *weights, const rovi_approximation *const *components);
rovi_approximation *approximation_copy(const rovi_approximation *q);

/* The maps of a rotated product, all of mean zero, in another frame. NULL when out of memory. */
rovi_approximation *approximation_reframe(const rovi_approximation *q, const double *center, const double *whitening,
                                          const double *rotation);

/* A copy of a rotated product that holds whitening and rotation as matrices. NULL when out of memory. */
rovi_approximation *approximation_expand(const rovi_approximation *q);

/* Of the maps of a rotated product, the most cells that one has. */
size_t approximation_most_cells(const rovi_approximation *q);

/* *kept becomes a copy of a rotated product, with the maps it has now, in place of what it was (or NULL); false, with
 * *kept as it was, when out of memory. */
bool approximation_keep(rovi_approximation **kept, rovi_approximation *q);

/* Brings what rovi_approximation_parts_of shows up to date with the maps. */
void approximation_refresh_view(rovi_approximation *q);

/* To be called after the rotation changed; after a map changed, map_prepare. */
void approximation_prepare_rotation(rovi_approximation *q);

/* Points of q: y_i = T(x_i), z_i = center + L O y_i (n x d each). With the density: log q at the z_i too, equation (9).
 */
void approximation_maps(const rovi_approximation *q, size_t n, const double *x, double *y);
void approximation_maps_density(const rovi_approximation *q, size_t n, const double *x, double *y, double *log_q);
void approximation_place(const rovi_approximation *q, size_t n, const double *y, double *z);

/* Column i of L O (d): the axis along which coordinate i moves. */
void approximation_axis(const rovi_approximation *q, size_t i, double *axis);

/* Gradients with respect to y of what has gradients `grad` with respect to z: u_i = L^T grad_i, w_i = O^T u_i (n x d
 * each). */
void approximation_pull(const rovi_approximation *q, size_t n, const double *grad, double *u, double *w);

/* Mean and sd of z (d each) for independent y_i of these means and variances (d each). work:
 * approximation_moments_work. */
size_t approximation_moments_work(const rovi_approximation *q);
void approximation_moments(const rovi_approximation *q, const double *mean_y, const double *variance_y, double *mean,
                           double *sd, double *work);

/* And back: y_i = O^T L^-1 (z_i - center). w: n x d, work. */
void approximation_unplace(const rovi_approximation *q, size_t n, const double *z, double *w, double *y);

#endif
