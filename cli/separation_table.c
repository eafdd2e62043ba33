/* SPDX-License-Identifier: BSD-3-Clause */
/* The result of `rovi separation` for people: the numbers, then in sentences what follows from them. */
#include <math.h>
#include <stdbool.h>

#include "cli/separation.h"
#include "io/report.h"

#define LABEL 15   /* columns */
#define LOST  0.25 /* of its weight: a component with less counts as lost, as in the library */

static void print_label(const char *label, FILE *stream)
{
    fprintf(stream, "  %-*s", LABEL, label);
}

static void print_shares(const rovi_optimum *optimum, FILE *stream)
{
    fputs("   mass", stream);
    for (size_t k = 0; k < optimum->share_count; k++)
        fprintf(stream, "%s %.3g", k ? "," : "", optimum->share[k].value);
}

static void print_optimum(const char *label, const rovi_optimum *optimum, FILE *stream)
{
    print_label(label, stream);
    if (optimum->share_count == 0) {
        fputs("not known exactly here; see the bounds\n", stream);
        return;
    }
    fprintf(stream, "KL %.4f", optimum->kl.value);
    if (optimum->exact)
        fputs(" (exact)", stream);
    else
        fprintf(stream, " ± %.4f (the best known, from above)", optimum->kl.mcse);
    if (optimum->degrees > 0)
        fprintf(stream, " at %.2f degrees", optimum->degrees);
    print_shares(optimum, stream);
    fputc('\n', stream);
}

static void print_b(rovi_estimate b, double limit, int exact, FILE *stream)
{
    print_label("b", stream);
    fprintf(stream, "%.4f", b.value);
    if (!exact)
        fprintf(stream, " ± %.4f (from above)", b.mcse);
    fprintf(stream, ", exp(-2b) = %.4g\n", limit);
}

static void print_side(const rovi_sides *sides, int which, FILE *stream)
{
    bool below = (sides->sign[which] > 0) == (which == 0);
    double threshold = fabs(sides->threshold[which]) < 1e-7 ? 0 : sides->threshold[which]; /* as near as it is sought */
    fprintf(stream, "x.%zu %c %.4g", sides->axis[which] + 1, below ? '<' : '>', threshold);
}

static void print_bound(const char *label, const rovi_collapse_bound *bound, double limit, FILE *stream)
{
    print_label(label, stream);
    fprintf(stream, "%.4g", bound->epsilon);
    if (bound->applies)
        fprintf(stream, " <= exp(-2b): lesser mass at most %.4g (4), %.4g (5)\n", bound->bound, bound->sharper);
    else
        fprintf(stream, ", not known to be <= exp(-2b) = %.4g: the theorem is silent\n", limit);
}

static void print_sides(const rovi_sides *sides, FILE *stream)
{
    print_label("", stream);
    fputs("for A_0: ", stream);
    print_side(sides, 0, stream);
    fputs(" and A_1: ", stream);
    print_side(sides, 1, stream);
    fputc('\n', stream);
}

static void print_weights(const rovi_separation_pair *pair, FILE *stream)
{
    print_label("h", stream);
    fprintf(stream, "%.4f, %.4f: least KL to either component alone\n", pair->h[0], pair->h[1]);
    print_label("w*", stream);
    fprintf(stream, "%.4f (6); the form h_0/(h_0 + h_1) of summaries gives ", pair->critical_weight);
    if (isnan(pair->printed_weight))
        fputs("0/0\n", stream);
    else
        fprintf(stream, "%.4f\n", pair->printed_weight);
}

static void print_rotation_bounds(const rovi_separation_pair *pair, FILE *stream)
{
    print_label("RoVI bounds", stream);
    if (isnan(pair->shared_line))
        fprintf(stream, "%.4f along the line (31)", pair->along_line);
    else
        fprintf(stream, "%.4f along the line (7), %.4f along the axes (8)", pair->shared_line, pair->shared_axes);
    fprintf(stream, ", %.4f for one component\n", pair->keep_one);
}

/* ---- sentences ---- */

static void say_theorem(const rovi_separation_pair *pair, FILE *stream)
{
    if (pair->by_mass.epsilon == 0)
        fputs(
            "No mass lies in E as far as doubles tell (epsilon = 0, Lemma 2.2): every product density of finite KL is "
            "on one side.\n",
            stream);
    else if (pair->by_mass.applies || pair->by_definition.applies)
        fputs("The components are separated enough for the theorem.\n", stream);
    else
        fputs("The components are not separated enough for the theorem.\n", stream);
}

