/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers behind a picture, gathered: fits, their scenes, draws, marginals. */
#include "cli/picture/picture.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/picture/density.h"
#include "cli/picture/pairs.h"
#include "io/report.h"

#define DRAWS_MOST   200000
#define DOUBLES_MOST 4000000 /* of draws of one fit */
#define DRAWS_LEAST  2000
#define DRAW_SEED    1
#define MASS_MARKED  0.01 /* of a mode beyond the fit that is not missed */
#define SPREADS      2.5  /* sd about such a mode that are shown */
#define NAME_SHOWN   16   /* characters of a coordinate's name */

static bool same_text(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static struct scene *find_scene(struct picture *picture, const struct fit_file *file)
{
    size_t d = rovi_approximation_dim(rovi_fit_approximation(file->fit));
    for (size_t i = 0; i < picture->scene_count; i++) {
        struct scene *scene = picture->scene + i;
        if (scene->d == d && same_text(scene->context->target, file->context.target) &&
            same_text(scene->context->target_fingerprint, file->context.target_fingerprint))
            return scene;
    }
    return NULL;
}

static rovi_status add_scene(struct picture *picture, struct column *column, rovi_error *error)
{
    column->scene = find_scene(picture, &column->file);
    if (column->scene)
        return ROVI_OK;
    struct scene *scene = picture->scene + picture->scene_count++;
    column->scene = scene;
    scene->context = &column->file.context;
    scene->d = rovi_approximation_dim(rovi_fit_approximation(column->file.fit));
    scene->shown = scene->d < PANELS_MOST ? scene->d : PANELS_MOST;
    for (size_t j = 0; j < scene->shown; j++) {
        scene->lo[j] = INFINITY;
        scene->hi[j] = -INFINITY;
    }
    return report_in_file(error, fit_file_target(&column->file, &scene->target, error), column->path);
}

static rovi_status add_column(struct picture *picture, const char *path, rovi_error *error)
{
    struct column *column = picture->column + picture->column_count;
    column->path = path;
    rovi_status status = fit_file_open(path, &column->file, error);
    if (status)
        return status;
    picture->column_count++;
    return add_scene(picture, column, error);
}

const rovi_region *picture_region(const struct column *column, size_t index)
{
    const rovi_diagnosis_parts *diagnosis = column->file.context.diagnosis;
    for (size_t k = 0, seen = 0; diagnosis && k < diagnosis->region_count && seen < MARKS_MOST; k++) {
        const rovi_region *region = diagnosis->regions + k;
        if ((region->missed || region->mass.value >= MASS_MARKED) && seen++ == index)
            return region;
    }
    return NULL;
}

/* What gnuplot takes for markup gets a backslash; a quote and what it would run, a space. */
void picture_name(const struct fit_context *context, size_t coordinate, char name[AXIS_ROOM])
{
    const char *own = fit_coordinate_name(context, coordinate);
    size_t used = 0;
    if (!own) {
        snprintf(name, AXIS_ROOM, "x_{%zu}", coordinate + 1);
        return;
    }
    for (size_t i = 0; own[i] && i < NAME_SHOWN; i++) {
        if (strchr("_^@&~{}\\", own[i]))
            name[used++] = '\\';
        name[used++] = strchr("'`", own[i]) || iscntrl((unsigned char)own[i]) ? ' ' : own[i];
    }
    snprintf(name + used, AXIS_ROOM - used, strlen(own) > NAME_SHOWN ? "…" : "");
}

/* The box holds the modes beyond the fit as well. */
static void show_regions(const struct column *column)
{
    struct scene *scene = column->scene;
    const rovi_region *region;
    for (size_t k = 0; (region = picture_region(column, k)); k++)
        for (size_t j = 0; j < scene->shown; j++) {
            scene->lo[j] = fmin(scene->lo[j], region->mean[j] - SPREADS * region->sd[j]);
            scene->hi[j] = fmax(scene->hi[j], region->mean[j] + SPREADS * region->sd[j]);
        }
}

static size_t count_draws(size_t d)
{
    size_t n = DOUBLES_MOST / d;
    return n > DRAWS_MOST ? DRAWS_MOST : n < DRAWS_LEAST ? DRAWS_LEAST : n;
}

/* Draws of the fit, and its scene's box widened to show them. */
static rovi_status draw(struct column *column, struct pool *pool, rovi_error *error)
{
    struct scene *scene = column->scene;
    column->draw_count = count_draws(scene->d);
    column->draws = pool_take(pool, column->draw_count, scene->d * sizeof(double));
    if (!column->draws)
        return report_no_memory(error);
    rovi_status status = rovi_approximation_draw(rovi_fit_approximation(column->file.fit), DRAW_SEED, 0,
                                                 column->draw_count, column->draws, NULL, error);
    for (size_t j = 0; j < scene->shown && !status; j++) {
        double lo, hi;
        status = density_range(pool, column->draw_count, column->draws + j, scene->d, &lo, &hi, error);
        scene->lo[j] = fmin(scene->lo[j], lo);
        scene->hi[j] = fmax(scene->hi[j], hi);
    }
    if (!status)
        show_regions(column);
    return status;
}

static void make_square(struct scene *scene)
{
    double half = 0;
    for (size_t j = 0; j < 2; j++)
        half = fmax(half, (scene->hi[j] - scene->lo[j]) / 2 * 1.04); /* a little air */
    for (size_t j = 0; j < 2; j++) {
        double middle = (scene->lo[j] + scene->hi[j]) / 2;
        scene->lo[j] = middle - half;
        scene->hi[j] = middle + half;
    }
}

static rovi_status survey(struct scene *scene, struct pool *pool, rovi_error *error)
{
    rovi_status status = ROVI_OK;
    bool small = scene->target && scene->d <= 2;
    if (small)
        status = density_find_target(pool, scene, error);
    if (scene->d == 2)
        make_square(scene);
    return small && !status ? density_landscape(pool, scene, error) : status;
}

static rovi_status smooth(struct column *column, struct pool *pool, rovi_error *error)
{
    const struct scene *scene = column->scene;
    rovi_status status = ROVI_OK;
    for (size_t j = 0; j < scene->shown && !status; j++)
        status = density_smooth(pool, column->draw_count, column->draws + j, scene->d, scene->lo[j], scene->hi[j],
                                column->marginal + j, error);
    return status;
}

rovi_status picture_open(struct picture *picture, size_t count, const char *const *paths, enum picture_depth depth,
                         rovi_error *error)
{
    *picture = (struct picture){0};
    rovi_status status = ROVI_OK;
    for (size_t i = 0; i < count && !status; i++)
        status = add_column(picture, paths[i], error);
    if (depth == PICTURE_FITS)
        return status;
    for (size_t i = 0; i < count && !status; i++)
        status = draw(picture->column + i, &picture->pool, error);
    for (size_t i = 0; i < picture->scene_count && !status; i++)
        status = survey(picture->scene + i, &picture->pool, error);
    for (size_t i = 0; i < count && !status; i++)
        status = smooth(picture->column + i, &picture->pool, error);
    for (size_t i = 0; i < count && !status && depth == PICTURE_PAIRS; i++)
        status = pairs_make(picture->column + i, &picture->pool, error);
    return status;
}

void picture_clear(struct picture *picture)
{
    for (size_t i = 0; i < picture->scene_count; i++)
        rovi_target_free(picture->scene[i].target);
    for (size_t i = 0; i < picture->column_count; i++)
        fit_file_clear(&picture->column[i].file);
    pool_free(&picture->pool);
}
