/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * More than two modes. A rotated product keeps modes that lie on a line or on a product grid; a triangle, a ring or
 * modes at random are no product in any frame. Fits of layouts of both kinds by one rotation and by a mixture of them,
 * the mass of every component against the truth, and the exact optimum over rotations; how a triangle is lost as it
 * grows; and 16 modes at once in eight dimensions. Layouts stand at an angle of 25 degrees so that no axis helps.
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
#define WELLS   16

enum { ROTATION, MIXTURE, FAMILIES };

static const struct {
    const char *name, *colour, *settings;
} families[FAMILIES] = {{"rotation", ROVI_COLOUR, "precondition=none seed=7 draws=20000"},
                        {"mixture", MIXTURE_COLOUR, "method=mixture seed=7 draws=20000"}};

struct kept { /* by one fit */
    rovi_estimate kl, share[COMPONENTS_MOST];
    size_t count;
};

struct layout {
    const char *name;
    bool product; /* a rotated product in the limit: everything can be kept */
    double df;
    size_t count;
    double means[2 * COMPONENTS_MOST];
    struct kept kept[FAMILIES];
    double optimum; /* KL of the best rotation; NaN: not known */
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
    static const char *const names[LAYOUTS] = {"three on a line",   "two by two",      "three by three",
                                               "Student t, a pair", "a triangle",      "a ring of six",
                                               "five at random",    "Student t, three"};
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

struct record {
    const char *part, *name, *family;
    double component, truth; /* component: or radius, or pattern of wells */
    rovi_estimate share, kl;
    double optimum;
};

static void row(struct study *study, const struct record *r)
{
    study_text(study, r->part);
    study_text(study, r->name);
    study_text(study, r->family);
    const double cells[] = {r->component, r->truth, r->share.value, r->share.mcse, r->kl.value, r->kl.mcse, r->optimum};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        study_number(study, cells[i]);
    study_row_end(study);
}

static const rovi_fit *fit_family(struct study *study, const rovi_target *target, const struct mixture *mixture,
                                  size_t family, struct kept *kept)
{
    const rovi_fit *fit = study_fit(study, target, NULL, "%s", families[family].settings);
    mixture_shares(study, mixture, fit_q(fit), kept->share);
    kept->kl = fit_kl(fit);
    for (size_t k = 0; k < mixture->count; k++)
        kept->count += kept->share[k].value > KEPT * mixture->weight[k];
    return fit;
}

static void fit_layout(struct study *study, struct layout *layout, size_t index)
{
    static const double box[4] = {-HALF, -HALF, HALF, HALF};
    struct mixture mixture = mixture_of(layout);
    const rovi_target *target = mixture_target(study, &mixture);
    const rovi_plane_product *best = layout->df > 0 ? NULL : study_product(study, target, EVERY_ANGLE, 0);
    layout->optimum = best ? best->kl : NAN;
    view_make(study, target, box, index);
    for (size_t f = 0; f < FAMILIES; f++) {
        struct kept *kept = layout->kept + f;
        const rovi_fit *fit = fit_family(study, target, &mixture, f, kept);
        view_draws(study, fit_q(fit), DRAWS, study_format(study, "draws%zu_%zu", index, f));
        for (size_t k = 0; k < layout->count; k++)
            row(study, &(struct record){"layout", layout->name, families[f].name, (double)k, 1 / (double)layout->count,
                                        kept->share[k], kept->kl, layout->optimum});
    }
}

/* ---- a triangle that grows ---- */

struct growth {
    double radius, optimum, least_optimum; /* least: mass of the lightest component, times three */
    rovi_estimate kl[FAMILIES];
    double least[FAMILIES];
};

static void grow(struct study *study, struct growth *growth, double radius)
{
    struct layout layout = {.name = "triangle"};
    on_ring(&layout, 3, radius);
    struct mixture mixture = mixture_of(&layout);
    const rovi_target *target = mixture_target(study, &mixture);
    const rovi_plane_product *best = study_product(study, target, EVERY_ANGLE, 0);
    *growth = (struct growth){.radius = radius, .optimum = best ? best->kl : NAN, .least_optimum = 1};
    for (size_t k = 0; k < 3 && best; k++)
        growth->least_optimum = fmin(growth->least_optimum, 3 * best->share[k]);
    for (size_t f = 0; f < FAMILIES; f++) {
        const struct kept *kept = layout.kept + f;
        fit_family(study, target, &mixture, f, layout.kept + f);
        growth->kl[f] = kept->kl;
        growth->least[f] = 3 * fmin(kept->share[0].value, fmin(kept->share[1].value, kept->share[2].value));
        row(study, &(struct record){"triangle", "radius", families[f].name, radius, 1,
                                    (rovi_estimate){growth->least[f], NAN}, kept->kl, growth->optimum});
    }
}

/* ---- many wells ---- */

struct wells {
    rovi_estimate kl[FAMILIES];
    double truth[WELLS], mass[FAMILIES][WELLS];
    double modes[FAMILIES], most[FAMILIES]; /* number of modes, and the largest error of a mode's mass */
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

/* Bit j of a pattern's number: whether coordinate 2 j is in its heavier well. */
static void find_truth(struct wells *wells)
{
    double share = positive_share();
    for (unsigned pattern = 0; pattern < WELLS; pattern++) {
        wells->truth[pattern] = 1;
        for (unsigned bit = 0; bit < 4; bit++)
            wells->truth[pattern] *= pattern >> bit & 1 ? share : 1 - share;
    }
}

enum { D = 8, N = 20000 };

/* The share of the draws x (N x D) in each pattern of wells along the columns of R. */
static void count_patterns(const double *R, const double *x, double *mass)
{
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
}

static void fit_wells(struct study *study, const rovi_target *target, const double *R, size_t f, struct wells *wells)
{
    const rovi_fit *fit = study_fit(study, target, NULL, "%s", families[f].settings);
    double *x = fit ? study_doubles(study, N * D) : NULL;
    if (!x || study_fail(study, rovi_approximation_draw(fit_q(fit), 99, 0, N, x, NULL, &study->error)))
        return;
    count_patterns(R, x, wells->mass[f]);
    wells->kl[f] = fit_kl(fit);
    for (unsigned pattern = 0; pattern < WELLS; pattern++) {
        double truth = wells->truth[pattern], mass = wells->mass[f][pattern];
        wells->modes[f] += mass > KEPT * truth;
        wells->most[f] = fmax(wells->most[f], fabs(mass - truth));
        row(study, &(struct record){"many-well", "pattern of wells", families[f].name, pattern, truth,
                                    (rovi_estimate){mass, sqrt(truth * (1 - truth) / N)}, wells->kl[f], NAN});
    }
}

static void fit_many_well(struct study *study, struct wells *wells)
{
    double R[D * D];
    rovi_target *base = NULL, *turned = NULL;
    *wells = (struct wells){0};
    find_truth(wells);
    if (study->status || study_fail(study, rovi_haar_rotation(D, 7, R, &study->error)) ||
        study_fail(study, rovi_target_new_many_well(D, &base, &study->error)))
        return;
    if (study_fail(study, rovi_target_new_rotated(base, R, &turned, &study->error)))
        rovi_target_free(base);
    const rovi_target *target = study_keep_target(study, turned);
    for (size_t f = 0; f < FAMILIES; f++)
        fit_wells(study, target, R, f, wells);
}

/* ---- the figure ---- */

enum { LEFT = 62, TOP = 156, SIDE = 148, PITCH = 166, BARS = 34, LINE = 236 };

static void draw_bars(struct study *study, const struct layout *layout, size_t index, size_t f, struct frame frame)
{
    FILE *stream = study->canvas.stream;
    const char *name = study_format(study, "share%zu_%zu", index, f);
    figure_data(study, name);
    for (size_t k = 0; k < layout->count; k++)
        fprintf(stream, "%zu %.5g\n", k, layout->kept[f].share[k].value * (double)layout->count);
    figure_data_end(study);
    canvas_open_panel(&study->canvas, frame, "", "");
    fprintf(stream, "set border 1\nunset xtics\nunset ytics\nset xrange [-.6:%g]\nset yrange [0:2]\n",
            (double)layout->count - .4);
    figure_horizontal(study, 1, TARGET_COLOUR);
    fprintf(stream, "set boxwidth .7\nplot $%s using 1:2 with boxes lc rgb '%s'", name, families[f].colour);
    figure_close(study);
}

static void draw_cell(struct study *study, const struct layout *layout, size_t index, size_t f)
{
    static const double box[4] = {-HALF, -HALF, HALF, HALF};
    FILE *stream = study->canvas.stream;
    struct frame frame = {LEFT + PITCH * (double)index, TOP + LINE * (double)f, SIDE, SIDE};
    if (f == 0) {
        figure_note(study, frame.left, TOP - 52, TARGET_COLOUR, study_format(study, "{/:Bold %s}", layout->name));
        figure_small_note(study, frame.left, TOP - 33,
                          isnan(layout->optimum) ? "" : study_format(study, "best rotation: KL %.3f", layout->optimum));
    }
    if (index == 0)
        figure_row_name(study, 30, frame.top + SIDE / 2.0, families[f].colour,
                        f == ROTATION ? "One rotation" : "Mixture");
    figure_small_note(study, frame.left, frame.top - 11,
                      study_format(study, "%zu of %zu kept, KL %.3f", layout->kept[f].count, layout->count,
                                   fmax(0, layout->kept[f].kl.value)));
    canvas_open_panel(&study->canvas, frame, "", "");
    view_ranges(study, box);
    fputs("unset xtics\nunset ytics\n", stream);
    fprintf(stream,
            "plot $draws%zu_%zu using 1:2 with points pt 7 ps .22 lc rgb '#60%s', \\\n"
            "  $contours%zu using 1:2 with lines lw .8 lc rgb '" TARGET_COLOUR "'",
            index, f, families[f].colour + 1, index);
    figure_close(study);
    draw_bars(study, layout, index, f, (struct frame){frame.left, frame.top + SIDE + 6, SIDE, BARS});
}

enum { LOWER = TOP + 2 * LINE + 34, LOWER_WIDTH = 350, LOWER_HEIGHT = 190, LOWER_PITCH = 465 };

static struct frame lower_frame(size_t index)
{
    return (struct frame){LEFT + LOWER_PITCH * (double)index, LOWER, LOWER_WIDTH, LOWER_HEIGHT};
}

static void draw_growth(struct study *study, const struct growth *growth)
{
    FILE *stream = study->canvas.stream;
    figure_data(study, "growth");
    for (size_t i = 0; i < study_few(study, RADII); i++) {
        const struct growth *g = growth + i;
        fprintf(stream, "%g %.5g %.5g %.5g %.5g %.5g %.5g\n", g->radius, g->least_optimum, g->least[ROTATION],
                g->least[MIXTURE], g->optimum, g->kl[ROTATION].value, g->kl[MIXTURE].value);
    }
    figure_data_end(study);
    figure_open(study, lower_frame(0), "{/:Bold A triangle that grows:} its lightest component",
                "distance from the centre, in sd", "mass / truth");
    figure_label(study, 2.55, .82, TARGET_COLOUR, "exact optimum over rotations");
    figure_label(study, 2.55, .68, ROVI_COLOUR, "• one rotation");
    figure_label(study, 2.55, .54, MIXTURE_COLOUR, "• mixture");
    fputs("set xrange [0:6.3]\nset yrange [-.03:1.1]\nset ytics .5\n"
          "plot $growth using 1:2 with lines lw 1.6 lc rgb '" TARGET_COLOUR "', \\\n"
          "  $growth using 1:3 with points pt 7 ps .6 lc rgb '" ROVI_COLOUR "', \\\n"
          "  $growth using 1:4 with points pt 7 ps .6 lc rgb '" MIXTURE_COLOUR "'",
          stream);
    figure_close(study);
    figure_open(study, lower_frame(1), "{/:Bold The same:} KL", "distance from the centre, in sd", "KL to the target");
    fputs("set xrange [0:6.3]\nset yrange [-.025:.5]\nset ytics .2\n"
          "plot $growth using 1:5 with lines lw 1.6 lc rgb '" TARGET_COLOUR "', \\\n"
          "  $growth using 1:6 with points pt 7 ps .6 lc rgb '" ROVI_COLOUR "', \\\n"
          "  $growth using 1:7 with points pt 7 ps .6 lc rgb '" MIXTURE_COLOUR "'",
          stream);
    figure_close(study);
}

static void draw_wells(struct study *study, const struct wells *wells)
{
    static const size_t rising[WELLS] = {0, 1, 2, 4, 8, 3, 5, 6, 9, 10, 12, 7, 11, 13, 14, 15}; /* by their mass */
    FILE *stream = study->canvas.stream;
    figure_data(study, "wells");
    for (size_t i = 0; i < WELLS; i++)
        fprintf(stream, "%zu %.5g %.5g %.5g\n", i + 1, wells->truth[rising[i]], wells->mass[ROTATION][rising[i]],
                wells->mass[MIXTURE][rising[i]]);
    figure_data_end(study);
    figure_open(study, lower_frame(2), "{/:Bold 16 wells in eight dimensions}", "mode", "mass");
    for (size_t f = 0; f < FAMILIES; f++)
        figure_label(study, .9, f == ROTATION ? .8 : .27, families[f].colour,
                     study_format(study, "• %s, KL %.3f", f == ROTATION ? "one rotation" : "mixture",
                                  fmax(0, wells->kl[f].value)));
    figure_label(study, .9, .09, QUIET_COLOUR, "bars: the truth");
    fputs("set logscale y\nset xrange [.3:16.7]\nset yrange [1e-4:1.5]\nset xtics 5\nset boxwidth .7\n", stream);
    canvas_log_tics('y', 1e-4, 1, stream);
    fputs("plot $wells using 1:2 with boxes lc rgb '#DDDDDD', \\\n"
          "  $wells using ($1-.15):3 with points pt 7 ps .6 lc rgb '" ROVI_COLOUR "', \\\n"
          "  $wells using ($1+.15):4 with points pt 7 ps .6 lc rgb '" MIXTURE_COLOUR "'",
          stream);
    figure_close(study);
}

static void draw(struct study *study, const struct layout *layouts, const struct growth *growth,
                 const struct wells *wells)
{
    figure_begin(
        study, 1390, LOWER + LOWER_HEIGHT + 62, "More than two modes: what one rotation keeps, and a mixture of them",
        "Draws of fits over the contours of the targets; bars are the mass of each component, the dotted line is the "
        "truth.\nThe first four layouts are products in a turned frame, the others in none.");
    for (size_t i = 0; i < LAYOUTS; i++)
        for (size_t f = 0; f < FAMILIES; f++)
            draw_cell(study, layouts + i, i, f);
    draw_growth(study, growth);
    draw_wells(study, wells);
    figure_end(study);
}

/* ---- checks ---- */

static void check_layouts(struct study *study, const struct layout *layouts)
{
    for (size_t i = 0; i < LAYOUTS; i++) {
        const struct layout *l = layouts + i;
        const struct kept *kept = l->kept + (l->product ? ROTATION : MIXTURE);
        study_check(study, (struct check){.claim = study_format(study, "%s: components kept by %s", l->name,
                                                                l->product ? "one rotation" : "a mixture"),
                                          .relation = ABOUT,
                                          .predicted = (double)l->count,
                                          .measured = (double)kept->count});
        if (!isnan(l->optimum))
            study_check(study, (struct check){.claim = study_format(
                                                  study, "%s: KL of one rotation against the exact optimum", l->name),
                                              .relation = ABOUT,
                                              .predicted = l->optimum,
                                              .slack = SLACK,
                                              .measured = l->kept[ROTATION].kl.value,
                                              .error = l->kept[ROTATION].kl.mcse});
    }
}

static void note_worst(double value, double error, rovi_estimate *worst)
{
    if (value > worst->value)
        *worst = (rovi_estimate){value, error};
}

/* Of all Gaussian layouts, and of triangles of all radii. */
static void check_mixtures(struct study *study, const struct layout *layouts, const struct growth *growth)
{
    rovi_estimate excess = {0, 0}, normal = {0, 0}, triangle = {0, 0};
    for (size_t i = 0; i < LAYOUTS; i++)
        if (layouts[i].df == 0)
            note_worst(layouts[i].kept[MIXTURE].kl.value, layouts[i].kept[MIXTURE].kl.mcse, &normal);
    for (size_t i = 0; i < study_few(study, RADII); i++) {
        const rovi_estimate *kl = growth[i].kl;
        note_worst(kl[ROTATION].value - growth[i].optimum, kl[ROTATION].mcse, &excess);
        note_worst(kl[MIXTURE].value, kl[MIXTURE].mcse, &triangle);
    }
    const struct {
        const char *claim;
        rovi_estimate worst;
    } claims[] = {{"triangle: largest excess of KL over the exact optimum, over all radii", excess},
                  {"largest KL of a mixture, Gaussian layouts", normal},
                  {"largest KL of a mixture, triangles of all radii", triangle}};
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        study_check(study, (struct check){.claim = claims[i].claim,
                                          .relation = ABOUT,
                                          .slack = SLACK,
                                          .measured = claims[i].worst.value,
                                          .error = claims[i].worst.mcse});
}

static void check_wells(struct study *study, const struct wells *wells)
{
    for (size_t f = 0; f < FAMILIES; f++) {
        study_check(study, (struct check){.claim = study_format(
                                              study, "many-well in 8 dimensions, turned at random: modes kept by %s",
                                              f == ROTATION ? "one rotation" : "a mixture"),
                                          .relation = ABOUT,
                                          .predicted = WELLS,
                                          .measured = wells->modes[f]});
        study_check(study, (struct check){.claim = study_format(study, "many-well: largest error of a mode's mass, %s",
                                                                families[f].name),
                                          .relation = ABOUT,
                                          .slack = .01,
                                          .measured = wells->most[f]});
    }
}

static void check(struct study *study, const struct layout *layouts, const struct growth *growth,
                  const struct wells *wells)
{
    check_layouts(study, layouts);
    check_mixtures(study, layouts, growth);
    study_check(study, (struct check){.claim = "triangle at 6 sd: one rotation loses one component at least (mass / "
                                               "truth)",
                                      .relation = AT_MOST,
                                      .predicted = .01,
                                      .measured = growth[study_few(study, RADII) - 1].least[ROTATION]});
    check_wells(study, wells);
}

static size_t count_kept(const struct layout *layouts, size_t f)
{
    size_t kept = 0;
    for (size_t i = 0; i < LAYOUTS; i++)
        kept += layouts[i].kept[f].count == layouts[i].count;
    return kept;
}

static void run(struct study *study)
{
    static const double radii[RADII] = {.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6};
    struct layout layouts[LAYOUTS];
    struct growth growth[RADII];
    struct wells wells;
    study_plan(study, (FAMILIES + 1) * (LAYOUTS + RADII) - 2 + FAMILIES);
    study_columns(study, "part,name,method,component_or_radius,truth,mass,mass_error,kl,kl_error,exact_rotated_kl");
    make_layouts(layouts);
    for (size_t i = 0; i < LAYOUTS && !study->status; i++)
        fit_layout(study, layouts + i, i);
    for (size_t i = 0; i < study_few(study, RADII) && !study->status; i++)
        grow(study, growth + i, radii[i]);
    fit_many_well(study, &wells);
    if (study->status)
        return;
    check(study, layouts, growth, &wells);
    draw(study, layouts, growth, &wells);
    study->outcome = study_format(
        study,
        "One rotation keeps every mode of %zu of %d layouts and %.0f of 16 wells; of a triangle %zu of 3 remain, of a "
        "ring of six %zu, of five at random %zu. A mixture keeps every mode of %zu, and %.0f of 16 wells.",
        count_kept(layouts, ROTATION), LAYOUTS, wells.modes[ROTATION], layouts[4].kept[ROTATION].count,
        layouts[5].kept[ROTATION].count, layouts[6].kept[ROTATION].count, count_kept(layouts, MIXTURE),
        wells.modes[MIXTURE]);
}

const struct experiment stress_experiment = {
    .name = "stress",
    .title = "Stress: three modes and more",
    .claim =
        "A rotated product keeps many modes when they form a product in some frame; otherwise richer maps are needed, "
        "and it collapses again. A mixture of rotated products keeps the others too.",
    .run = run};
