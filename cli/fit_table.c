/* SPDX-License-Identifier: BSD-3-Clause */
/* The result of `rovi fit` for people: short, aligned, and ending with what to do next. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/common/agreement.h"
#include "cli/common/diagnosis.h"
#include "cli/common/rows.h"
#include "cli/common/shell.h"
#include "cli/fit_result.h"
#include "io/report.h"

#define MODES_SHOWN 8

/* The best restart that is one rotated product, or a mixture, as asked; NULL when there is none. */
static const rovi_restart *best_of(const rovi_fit_parts *parts, bool mixture)
{
    const rovi_restart *best = NULL;
    for (size_t i = 0; i < parts->restart_count; i++) {
        const rovi_restart *restart = parts->restarts + i;
        if (restart->approximation && mixture == (rovi_approximation_components(restart->approximation) > 1) &&
            (!best || restart->elbo.value > best->elbo.value))
            best = restart;
    }
    return best;
}

/* How many rotated products the fit is made of, and why, where both were tried. */
static void print_family(const rovi_fit *fit, FILE *stream)
{
    const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
    size_t count = rovi_approximation_components(rovi_fit_approximation(fit));
    const rovi_restart *one = best_of(parts, false), *mixture = best_of(parts, true);
    if (count > 1)
        fprintf(stream, "  %-10s%zu rotated products", "mixture", count);
    else if (mixture)
        fprintf(stream, "  %-10sa mixture of %zu rotated products was tried", "",
                rovi_approximation_components(mixture->approximation));
    else
        return;
    char gain[ROVI_ESTIMATE_ROOM];
    if (one && mixture)
        fprintf(stream, ": %s nats %s the best single one",
                rovi_estimate_text((rovi_estimate){fabs(mixture->elbo.value - one->elbo.value), NAN}, 0, gain),
                mixture->elbo.value > one->elbo.value ? "above" : "below");
    if (count > 1 && parts->restarts[parts->winner].degenerate > 0)
        fprintf(stream, "; dropped as degenerate: %" PRIu64, parts->restarts[parts->winner].degenerate);
    fputc('\n', stream);
}

/* What a mixture cost against one rotation, where both were tried: it is then one more restart. */
static void print_price(const rovi_fit_parts *parts, FILE *stream)
{
    const rovi_restart *mixture = best_of(parts, true);
    uint64_t others = 0;
    if (!mixture || !mixture->trace_length || !best_of(parts, false))
        return;
    for (size_t i = 0; i < parts->restart_count; i++)
        others += parts->restarts + i == mixture ? 0 : parts->restarts[i].evaluations.density;
    fprintf(stream, "  %-10s%" PRIu64 " for the mixture, in %.2f s; %" PRIu64 " before it, by %zu restart%s\n", "",
            mixture->evaluations.density, mixture->trace[mixture->trace_length - 1].seconds, others,
            parts->restart_count - 1, parts->restart_count > 2 ? "s" : "");
}

static void print_evidence(const rovi_fit_parts *parts, const rovi_diagnosis_parts *diagnosis,
                           const struct summary *summary, FILE *stream)
{
    if (isnan(parts->kl.value))
        row_estimate("ELBO", parts->elbo, "   (log Z unknown)", stream);
    else
        row_estimate("KL", parts->kl, "   (log Z known)", stream);
    if (!isnan(parts->kl.value))
        row_estimate("ELBO", parts->elbo, "", stream);
    row_outside(diagnosis_outside(parts, diagnosis), stream);
    if (diagnosis) {
        diagnosis_print_kl_least(diagnosis, stream);
        fprintf(stream, "  %-10s", "k-hat");
        k_hat_print(summary_k_hat(summary, diagnosis), stream);
        fputc('\n', stream);
    }
}

/* "2", or "2 of the fit, 1 of the target". */
static void print_mode_count(const rovi_modes *modes, const rovi_diagnosis_parts *seen, FILE *stream)
{
    const size_t confirmed = seen ? diagnosis_confirmed(seen) : 0;
    fprintf(stream, "  %-10s%.6g", "modes", modes->total);
    if (confirmed)
        fprintf(stream, " of the fit, %zu of the target", confirmed);
    fputs(modes->total > MODES_SHOWN ? ", the heaviest:\n" : "\n", stream);
}

/* Of several, what each has of the target as well, where that is known. */
static void print_modes(const rovi_modes *modes, const rovi_diagnosis_parts *diagnosis, size_t d, FILE *stream)
{
    const rovi_diagnosis_parts *seen = modes->total > 1 ? diagnosis : NULL;
    int width = 9 * (int)(d < COORDINATES_SHOWN ? d : COORDINATES_SHOWN) + (d > COORDINATES_SHOWN ? 4 : 0);
    print_mode_count(modes, seen, stream);
    fprintf(stream, "  %-10s%-8s%s%*s    %*s\n", "", "weight", seen ? DIAGNOSIS_MASS : "", width, "mean", width, "sd");
    for (size_t k = 0; k < modes->listed; k++) {
        fprintf(stream, "  %-10s%-8.4f", "", modes->mode[k].weight);
        if (seen)
            diagnosis_print_mass(seen->modes[k].mass, stream);
        print_coordinates(modes->mode[k].mean, d, stream);
        fputs("    ", stream);
        print_coordinates(modes->mode[k].sd, d, stream);
        if (seen)
            diagnosis_print_standing(seen, k, stream);
        fputc('\n', stream);
    }
}

