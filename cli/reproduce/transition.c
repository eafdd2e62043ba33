/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The weight at which mean-field VI changes from one component to the other: the exact optimum over product densities
 * for every weight, for components of equal and of different shape and at several distances; the critical weight by
 * bisection, against (6) and against the form h_0/(h_0 + h_1) that summaries of the paper print; and fits.
 */
#include <math.h>
#include <string.h>

#include "cli/reproduce/experiments.h"
#include "cli/reproduce/figure.h"
#include "cli/reproduce/mixture.h"

#define SHAPES     4
#define DISTANCES  5
#define WEIGHTS    49
#define FITTED     9
#define BISECTIONS 16
#define FAR        6.0

static const double correlation[SHAPES][2] = {{0, 0}, {.5, 0}, {.8, 0}, {.8, .5}};
static const double distance[DISTANCES] = {.9, 1.1, 1.25, 1.5, 3};

struct sweep { /* share of the first component in the optimum, over its weight */
    double share[WEIGHTS], epsilon;
};

struct shape {
    struct sweep sweep;
    double critical, printed, found, fit[FITTED];
};

static double weight_at(size_t i)
{
    return (double)(i + 1) / (WEIGHTS + 1);
}

static double fitted_weight(size_t i)
{
    return (double)(i + 1) / (FITTED + 1);
}

/* Components at -(m, m) and (m, m) with these correlations. */
static const rovi_target *pair(struct study *study, double m, const double *r, double weight, struct mixture *mixture)
{
    const double values[12] = {-m, -m, m, m, 1, r[0], r[0], 1, 1, r[1], r[1], 1};
    double *kept = study_doubles(study, 12);
    if (!kept)
        return NULL;
    memcpy(kept, values, sizeof values);
    *mixture = mixture_even(2, 2, kept);
    mixture->weight[0] = weight;
    mixture->weight[1] = 1 - weight;
    mixture->covariance_count = 2;
    mixture->covariances = kept + 4;
    return mixture_target(study, mixture);
}

static double exact_share(struct study *study, double m, const double *r, double weight)
{
    struct mixture mixture;
    const rovi_plane_product *product =
        study_product(study, pair(study, m, r, weight, &mixture), 0, ROVI_PLANE_EVERY_START);
    return product ? product->share[0] : NAN;
}

static void row(struct study *study, const char *what, const double *cells)
{
    study_text(study, what);
    for (size_t i = 0; i < 6; i++)
        study_number(study, cells[i]);
    study_row_end(study);
}

static void sweep(struct study *study, double m, const double *r, struct sweep *s)
{
    struct mixture mixture;
    const rovi_separation *separation = study_separation(study, pair(study, m, r, .5, &mixture));
    s->epsilon = separation ? separation->pairs[0].best_epsilon.epsilon : NAN;
    for (size_t i = 0; i < WEIGHTS; i++) {
        s->share[i] = exact_share(study, m, r, weight_at(i));
        row(study, "exact", (double[]){m, r[0], r[1], s->epsilon, weight_at(i), s->share[i]});
    }
}

static void find_critical(struct study *study, const double *r, struct shape *shape)
{
    struct mixture mixture;
    double lo = .05, hi = .95;
    const rovi_separation *separation = study_separation(study, pair(study, FAR, r, .5, &mixture));
    if (!separation)
        return;
    shape->critical = separation->pairs[0].critical_weight;
    shape->printed = separation->pairs[0].printed_weight;
    for (int i = 0; i < BISECTIONS && !study->status; i++) {
        double middle = (lo + hi) / 2;
        *(exact_share(study, FAR, r, middle) > .5 ? &hi : &lo) = middle;
    }
    shape->found = (lo + hi) / 2;
    row(study, "critical weight: found, (6), printed form",
        (double[]){FAR, r[0], r[1], shape->found, shape->critical, shape->printed});
}

