/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * More than two modes. A rotated product keeps modes that lie on a line or on a product grid; a triangle, a ring or
 * modes at random are no product in any frame. Fits of layouts of both kinds, the mass of every component against the
 * truth, and the exact optimum over rotations; how a triangle is lost as it grows; and 16 modes at once in eight
 * dimensions. All fits are the default ones; layouts stand at an angle of 25 degrees so that no axis helps.
 */
#include <math.h>
#include <string.h>

#include "cli/reproduce/experiments.h"
#include "cli/reproduce/figure.h"
#include "cli/reproduce/mixture.h"
#include "cli/reproduce/view.h"

#define LAYOUTS 8
#define HALF    9.0 /* side of the box, halved */
#define DRAWS   1200
#define SLACK   .02 /* of KL: what a fit may miss */
#define KEPT    .5  /* a component is kept when it has this share of its true mass */
#define RADII   9

struct layout {
    const char *name;
    bool product; /* a rotated product in the limit: everything can be kept */
    double df;
    size_t count;
    double means[2 * COMPONENTS_MOST];
    rovi_estimate share[COMPONENTS_MOST];
    rovi_estimate kl;
    double optimum, axis_optimum;
    size_t kept;
};

/* ---- layouts ---- */

static void turn(struct layout *layout, double degrees)
{
    double angle = degrees * 0.017453292519943295, c = cos(angle), s = sin(angle);
    for (size_t k = 0; k < layout->count; k++) {
        double *m = layout->means + 2 * k, x = m[0], y = m[1];
        m[0] = c * x - s * y;
        m[1] = s * x + c * y;
    }
}

static void on_grid(struct layout *layout, size_t columns, size_t rows, double spacing)
{
    layout->count = columns * rows;
    for (size_t k = 0; k < layout->count; k++) {
        size_t line = k / columns;
        layout->means[2 * k] = spacing * ((double)(k % columns) - (double)(columns - 1) / 2);
        layout->means[2 * k + 1] = spacing * ((double)line - (double)(rows - 1) / 2);
    }
    turn(layout, 25);
}

static void on_ring(struct layout *layout, size_t count, double radius)
{
    layout->count = count;
    for (size_t k = 0; k < count; k++) {
        double angle = 6.283185307179586 * (double)k / (double)count + .3;
        layout->means[2 * k] = radius * cos(angle);
        layout->means[2 * k + 1] = radius * sin(angle);
    }
}

static void make_layouts(struct layout *layouts)
{
    static const double scattered[] = {-5.1, 3.9, 4.6, 5.2, .4, -.6, 5.3, -3.1, -3.2, -5.4}; /* drawn once */
    memset(layouts, 0, LAYOUTS * sizeof *layouts);
    on_grid(layouts, 3, 1, 5);
    on_grid(layouts + 1, 2, 2, 6);
    on_grid(layouts + 2, 3, 3, 4.6);
    on_grid(layouts + 3, 2, 1, 9);
    on_ring(layouts + 4, 3, 4.5);
    on_ring(layouts + 5, 6, 6);
    layouts[6].count = 5;
    memcpy(layouts[6].means, scattered, sizeof scattered);
    on_ring(layouts + 7, 3, 5.5);
    layouts[3].df = layouts[7].df = 3;
    static const char *const names[LAYOUTS] = {"three on a line",   "two by two",           "three by three",
                                               "Student t, a pair", "a triangle",           "a ring of six",
                                               "five at random",    "Student t, a triangle"};
    for (size_t i = 0; i < LAYOUTS; i++) {
        layouts[i].name = names[i];
        layouts[i].product = i < 4;
    }
}

static struct mixture mixture_of(const struct layout *layout)
{
    struct mixture mixture = mixture_even(2, layout->count, layout->means);
    mixture.df = layout->df;
    return mixture;
}

/* ---- fits ---- */

static void row(struct study *study, const char *part, const char *name, double component, double truth,
                rovi_estimate share, rovi_estimate kl, double optimum)
{
    study_text(study, part);
    study_text(study, name);
    const double cells[] = {component, truth, share.value, share.mcse, kl.value, kl.mcse, optimum};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        study_number(study, cells[i]);
    study_row_end(study);
}

