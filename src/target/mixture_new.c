/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gaussian and Student-t mixtures from the user's arrays: every entry is checked, and a refusal names the component and
 * the value. Then matrices are factored, means whitened and the constants of equation (17) of docs/math.md computed, so
 * that nothing is left to do per call that does not depend on x.
 */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/linalg.h"
#include "base/normal.h"
#include "base/status.h"
#include "target/mixture.h"

/* ---------------------------------------------------------------------------------------------------------------------
 * Validation: what the user gave, and sentences that name the component and the value
 */

struct description {
    size_t d, K;
    double df;
    const double *weights, *means, *matrices;
    size_t matrix_count;
    const char *matrix; /* "covariance" or "scale" */
};

/* What the user calls matrix number g: "covariances[2]", or "covariance" for one that several components share */
static const char *matrix_name(const struct description *from, size_t g, char name[64])
{
    if (from->matrix_count == 1 && from->K > 1) {
        snprintf(name, 64, "%s", from->matrix);
    } else {
        snprintf(name, 64, "%ss[%zu]", from->matrix, g);
    }
    return name;
}

static rovi_status check_weights(const struct description *from, rovi_error *error)
{
    double sum = 0;
    for (size_t k = 0; k < from->K; k++) {
        if (!(from->weights[k] > 0) || isinf(from->weights[k])) {
            return error_set(error, ROVI_BAD_INPUT, "weights[%zu] is %g; weights must be positive and sum to 1", k,
                             from->weights[k]);
        }
        sum += from->weights[k];
    }
    if (!(fabs(sum - 1) <= 1e-8)) {
        return error_set(error, ROVI_BAD_INPUT, "the weights sum to %.10g; they must sum to 1 within 1e-8", sum);
    }
    return ROVI_OK;
}

static rovi_status check_means(const struct description *from, rovi_error *error)
{
    for (size_t k = 0; k < from->K; k++) {
        for (size_t j = 0; j < from->d; j++) {
            const double value = from->means[k * from->d + j];
            if (!isfinite(value)) {
                return error_set(error, ROVI_BAD_INPUT, "means[%zu][%zu] is %g; means must be finite", k, j, value);
            }
        }
    }
    return ROVI_OK;
}

/* Finite and symmetric; the tolerance is that of the weights, relative to the diagonal. */
static rovi_status check_matrix(const struct description *from, size_t g, rovi_error *error)
{
    const size_t d = from->d;
    const double *A = from->matrices + g * d * d;
    char name[64];
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            const double lower = A[i * d + j], upper = A[j * d + i];
            if (!isfinite(lower) || !isfinite(upper)) {
                return error_set(error, ROVI_BAD_INPUT, "%s has the entry %g; entries must be finite",
                                 matrix_name(from, g, name), isfinite(lower) ? upper : lower);
            }
            if (fabs(lower - upper) > 1e-8 * sqrt(fabs(A[i * d + i])) * sqrt(fabs(A[j * d + j]))) {
                return error_set(error, ROVI_BAD_INPUT,
                                 "%s is not symmetric: entry [%zu][%zu] is %.10g and entry [%zu][%zu] is %.10g",
                                 matrix_name(from, g, name), i, j, lower, j, i, upper);
            }
        }
    }
    return ROVI_OK;
}

static rovi_status check_counts(const struct description *from, rovi_error *error)
{
    if (from->K < 1 || from->weights == NULL || from->means == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "a mixture needs at least one component, with its weight and mean");
    }
    if (from->matrix_count > 1 && from->matrix_count != from->K) {
        return error_set(error, ROVI_BAD_INPUT, "there are %zu %ss; 0 (identity), 1 (shared) or %zu are allowed",
                         from->matrix_count, from->matrix, from->K);
    }
    if (from->matrix_count > 0 && from->matrices == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "%ss is NULL, but their number is %zu", from->matrix,
                         from->matrix_count);
    }
    return ROVI_OK;
}

