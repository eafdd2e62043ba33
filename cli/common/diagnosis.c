/* SPDX-License-Identifier: BSD-3-Clause */
/* What `rovi fit` and `rovi check` share of a diagnosis. */
#include "cli/common/diagnosis.h"

#include <math.h>
#include <string.h>

#include "cli/common/rows.h"
#include "cli/common/shell.h"

#define SCALE_SPOKEN_OF 1.05 /* ratio of sd; less is as good as the same */
#define KL_SPOKEN_OF    0.1  /* nats */
#define KL_ERRORS       3    /* standard errors that it is from zero */

bool fit_is_compact(const rovi_fit *fit)
{
    return !rovi_approximation_parts_of(rovi_approximation_component(rovi_fit_approximation(fit), 0, NULL))->rotation;
}

char *diagnosis_next(const struct fit_context *context, const rovi_fit *fit, const char *file, struct pool *pool)
{
    const bool saved = file && strcmp(file, "-") != 0;
    const char *again = shell_fit(pool, context), *start = shell_word(pool, saved ? file : "-");
    if (!again || !start)
        return NULL;
    return pool_format(pool, "%s%s%s%s", again, fit_is_compact(fit) ? "" : " --method mixture",
                       saved ? " --start " : "", saved ? start : "");
}

struct k_hat diagnosis_k_hat(const rovi_diagnosis_parts *parts)
{
    return (struct k_hat){parts->k_hat, parts->k_threshold, parts->draws};
}

bool k_hat_is_within(struct k_hat k_hat)
{
    return k_hat.value <= k_hat.threshold;
}

void k_hat_print(struct k_hat k_hat, FILE *stream)
{
    const bool within = k_hat_is_within(k_hat);
    if (isnan(k_hat.value))
        fputs("undefined: the largest importance weights are equal, or too few", stream);
    else
        fprintf(stream, "%.2f by %zu draws, %s %.2f: %s", k_hat.value, k_hat.draws, within ? "within" : "above",
                k_hat.threshold,
                within ? "importance sampling can correct the fit, where it has mass"
                       : "tails or shape of the fit are off, and importance sampling cannot correct them");
}

rovi_estimate diagnosis_outside(const rovi_fit_parts *parts, const rovi_diagnosis_parts *diagnosis)
{
    return diagnosis && parts->outside.value == 0 && diagnosis->outside.value > 0 ? diagnosis->outside : parts->outside;
}

rovi_estimate diagnosis_kl_least(const rovi_diagnosis_parts *parts)
{
    const rovi_estimate kl = {parts->log_z_bound.value - parts->elbo.value,
                              hypot(parts->log_z_bound.mcse, parts->elbo.mcse)};
    const bool told = isnan(parts->kl.value) && kl.value > KL_SPOKEN_OF && kl.value > KL_ERRORS * kl.mcse;
    return told ? kl : (rovi_estimate){NAN, NAN};
}

void diagnosis_print_kl_least(const rovi_diagnosis_parts *parts, FILE *stream)
{
    const rovi_estimate kl = diagnosis_kl_least(parts);
    if (!isnan(kl.value))
        row_estimate("KL", kl, ", at least, by what is known of log Z", stream);
}

void diagnosis_print_log_z(const rovi_diagnosis_parts *parts, FILE *stream)
{
    const bool known = !isnan(parts->log_z.mcse);
    char text[ROVI_ESTIMATE_ROOM];
    rovi_estimate_text(known ? parts->log_z : parts->log_z_bound, 0, text);
    fprintf(stream, known ? "%s, of what the draws reach" : "at least %s: the weights do not tell how much more", text);
}

void diagnosis_print_mass(rovi_estimate mass, FILE *stream)
{
    fprintf(stream, "%.4f ± %-9.4f", mass.value, mass.mcse);
}

size_t diagnosis_confirmed(const rovi_diagnosis_parts *parts)
{
    size_t own = 0;
    for (size_t k = 0; k < parts->mode_count; k++)
        own += parts->modes[k].part_of == k;
    return own < parts->mode_count && (double)parts->mode_count == parts->modes_total ? own : 0;
}

void diagnosis_print_standing(const rovi_diagnosis_parts *parts, size_t k, FILE *stream)
{
    const rovi_diagnosed_mode *mode = parts->modes + k;
    if (mode->part_of != k)
        fprintf(stream, "   no mode of the target: part of number %zu", mode->part_of + 1);
    if (mode->missed)
        fputs("   all but lost", stream);
}

void diagnosis_print_cluster(const rovi_restart_cluster *cluster, FILE *stream)
{
    char below[ROVI_ESTIMATE_ROOM];
    fprintf(stream, "%zu like number %zu: ELBO %s below, means up to %.2g sd off", cluster->size, cluster->best + 1,
            rovi_estimate_text(cluster->below, 0, below), cluster->shift);
    if (cluster->scale > SCALE_SPOKEN_OF)
        fprintf(stream, ", sd up to %.2g times as large or as small", cluster->scale);
}
