/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a fit file says, as sentences: each looks at one thing, and the worst of them makes the headline.
 *
 * Where log Z is known the KL bounds what can be missing: when q has no mass outside of a region A, then
 * KL(q || p) >= -log p(A), so that a region which the fit misses holds at most 1 - exp(-KL) of the target's mass.
 */
#include "cli/report/verdict.h"

#include <math.h>
#include <string.h>

#include "cli/common/agreement.h"
#include "cli/common/diagnosis.h"
#include "cli/common/shell.h"
#include "io/report.h"

#define KL_NOTICED  0.1  /* nats: as of missing a tenth of the mass */
#define KL_FAR      0.25 /* a quarter */
#define MODES_NAMED 4
#define OUTSIDE     0.001

struct draft {
    const struct fit_file *file;
    const char *path;
    struct pool *pool;
    struct verdict *verdict;
    bool failed; /* for want of memory */
};

static const rovi_fit_parts *parts_of(const struct draft *draft)
{
    return rovi_fit_parts_of(draft->file->fit);
}

/* ---- building ---- */

static void say(struct draft *draft, const char *sentence)
{
    struct verdict *verdict = draft->verdict;
    draft->failed = draft->failed || !sentence;
    if (sentence && verdict->count < SENTENCES_MOST)
        verdict->sentence[verdict->count++] = sentence;
}

/* The first of the worst findings gives the headline. */
static void judge(struct draft *draft, enum verdict_level level, const char *headline)
{
    if (draft->verdict->headline && level <= draft->verdict->level)
        return;
    draft->verdict->level = level;
    draft->verdict->headline = headline;
}

static void advise(struct draft *draft, const char *next)
{
    draft->failed = draft->failed || !next;
    if (!draft->verdict->next)
        draft->verdict->next = next;
}

/* The fit again, by another setting. */
static const char *fit_again(const struct draft *draft, const char *flag, const char *value)
{
    const char *fit = shell_fit(draft->pool, &draft->file->context), *word = shell_word(draft->pool, value);
    return fit && word ? pool_format(draft->pool, "%s %s %s", fit, flag, word) : NULL;
}

/* ---- what is looked at ---- */

/* The search for mass that the fit misses. False where nothing is known of one. */
static bool say_collapse(struct draft *draft)
{
    const rovi_diagnosis_parts *diagnosis = draft->file->context.diagnosis;
    if (!diagnosis || !diagnosis->reason[0])
        return false;
    switch (diagnosis->verdict) {
    case ROVI_COLLAPSE_NONE:
        judge(draft, VERDICT_GOOD, "No mass was found that the fit misses.");
        break;
    case ROVI_COLLAPSE_SUSPECTED:
        judge(draft, VERDICT_BAD, "The fit probably misses part of the target's mass.");
        advise(draft, diagnosis_next(&draft->file->context, draft->file->fit, draft->path, draft->pool));
        break;
    case ROVI_COLLAPSE_UNKNOWN:
        if (diagnosis->found)
            judge(draft, VERDICT_DOUBT, "Another mode was found, but not how much mass it has.");
        else
            judge(draft, VERDICT_OPEN, "Whether the fit misses mass is not known.");
    }
    say(draft, pool_format(draft->pool, "A search beyond the fit: %s.", diagnosis->reason));
    return true;
}

static void say_modes(struct draft *draft)
{
    rovi_modes *modes = NULL;
    if (rovi_approximation_modes(rovi_fit_approximation(draft->file->fit), MODES_NAMED, &modes, NULL)) {
        draft->failed = true;
        return;
    }
    const char *text =
        modes->total == 1 ? "The fit has one mode" : pool_format(draft->pool, "The fit has %.6g modes", modes->total);
    if (text && modes->total > MODES_NAMED)
        text = pool_format(draft->pool, "%s, of which the heaviest holds %.3g %% of its mass", text,
                           100 * modes->mode[0].weight);
    for (size_t i = 0; text && modes->total > 1 && modes->total <= MODES_NAMED && i < modes->listed; i++)
        text = pool_format(draft->pool, "%s%s %.3g %%", text, i ? "," : ", with", 100 * modes->mode[i].weight);
    if (text && modes->total > 1 && modes->total <= MODES_NAMED)
        text = pool_format(draft->pool, "%s of its mass", text);
    say(draft, text ? pool_format(draft->pool, "%s.", text) : NULL);
    rovi_modes_free(modes);
}