static void print_restarts(const rovi_fit_parts *parts, FILE *stream)
{
    struct agreement agreement = agreement_of(parts);
    fprintf(stream, "  %-10s", "restarts");
    if (agreement.spared)
        fprintf(stream, "%zu fitted; the searches of %zu more found the same modes: ", agreement.fitted,
                agreement.spared);
    fprintf(stream, "%zu of %zu reach the best ELBO", agreement.reaching, agreement.fitted);
    if (agreement.fitted > 1)
        fprintf(stream, " (" AGREEMENT_RULE ")");
    char worst[ROVI_ESTIMATE_ROOM];
    if (agreement.reaching + agreement.failed < agreement.fitted)
        fprintf(stream, ", the worst is %s below",
                rovi_estimate_text((rovi_estimate){agreement.worst_gap, NAN}, 0, worst));
    if (agreement.failed)
        fprintf(stream, ", %zu failed", agreement.failed);
    if (agreement.undone)
        fprintf(stream, ", %zu not fitted", agreement.undone);
    fputc('\n', stream);
}

static void print_collapse(const struct fit_context *context, FILE *stream)
{
    if (!context->diagnosis)
        return;
    const char *verdict = rovi_collapse_text(context->diagnosis->verdict);
    fprintf(stream, "  %-10s%s: %s\n", "collapse", verdict, context->diagnosis->reason);
}

static void print_going_on(const struct fit_context *context, FILE *stream)
{
    if (context->taken_in)
        fprintf(stream, "  %-10swith %zu mode%s that the search beyond an earlier fit had found\n", "went on",
                context->taken_in, context->taken_in == 1 ? "" : "s");
    if (context->in_vain)
        fprintf(stream, "  %-10s%s what the search has found, of which nothing came\n",
                context->taken_in ? "" : "went on", context->taken_in ? "and with" : "with");
}

static void print_costs(const struct fit_context *context, const rovi_fit_parts *parts, FILE *stream)
{
    fprintf(stream, "  %-10s%.2f s on %d thread%s (%.2f thread-seconds inside the target), %.2f s in all\n", "time",
            parts->wall_s, parts->threads, parts->threads == 1 ? "" : "s", parts->target_s, context->total_s);
    fprintf(stream, "  %-10s%" PRIu64 " densities, %" PRIu64 " of them with gradient", "asked",
            parts->evaluations.density, parts->evaluations.gradient);
    if (parts->evaluations.rejected)
        fprintf(stream, ", %" PRIu64 " rejected", parts->evaluations.rejected);
    fputc('\n', stream);
    print_price(parts, stream);
}

static void print_next(const struct fit_context *context, const rovi_fit *fit, const struct summary *summary,
                       const char *saved, FILE *stream)
{
    if (!saved) {
        fprintf(stream, "  %-10snothing: see the message above\n", "saved");
        return;
    }
    if (strcmp(saved, "-") == 0)
        return;
    struct pool pool = {0};
    const bool lost = context->diagnosis && context->diagnosis->verdict == ROVI_COLLAPSE_SUSPECTED && !context->in_vain;
    const char *file = shell_word(&pool, saved), *next = lost ? diagnosis_next(context, fit, saved, &pool) : NULL;
    fprintf(stream, "  %-10s%s\n", "saved", saved);
    if (file) {
        fputs("\nNext:  ", stream);
        if (next)
            fprintf(stream, "%s\n       rovi check %s\n       ", next, file);
        fprintf(stream, "rovi plot %s -o fit.png\n       rovi report %s -o report.html\n", file, file);
        fprintf(stream, "       rovi sample %s -n 1000 %s-o draws.csv\n", file,
                summary_weighs(fit, context->diagnosis, summary) ? "--resample 10000 " : "");
    }
    pool_free(&pool);
}

rovi_status fit_print_table(const struct fit_context *context, const rovi_fit *fit, const struct summary *summary,
                            const char *saved, FILE *stream, rovi_error *error)
{
    const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
    const rovi_approximation *q = rovi_fit_approximation(fit);
    size_t d = rovi_approximation_dim(q);
    rovi_modes *modes;
    rovi_status status = rovi_approximation_modes(q, MODES_SHOWN, &modes, error);
    if (status)
        return status;
    fprintf(stream, "%s, %zu dimension%s\n\n", context->target, d, d == 1 ? "" : "s");
    fprintf(stream, "  %-10s%s, preset %s, seed %" PRIu64 "\n", "method", context->method, context->preset,
            context->seed);
    print_family(fit, stream);
    fprintf(stream, "  %-10s%s\n", "status", rovi_stop_text(parts->stop));
    print_evidence(parts, context->diagnosis, summary, stream);
    print_modes(modes, context->diagnosis, d, stream);
    print_restarts(parts, stream);
    print_collapse(context, stream);
    print_going_on(context, stream);
    print_costs(context, parts, stream);
    print_next(context, fit, summary, saved, stream);
    if (summary)
        summary_print(summary, stream);
    rovi_modes_free(modes);
    return ferror(stream) ? report(error, ROVI_IO_FAILED, "standard output: cannot be written") : ROVI_OK;
}