static void say_mean_field(const rovi_separation_pair *pair, FILE *stream)
{
    const char *why = pair->by_mass.applies || pair->by_definition.applies ? "" : " nevertheless";
    if (!pair->collapses)
        fputs("Mean-field VI keeps both components", stream);
    else if (pair->survivor < 0)
        fprintf(stream, "Mean-field VI collapses%s, onto either component: they tie", why);
    else
        fprintf(stream, "Mean-field VI collapses%s, onto component %zu", why, pair->component[pair->survivor]);
    fputs(pair->mean_field.exact ? ".\n" : ", by the best product density that is known.\n", stream);
}

static void say_rotated(const rovi_separation_pair *pair, FILE *stream)
{
    const rovi_optimum *best = &pair->rotated;
    if (!best->exact) {
        fprintf(stream, "RoVI can reach a KL of %.4f or less", pair->least_bound);
        fputs(pair->least_bound < pair->keep_one ? ", with both components.\n"
                                                 : "; no bound here says that it keeps both components.\n",
              stream);
        return;
    }
    double lesser = fmin(best->share[0].value / pair->weight[0], best->share[1].value / pair->weight[1]);
    fprintf(stream, "RoVI %s; its least KL is %.4f.\n",
            lesser < LOST ? "loses a component too, at the best angle" : "keeps both components", best->kl.value);
}

static void print_pair(const rovi_separation *separation, size_t p, FILE *stream)
{
    const rovi_separation_pair *pair = separation->pairs + p;
    fprintf(stream, "\nComponents %zu and %zu, weights %.4g and %.4g%s\n\n", pair->component[0], pair->component[1],
            pair->weight[0], pair->weight[1], separation->count > 2 ? " of the two" : "");
    print_optimum("mean-field VI", &pair->mean_field, stream);
    print_b(pair->b, pair->limit, pair->mean_field.exact, stream);
    print_bound("epsilon", &pair->by_definition, pair->limit, stream);
    print_sides(&pair->best_epsilon, stream);
    print_bound("pi(E)", &pair->by_mass, pair->limit, stream);
    print_sides(&pair->best_mass, stream);
    if (separation->count > 2)
        print_bound("  of the whole", separation->by_whole + p, separation->limit, stream);
    print_weights(pair, stream);
    print_rotation_bounds(pair, stream);
    print_optimum("RoVI", &pair->rotated, stream);
    fputc('\n', stream);
    say_theorem(pair, stream);
    say_mean_field(pair, stream);
    say_rotated(pair, stream);
}

/* As for a pair, lost is what has less than a quarter of its weight. */
static void say_lost(const char *method, const rovi_separation *separation, const rovi_optimum *optimum, FILE *stream)
{
    size_t lost = 0;
    if (optimum->share_count == 0)
        return;
    for (size_t k = 0; k < optimum->share_count; k++) {
        if (optimum->share[k].value >= LOST * separation->weight[k])
            continue;
        if (lost == 0)
            fprintf(stream, "%s loses component", method);
        fprintf(stream, "%s %zu", lost++ ? "," : "", k);
    }
    if (lost == 0)
        fprintf(stream, "%s keeps all components", method);
    fputs(".\n", stream);
}

static void print_whole(const rovi_separation *separation, FILE *stream)
{
    fputs("\nAll components together\n\n", stream);
    print_optimum("mean-field VI", &separation->mean_field, stream);
    print_b(separation->b, separation->limit, separation->mean_field.exact, stream);
    print_optimum("RoVI", &separation->rotated, stream);
    print_label("RoVI bound", stream);
    fprintf(stream, "%.4f\n\n", separation->least_bound);
    say_lost("Mean-field VI", separation, &separation->mean_field, stream);
    say_lost("RoVI", separation, &separation->rotated, stream);
}

rovi_status separation_print_table(const char *target, const rovi_separation *separation, FILE *stream,
                                   rovi_error *error)
{
    fprintf(stream, "%s, %zu dimensions, %zu components\n", target, separation->dim, separation->count);
    if (separation->count > 2)
        print_whole(separation, stream);
    for (size_t p = 0; p < separation->pair_count; p++)
        print_pair(separation, p, stream);
    return ferror(stream) ? report(error, ROVI_IO_FAILED, "standard output: cannot be written") : ROVI_OK;
}
