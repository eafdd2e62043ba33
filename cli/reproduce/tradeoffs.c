/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The knobs of the paper's method, one at a time around its own values (batches of 250 in place of 2000), on two unit
 * Gaussians at -(2,2) and (2,2): the step of the rotation, the smoothness constant L, the dictionary, the number of
 * iterations; and whether the retraction by QR keeps O orthogonal. The dictionary's floor is apart from what the
 * optimisation misses (floor.c).
 */
#include <math.h>

#include "cli/reproduce/experiments.h"
#include "cli/reproduce/figure.h"
#include "cli/reproduce/floor.h"
#include "cli/reproduce/mixture.h"

#define SEEDS    5
#define STEPS    9
#define BOUNDS   9
#define MESHES   6
#define BUDGETS  3
#define LENGTHS  5
#define CURVES   3 /* m = 1, 2, 3 */
#define BASE     "preset=paper batch=250 trace=1 draws=10000"
#define PER_STEP 500.0 /* evaluations: a batch for the maps and one for the rotation */
#define LEAST_KL 1e-4

static const double steps[STEPS] = {1e-4, 1e-3, .01, .1, .3, 1, 3, 10, 100};
static const double bounds[BOUNDS] = {1, 2, 5, 10, 30, 100, 300, 1000, 10000};
static const double meshes[MESHES] = {.8, .4, .2, .1, .05, .025};
static const int budgets[BUDGETS] = {1000, 3000, 9000};
static const int lengths[LENGTHS] = {1, 10, 100, 1000, 10000};

struct results {
    double by_step[STEPS][SEEDS], by_bound[BOUNDS][SEEDS], bound_floor[BOUNDS];
    double by_mesh[MESHES][BUDGETS], mesh_error[MESHES][BUDGETS], mesh_floor[MESHES];
    double deviation[LENGTHS];
    const rovi_restart *curve[2][CURVES]; /* the paper's method, the default */
    rovi_estimate curve_kl[CURVES];       /* where they end, on draws of its own */
    double curve_floor[CURVES], default_kl[CURVES], default_error[CURVES];
    double default_cost[CURVES];
};

static const rovi_target *pair(struct study *study, double m)
{
    const double means[] = {-m, -m, m, m};
    struct mixture mixture = mixture_even(2, 2, means);
    return mixture_target(study, &mixture);
}

/* Of the target above in its best frame: the pair, and the normal coordinate beside it. */
static double floor_of(double m, double mesh, double range, double alpha)
{
    return floor_of_pair(m * sqrt(2), mesh, range, alpha) + floor_of_pair(0, mesh, range, alpha);
}

static void row(struct study *study, const char *knob, double value, double second, rovi_estimate kl, double floor)
{
    study_text(study, knob);
    const double cells[] = {value, second, kl.value, kl.mcse, floor};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        study_number(study, cells[i]);
    study_row_end(study);
}

/* ---- runs ---- */

static void vary_step(struct study *study, const rovi_target *target, struct results *r)
{
    double floor = floor_of(2, .2, 2.9, .1);
    for (size_t i = 0; i < STEPS; i++)
        for (size_t seed = 0; seed < SEEDS; seed++) {
            const rovi_fit *fit =
                study_fit(study, target, NULL, BASE " restarts=1 step_rotation=%g seed=%zu", steps[i], 1 + seed);
            r->by_step[i][seed] = fit_kl(fit).value;
            row(study, "eta_O", steps[i], (double)(1 + seed), fit_kl(fit), floor);
        }
}

static void vary_bound(struct study *study, const rovi_target *target, struct results *r)
{
    for (size_t i = 0; i < BOUNDS; i++) {
        r->bound_floor[i] = floor_of(2, .2, 2.9, 1 / sqrt(bounds[i]));
        for (size_t seed = 0; seed < SEEDS; seed++) {
            const rovi_fit *fit =
                study_fit(study, target, NULL, BASE " restarts=1 smoothness=%g seed=%zu", bounds[i], 1 + seed);
            r->by_bound[i][seed] = fit_kl(fit).value;
            row(study, "L", bounds[i], (double)(1 + seed), fit_kl(fit), r->bound_floor[i]);
        }
    }
}