static void fit_layout(struct study *study, struct layout *layout, size_t index)
{
    static const double box[4] = {-HALF, -HALF, HALF, HALF};
    struct mixture mixture = mixture_of(layout);
    const rovi_target *target = mixture_target(study, &mixture);
    const rovi_fit *fit = study_fit(study, target, NULL, "precondition=none seed=7 draws=20000");
    const rovi_plane_product *best = layout->df > 0 ? NULL : study_product(study, target, EVERY_ANGLE, 0);
    char name[16];
    snprintf(name, sizeof name, "draws%zu", index);
    view_make(study, target, box, index);
    view_draws(study, fit_q(fit), DRAWS, name);
    mixture_shares(study, &mixture, fit_q(fit), layout->share);
    layout->kl = fit_kl(fit);
    layout->optimum = best ? best->kl : NAN;
    for (size_t k = 0; k < layout->count; k++) {
        layout->kept += layout->share[k].value > KEPT / (double)layout->count;
        row(study, "layout", layout->name, (double)k, 1 / (double)layout->count, layout->share[k], layout->kl,
            layout->optimum);
    }
}

/* ---- a triangle that grows ---- */

struct growth {
    double radius, kl, error, optimum, least, least_optimum; /* least: mass of the lightest component, times three */
};

static void grow(struct study *study, struct growth *growth, double radius)
{
    struct layout layout = {.name = "triangle"};
    on_ring(&layout, 3, radius);
    struct mixture mixture = mixture_of(&layout);
    const rovi_target *target = mixture_target(study, &mixture);
    const rovi_fit *fit = study_fit(study, target, NULL, "precondition=none seed=7 draws=20000");
    const rovi_plane_product *best = study_product(study, target, EVERY_ANGLE, 0);
    mixture_shares(study, &mixture, fit_q(fit), layout.share);
    *growth = (struct growth){.radius = radius,
                              .kl = fit_kl(fit).value,
                              .error = fit_kl(fit).mcse,
                              .optimum = NAN,
                              .least = 1,
                              .least_optimum = 1};
    for (size_t k = 0; k < 3 && best && fit; k++) {
        growth->least = fmin(growth->least, 3 * layout.share[k].value);
        growth->least_optimum = fmin(growth->least_optimum, 3 * best->share[k]);
    }
    growth->optimum = best ? best->kl : NAN;
    row(study, "triangle", "radius", radius, 1, (rovi_estimate){growth->least, NAN}, fit_kl(fit), growth->optimum);
}

/* ---- the figure ---- */

static void draw_layout(struct study *study, const struct layout *layout, size_t index)
{
    size_t line = index / 4;
    static const double box[4] = {-HALF, -HALF, HALF, HALF};
    FILE *stream = study->canvas.stream;
    double x = FIGURE_LEFT - 20 + (double)(index % 4) * 240, y = FIGURE_HEAD + 40 + (double)line * 330;
    figure_note(study, x, y - 32, TARGET_COLOUR, study_format(study, "{/:Bold %s}", layout->name));
    figure_open(study, (struct frame){x, y, 200, 200},
                study_format(study, "%zu of %zu kept, KL %.3f%s", layout->kept, layout->count, layout->kl.value,
                             isnan(layout->optimum) ? "" : study_format(study, " (best %.3f)", layout->optimum)),
                "", "");
    view_ranges(study, box);
    fputs("unset xtics\nunset ytics\n", stream);
    fprintf(stream,
            "plot $draws%zu using 1:2 with points pt 7 ps .25 lc rgb '#70%s', \\\n"
            "  $contours%zu using 1:2 with lines lw .8 lc rgb '" TARGET_COLOUR "'",
            index, &(layout->product ? ROVI_COLOUR : MFVI_COLOUR)[1], index);
    figure_close(study);
    char name[16];
    snprintf(name, sizeof name, "share%zu", index);
    figure_data(study, name);
    for (size_t k = 0; k < layout->count; k++)
        fprintf(stream, "%zu %.5g\n", k, layout->share[k].value * (double)layout->count);
    figure_data_end(study);
    figure_open(study, (struct frame){x, y + 208, 200, 46}, "", "", "");
    fprintf(stream, "set border 1\nunset xtics\nunset ytics\nset xrange [-.6:%g]\nset yrange [0:2.2]\n",
            (double)layout->count - .4);
    figure_horizontal(study, 1, TARGET_COLOUR);
    fprintf(stream, "set boxwidth .7\nplot $%s using 1:2 with boxes lc rgb '%s'", name,
            layout->product ? ROVI_COLOUR : MFVI_COLOUR);
    figure_close(study);
}

