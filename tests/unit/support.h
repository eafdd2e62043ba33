/* SPDX-License-Identifier: BSD-3-Clause */
/* What the unit tests share: cmocka with the headers it needs, comparisons that print both numbers, and oracles. */
#ifndef ROVI_TESTS_SUPPORT_H
#define ROVI_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rovi.h"
#include "supervise/supervisor.h"

/* |actual - expected| <= tolerance * max(1, |expected|), and a NaN is never close. */
#define assert_close(actual, expected, tolerance)                                                                      \
    support_assert_close((actual), (expected), (tolerance), #actual, __FILE__, __LINE__)

/* |actual - expected| <= tolerance * |expected| */
#define assert_relative(actual, expected, tolerance)                                                                   \
    support_assert_relative((actual), (expected), (tolerance), #actual, __FILE__, __LINE__)

/* status is the one expected, the error says the same and its sentence contains `part`. */
#define assert_refused(status, error, expected, part)                                                                  \
    support_assert_refused((status), (error), (expected), (part), __FILE__, __LINE__)

void support_assert_close(double actual, double expected, double tolerance, const char *what, const char *file,
                          int line);
void support_assert_relative(double actual, double expected, double tolerance, const char *what, const char *file,
                             int line);
void support_assert_refused(rovi_status status, const rovi_error *error, rovi_status expected, const char *part,
                            const char *file, int line);

/* The integral of f over [a, b] by adaptive Simpson, to about `tolerance` (absolute). */
double support_integrate(double (*f)(double x, void *data), void *data, double a, double b, double tolerance);

/* Gradient of f at x (d) by central differences of fourth order with step h: the error is about h^4 f^(5)/30 from the
 * formula and 1e-16 |f|/h from rounding. */
void support_gradient(double (*f)(size_t d, const double *x, void *data), void *data, size_t d, const double *x,
                      double h, double *grad);

/* A rovi_logp that answers every point with *code, an int, and a log density of 0 */
int support_answer(size_t d, const double *x, double *grad, double *logp, void *code);

/* log density of the target at one point, and a check of its gradient there by support_gradient with step 5e-4: every
 * entry within tolerance of the norm of the whole (at least 1). */
double support_logp(const rovi_target *target, const double *x);
void support_check_gradient(const rovi_target *target, const double *x, double tolerance);

/* The target along lines of one direction against the target at their points, to the rounding of either. */
void support_check_lines(const rovi_target *target);

/* Deterministic numbers for test data, item `index`: standard normals (n), a symmetric positive definite matrix (d*d)
 * with eigenvalues from about 0.5 to 0.5 + 2 d, an orthogonal matrix (d*d, by Gram-Schmidt). */
void support_normals(uint64_t index, size_t n, double *out);
void support_positive_definite(uint64_t index, size_t d, double *A);
void support_orthogonal(uint64_t index, size_t d, double *O);

/* A callback: logs of exponential variables, a product of skewed coordinates whose log Z is 0. */
int support_skewed(size_t d, const double *x, double *grad, double *logp, void *data);

/* E[f(X); X in (a, b)], X ~ N(0,1), infinite ends allowed: support_integrate between the n rising breaks, where f may
 * have kinks. What lies beyond 14 is left out: less than 1e-43 times f. */
double support_expectation(double (*f)(double x, void *data), void *data, double a, double b, size_t n,
                           const double *breaks);

/* The dictionary of maps by its definition, for J cells: psi_k(x), E[psi_k(X)] by quadrature, the value of the map
 * alpha x + sum lambda_k (psi_k(x) - E[psi_k]) + v, and the Gram matrix Q (J*J) by its closed form, in
 * long double because it cancels on narrow cells. Slow. */
double support_hat(const double *knots, size_t k, double x);
double support_hat_mean(const double *knots, size_t k);
double support_map(const rovi_map *map, double x);
void support_gram(size_t J, const double *knots, double *Q);

/* Approximation `index` in d <= 64 dimensions: 5 + index % 5 uneven cells per map, lambda from 0 to 3 or so, center and
 * rotation at random, with or without a whitening. Never NULL. */
rovi_approximation *support_approximation(uint64_t index, size_t d, int whitening);

/* x <- A^-1 x by Gaussian elimination with pivots; A (n*n) is lost. */
void support_solve(size_t n, double *A, double *x);

/* What a part of a solver is given by a fit: a meter on the target, a supervisor without limits, memory. Not to be
 * moved once made. The target is borrowed. */
struct support_rig {
    struct supervisor supervisor;
    struct meter meter;
    struct progress progress;
    struct arena arena;
};

void support_rig_make(struct support_rig *rig, const rovi_target *target);
void support_rig_free(struct support_rig *rig);

/* Defaults but for the pairs of name and value, ended by NULL. */
#define SETTINGS_OF(...) support_settings((const char *const[]){__VA_ARGS__, NULL})
rovi_settings *support_settings(const char *const *pairs);

/* A fit that succeeds. Takes the settings. */
rovi_fit *support_fit(const rovi_target *target, rovi_settings *settings);

/* rovi_target_new_gaussian_mixture, which succeeds. */
rovi_target *support_mixture(size_t d, size_t K, const double *weights, const double *means, size_t covariance_count,
                             const double *covariances);

/* Covariance O diag(e) O^T, O = support_orthogonal(index), e log-spaced from 1 to `condition`; into C (d*d), d <= 64.
 */
void support_covariance(uint64_t index, size_t d, double condition, double *C);

/* A new file that holds the text; the six X at the end of the path become what is free. To be unlinked. */
void support_file(char *path, const char *text);

/* Around a group of tests: BLAS at one thread, as in a fit; its own threads are not for the thread sanitizer to
 * understand. */
int support_hold_blas(void **state);
int support_release_blas(void **state);

/* The path of a shared library of tests/fixtures, in a buffer that the next call uses again. */
const char *support_fixture(const char *name);

/* Eight schools, centred: x = (mu, log tau, theta_1 .. theta_8), mu ~ N(0, 5^2), tau ~ half-Cauchy(0, 5), theta_j ~
 * N(mu, tau^2), effect_j ~ N(theta_j, deviation_j^2); as a callback. The density has a pole at tau = 0. */
rovi_target *support_schools(void);
extern const double support_effect[8], support_deviation[8];

#endif