static void vary_mesh(struct study *study, const rovi_target *target, struct results *r)
{
    for (size_t i = 0; i < MESHES; i++) {
        r->mesh_floor[i] = floor_of(2, meshes[i], 2.9, .1);
        for (size_t b = 0; b < BUDGETS; b++) {
            const rovi_fit *fit =
                study_fit(study, target, NULL, BASE " restarts=2 mesh=%g iterations=%d", meshes[i], budgets[b]);
            r->by_mesh[i][b] = fit_kl(fit).value;
            r->mesh_error[i][b] = fit_kl(fit).mcse;
            row(study, "mesh", meshes[i], budgets[b], fit_kl(fit), r->mesh_floor[i]);
        }
    }
}

/* max |O'O - I| */
static double deviation(const rovi_approximation *q)
{
    const rovi_approximation_parts *parts = rovi_approximation_parts_of(q);
    size_t d = parts->dim;
    double most = 0;
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            double product = 0;
            for (size_t k = 0; k < d; k++)
                product += parts->rotation[k * d + i] * parts->rotation[k * d + j];
            most = fmax(most, fabs(product - (i == j)));
        }
    return most;
}

static void watch_orthogonality(struct study *study, struct results *r)
{
    enum { D = 20 };
    double means[2 * D];
    for (size_t i = 0; i < D; i++)
        means[i] = -(means[D + i] = 3 / sqrt(D));
    struct mixture mixture = mixture_even(D, 2, means);
    const rovi_target *target = mixture_target(study, &mixture);
    for (size_t i = 0; i < LENGTHS; i++) {
        const rovi_fit *fit = study_fit(study, target, NULL,
                                        "preset=paper restarts=1 batch=20 trace=1 draws=500 iterations=%d", lengths[i]);
        r->deviation[i] = fit ? deviation(fit_q(fit)) : NAN;
        row(study, "orthogonality", lengths[i], NAN, fit_kl(fit), NAN);
        row(study, "deviation of O'O from I", lengths[i], NAN, (rovi_estimate){r->deviation[i], NAN}, NAN);
    }
}

static const rovi_restart *winner(const rovi_fit *fit)
{
    return fit ? rovi_fit_parts_of(fit)->restarts + rovi_fit_parts_of(fit)->winner : NULL;
}

static void follow(struct study *study, struct results *r)
{
    for (size_t c = 0; c < CURVES; c++) {
        double m = (double)(c + 1);
        const rovi_target *target = pair(study, m);
        const rovi_fit *paper =
            study_fit(study, target, NULL, "preset=paper batch=250 iterations=10000 restarts=2 trace=100 draws=50000");
        const rovi_fit *fast = study_fit(study, target, NULL, "precondition=none restarts=1 draws=20000");
        r->curve[0][c] = winner(paper);
        r->curve_kl[c] = fit_kl(paper);
        r->curve[1][c] = winner(fast);
        r->curve_floor[c] = floor_of(m, .2, 2.9, .1);
        r->default_kl[c] = fit_kl(fast).value;
        r->default_error[c] = fit_kl(fast).mcse;
        r->default_cost[c] = fast ? (double)rovi_fit_parts_of(fast)->evaluations.density : NAN;
        row(study, "default solver, m", m, r->default_cost[c], fit_kl(fast), 0);
        for (size_t i = 0; r->curve[0][c] && i < r->curve[0][c]->trace_length; i++) {
            const rovi_trace_point *point = r->curve[0][c]->trace + i;
            row(study, study_format(study, "iterations, m = %g", m), (double)point->iteration,
                PER_STEP * (double)point->iteration, (rovi_estimate){-point->elbo, point->mcse}, r->curve_floor[c]);
        }
    }
}

/* ---- the figure ---- */

static double floored(double kl)
{
    return isfinite(kl) ? fmax(kl, LEAST_KL) : 1e9;
}

