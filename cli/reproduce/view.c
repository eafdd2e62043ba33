/* SPDX-License-Identifier: BSD-3-Clause */
/* Densities in the plane, seen in a box. */
#include "cli/reproduce/view.h"

#include <math.h>

#include "cli/picture/density.h"
#include "io/report.h"

#define DRAW_SEED 77

struct view view_make(struct study *study, const rovi_target *target, const double box[4], size_t index)
{
    struct view view = {.index = index};
    struct scene *scene = study->status || !target ? NULL : pool_take(&study->pool, 1, sizeof *scene);
    if (!scene)
        return view;
    /* The scene only looks at the target. */
    *scene = (struct scene){
        .target = (rovi_target *)(uintptr_t)target, .d = 2, .shown = 2, .lo = {box[0], box[1]}, .hi = {box[2], box[3]}};
    if (study_fail(study, density_landscape(&study->pool, scene, &study->error)) || !scene->has_landscape)
        return view;
    fputs("unset logscale\nset xrange [*:*]\nset yrange [*:*]\n", study->canvas.stream); /* a panel may have set them */
    canvas_landscape(&scene->landscape, index, study->canvas.stream);
    view.land = &scene->landscape;
    return view;
}

/* ---- fits and optima as targets ---- */

static int fit_density(size_t n, size_t d, const double *x, double *grad, double *log_p, void *data)
{
    (void)d;
    (void)grad;
    return rovi_approximation_log_density(data, n, x, log_p, NULL) ? -1 : 0;
}

/* Linear between the points of the grid. */
static double factor_density(const rovi_plane_product *product, size_t i, double y)
{
    double position = (y - product->lo[i]) / product->step[i];
    if (!(position >= 0) || position >= (double)(product->count[i] - 1))
        return 0;
    size_t k = (size_t)position;
    double t = position - (double)k;
    return (1 - t) * product->density[i][k] + t * product->density[i][k + 1];
}

static int product_density(size_t n, size_t d, const double *x, double *grad, double *log_p, void *data)
{
    const rovi_plane_product *product = data;
    double angle = product->degrees * 0.017453292519943295, c = cos(angle), s = sin(angle);
    (void)grad;
    for (size_t p = 0; p < n; p++) {
        const double *z = x + p * d; /* y = O' z */
        log_p[p] =
            log(factor_density(product, 0, c * z[0] + s * z[1])) + log(factor_density(product, 1, c * z[1] - s * z[0]));
    }
    return 0;
}

static const rovi_target *borrow(struct study *study, rovi_logp_batch density, const void *data)
{
    rovi_target *target = NULL;
    if (study->status || !data)
        return NULL;
    study_fail(study, rovi_target_new_batch(2, density, (void *)(uintptr_t)data, &target, &study->error));
    return study_keep_target(study, target);
}

const rovi_target *view_of_fit(struct study *study, const rovi_approximation *q)
{
    return borrow(study, fit_density, q);
}

const rovi_target *view_of_product(struct study *study, const rovi_plane_product *product)
{
    return borrow(study, product_density, product);
}

/* ---- data ---- */

void view_draws(struct study *study, const rovi_approximation *q, size_t n, const char *name)
{
    double *x = q && !study->status ? study_doubles(study, 2 * n) : NULL;
    if (!x || study_fail(study, rovi_approximation_draw(q, DRAW_SEED, 0, n, x, NULL, &study->error)))
        return;
    fprintf(study->canvas.stream, "$%s << EOD\n", name);
    for (size_t i = 0; i < n; i++)
        fprintf(study->canvas.stream, "%.3f %.3f\n", x[2 * i], x[2 * i + 1]);
    fputs("EOD\n", study->canvas.stream);
}

double view_marginal_kl(const struct view *q, const struct view *p)
{
    double sum = 0;
    if (!q->land || !p->land)
        return NAN;
    for (size_t j = 0; j < 2; j++)
        for (size_t i = 0; i < q->land->marginal[j].count; i++) {
            double a = q->land->marginal[j].value[i], b = p->land->marginal[j].value[i];
            if (a > 0 && b > 0)
                sum += a * log(a / b) * q->land->marginal[j].step / 2;
        }
    return sum;
}

void view_ranges(struct study *study, const double box[4])
{
    fprintf(study->canvas.stream, "set border 15\nset xrange [%.6g:%.6g]\nset yrange [%.6g:%.6g]\n", box[0], box[2],
            box[1], box[3]);
}
