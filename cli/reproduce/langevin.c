/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sampler loses modes as well. All particles of Langevin Monte Carlo start in one of two modes, at -(m, m); the mass
 * that has crossed to the other one at (m, m) against time, the time after which half of what should cross has crossed,
 * and exp(m^2), the law of the barrier between the modes (twice as far apart along the line as m sqrt 2). Beside it
 * draws of the sampler, exact ones of the target, and draws of a rotational fit.
 */
#include <math.h>

#include "cli/reproduce/experiments.h"
#include "cli/reproduce/figure.h"
#include "cli/reproduce/mixture.h"
#include "cli/reproduce/view.h"

#define DISTANCES 6
#define PARTICLES 2000
#define STEP      .05
#define STEPS     10000 /* time 500 */
#define DRAWS     1500

static const double distance[DISTANCES] = {1, 1.5, 1.75, 2, 2.5, 3};
static const char *const tint[DISTANCES] = {"#E6C2D6", "#D99CC0", "#CC79A7", "#B0558B", "#863965", "#4D1F39"};

struct run {
    const rovi_langevin_parts *parts;
    double half_time; /* NaN: not within the run */
};

static const rovi_target *pair(struct study *study, double m)
{
    const double means[] = {-m, -m, m, m};
    struct mixture mixture = mixture_even(2, 2, means);
    return mixture_target(study, &mixture);
}

/* The time at which a quarter of the particles is on the other side: half of the way to one half. */
static double half_time(const rovi_langevin_parts *parts)
{
    for (size_t i = 1; i < parts->trace_length; i++) {
        double before = parts->trace[i - 1].mass[1].value, now = parts->trace[i].mass[1].value;
        if (now >= .25)
            return parts->trace[i - 1].time +
                   (.25 - before) / (now - before) * (parts->trace[i].time - parts->trace[i - 1].time);
    }
    return NAN;
}

static void record(struct study *study, double m, const rovi_langevin_parts *parts)
{
    for (size_t i = 0; i < parts->trace_length; i++) {
        study_number(study, m);
        study_number(study, parts->trace[i].time);
        study_number(study, parts->trace[i].mass[1].value);
        study_number(study, parts->trace[i].mass[1].mcse);
        study_row_end(study);
    }
}

static void run_from_one_side(struct study *study, double m, struct run *run)
{
    const double start[2] = {-m, -m};
    run->parts = study_langevin(study, pair(study, m), start, "particles=%d draws=%d step=%g steps=%d trace=400 seed=9",
                                PARTICLES, DRAWS, STEP, STEPS);
    run->half_time = run->parts ? half_time(run->parts) : NAN;
    if (run->parts)
        record(study, m, run->parts);
}

/* ---- the figure ---- */

static void draw_mass(struct study *study, const struct run *runs)
{
    FILE *stream = study->canvas.stream;
    for (size_t k = 0; k < DISTANCES; k++) {
        figure_data(study, study_format(study, "mass%zu", k));
        for (size_t i = 0; i < runs[k].parts->trace_length; i++)
            fprintf(stream, "%.6g %.5g\n", runs[k].parts->trace[i].time, runs[k].parts->trace[i].mass[1].value);
        figure_data_end(study);
    }
    figure_open(study, (struct frame){FIGURE_LEFT, FIGURE_HEAD + 34, 440, 220},
                "{/:Bold Mass that has crossed} to the other mode", "time", "");
    fputs("set xrange [0:590]\nset yrange [0:.56]\nset xtics 100\nset ytics .25\n", stream);
    figure_horizontal(study, .5, QUIET_COLOUR);
    figure_label(study, 400, .455, QUIET_COLOUR, "dotted: the truth");
    for (size_t k = 3; k < DISTANCES; k++) {
        const rovi_langevin_point *last = runs[k].parts->trace + runs[k].parts->trace_length - 1;
        double y = fmax(last->mass[1].value, .012);
        figure_label(study, 508, y, tint[k], study_format(study, k == 3 ? "m ≤ %g" : "m = %g", distance[k]));
    }
    fputs("plot \\\n", stream);
    for (size_t k = 0; k < DISTANCES; k++)
        fprintf(stream, "  $mass%zu using 1:2 with lines lw 1.8 lc rgb '%s'%s\n", k, tint[k],
                k + 1 < DISTANCES ? ", \\" : "");
    figure_close(study);
}

/* The line through the first point with the barrier's law. */
static double by_law(const struct run *runs, double m)
{
    const size_t at = 3; /* m = 2: far enough for the law, near enough to be measured */
    return runs[at].half_time * exp(m * m - distance[at] * distance[at]);
}

static void draw_times(struct study *study, const struct run *runs)
{
    FILE *stream = study->canvas.stream;
    figure_data(study, "times");
    for (size_t k = 0; k < DISTANCES; k++)
        fprintf(stream, "%g %.5g %.5g\n", distance[k], runs[k].half_time, by_law(runs, distance[k]));
    figure_data_end(study);
    figure_open(study, (struct frame){FIGURE_LEFT + 550, FIGURE_HEAD + 34, 330, 220},
                "{/:Bold Time until half has crossed}", "m", "time");
    fputs("set logscale y\nset xrange [.8:3.2]\nset yrange [.5:20000]\nset xtics 1\n"
          "set ytics ('1' 1, '10' 10, '100' 100, '1000' 1000, '10000' 10000)\n",
          stream);
    figure_horizontal(study, STEP * STEPS, QUIET_COLOUR);
    figure_label(study, .85, STEP * STEPS * 1.6, QUIET_COLOUR, "length of the runs");
    figure_label(study, 2.35, 25, TARGET_COLOUR, "grows like e^{m²}");
    figure_label(study, 1.15, 20, SAMPLER_COLOUR, "• measured");
    fputs("plot $times using 1:3 with lines lw 1.4 lc rgb '" TARGET_COLOUR "', \\\n"
          "  $times using 1:2 with points pt 7 ps .8 lc rgb '" SAMPLER_COLOUR "'",
          stream);
    figure_close(study);
}