static void kl_axis(struct study *study, double lo, double hi)
{
    fprintf(study->canvas.stream, "set logscale xy\nset yrange [%g:%g]\n", lo, hi);
    canvas_log_tics('y', lo, hi, study->canvas.stream);
}

static void draw_step(struct study *study, const struct results *r, struct frame frame)
{
    FILE *stream = study->canvas.stream;
    double floor = floor_of(2, .2, 2.9, .1);
    figure_data(study, "step");
    for (size_t i = 0; i < STEPS; i++)
        for (size_t seed = 0; seed < SEEDS; seed++)
            fprintf(stream, "%g %.5g\n", steps[i] * pow(1.06, (double)seed - 2), floored(r->by_step[i][seed]));
    figure_data_end(study);
    figure_open(study, frame, "{/:Bold Step of the rotation}, five starts", "η_O", "KL to the target");
    kl_axis(study, .01, 20);
    fputs("set xrange [3e-5:300]\nset xtics ('0.0001' 1e-4, '0.01' .01, '1' 1, '100' 100)\n", stream);
    figure_horizontal(study, floor, QUIET_COLOUR);
    figure_label(study, 5e-5, floor * .72, QUIET_COLOUR, "floor of the dictionary");
    figure_vertical(study, .01, QUIET_COLOUR);
    figure_label(study, .013, 13, QUIET_COLOUR, "the paper’s value");
    fputs("plot $step using 1:2 with points pt 7 ps .55 lc rgb '" FOURTH_COLOUR "'", stream);
    figure_close(study);
}

static void draw_bound(struct study *study, const struct results *r, struct frame frame)
{
    FILE *stream = study->canvas.stream;
    figure_data(study, "bound");
    for (size_t i = 0; i < BOUNDS; i++)
        for (size_t seed = 0; seed < SEEDS; seed++)
            fprintf(stream, "%g %.5g %.5g\n", bounds[i] * pow(1.06, (double)seed - 2), floored(r->by_bound[i][seed]),
                    r->bound_floor[i]);
    figure_data_end(study);
    figure_open(study, frame, "{/:Bold Smoothness L}: α = 1/√L, and the step’s cap", "L", "");
    kl_axis(study, .01, 20);
    fputs("set xrange [.6:20000]\n", stream);
    canvas_log_tics('x', .6, 20000, stream);
    figure_label(study, 1.2, r->bound_floor[0] * .55, QUIET_COLOUR, "floor");
    fputs("plot $bound using 1:3 with lines lw 1.2 dt (4,4) lc rgb '" QUIET_COLOUR "', \\\n"
          "  $bound using 1:2 with points pt 7 ps .55 lc rgb '" FOURTH_COLOUR "'",
          stream);
    figure_close(study);
}

static void draw_mesh(struct study *study, const struct results *r, struct frame frame)
{
    static const char *const tint[BUDGETS] = {"#F5CB6B", FOURTH_COLOUR, "#A06E00"};
    FILE *stream = study->canvas.stream;
    figure_data(study, "mesh");
    for (size_t i = 0; i < MESHES; i++)
        fprintf(stream, "%g %.5g %.5g %.5g %.5g\n", 5.8 / meshes[i], r->mesh_floor[i], floored(r->by_mesh[i][0]),
                floored(r->by_mesh[i][1]), floored(r->by_mesh[i][2]));
    figure_data_end(study);
    figure_open(study, frame, "{/:Bold Size of the dictionary}", "maps per coordinate", "");
    kl_axis(study, .005, 200);
    fputs("set xrange [6:900]\n", stream);
    canvas_log_tics('x', 6, 900, stream);
    for (size_t b = 0; b < BUDGETS; b++)
        figure_note(study, frame.left + 16, frame.top + 20 + 18 * (double)b, tint[b],
                    study_format(study, "%d iterations", budgets[b]));
    figure_label(study, 230, r->mesh_floor[MESHES - 1], QUIET_COLOUR, "floor");
    fputs("plot $mesh using 1:2 with lines lw 1.2 dt (4,4) lc rgb '" QUIET_COLOUR "'", stream);
    for (size_t b = 0; b < BUDGETS; b++)
        fprintf(stream, ", \\\n  $mesh using 1:%zu with linespoints lw 1.4 pt 7 ps .55 lc rgb '%s'", b + 3, tint[b]);
    figure_close(study);
}