static void draw_growth(struct study *study, const struct growth *growth)
{
    FILE *stream = study->canvas.stream;
    struct frame left = {FIGURE_LEFT, FIGURE_HEAD + 740, 370, 190}, right = left;
    right.left += 500;
    figure_data(study, "growth");
    for (size_t i = 0; i < RADII; i++)
        fprintf(stream, "%g %.5g %.5g %.5g %.5g\n", growth[i].radius, growth[i].least, growth[i].least_optimum,
                growth[i].kl, growth[i].optimum);
    figure_data_end(study);
    figure_open(study, left, "{/:Bold A triangle that grows:} the lightest component",
                "distance from the centre, in sd", "mass / truth");
    fputs("set xrange [0:6.3]\nset yrange [-.03:1.1]\nset ytics .5\n"
          "plot $growth using 1:3 with lines lw 1.6 lc rgb '" TARGET_COLOUR "', \\\n"
          "  $growth using 1:2 with points pt 7 ps .7 lc rgb '" ROVI_COLOUR "'",
          stream);
    figure_close(study);
    figure_open(study, right, "{/:Bold The same:} KL", "distance from the centre, in sd", "KL to the target");
    figure_label(study, .3, .8, TARGET_COLOUR, "— exact optimum over rotations");
    figure_label(study, .3, .66, ROVI_COLOUR, "● fits");
    fputs("set xrange [0:6.3]\nset yrange [-.025:.9]\nset ytics .2\n"
          "plot $growth using 1:5 with lines lw 1.6 lc rgb '" TARGET_COLOUR "', \\\n"
          "  $growth using 1:4 with points pt 7 ps .7 lc rgb '" ROVI_COLOUR "'",
          stream);
    figure_close(study);
}

static void draw(struct study *study, const struct layout *layouts, const struct growth *growth)
{
    figure_begin(
        study, 1000, 1100, "More than two modes: what a rotated product keeps",
        "Draws of fits over the contours of the targets; bars are the mass of each component, the line is the truth.\n"
        "Layouts of the first row are products in a turned frame, those of the second are not.");
    for (size_t i = 0; i < LAYOUTS; i++)
        draw_layout(study, layouts + i, i);
    draw_growth(study, growth);
    figure_end(study);
}

/* ---- many wells ---- */

struct wells {
    rovi_estimate kl;
    double modes, most; /* number of modes, and the largest error of a mode's mass against 1/16 of its pattern */
};

/* The well of one coordinate is heavier on the positive side: its share, by quadrature. */
static double positive_share(void)
{
    double total = 0, positive = 0;
    for (double t = -4; t < 4; t += 1e-3) {
        double p = exp(t / 2 + 6 * t * t - t * t * t * t - 9);
        total += p;
        positive += t > 0 ? p : 0;
    }
    return positive / total;
}

static struct wells fit_wells(struct study *study)
{
    enum { D = 8, N = 20000 };
    struct wells wells = {.kl = {NAN, NAN}};
    double R[D * D], mass[16] = {0}, share = positive_share();
    rovi_target *base = NULL, *turned = NULL;
    if (study->status || study_fail(study, rovi_haar_rotation(D, 7, R, &study->error)) ||
        study_fail(study, rovi_target_new_many_well(D, &base, &study->error)))
        return wells;
    if (study_fail(study, rovi_target_new_rotated(base, R, &turned, &study->error)))
        rovi_target_free(base);
    const rovi_fit *fit =
        study_fit(study, study_keep_target(study, turned), NULL, "precondition=none seed=7 draws=20000");
    double *x = fit ? study_doubles(study, N * D) : NULL;
    if (!x || study_fail(study, rovi_approximation_draw(fit_q(fit), 99, 0, N, x, NULL, &study->error)))
        return wells;
    for (size_t p = 0; p < N; p++) {
        unsigned pattern = 0;
        for (size_t j = 0; j < D; j += 2) {
            double y = 0; /* coordinate j of R' x */
            for (size_t i = 0; i < D; i++)
                y += R[i * D + j] * x[p * D + i];
            pattern |= (unsigned)(y > 0) << (j / 2);
        }
        mass[pattern] += 1.0 / N;
    }
    wells.kl = fit_kl(fit);
    for (unsigned pattern = 0; pattern < 16; pattern++) {
        double truth = 1;
        for (unsigned bit = 0; bit < 4; bit++)
            truth *= pattern >> bit & 1 ? share : 1 - share;
        wells.modes += mass[pattern] > KEPT * truth;
        wells.most = fmax(wells.most, fabs(mass[pattern] - truth));
        row(study, "many-well", "pattern of wells", pattern, truth, (rovi_estimate){mass[pattern], NAN}, wells.kl, NAN);
    }
    return wells;
}

