/* SPDX-License-Identifier: BSD-3-Clause */
/* What a diagnosis says, in a table for people or in JSON; and how a command runs one. */
#ifndef ROVI_CLI_COMMON_DIAGNOSIS_H
#define ROVI_CLI_COMMON_DIAGNOSIS_H

#include <stdbool.h>
#include <stdio.h>

#include "io/fit_file.h"
#include "rovi.h"

/* What `rovi check` knows beside the diagnosis. */
struct checked {
    const char *file; /* the fit's */
    const struct fit_context *context;
    const rovi_fit *fit;
    const rovi_diagnosis_parts *diagnosis;
    const rovi_separation *theory; /* or NULL */
    const double *share;           /* of the fit's draws nearest to each component, where there is a theory */
};

rovi_status check_print_json(const struct checked *checked, FILE *stream, rovi_error *error);
rovi_status check_print_table(const struct checked *checked, FILE *stream, rovi_error *error);

/* Whether the fit, or what it is a mixture of, has the compact form: many dimensions. */
bool fit_is_compact(const rovi_fit *fit);

/* The command that takes in what the fit has missed: it goes on from the fit's file, unless that is NULL or "-". In the
 * pool; NULL when out of memory. */
char *diagnosis_next(const struct fit_context *context, const rovi_fit *fit, const char *file, struct pool *pool);

/* Pareto k of importance weights, what it may be, and the draws that it is of. */
struct k_hat {
    double value, threshold;
    size_t draws;
};
struct k_hat diagnosis_k_hat(const rovi_diagnosis_parts *parts);
bool k_hat_is_within(struct k_hat k_hat);

/* "0.30 by 4000 draws, within 0.70: importance sampling can correct the fit, where it has mass" */
void k_hat_print(struct k_hat k_hat, FILE *stream);

/* The share of the fit's mass outside the support: of the diagnosis, where that alone has met any. It may be NULL. */
rovi_estimate diagnosis_outside(const rovi_fit_parts *parts, const rovi_diagnosis_parts *diagnosis);

/* Where log Z is not known: KL(q || p) of the fit, at least, as the bound of log Z from below has it. NaN where it is
 * known, or the bound shows no KL that is clear and worth speaking of. */
rovi_estimate diagnosis_kl_least(const rovi_diagnosis_parts *parts);
void diagnosis_print_kl_least(const rovi_diagnosis_parts *parts, FILE *stream); /* a row, where there is one */

/* log Z by importance sampling with its error or, where that is not known, what it is at least. */
void diagnosis_print_log_z(const rovi_diagnosis_parts *parts, FILE *stream);

/* "0.3012 ± 0.0040": the mass of a mode or region in the target, in a column as wide as its heading. */
#define DIAGNOSIS_MASS "mass in the target"
void diagnosis_print_mass(rovi_estimate mass, FILE *stream);

/* How many modes of the fit the target confirms, where it does not all: some are parts of others; else 0. Where not all
 * of them are listed, that is not known. */
size_t diagnosis_confirmed(const rovi_diagnosis_parts *parts);

/* After the row of a mode of the fit, number k: nothing, or that it is no mode of the target, or all but lost. */
void diagnosis_print_standing(const rovi_diagnosis_parts *parts, size_t k, FILE *stream);

/* "2 like number 3: ELBO 4.100 ± 0.020 below, means up to 6.1 sd off" */
void diagnosis_print_cluster(const rovi_restart_cluster *cluster, FILE *stream);

#endif