static void draw_deviation(struct study *study, const struct results *r, struct frame frame)
{
    FILE *stream = study->canvas.stream;
    figure_data(study, "deviation");
    for (size_t i = 0; i < LENGTHS; i++)
        fprintf(stream, "%d %.5g\n", lengths[i], r->deviation[i]);
    figure_data_end(study);
    figure_open(study, frame, "{/:Bold Orthogonality} in 20 dimensions", "iterations", "max |OᵀO − I|");
    fputs("set logscale xy\nset xrange [.6:20000]\nset yrange [1e-17:1e-12]\n"
          "set ytics ('10^{−16}' 1e-16, '10^{−14}' 1e-14, '10^{−12}' 1e-12)\n",
          stream);
    canvas_log_tics('x', .6, 20000, stream);
    figure_horizontal(study, 2.2e-16, QUIET_COLOUR);
    figure_label(study, .8, 9e-17, QUIET_COLOUR, "precision of a double");
    fputs("plot $deviation using 1:2 with linespoints lw 1.4 pt 7 ps .6 lc rgb '" FOURTH_COLOUR "'", stream);
    figure_close(study);
}

static void draw_curves(struct study *study, const struct results *r, struct frame frame)
{
    static const char *const tint[CURVES] = {"#A06E00", FOURTH_COLOUR, "#F5CB6B"};
    FILE *stream = study->canvas.stream;
    for (size_t c = 0; c < CURVES; c++) {
        figure_data(study, study_format(study, "curve%zu", c));
        for (size_t i = 0; i < r->curve[0][c]->trace_length; i++)
            if (r->curve[0][c]->trace[i].iteration > 0)
                fprintf(stream, "%.6g %.5g\n", PER_STEP * (double)r->curve[0][c]->trace[i].iteration,
                        floored(-r->curve[0][c]->trace[i].elbo));
        figure_data_end(study);
    }
    figure_data(study, "fast");
    for (size_t c = 0; c < CURVES; c++)
        fprintf(stream, "%.6g %.5g\n", r->default_cost[c], floored(r->default_kl[c]));
    figure_data_end(study);
    figure_open(study, frame, "{/:Bold Cost against accuracy}, modes at ±(m, m); dashed: floors of the dictionary",
                "density evaluations", "KL to the target");
    kl_axis(study, 4e-4, 20);
    fputs("set xrange [2e4:2e7]\n", stream);
    fputs("set xtics ('10^5' 1e5, '10^6' 1e6, '10^7' 1e7)\n", stream);
    for (size_t c = 0; c < CURVES; c++) {
        const rovi_restart *curve = r->curve[0][c];
        double x = PER_STEP * (double)curve->trace[curve->trace_length - 1].iteration;
        figure_label(study, x * 1.1, 1.22 * floored(-curve->trace[curve->trace_length - 1].elbo), tint[c],
                     study_format(study, "paper, m = %zu", c + 1));
        figure_horizontal(study, r->curve_floor[c], tint[c]);
    }
    figure_label(study, 3e5, 8e-4, ROVI_COLOUR, "default solver, m = 1, 2, 3");
    fputs("plot $fast using 1:2 with points pt 7 ps .8 lc rgb '" ROVI_COLOUR "'", stream);
    for (size_t c = 0; c < CURVES; c++)
        fprintf(stream, ", \\\n  $curve%zu using 1:2 with lines lw 1.8 lc rgb '%s'", c, tint[c]);
    figure_close(study);
}