/* ---- checks ---- */

static void check(struct study *study, const struct layout *layouts, const struct growth *growth,
                  const struct wells *wells)
{
    double excess = 0, error = 0;
    for (size_t i = 0; i < LAYOUTS; i++) {
        const struct layout *l = layouts + i;
        if (l->product)
            study_check(study, (struct check){.claim = study_format(study, "%s: components kept", l->name),
                                              .relation = ABOUT,
                                              .predicted = (double)l->count,
                                              .measured = (double)l->kept});
        if (!isnan(l->optimum))
            study_check(study, (struct check){.claim = study_format(study, "%s: KL against the exact optimum", l->name),
                                              .relation = ABOUT,
                                              .predicted = l->optimum,
                                              .slack = SLACK,
                                              .measured = l->kl.value,
                                              .error = l->kl.mcse});
    }
    for (size_t i = 0; i < RADII; i++)
        if (growth[i].kl - growth[i].optimum > excess) {
            excess = growth[i].kl - growth[i].optimum;
            error = growth[i].error;
        }
    study_check(study, (struct check){.claim = "triangle: largest excess of KL over the exact optimum, over all radii",
                                      .relation = ABOUT,
                                      .slack = SLACK,
                                      .measured = excess,
                                      .error = error});
    study_check(study, (struct check){.claim = "triangle at 6 sd: one component at least is lost (mass / truth)",
                                      .relation = AT_MOST,
                                      .predicted = .01,
                                      .measured = growth[RADII - 1].least});
    study_check(study, (struct check){.claim = "many-well in 8 dimensions, turned at random: modes kept",
                                      .relation = ABOUT,
                                      .predicted = 16,
                                      .measured = wells->modes});
    study_check(study, (struct check){.claim = "many-well: largest error of a mode's mass",
                                      .relation = ABOUT,
                                      .slack = .01,
                                      .measured = wells->most});
}

static void run(struct study *study)
{
    static const double radii[RADII] = {.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6};
    struct layout layouts[LAYOUTS];
    struct growth growth[RADII];
    study_plan(study, 2 * LAYOUTS - 2 + 2 * RADII + 1);
    study_columns(study, "part,name,component_or_radius,truth,mass,mass_error,kl,kl_error,exact_kl");
    make_layouts(layouts);
    for (size_t i = 0; i < LAYOUTS && !study->status; i++)
        fit_layout(study, layouts + i, i);
    for (size_t i = 0; i < RADII && !study->status; i++)
        grow(study, growth + i, radii[i]);
    struct wells wells = fit_wells(study);
    if (study->status)
        return;
    check(study, layouts, growth, &wells);
    draw(study, layouts, growth);
    study->outcome =
        study_format(study,
                     "Lines, grids and %.0f wells are kept whole; of a triangle %zu of 3 remain, of a ring of six "
                     "%zu, of five at random %zu, which is the best that any rotated product can do.",
                     wells.modes, layouts[4].kept, layouts[5].kept, layouts[6].kept);
}

const struct experiment stress_experiment = {
    .name = "stress",
    .title = "Stress: three modes and more",
    .claim =
        "A rotated product keeps many modes when they form a product in some frame; otherwise richer maps are needed, "
        "and it collapses again.",
    .run = run};