static void say_kl(struct draft *draft)
{
    rovi_estimate kl = parts_of(draft)->kl;
    char text[ROVI_ESTIMATE_ROOM];
    double sure = kl.value - 3 * kl.mcse, most = 1 - exp(-fmax(kl.value + 3 * kl.mcse, 0));
    if (sure > KL_FAR)
        judge(draft, VERDICT_BAD, "The fit is far from the target.");
    else if (sure > KL_NOTICED)
        judge(draft, VERDICT_DOUBT, "The fit differs from the target, noticeably.");
    else
        judge(draft, VERDICT_GOOD, "The fit is close to the target.");
    say(draft, pool_format(draft->pool,
                           "Its Kullback-Leibler divergence to the target is %s nats. A region that the fit misses "
                           "can hold %s%.3g %% of the target's mass at most (three standard errors allowed).",
                           rovi_estimate_text(kl, 0, text), most < 1e-4 ? "less than " : "", fmax(100 * most, .01)));
    if (sure > KL_FAR)
        say(draft, pool_format(draft->pool,
                               "So far off is a fit that is exact where it is and misses %.0f %%. A KL does not tell "
                               "that from a shape that the fit cannot take.",
                               100 * (1 - exp(-kl.value))));
}

/* What the importance weights say, which see the fit from within. */
static void say_k_hat(struct draft *draft, const struct k_hat *k_hat)
{
    if (!k_hat || isnan(k_hat->value))
        return;
    if (k_hat_is_within(*k_hat)) {
        say(draft, pool_format(draft->pool,
                               "Where the fit is, it is near enough to the target to be corrected by importance "
                               "weights (Pareto k-hat %.2f by %zu draws, which may be %.2f).",
                               k_hat->value, k_hat->draws, k_hat->threshold));
        return;
    }
    judge(draft, VERDICT_DOUBT, "No missed mode was found, but the fit's shape or tails are off.");
    say(draft, pool_format(draft->pool,
                           "Where the fit is, its shape or its tails are off: Pareto k-hat is %.2f by %zu draws, which "
                           "may be %.2f. Importance weights cannot correct it, and its spread and extreme quantiles "
                           "need a second opinion.",
                           k_hat->value, k_hat->draws, k_hat->threshold));
}

/* Where log Z is not known, a bound of it from below may show that the fit is far off. */
static void say_elbo(struct draft *draft)
{
    const rovi_diagnosis_parts *diagnosis = draft->file->context.diagnosis;
    const rovi_estimate least = diagnosis ? diagnosis_kl_least(diagnosis) : (rovi_estimate){NAN, NAN};
    char text[ROVI_ESTIMATE_ROOM];
    say(draft,
        pool_format(draft->pool,
                    "Its ELBO is %s nats. As the target's log Z is not known, this number serves to compare fits "
                    "to the same target; it does not say how near the target this one is.",
                    rovi_estimate_text(parts_of(draft)->elbo, 0, text)));
    if (isnan(least.value))
        return;
    judge(draft, VERDICT_DOUBT,
          least.value - 3 * least.mcse > KL_FAR ? "The fit is far from the target."
                                                : "The fit differs from the target, noticeably.");
    say(draft, pool_format(draft->pool,
                           "What importance weights tell of log Z from below shows that the fit's "
                           "Kullback-Leibler divergence to the target is %s nats, at least.",
                           rovi_estimate_text(least, 0, text)));
}

static void say_unprobed(struct draft *draft)
{
    const char *method = draft->file->context.method;
    bool mean_field = method && strcmp(method, "mfvi") == 0;
    if (isnan(parts_of(draft)->kl.value)) {
        judge(draft, VERDICT_OPEN, "Whether the fit misses mass was not probed.");
        say(draft, pool_text(draft->pool, "Not probed: no search for mass outside of the fit is recorded in the file. "
                                          "Neither the ELBO nor restarts that agree can show a mode that all of them "
                                          "have missed."));
    } else
        say(draft,
            pool_text(draft->pool, "Not probed: no search for mass outside of the fit is recorded in the file."));
    if (mean_field)
        advise(draft, fit_again(draft, "--method", "auto"));
}

