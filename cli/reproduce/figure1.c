/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The paper's first figure: two unit Gaussians at -(m, m) and (m, m). The exact mean-field optimum (no parametrisation,
 * no sampling) covers both at m = 1, and one of them from there on: which, depends on where it starts. A rotational fit
 * keeps both for every m; by the paper's method as well, up to its dictionary's floor. Marginals beside Langevin Monte
 * Carlo.
 */
#include <math.h>

#include "cli/picture/density.h"
#include "cli/reproduce/experiments.h"
#include "cli/reproduce/figure.h"
#include "cli/reproduce/mixture.h"
#include "cli/reproduce/view.h"

#define CASES 3 /* m = 1, 2, 3 */
#define HALF  6.5
#define DRAWN 1500
#define TOP   (FIGURE_HEAD + 46)
#define LEFT  84
#define SIDE  215
#define PITCH 255

static const double box[4] = {-HALF, -HALF, HALF, HALF};

enum { TARGET, MEAN_FIELD, OTHER, ROVI, PAPER, VIEWS }; /* OTHER: mean-field from the other start */

struct scenario {
    double m, share[VIEWS]; /* the lesser component's */
    rovi_estimate kl[VIEWS];
    struct view view[VIEWS];
    struct curve langevin;
    double marginal_kl[VIEWS], langevin_mass, langevin_error;
};

static void row(struct study *study, const struct scenario *s, const char *what, int index)
{
    study_number(study, s->m);
    study_text(study, what);
    const double cells[] = {s->kl[index].value, s->kl[index].mcse, s->marginal_kl[index], s->share[index]};
    for (size_t i = 0; i < 4; i++)
        study_number(study, cells[i]);
    study_row_end(study);
}

static void show_product(struct study *study, struct scenario *s, const rovi_target *target, int index, size_t start,
                         size_t block)
{
    const rovi_plane_product *product = study_product(study, target, 0, start);
    s->view[index] = view_make(study, view_of_product(study, product), box, block + (size_t)index);
    s->kl[index] = (rovi_estimate){product ? product->kl : NAN, 0};
    s->share[index] = product ? product->share[1] : NAN;
}

static void show_fit(struct study *study, struct scenario *s, const struct mixture *mixture, const rovi_fit *fit,
                     int index, size_t block)
{
    rovi_estimate share[2];
    s->view[index] = view_make(study, view_of_fit(study, fit_q(fit)), box, block + (size_t)index);
    view_draws(study, fit_q(fit), DRAWN, study_format(study, "draws%zu", block + (size_t)index));
    s->kl[index] = fit_kl(fit);
    mixture_shares(study, mixture, fit_q(fit), share);
    s->share[index] = share[1].value;
}

static void sample(struct study *study, struct scenario *s, const rovi_target *target)
{
    const rovi_langevin_parts *run = study_langevin(study, target, NULL, "draws=20000 steps=1000 step=.02 seed=1");
    if (!run)
        return;
    s->langevin_mass = run->mass[1].value;
    s->langevin_error = run->mass[1].mcse;
    study_fail(study,
               density_smooth(&study->pool, run->draw_count, run->draws, 2, -HALF, HALF, &s->langevin, &study->error));
}

static void make(struct study *study, double m, struct scenario *s, size_t block)
{
    static const char *const names[VIEWS] = {"target", "mean-field optimum", "mean-field optimum, other start", "rovi",
                                             "rovi, paper"};
    const double means[] = {-m, -m, m, m};
    struct mixture mixture = mixture_even(2, 2, means);
    const rovi_target *target = mixture_target(study, &mixture);
    *s = (struct scenario){.m = m};
    s->view[TARGET] = view_make(study, target, box, block);
    show_product(study, s, target, MEAN_FIELD, m > 1 ? 1 : ROVI_PLANE_EVERY_START, block);
    show_product(study, s, target, OTHER, m > 1 ? 0 : ROVI_PLANE_EVERY_START, block);
    show_fit(study, s, &mixture, study_fit(study, target, NULL, "precondition=none draws=50000"), ROVI, block);
    show_fit(study, s, &mixture,
             study_fit(study, target, NULL, "preset=paper restarts=4 batch=500 trace=1 draws=50000"), PAPER, block);
    sample(study, s, target);
    for (int i = MEAN_FIELD; i < VIEWS; i++) {
        s->marginal_kl[i] = view_marginal_kl(s->view + i, s->view);
        row(study, s, names[i], i);
    }
}

