/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The numbers behind a picture: draws of each fit, their smoothed marginals, and in one or two dimensions the target on
 * a grid with its exact marginals and its contour levels.
 */
#ifndef ROVI_CLI_PICTURE_PICTURE_H
#define ROVI_CLI_PICTURE_PICTURE_H

#include <stdbool.h>

#include "io/fit_file.h"
#include "io/memory.h"
#include "rovi.h"

#define PANELS_MOST    6 /* marginals shown of a fit */
#define PAIR_AXES      5 /* pairs shown of a fit are those of so many coordinates */
#define PAIR_MODES     6 /* that have a colour */
#define CURVE_POINTS   256
#define CONTOUR_LEVELS 4
#define COLUMNS_MOST   6
#define AXIS_ROOM      80 /* of an axis' name */
#define MARKS_MOST     16 /* modes beyond the fit that are marked */

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

struct pair_axis {
    char label[AXIS_ROOM]; /* for gnuplot */
    double lo, hi;
    struct curve density;
};

/* A mode beyond the fit that its diagnosis found, along the leading axes. */
struct mark {
    bool missed;
    double at[PAIR_AXES];
};

/* Draws along the leading axes: `group` is the mode of a draw, or group_count - 1 for all but the heaviest modes. */
struct pairs {
    bool rotated; /* the axes are those of the fit's own rotated coordinates */
    size_t shown, count, group_count;
    struct pair_axis axis[PAIR_AXES];
    double *value;             /* count x shown */
    size_t *group;             /* count */
    double weight[PAIR_MODES]; /* of the listed modes */
    size_t mode_count;         /* how many of them */
    size_t mark_count;
    struct mark mark[MARKS_MOST];
};

struct column { /* one fit */
    const char *path;
    struct fit_file file;
    struct scene *scene;
    size_t draw_count;
    double *draws; /* draw_count x d */
    struct curve marginal[PANELS_MOST];
    struct pairs pairs; /* when pairs_make made them */
};

struct picture {
    size_t column_count, scene_count;
    struct column column[COLUMNS_MOST];
    struct scene scene[COLUMNS_MOST];
    struct pool pool;
};

/* A mode beyond the fit that a picture has to show: one that is missed, or that weighs something. NULL past the last.
 */
const rovi_region *picture_region(const struct column *column, size_t index);

/* The name of a coordinate, for gnuplot: the target's own, or x_1. */
void picture_name(const struct fit_context *context, size_t coordinate, char name[AXIS_ROOM]);

/* How much of a picture is computed: the fits alone; their draws, marginals and scenes; pairs as well */
enum picture_depth { PICTURE_FITS, PICTURE_DRAWS, PICTURE_PAIRS };

rovi_status picture_open(struct picture *picture, size_t count, const char *const *paths, enum picture_depth depth,
                         rovi_error *error);
void picture_clear(struct picture *picture); /* also after picture_open failed */

#endif
