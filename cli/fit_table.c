/* SPDX-License-Identifier: BSD-3-Clause */
/* The result of `rovi fit` for people: short, aligned, and ending with what to do next. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/diagnosis.h"
#include "cli/fit_result.h"
#include "io/report.h"

#define MODES_SHOWN       8
#define COORDINATES_SHOWN 4

static void print_estimate(const char *label, rovi_estimate estimate, const char *note, FILE *stream)
{
    double mcse = estimate.mcse;
    int decimals = mcse > 0 && isfinite(mcse) ? (int)(1 - floor(log10(mcse))) : 4; /* two digits of the error */
    decimals = decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
    fprintf(stream, "  %-10s%.*f", label, decimals, estimate.value);
    if (isfinite(mcse))
        fprintf(stream, " ± %.*f", decimals, mcse);
    fprintf(stream, "%s\n", note);
}

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
    if (one && mixture)
        fprintf(stream, ": %.3g nats %s the best single one", fabs(mixture->elbo.value - one->elbo.value),
                mixture->elbo.value > one->elbo.value ? "above" : "below");
    fputc('\n', stream);
}

static void print_evidence(const rovi_fit_parts *parts, FILE *stream)
{
    if (isnan(parts->kl.value))
        print_estimate("ELBO", parts->elbo, "   (log Z unknown: no KL)", stream);
    else
        print_estimate("KL", parts->kl, "   (log Z known)", stream);
    if (!isnan(parts->kl.value))
        print_estimate("ELBO", parts->elbo, "", stream);
    if (parts->outside > 0)
        fprintf(stream, "  %-10s%.3g of the fit's mass lies outside the target's support\n", "outside", parts->outside);
}

static void print_coordinates(const double *values, size_t d, FILE *stream)
{
    size_t shown = d < COORDINATES_SHOWN ? d : COORDINATES_SHOWN;
    for (size_t i = 0; i < shown; i++)
        fprintf(stream, " %8.4g", values[i]);
    if (shown < d)
        fputs(" ...", stream);
}

static void print_modes(const rovi_modes *modes, size_t d, FILE *stream)
{
    int width = 9 * (int)(d < COORDINATES_SHOWN ? d : COORDINATES_SHOWN) + (d > COORDINATES_SHOWN ? 4 : 0);
    size_t shown = modes->listed < MODES_SHOWN ? modes->listed : MODES_SHOWN;
    fprintf(stream, "  %-10s%.6g%s\n", "modes", modes->total, (double)shown < modes->total ? ", the heaviest:" : "");
    fprintf(stream, "  %-10s%-8s%*s    %*s\n", "", "weight", width, "mean", width, "sd");
    for (size_t i = 0; i < shown; i++) {
        fprintf(stream, "  %-10s%-8.4f", "", modes->mode[i].weight);
        print_coordinates(modes->mode[i].mean, d, stream);
        fputs("    ", stream);
        print_coordinates(modes->mode[i].sd, d, stream);
        fputc('\n', stream);
    }
}

/* Restarts agree when their ELBOs differ by less than is worth speaking of, or by less than their noise. */
static bool agrees(const rovi_restart *restart, const rovi_restart *winner)
{
    double gap = winner->elbo.value - restart->elbo.value;
    return gap < 0.05 || gap < 3 * hypot(winner->elbo.mcse, restart->elbo.mcse); /* .05 nat, 3 standard errors */
}

static void print_restarts(const rovi_fit_parts *parts, FILE *stream)
{
    const rovi_restart *winner = parts->restarts + parts->winner;
    size_t agreeing = 0, failed = 0;
    double worst = winner->elbo.value;
    for (size_t i = 0; i < parts->restart_count; i++) {
        const rovi_restart *restart = parts->restarts + i;
        failed += restart->stop == ROVI_STOP_FAILED;
        if (restart->stop == ROVI_STOP_FAILED || isnan(restart->elbo.value))
            continue;
        agreeing += agrees(restart, winner);
        worst = fmin(worst, restart->elbo.value);
    }
    fprintf(stream, "  %-10s%zu of %zu reach the best ELBO", "restarts", agreeing, parts->restart_count);
    if (agreeing + failed < parts->restart_count)
        fprintf(stream, ", the worst is %.3g below", winner->elbo.value - worst);
    if (failed)
        fprintf(stream, ", %zu failed", failed);
    fputc('\n', stream);
}

static void print_collapse(const struct fit_context *context, FILE *stream)
{
    if (!context->diagnosis)
        return;
    const char *verdict = rovi_collapse_text(context->diagnosis->verdict);
    fprintf(stream, "  %-10s%s: %s\n", "collapse", verdict, context->diagnosis->reason);
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
}

static void print_next(const struct fit_context *context, const char *saved, FILE *stream)
{
    if (!saved) {
        fprintf(stream, "  %-10snothing: see the message above\n", "saved");
        return;
    }
    if (strcmp(saved, "-") == 0)
        return;
    fprintf(stream, "  %-10s%s\n\nNext:  ", "saved", saved);
    if (context->diagnosis && context->diagnosis->verdict == ROVI_COLLAPSE_SUSPECTED) {
        diagnosis_print_next(context->target, context->method, stream);
        fprintf(stream, "       rovi check %s\n       ", saved);
    }
    fprintf(stream, "rovi plot %s -o fit.png\n       rovi sample %s -n 1000 -o draws.csv\n", saved, saved);
}

rovi_status fit_print_table(const struct fit_context *context, const rovi_fit *fit, const char *saved, FILE *stream,
                            rovi_error *error)
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
    print_evidence(parts, stream);
    print_modes(modes, d, stream);
    print_restarts(parts, stream);
    print_collapse(context, stream);
    print_costs(context, parts, stream);
    print_next(context, saved, stream);
    rovi_modes_free(modes);
    return ferror(stream) ? report(error, ROVI_IO_FAILED, "standard output: cannot be written") : ROVI_OK;
}