/* ---- the figure ---- */

/* The paper's fit by its draws alone: the density of its dictionary is a staircase, whose contours are ragged. */
static void draw_density(struct study *study, const struct scenario *s, int index, size_t column, size_t line,
                         const char *name)
{
    const char *colour = index < ROVI ? MFVI_COLOUR : index == ROVI ? ROVI_COLOUR : FOURTH_COLOUR;
    struct frame frame = {LEFT + (double)column * PITCH, TOP + (double)line * 300, SIDE, SIDE};
    FILE *stream = study->canvas.stream;
    if (column == 0)
        figure_row_name(study, 30, frame.top + SIDE / 2.0, colour, line == 0 ? "Mean-field VI" : "Rotational VI");
    figure_open(study, frame, study_format(study, "{/:Bold %s}, KL %.3f", name, fabs(s->kl[index].value)),
                line ? "x_1" : "", "");
    view_ranges(study, box);
    fputs("set xtics 5\nset ytics 5\nplot \\\n", stream);
    if (index >= ROVI)
        fprintf(stream, "  $draws%zu using 1:2 with points pt 7 ps .2 lc rgb '#%s%s', \\\n", s->view[index].index,
                index == PAPER ? "60" : "B0", colour + 1);
    if (index != PAPER)
        fprintf(stream, "  $contours%zu using 1:2 with lines lw 1.5 lc rgb '%s', \\\n", s->view[index].index, colour);
    fprintf(stream, "  $contours%zu using 1:2 with lines lw .9 lc rgb '#AAAAAA'", s->view[TARGET].index);
    figure_close(study);
}

static void draw_marginals(struct study *study, const struct scenario *s, size_t column)
{
    FILE *stream = study->canvas.stream;
    canvas_curve("target", column, 0, s->view[TARGET].land->marginal, stream);
    canvas_curve("mean", column, 0, s->view[MEAN_FIELD].land->marginal, stream);
    canvas_curve("rovi", column, 0, s->view[ROVI].land->marginal, stream);
    canvas_curve("langevin", column, 0, &s->langevin, stream);
    figure_open(study, (struct frame){LEFT + (double)column * PITCH, TOP + 600, SIDE, 110},
                study_format(study, "{/:Bold Marginal}, m = %g", s->m), "x_1", "");
    fprintf(stream, "set border 1\nunset ytics\nset xtics 5\nset xrange [%g:%g]\nset yrange [0:.46]\n", -HALF, HALF);
    fprintf(stream,
            "plot $langevin%zu_0 using 1:2 with filledcurves y1=0 fc rgb '#B0CC79A7', \\\n"
            "  $mean%zu_0 using 1:2 with lines lw 1.6 lc rgb '" MFVI_COLOUR "', \\\n"
            "  $rovi%zu_0 using 1:2 with lines lw 3 lc rgb '" ROVI_COLOUR "', \\\n"
            "  $target%zu_0 using 1:2 with lines lw 1.1 lc rgb '" TARGET_COLOUR "'",
            column, column, column, column);
    figure_close(study);
}

static void draw_legend(struct study *study)
{
    static const char *const lines[] = {"target", "mean-field VI, exact optimum", "rotational VI", "the paper’s method",
                                        "Langevin Monte Carlo"};
    static const char *const colours[] = {TARGET_COLOUR, MFVI_COLOUR, ROVI_COLOUR, FOURTH_COLOUR, SAMPLER_COLOUR};
    struct frame frame = {LEFT + 3 * PITCH, TOP + 600, SIDE, 110};
    for (size_t i = 0; i < 5; i++)
        figure_note(study, frame.left + 10, frame.top + 10 + 21 * (double)i, colours[i], lines[i]);
    figure_open(study, frame, "", "", "");
    fputs("unset border\nunset xtics\nunset ytics\nset xrange [0:1]\nset yrange [0:1]\nplot NaN", study->canvas.stream);
    figure_close(study);
}