static void fit_shape(struct study *study, const double *r, struct shape *shape)
{
    struct mixture mixture;
    rovi_estimate share[2];
    for (size_t i = 0; i < FITTED; i++) {
        const rovi_target *target = pair(study, FAR, r, fitted_weight(i), &mixture);
        const rovi_fit *fit = study_fit(study, target, NULL, "method=mfvi restarts=8 draws=5000");
        mixture_shares(study, &mixture, fit_q(fit), share);
        shape->fit[i] = share[0].value;
        row(study, "fit", (double[]){FAR, r[0], r[1], share[0].mcse, fitted_weight(i), share[0].value});
    }
}

/* ---- the figure ---- */

static void draw_shape(struct study *study, const struct shape *shape, size_t index)
{
    size_t line = index / 2;
    FILE *stream = study->canvas.stream;
    struct frame frame = {FIGURE_LEFT + (double)(index % 2) * 260, FIGURE_HEAD + 40 + (double)line * 255, 215, 155};
    figure_data(study, study_format(study, "shape%zu", index));
    for (size_t i = 0; i < WEIGHTS; i++)
        fprintf(stream, "%.4f %.5g\n", weight_at(i), shape->sweep.share[i]);
    figure_data_end(study);
    figure_data(study, study_format(study, "fits%zu", index));
    for (size_t i = 0; i < FITTED; i++)
        fprintf(stream, "%.4f %.5g\n", fitted_weight(i), shape->fit[i]);
    figure_data_end(study);
    figure_open(study, frame,
                study_format(study, "{/:Bold correlations %g and %g}", correlation[index][0], correlation[index][1]),
                index / 2 ? "weight of the first component" : "", index % 2 ? "" : "its share in the optimum");
    fputs("set xrange [0:1]\nset yrange [-.06:1.06]\nset xtics .5\nset ytics .5\n", stream);
    figure_vertical(study, shape->critical, MFVI_COLOUR);
    figure_label(study, shape->critical - .35, .12, MFVI_COLOUR, study_format(study, "(6): %.3f", shape->critical));
    if (!isnan(shape->printed))
        figure_vertical(study, fmin(shape->printed, .999), QUIET_COLOUR);
    if (!isnan(shape->printed))
        figure_label(study, .03, .9, QUIET_COLOUR, study_format(study, "printed: %.3f", shape->printed));
    fprintf(stream,
            "plot $shape%zu using 1:2 with lines lw 1.8 lc rgb '" TARGET_COLOUR "', \\\n"
            "  $fits%zu using 1:2 with points pt 7 ps .6 lc rgb '" ROVI_COLOUR "'",
            index, index);
    figure_close(study);
}

static void draw_distances(struct study *study, const struct sweep *sweeps)
{
    static const char *const tint[DISTANCES] = {"#9FC9E2", "#56A8D3", "#0072B2", "#00507D", "#222222"};
    FILE *stream = study->canvas.stream;
    struct frame frame = {FIGURE_LEFT + 590, FIGURE_HEAD + 40, 330, 410};
    figure_data(study, "distances");
    for (size_t i = 0; i < WEIGHTS; i++) {
        fprintf(stream, "%.4f", weight_at(i));
        for (size_t k = 0; k < DISTANCES; k++)
            fprintf(stream, " %.5g", sweeps[k].share[i]);
        fputc('\n', stream);
    }
    figure_data_end(study);
    figure_open(study, frame, "{/:Bold The jump softens} as components come closer", "weight of the first component",
                "its share in the optimum");
    fputs("set xrange [0:1]\nset yrange [-.03:1.03]\nset xtics .25\nset ytics .25\n", stream);
    for (size_t k = 0; k < DISTANCES; k++)
        figure_note(study, frame.left + 18, frame.top + 20 + 19 * (double)k, tint[k],
                    study_format(study, "m = %g, ε = %.2g", distance[k], sweeps[k].epsilon));
    fputs("plot \\\n", stream);
    for (size_t k = 0; k < DISTANCES; k++)
        fprintf(stream, "  $distances using 1:%zu with lines lw 2 lc rgb '%s'%s\n", k + 2, tint[k],
                k + 1 < DISTANCES ? ", \\" : "");
    figure_close(study);
}