static void draw(struct study *study, const struct results *r)
{
    const double top = FIGURE_HEAD + 34, left = FIGURE_LEFT;
    figure_begin(study, 1160, 730, "The knobs of the paper’s method",
                 "Two unit Gaussians at ±(2, 2), the paper’s values but for the one knob (batches of 250). The floor "
                 "is the least KL "
                 "that any map of the dictionary can reach;\nwhat lies above it is missed by the optimisation.");
    draw_step(study, r, (struct frame){left, top, 290, 210});
    draw_bound(study, r, (struct frame){left + 365, top, 290, 210});
    draw_mesh(study, r, (struct frame){left + 730, top, 290, 210});
    draw_deviation(study, r, (struct frame){left, top + 330, 290, 210});
    draw_curves(study, r, (struct frame){left + 395, top + 330, 625, 210});
    figure_end(study);
}

/* ---- checks ---- */

static double median(const double *values)
{
    double sorted[SEEDS];
    for (size_t i = 0; i < SEEDS; i++) {
        size_t j = i;
        for (; j > 0 && sorted[j - 1] > values[i]; j--)
            sorted[j] = sorted[j - 1];
        sorted[j] = values[i];
    }
    return sorted[SEEDS / 2];
}

static double greatest(const double *values)
{
    double most = values[0];
    for (size_t i = 1; i < SEEDS; i++)
        most = fmax(most, values[i]);
    return most;
}

static void check(struct study *study, const struct results *r)
{
    double most = 0, floor = floor_of(2, .2, 2.9, .1), below = 0;
    for (size_t i = 0; i < LENGTHS; i++)
        most = fmax(most, r->deviation[i]);
    for (size_t i = 0; i < MESHES; i++)
        for (size_t b = 0; b < BUDGETS; b++)
            below = fmax(below, r->mesh_floor[i] - r->by_mesh[i][b] - 3 * r->mesh_error[i][b]);
    study_check(study, (struct check){.claim = "max |OᵀO − I| after up to 10000 steps: QR keeps O orthogonal",
                                      .relation = AT_MOST,
                                      .predicted = 1e-13,
                                      .measured = most});
    study_check(study, (struct check){.claim = "median KL at the paper's η_O = 0.01, above the floor of its dictionary",
                                      .relation = ABOUT,
                                      .slack = .05,
                                      .measured = median(r->by_step[2]) - floor});
    study_check(study, (struct check){.claim = "worst KL at η_O = 100: too large a step is unstable",
                                      .relation = AT_LEAST,
                                      .predicted = .3,
                                      .measured = greatest(r->by_step[STEPS - 1])});
    study_check(study, (struct check){.claim = "largest KL by which a fit lies below the floor of its dictionary",
                                      .relation = ABOUT,
                                      .slack = .002,
                                      .measured = below});
    for (size_t c = 0; c < CURVES; c++)
        study_check(study, (struct check){.claim = study_format(study, "KL of the default solver, m = %zu", c + 1),
                                          .relation = ABOUT,
                                          .slack = .01,
                                          .measured = r->default_kl[c],
                                          .error = r->default_error[c]});
}

static void run(struct study *study)
{
    struct results r;
    study_plan(study, (STEPS + BOUNDS) * SEEDS + MESHES * BUDGETS + LENGTHS + 2 * CURVES);
    study_columns(study, "knob,value,seed_or_cost,kl,kl_error,floor");
    const rovi_target *target = pair(study, 2);
    vary_step(study, target, &r);
    vary_bound(study, target, &r);
    vary_mesh(study, target, &r);
    watch_orthogonality(study, &r);
    follow(study, &r);
    if (study->status)
        return;
    check(study, &r);
    draw(study, &r);
    study->outcome = study_format(
        study,
        "At m = 2 the paper's dictionary cannot go below KL %.3f; 10000 steps of its method end at %.3f ± %.3f. "
        "Finer dictionaries have lower floors, and take more steps to come near them.",
        r.curve_floor[1], r.curve_kl[1].value, r.curve_kl[1].mcse);
}

const struct experiment tradeoffs_experiment = {.name = "tradeoffs",
                                                .title = "Trade-offs: step sizes, L, the dictionary, iterations",
                                                .claim = "A larger η_O risks instability, L must be large enough, a "
                                                         "larger dictionary is more expressive and costs more, and "
                                                         "QR keeps O orthogonal.",
                                                .run = run};