static void draw(struct study *study, const struct scenario *s)
{
    figure_begin(
        study, 1120, 925, "Mean-field VI loses a mode; rotational VI keeps both",
        "Two unit Gaussians at ±(m, m). Contours: the smallest regions that hold 50, 80, 95 and 99 % of the mass, the "
        "target’s in grey.\nFar apart, which mode mean-field VI keeps depends on where it starts. The paper’s "
        "dictionary has a floor, seen at m = 3.");
    for (size_t c = 0; c < CASES; c++) {
        draw_density(study, s + c, MEAN_FIELD, c, 0, study_format(study, "m = %g", s[c].m));
        draw_density(study, s + c, ROVI, c, 1, study_format(study, "m = %g", s[c].m));
        draw_marginals(study, s + c, c);
    }
    draw_density(study, s + 2, OTHER, 3, 0, "m = 3, other start");
    draw_density(study, s + 2, PAPER, 3, 1, "m = 3, paper");
    draw_legend(study);
    figure_end(study);
}

static void check(struct study *study, const struct scenario *s)
{
    for (size_t c = 0; c < CASES; c++)
        study_check(study, (struct check){.claim = study_format(study, "KL of rotational VI, m = %g", s[c].m),
                                          .relation = ABOUT,
                                          .slack = .01,
                                          .measured = s[c].kl[ROVI].value,
                                          .error = s[c].kl[ROVI].mcse});
    study_check(study, (struct check){.claim = "KL of the mean-field optimum, m = 3: log 2",
                                      .relation = ABOUT,
                                      .predicted = log(2),
                                      .slack = .001,
                                      .measured = s[2].kl[MEAN_FIELD].value});
    study_check(study, (struct check){.claim = "share of the second mode from a start there, m = 3",
                                      .relation = AT_LEAST,
                                      .predicted = .999,
                                      .measured = s[2].share[MEAN_FIELD]});
    study_check(study, (struct check){.claim = "the same from a start in the first mode: the optimum has switched",
                                      .relation = AT_MOST,
                                      .predicted = .001,
                                      .measured = s[2].share[OTHER]});
    study_check(study,
                (struct check){.claim = "share of the second mode in the mean-field optimum, m = 1: not collapsed",
                               .relation = ABOUT,
                               .predicted = .5,
                               .slack = .001,
                               .measured = s[0].share[MEAN_FIELD]});
    study_check(study, (struct check){.claim = "share of the second mode, rotational VI, m = 3",
                                      .relation = ABOUT,
                                      .predicted = .5,
                                      .slack = .02,
                                      .measured = s[2].share[ROVI]});
    study_check(study, (struct check){.claim = "the same by Langevin Monte Carlo from dispersed starts",
                                      .relation = ABOUT,
                                      .predicted = .5,
                                      .slack = .01,
                                      .measured = s[2].langevin_mass,
                                      .error = s[2].langevin_error});
    study_check(study, (struct check){.claim = "marginal KL of rotational VI, m = 3",
                                      .relation = ABOUT,
                                      .slack = .005,
                                      .measured = s[2].marginal_kl[ROVI]});
}

static void run(struct study *study)
{
    struct scenario scenarios[CASES];
    study_plan(study, 5 * CASES);
    study_columns(study, "m,method,kl,kl_error,marginal_kl,share_of_second_mode");
    for (size_t c = 0; c < CASES && !study->status; c++)
        make(study, (double)(c + 1), scenarios + c, VIEWS * c);
    if (study->status)
        return;
    check(study, scenarios);
    draw(study, scenarios);
    study->outcome = study_format(
        study,
        "At m = 3 mean-field VI ends in either mode, by its start, at KL %.3f; rotational VI keeps both at "
        "KL %.4f, by the paper's method at %.3f.",
        scenarios[2].kl[MEAN_FIELD].value, scenarios[2].kl[ROVI].value, scenarios[2].kl[PAPER].value);
}

const struct experiment figure1_experiment = {.name = "figure1",
                                              .title = "Figure 1: one mode or both",
                                              .claim = "On two separated Gaussians the mean-field optimum concentrates "
                                                       "on one of them, and which one depends on the start; "
                                                       "with a rotation both are kept.",
                                              .run = run};