/* By how much a mixture is better than the best fit by a single product; NaN where none was tried, or it is none. */
static double gain_of_mixture(const struct draft *draft)
{
    const rovi_fit_parts *parts = parts_of(draft);
    double least = INFINITY;
    if (rovi_approximation_components(rovi_fit_approximation(draft->file->fit)) == 1)
        return NAN;
    for (size_t r = 0; r < parts->restart_count; r++) {
        const rovi_approximation *q = parts->restarts[r].approximation;
        if (q && rovi_approximation_components(q) == 1 && restart_standing(parts, r) != STANDING_NONE)
            least = fmin(least, restart_gap(parts, r).value);
    }
    return isfinite(least) ? least : NAN;
}

/* Of one ELBO, but that need not be one fit: mean-field VI ends in either of two modes alike. */
static const char *on_agreeing(const struct draft *draft, size_t count)
{
    const rovi_diagnosis_parts *diagnosis = draft->file->context.diagnosis;
    size_t others = 0;
    double shift = 0;
    for (size_t c = 1; diagnosis && c < diagnosis->cluster_count; c++) {
        others += diagnosis->clusters[c].size;
        shift = fmax(shift, diagnosis->clusters[c].shift);
    }
    if (others)
        return pool_format(draft->pool,
                           "All %zu restarts reach the best ELBO, but %zu of them are another fit, with means up to "
                           "%.2g sd away.",
                           count, others, shift);
    return pool_format(draft->pool, "All %zu restarts agree; they may do so on a mode that all have missed.", count);
}

static void say_restarts(struct draft *draft)
{
    const struct agreement agreement = agreement_of(parts_of(draft));
    const size_t done = agreement.fitted + agreement.spared;
    double gain = gain_of_mixture(draft);
    char nats[ROVI_ESTIMATE_ROOM];
    if (!isnan(gain))
        say(draft,
            pool_format(draft->pool, "It is a mixture, whose ELBO is %s nats above that of the best single product.",
                        rovi_estimate_text((rovi_estimate){gain, NAN}, 0, nats)));
    else if (done == 1)
        say(draft, pool_text(draft->pool, "There was one restart, which nothing can be held against."));
    else if (agreement.agreeing == done)
        say(draft, on_agreeing(draft, done));
    else
        say(draft, pool_format(draft->pool, "%zu of %zu restarts reach the best ELBO; the worst is %s nats below%s.",
                               agreement.agreeing, done,
                               rovi_estimate_text((rovi_estimate){agreement.worst_gap, NAN}, 0, nats),
                               agreement.failed ? ", and some failed" : ""));
}

static void say_stop(struct draft *draft)
{
    const rovi_fit_parts *parts = parts_of(draft);
    if (parts->stop != ROVI_STOP_CONVERGED) {
        judge(draft, VERDICT_DOUBT, "The fit has not converged.");
        say(draft, pool_format(draft->pool, "It ended before it had converged (%s).", rovi_stop_text(parts->stop)));
        advise(draft, fit_again(draft, "--start", draft->path));
    }
    const double outside = diagnosis_outside(parts, draft->file->context.diagnosis).value;
    if (outside > OUTSIDE) {
        judge(draft, VERDICT_DOUBT, "The fit has mass where the target has none.");
        say(draft,
            pool_format(draft->pool, "%.2g %% of its mass lies outside of the target's support.", 100 * outside));
    }
}

rovi_status verdict_make(const struct fit_file *file, const char *path, const struct k_hat *k_hat, struct pool *pool,
                         struct verdict *verdict, rovi_error *error)
{
    *verdict = (struct verdict){0};
    struct draft draft = {.file = file, .path = path, .pool = pool, .verdict = verdict};
    bool probed = say_collapse(&draft);
    say_modes(&draft);
    if (isnan(parts_of(&draft)->kl.value))
        say_elbo(&draft);
    else
        say_kl(&draft);
    say_k_hat(&draft, k_hat);
    say_restarts(&draft);
    say_stop(&draft);
    if (!probed)
        say_unprobed(&draft);
    return draft.failed ? report_no_memory(error) : ROVI_OK;
}