static void draw_panel(struct study *study, size_t index, const char *heading, const char *colour)
{
    static const double box[4] = {-6.5, -6.5, 6.5, 6.5};
    figure_open(study, (struct frame){FIGURE_LEFT + (double)index * 240, FIGURE_HEAD + 364, 204, 204}, heading, "x_1",
                "");
    view_ranges(study, box);
    fprintf(study->canvas.stream,
            "set xtics 5\nset ytics 5\nplot $draws%zu using 1:2 with points pt 7 ps .26 lc rgb '#70%s', \\\n"
            "  $contours0 using 1:2 with lines lw .9 lc rgb '" TARGET_COLOUR "'",
            index, colour + 1);
    figure_close(study);
}

static void keep_draws(struct study *study, size_t index, const double *x)
{
    figure_data(study, study_format(study, "draws%zu", index));
    for (size_t p = 0; x && p < DRAWS; p++)
        fprintf(study->canvas.stream, "%.3f %.3f\n", x[2 * p], x[2 * p + 1]);
    figure_data_end(study);
}

static void draw_draws(struct study *study, const struct run *last)
{
    static const double box[4] = {-6.5, -6.5, 6.5, 6.5}, means[] = {-3, -3, 3, 3};
    const struct mixture mixture = mixture_even(2, 2, means);
    const rovi_target *target = mixture_target(study, &mixture);
    const rovi_fit *fit = study_fit(study, target, NULL, "precondition=none draws=5000");
    const rovi_langevin_parts *dispersed =
        study_langevin(study, target, NULL, "draws=%d steps=1000 step=%g seed=9", DRAWS, STEP);
    view_make(study, target, box, 0);
    keep_draws(study, 0, last->parts->draws);
    keep_draws(study, 1, dispersed ? dispersed->draws : NULL);
    view_draws(study, mixture_exact(study, &mixture), DRAWS, "draws2");
    view_draws(study, fit_q(fit), DRAWS, "draws3");
    draw_panel(study, 0, "{/:Bold Langevin, one side,} m = 3", SAMPLER_COLOUR);
    draw_panel(study, 1, "{/:Bold Langevin, dispersed}", SAMPLER_COLOUR);
    draw_panel(study, 2, "{/:Bold Exact draws}", TARGET_COLOUR);
    draw_panel(study, 3, "{/:Bold Rotational VI}", ROVI_COLOUR);
}

/* ---- checks ---- */

static rovi_estimate final_mass(const struct run *run)
{
    return run->parts->trace[run->parts->trace_length - 1].mass[1];
}

static void check(struct study *study, const struct run *runs)
{
    study_check(study, (struct check){.claim = "mass in the other mode after time 500, m = 1: the sampler mixes",
                                      .relation = ABOUT,
                                      .predicted = .5,
                                      .slack = .01,
                                      .measured = final_mass(runs).value,
                                      .error = final_mass(runs).mcse});
    study_check(study, (struct check){.claim = "mass in the other mode after time 500, m = 3: the mode is lost",
                                      .relation = AT_MOST,
                                      .predicted = .1,
                                      .measured = final_mass(runs + DISTANCES - 1).value,
                                      .error = final_mass(runs + DISTANCES - 1).mcse});
    double growth = log(runs[4].half_time / runs[3].half_time) / (2.5 * 2.5 - 4);
    study_check(study, (struct check){.claim = "growth of log time over m² between m = 2 and 2.5: that of the barrier",
                                      .relation = ABOUT,
                                      .predicted = 1,
                                      .slack = .25,
                                      .measured = growth});
}

static void run(struct study *study)
{
    struct run runs[DISTANCES];
    study_plan(study, DISTANCES + 2);
    study_columns(study, "m,time,mass_crossed,mass_error");
    for (size_t k = 0; k < DISTANCES; k++)
        run_from_one_side(study, distance[k], runs + k);
    if (study->status)
        return;
    check(study, runs);
    figure_begin(study, 1030, 740, "A sampler loses modes as well",
                 "Two unit Gaussians at ±(m, m); 2000 particles of Langevin Monte Carlo, all started at −(m, m). How "
                 "long it takes to "
                 "see the other mode\ngrows exponentially with the barrier between the two.");
    draw_mass(study, runs);
    draw_times(study, runs);
    draw_draws(study, runs + DISTANCES - 1);
    figure_end(study);
    study->outcome = study_format(
        study,
        "After time 500 the other mode at m = 1, 2, 3 holds %.3f, %.3f and %.3f of the mass; the time until half "
        "has crossed is %.1f at m = 1 and %.0f at m = 2.5.",
        final_mass(runs).value, final_mass(runs + 3).value, final_mass(runs + DISTANCES - 1).value, runs[0].half_time,
        runs[4].half_time);
}

const struct experiment langevin_experiment = {.name = "langevin",
                                               .title = "Langevin Monte Carlo loses modes too",
                                               .claim = "Variational inference is not alone: started in one of two "
                                                        "modes that are far apart, Langevin Monte Carlo does not "
                                                        "reach the other in any practical time.",
                                               .run = run};