/* ---- checks ---- */

static double largest_jump(const struct sweep *s)
{
    double most = 0;
    for (size_t i = 1; i < WEIGHTS; i++)
        most = fmax(most, fabs(s->share[i] - s->share[i - 1]));
    return most;
}

static void check(struct study *study, const struct shape *shapes, const struct sweep *sweeps)
{
    size_t wrong = 0;
    for (size_t k = 0; k < SHAPES; k++) {
        study_check(study,
                    (struct check){.claim = study_format(
                                       study, "critical weight, correlations %g and %g, by (6)%s", correlation[k][0],
                                       correlation[k][1],
                                       isnan(shapes[k].printed)
                                           ? " (the printed form is 0/0)"
                                           : study_format(study, " (the printed form says %.4f)", shapes[k].printed)),
                                   .relation = ABOUT,
                                   .predicted = shapes[k].critical,
                                   .slack = .001,
                                   .measured = shapes[k].found});
        for (size_t i = 0; i < FITTED; i++)
            if (fabs(fitted_weight(i) - shapes[k].critical) > .02) /* else both cost the same */
                wrong += (shapes[k].fit[i] > .5) != (fitted_weight(i) > shapes[k].critical);
    }
    study_check(study, (struct check){.claim = "fits on the other side than (6) says, of 35",
                                      .relation = ABOUT,
                                      .measured = (double)wrong});
    study_check(study, (struct check){.claim = study_format(study,
                                                            "largest jump of the share between neighbouring weights, "
                                                            "m = %g: sharp",
                                                            distance[DISTANCES - 1]),
                                      .relation = AT_LEAST,
                                      .predicted = .99,
                                      .measured = largest_jump(sweeps + DISTANCES - 1)});
    study_check(study,
                (struct check){.claim = study_format(study, "the same for m = %g: no jump any more", distance[0]),
                               .relation = AT_MOST,
                               .predicted = .1,
                               .measured = largest_jump(sweeps)});
}

static void run(struct study *study)
{
    struct shape shapes[SHAPES] = {0};
    struct sweep sweeps[DISTANCES];
    static const double none[2] = {0, 0};
    study_plan(study, SHAPES * (WEIGHTS + 2 + BISECTIONS + FITTED) + DISTANCES * (WEIGHTS + 1));
    study_columns(study, "what,m,correlation_0,correlation_1,epsilon_or_found,weight_or_6,share_or_printed");
    for (size_t k = 0; k < SHAPES; k++) {
        sweep(study, FAR, correlation[k], &shapes[k].sweep);
        find_critical(study, correlation[k], shapes + k);
        fit_shape(study, correlation[k], shapes + k);
    }
    for (size_t k = 0; k < DISTANCES; k++)
        sweep(study, distance[k], none, sweeps + k);
    if (study->status)
        return;
    check(study, shapes, sweeps);
    figure_begin(
        study, 1030, 620, "The weight at which mean-field VI changes sides",
        "Components at ±(m, m); lines are the exact optimum over product densities, dots are fits. Left: far apart "
        "(m = 6), with different\ncorrelations. Right: round components at several distances.");
    for (size_t k = 0; k < SHAPES; k++)
        draw_shape(study, shapes + k, k);
    draw_distances(study, sweeps);
    figure_end(study);
    study->outcome = study_format(
        study,
        "With correlations .8 and 0 mean-field VI changes sides at %.4f, where (6) says %.4f and the printed "
        "form %.4f; with .8 and .5 at %.4f, where they say %.4f and %.4f.",
        shapes[2].found, shapes[2].critical, shapes[2].printed, shapes[3].found, shapes[3].critical, shapes[3].printed);
}

const struct experiment transition_experiment = {.name = "transition",
                                                 .title = "Corollary 2.7: the phase transition in the weight",
                                                 .claim = "Between well-separated components mean-field VI keeps one, "
                                                          "and jumps from one to the other as the weight crosses "
                                                          "a critical w*; overlap softens the jump.",
                                                 .run = run};