static rovi_status check(const struct description *from, rovi_error *error)
{
    rovi_status status = check_counts(from, error);
    status = status == ROVI_OK ? check_weights(from, error) : status;
    status = status == ROVI_OK ? check_means(from, error) : status;
    for (size_t g = 0; g < from->matrix_count && status == ROVI_OK; g++) {
        status = check_matrix(from, g, error);
    }
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Construction
 */

/* log Gamma(a + 1/2) - log Gamma(a) - (1/2) log a. The asymptotic series (its terms follow from Stirling's) is exact to
 * rounding from a = 16 on; smaller a climb there by Gamma(a + 1) = a Gamma(a). Not lgamma: that writes the global
 * signgam, and the difference of two loses digits when a is large. */
static double half_step(double a)
{
    double sum = 0;
    while (a < 16) {
        sum += 0.5 * log1p(1 / a) - log1p(0.5 / a);
        a += 1;
    }
    const double r = 1 / a, r2 = r * r;
    return sum + r * (-1.0 / 8 + r2 * (1.0 / 192 + r2 * (-1.0 / 640 + r2 * (17.0 / 14336 - r2 * (31.0 / 18432)))));
}

/* -(d/2) log 2 pi, and for Student's t log [Gamma((df + d)/2) / Gamma(df/2) / (df/2)^(d/2)] more, a product of d/2
 * factors (1 + 2 j/df), j = 0, 1, .. */
double mixture_log_peak(size_t d, double df)
{
    double sum = -(double)d * NORMAL_LOG_SQRT_2PI;
    if (isinf(df)) {
        return sum;
    }
    const double odd = d % 2 == 0 ? 0 : 1; /* an odd d begins with half a step, from df/2 to (df + 1)/2 */
    sum += odd * half_step(0.5 * df);
    for (size_t j = 0; j < d / 2; j++) {
        sum += log1p((2 * (double)j + odd) / df);
    }
    return sum;
}

static double log_determinant(size_t d, const double *L)
{
    double sum = 0;
    for (size_t j = 0; j < d; j++) {
        sum += log(L[j * d + j]);
    }
    return sum;
}

/* The arrays of the mixture; NULL when out of memory. */
static struct mixture *mixture_take(const struct description *from, struct arena *memory)
{
    const size_t d = from->d, K = from->K;
    struct mixture *mix = arena_take(memory, 1, sizeof *mix);
    if (mix != NULL) {
        mix->d = d;
        mix->K = K;
        mix->groups = from->matrix_count > 1 ? K : 1;
        mix->per = from->matrix_count > 1 ? 1 : K;
        mix->df = from->df;
        mix->weight = arena_doubles(memory, K);
        mix->location = arena_copy(memory, from->means, K * d);
        mix->log_c = arena_doubles(memory, K);
        mix->centre = arena_doubles(memory, mix->groups * d);
        mix->mean = arena_copy(memory, from->means, K * d);
        mix->L = from->matrix_count == 0 ? NULL : arena_copy(memory, from->matrices, mix->groups * d * d);
    }
    return memory->failed ? NULL : mix;
}

/* Whether A = L L^T stands above rounding: a squared pivot of d * 1e-16 of its diagonal entry may as well be zero. */
static bool well_above_rounding(size_t d, const double *A, const double *L)
{
    for (size_t j = 0; j < d; j++) {
        const double pivot = L[j * d + j];
        if (!(pivot * pivot > (double)d * DBL_EPSILON * A[j * d + j])) {
            return false;
        }
    }
    return true;
}

static rovi_status factor_matrices(const struct description *from, struct mixture *mix, rovi_error *error)
{
    const size_t d = mix->d;
    char name[64];
    for (size_t g = 0; g < from->matrix_count; g++) {
        double *L = mix->L + g * d * d;
        if (!linalg_cholesky(d, L, L) || !well_above_rounding(d, from->matrices + g * d * d, L)) {
            return error_set(error, ROVI_BAD_INPUT, "%s is not positive definite", matrix_name(from, g, name));
        }
    }
    return ROVI_OK;
}

/* centre_g: the plain average of the group's means; then the means are whitened in place */
static void place_means(struct mixture *mix)
{
    const size_t d = mix->d, per = mix->per;
    for (size_t g = 0; g < mix->groups; g++) {
        double *mean = mix->mean + g * per * d, *centre = mix->centre + g * d;
        for (size_t k = 0; k < per; k++) {
            for (size_t j = 0; j < d; j++) {
                centre[j] += mean[k * d + j] / (double)per;
            }
        }
        mixture_whiten(mix, g, per, mean, mean);
    }
}

static void place_weights(const struct description *from, struct mixture *mix)
{
    const size_t d = mix->d;
    const double peak = mixture_log_peak(d, mix->df);
    double sum = 0;
    for (size_t k = 0; k < mix->K; k++) {
        sum += from->weights[k];
    }
    for (size_t k = 0; k < mix->K; k++) {
        const double *L = mix->L == NULL ? NULL : mix->L + (mix->groups == 1 ? 0 : k) * d * d;
        mix->weight[k] = from->weights[k] / sum;
        mix->log_c[k] = log(mix->weight[k]) + peak - (L == NULL ? 0 : log_determinant(d, L));
    }
}

/* With the BLAS at one thread, so that a mixture has the same bits whatever the process does with it. */
static rovi_status place(const struct description *from, struct mixture *mix, rovi_error *error)
{
    linalg_hold_threads();
    const rovi_status status = factor_matrices(from, mix, error);
    if (status == ROVI_OK) {
        place_means(mix);
        place_weights(from, mix);
    }
    linalg_release_threads();
    return status;
}

static rovi_status mixture_new(const struct description *from, rovi_target **target, rovi_error *error)
{
    rovi_status status = target_accept(from->d, target, error);
    status = status == ROVI_OK ? check(from, error) : status;
    if (status != ROVI_OK) {
        return status;
    }
    struct rovi_target *made = target_make(from->d);
    struct mixture *mix = made == NULL ? NULL : mixture_take(from, &made->memory);
    if (mix == NULL) {
        rovi_target_free(made);
        return error_no_memory(error);
    }
    status = place(from, mix, error);
    if (status != ROVI_OK) {
        rovi_target_free(made);
        return status;
    }
    made->log_z = 0;
    made->concurrent = true;
    made->evaluate = mixture_evaluate;
    made->components = mix->K;
    made->classify = mixture_classify;
    made->scratch = mixture_scratch(mix);
    made->lines = mixture_lines;
    made->lines_scratch = mixture_lines_scratch(mix);
    made->self = mix;
    return target_finish(made, target, error);
}

rovi_status rovi_target_new_gaussian_mixture(size_t d, size_t K, const double *weights, const double *means,
                                             size_t covariance_count, const double *covariances, rovi_target **target,
                                             rovi_error *error)
{
    return mixture_new(
        &(struct description){d, K, INFINITY, weights, means, covariances, covariance_count, "covariance"}, target,
        error);
}

/* NOLINTNEXTLINE(readability-function-size): the public signature has nine parameters */
rovi_status rovi_target_new_student_t_mixture(size_t d, size_t K, double df, const double *weights, const double *means,
                                              size_t scale_count, const double *scales, rovi_target **target,
                                              rovi_error *error)
{
    if (target != NULL && (!(df > 0) || isinf(df))) {
        *target = NULL;
        return error_set(error, ROVI_BAD_INPUT, "df is %g; it must be positive and finite", df);
    }
    return mixture_new(&(struct description){d, K, df, weights, means, scales, scale_count, "scale"}, target, error);
}
