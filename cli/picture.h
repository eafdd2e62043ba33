/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The numbers behind a picture: draws of each fit, their smoothed marginals, and in one or two dimensions the target on
 * a grid with its exact marginals and its contour levels.
 */
#ifndef ROVI_CLI_PICTURE_H
#define ROVI_CLI_PICTURE_H

#include <stdbool.h>

#include "io/fit_file.h"
#include "io/memory.h"
#include "rovi.h"

#define PANELS_MOST    6 /* marginals shown of a fit */
#define CURVE_POINTS   256
#define CONTOUR_LEVELS 4
#define COLUMNS_MOST   6

struct curve { /* a density at lo + i*step, i < count */
    size_t count;
    double lo, step;
    double *value;
};

struct landscape {  /* the target over the box of its scene; side points per axis, x_1 fastest */
    size_t d, side; /* d is 1 or 2 */
    double lo[2], step[2];
    double *log_p;                /* side^d, the greatest is 0 */
    double level[CONTOUR_LEVELS]; /* of log_p: around 50, 80, 95, 99 % of the mass */
    struct curve marginal[2];
};

/* A target and what the fits to it share. */
struct scene {
    const struct fit_context *context;
    rovi_target *target; /* NULL: not at hand */
    size_t d, shown;     /* dimensions, and how many of them get a marginal */
    double lo[PANELS_MOST], hi[PANELS_MOST];
    bool has_landscape;
    struct landscape landscape;
};

struct column { /* one fit */
    const char *path;
    struct fit_file file;
    struct scene *scene;
    size_t draw_count;
    double *draws; /* draw_count x d */
    struct curve marginal[PANELS_MOST];
};

struct picture {
    size_t column_count, scene_count;
    struct column column[COLUMNS_MOST];
    struct scene scene[COLUMNS_MOST];
    struct pool pool;
};

/* Read the fits and compute; with_draws false leaves all but the fits out. */
rovi_status picture_open(struct picture *picture, size_t count, const char *const *paths, bool with_draws,
                         rovi_error *error);
void picture_clear(struct picture *picture); /* also after picture_open failed */

#endif
