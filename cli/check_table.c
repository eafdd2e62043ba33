/* SPDX-License-Identifier: BSD-3-Clause */
/* The result of `rovi check` for people: the verdict first. */
#include <inttypes.h>
#include <math.h>

#include "cli/common/agreement.h"
#include "cli/common/diagnosis.h"
#include "cli/common/rows.h"
#include "io/report.h"

#define MODES_SHOWN 8

static void print_verdict(const struct checked *checked, FILE *stream)
{
    const rovi_diagnosis_parts *parts = checked->diagnosis;
    const char *const plain[] = {[ROVI_COLLAPSE_UNKNOWN] =
                                     parts->climbs > 0 ? "Whether a mode is lost is not known" : "Not searched",
                                 [ROVI_COLLAPSE_NONE] = "No lost mode was found",
                                 [ROVI_COLLAPSE_SUSPECTED] = "Mode collapse is suspected"};
    fprintf(stream, "%s: %s.\n\n", plain[parts->verdict], parts->reason);
}

static void row_known(const char *label, rovi_estimate estimate, const char *note, FILE *stream)
{
    if (!isnan(estimate.value))
        row_estimate(label, estimate, note, stream);
}

static void print_evidence(const rovi_diagnosis_parts *parts, FILE *stream)
{
    row_known("KL", parts->kl, "   (log Z known)", stream);
    row_known("ELBO", parts->elbo, "", stream);
    fprintf(stream, "  %-10s", "log Z");
    diagnosis_print_log_z(parts, stream);
    fputc('\n', stream);
    diagnosis_print_kl_least(parts, stream);
    fprintf(stream, "  %-10s", "k-hat");
    k_hat_print(diagnosis_k_hat(parts), stream);
    fputc('\n', stream);
    fprintf(stream, "  %-10s%.0f of %zu draws by their importance weights\n", "effective", parts->ess, parts->draws);
    row_outside(parts->outside, stream);
}

static void print_modes(const rovi_diagnosis_parts *parts, FILE *stream)
{
    size_t shown = parts->mode_count < MODES_SHOWN ? parts->mode_count : MODES_SHOWN;
    fprintf(stream, "\n  %.6g mode%s of the fit%s\n", parts->modes_total, parts->modes_total == 1 ? "" : "s",
            (double)shown < parts->modes_total ? ", the heaviest:" : ":");
    fprintf(stream, "  %-10s" DIAGNOSIS_MASS " mean\n", "weight");
    for (size_t k = 0; k < shown; k++) {
        const rovi_diagnosed_mode *mode = parts->modes + k;
        fprintf(stream, "  %-10.4f", mode->weight);
        diagnosis_print_mass(mode->mass, stream);
        print_coordinates(mode->mean, parts->dim, stream);
        diagnosis_print_standing(parts, k, stream);
        fputc('\n', stream);
    }
}

static void print_regions(const rovi_diagnosis_parts *parts, FILE *stream)
{
    if (parts->region_count == 0)
        return;
    fprintf(stream, "\n  Beyond the fit:\n  %-10s" DIAGNOSIS_MASS " mean\n", "held");
    for (size_t k = 0; k < parts->region_count && k < MODES_SHOWN; k++) {
        const rovi_region *region = parts->regions + k;
        fprintf(stream, "  %-10.4f", region->held.value);
        diagnosis_print_mass(region->mass, stream);
        print_coordinates(region->mean, parts->dim, stream);
        fputs(region->missed ? "   missed\n" : "\n", stream);
    }
}

static void print_restarts(const struct checked *checked, FILE *stream)
{
    const rovi_diagnosis_parts *parts = checked->diagnosis;
    const struct agreement agreement = agreement_of(rovi_fit_parts_of(checked->fit));
    fprintf(stream, "\n  %-10s%zu of %zu agree with the fit\n", "restarts",
            parts->cluster_count ? parts->clusters[0].size : 0, agreement.fitted);
    for (size_t c = 1; c < parts->cluster_count && c < MODES_SHOWN; c++) {
        fprintf(stream, "  %-10s", "");
        diagnosis_print_cluster(parts->clusters + c, stream);
        fputc('\n', stream);
    }
    if (agreement.spared)
        fprintf(stream, "  %-10sthe searches of %zu more found the same modes\n", "", agreement.spared);
    if (agreement.failed)
        fprintf(stream, "  %-10s%zu failed\n", "", agreement.failed);
    if (agreement.undone)
        fprintf(stream, "  %-10s%zu not fitted\n", "", agreement.undone);
}

static void print_prediction(const rovi_separation *theory, FILE *stream)
{
    const rovi_separation_pair *pair = theory->pairs;
    fprintf(stream, "  %-10smean-field VI", "theory");
    if (theory->pair_count > 1)
        fputs(" of these components", stream);
    else if (!pair->collapses)
        fputs(" keeps both components", stream);
    else if (pair->survivor < 0)
        fputs(" collapses, onto either component", stream);
    else
        fprintf(stream, " collapses, onto component %zu", pair->component[pair->survivor]);
    fprintf(stream, ": least KL %s%.4f", theory->mean_field.exact ? "" : "at most ", theory->mean_field.kl.value);
    if (isnan(theory->rotated.kl.value))
        fprintf(stream, "; a rotation reaches at most %.4f\n", theory->least_bound);
    else
        fprintf(stream, "; with a rotation %.4f\n", theory->rotated.kl.value);
}

static void print_theory(const struct checked *checked, FILE *stream)
{
    const rovi_separation *theory = checked->theory;
    if (!theory)
        return;
    fputc('\n', stream);
    print_prediction(theory, stream);
    fprintf(stream, "  %-10s%s: KL %.4f; components hold", "this fit", checked->context->method,
            checked->diagnosis->kl.value);
    for (size_t k = 0; k < theory->count; k++)
        fprintf(stream, "%s %.1f %% (of %.1f)", k ? "," : "", 100 * checked->share[k], 100 * theory->weight[k]);
    fputc('\n', stream);
}

static void print_costs(const rovi_diagnosis_parts *parts, FILE *stream)
{
    fprintf(stream, "\n  %-10s%" PRIu64 " densities, %" PRIu64 " of them with gradient, in %.2f s\n", "asked",
            parts->evaluations.density, parts->evaluations.gradient, parts->wall_s);
}

rovi_status check_print_table(const struct checked *checked, FILE *stream, rovi_error *error)
{
    const rovi_diagnosis_parts *parts = checked->diagnosis;
    fprintf(stream, "%s: %s of %s, %zu dimension%s\n\n", checked->file, checked->context->method,
            checked->context->target, parts->dim, parts->dim == 1 ? "" : "s");
    print_verdict(checked, stream);
    print_evidence(parts, stream);
    print_modes(parts, stream);
    print_regions(parts, stream);
    print_restarts(checked, stream);
    print_theory(checked, stream);
    print_costs(parts, stream);
    if (parts->verdict == ROVI_COLLAPSE_SUSPECTED) {
        struct pool pool = {0};
        const char *next = diagnosis_next(checked->context, checked->fit, checked->file, &pool);
        fprintf(stream, "\nNext:  %s\n", next ? next : "");
        pool_free(&pool);
    }
    return ferror(stream) ? report(error, ROVI_IO_FAILED, "standard output: cannot be written") : ROVI_OK;
}
