/* SPDX-License-Identifier: BSD-3-Clause */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/linalg.h"
#include "base/rng.h"
#include "target/target.h"

/* ROVI_TEST_CASES is a pattern: the cases whose names it fits run, no others. Before main, so that no program asks. */
__attribute__((constructor)) static void choose_cases(void)
{
    const char *pattern = getenv("ROVI_TEST_CASES");
    if (pattern)
        cmocka_set_test_filter(pattern);
}

void support_assert_close(double actual, double expected, double tolerance, const char *what, const char *file,
                          int line)
{
    if (!(fabs(actual - expected) <= tolerance * fmax(1, fabs(expected)))) {
        print_error("%s is %.17g, not %.17g: %.3g apart\n", what, actual, expected, actual - expected);
        _fail(file, line);
    }
}

void support_assert_relative(double actual, double expected, double tolerance, const char *what, const char *file,
                             int line)
{
    if (!(fabs(actual - expected) <= tolerance * fabs(expected))) {
        print_error("%s is %.17g, not %.17g: relative error %.3g\n", what, actual, expected, actual / expected - 1);
        _fail(file, line);
    }
}

void support_assert_refused(rovi_status status, const rovi_error *error, rovi_status expected, const char *part,
                            const char *file, int line)
{
    if (status != expected || error->status != expected || strstr(error->message, part) == NULL) {
        print_error("status %d and \"%s\", not %d and a sentence with \"%s\"\n", (int)status, error->message,
                    (int)expected, part);
        _fail(file, line);
    }
}

struct integrand {
    double (*f)(double x, void *data);
    void *data;
};

static double simpson(const struct integrand *g, const double x[3], const double y[3], double tolerance, int depth)
{
    const double left = 0.5 * (x[0] + x[1]), right = 0.5 * (x[1] + x[2]);
    const double at_left = g->f(left, g->data), at_right = g->f(right, g->data);
    const double whole = (x[2] - x[0]) / 6 * (y[0] + 4 * y[1] + y[2]);
    const double halves = (x[2] - x[0]) / 12 * (y[0] + 4 * at_left + 2 * y[1] + 4 * at_right + y[2]);
    if (depth <= 0 || fabs(halves - whole) <= 15 * tolerance) {
        return halves + (halves - whole) / 15;
    }
    return simpson(g, (double[]){x[0], left, x[1]}, (double[]){y[0], at_left, y[1]}, tolerance / 2, depth - 1) +
           simpson(g, (double[]){x[1], right, x[2]}, (double[]){y[1], at_right, y[2]}, tolerance / 2, depth - 1);
}

double support_integrate(double (*f)(double x, void *data), void *data, double a, double b, double tolerance)
{
    enum { PIECES = 32 }; /* so that a narrow peak is not overlooked by the first five points */
    const struct integrand g = {f, data};
    double sum = 0;
    for (int i = 0; i < PIECES; i++) {
        const double low = a + (b - a) * i / PIECES, high = a + (b - a) * (i + 1) / PIECES, middle = 0.5 * (low + high);
        sum += simpson(&g, (double[]){low, middle, high}, (double[]){f(low, data), f(middle, data), f(high, data)},
                       tolerance / PIECES, 40);
    }
    return sum;
}

void support_gradient(double (*f)(size_t d, const double *x, void *data), void *data, size_t d, const double *x,
                      double h, double *grad)
{
    static const double step[4] = {-2, -1, 1, 2}, weight[4] = {1.0 / 12, -2.0 / 3, 2.0 / 3, -1.0 / 12};
    double at[256];
    assert_true(d <= 256);
    memcpy(at, x, d * sizeof *x);
    for (size_t j = 0; j < d; j++) {
        grad[j] = 0;
        for (int s = 0; s < 4; s++) {
            at[j] = x[j] + step[s] * h;
            grad[j] += weight[s] * f(d, at, data) / h;
        }
        at[j] = x[j];
    }
}

int support_answer(size_t d, const double *x, double *grad, double *logp, void *code)
{
    (void)d;
    (void)x;
    (void)grad;
    *logp = 0;
    return *(const int *)code;
}

double support_logp(const rovi_target *target, const double *x)
{
    double logp = NAN;
    assert_int_equal(rovi_target_evaluate(target, 1, x, &logp, NULL, NULL), ROVI_OK);
    return logp;
}

struct differentiable {
    const rovi_target *target;
};

static double logp_of(size_t d, const double *x, void *data)
{
    (void)d;
    return support_logp(((const struct differentiable *)data)->target, x);
}

void support_check_gradient(const rovi_target *target, const double *x, double tolerance)
{
    const size_t d = rovi_target_dim(target);
    struct differentiable self = {target};
    double grad[256], expected[256], logp, norm = 1;
    assert_int_equal(rovi_target_evaluate(target, 1, x, &logp, grad, NULL), ROVI_OK);
    assert_true(logp == support_logp(target, x));
    support_gradient(logp_of, &self, d, x, 5e-4, expected);
    for (size_t j = 0; j < d; j++) {
        norm = fmax(norm, fabs(expected[j]));
    }
    for (size_t j = 0; j < d; j++) {
        assert_close(grad[j] / norm, expected[j] / norm, tolerance);
    }
}

void support_check_lines(const rovi_target *target)
{
    enum { POINTS = 9, MOST = 64 };
    static const double t[POINTS] = {-1e3, -7, -1, -.25, 0, .5, 2, 11, 4e2};
    const size_t d = target->dim;
    double x[TARGET_LINES * MOST], u[MOST], point[MOST], along[TARGET_LINES * POINTS];
    double *scratch = malloc((target_lines_scratch(target) + 1) * sizeof *scratch);
    assert_true(d <= MOST && scratch != NULL);
    support_normals(31, TARGET_LINES * d, x);
    support_normals(32, d, u);
    for (size_t n = 1; n <= TARGET_LINES; n++) {
        size_t outside = 0;
        struct target_rejected rejected = {0};
        const struct target_lines lines = {n, POINTS, x, u, t};
        assert_int_equal(target_evaluate_lines(target, &lines, along, scratch, &rejected), 0);
        for (size_t p = 0; p < n * POINTS; p++) {
            for (size_t r = 0; r < d; r++) {
                point[r] = x[p / POINTS * d + r] + t[p % POINTS] * u[r];
            }
            const double expected = support_logp(target, point);
            outside += isinf(expected) != 0;
            assert_true(isinf(expected) ? along[p] == expected : !isinf(along[p]));
            if (isfinite(expected)) {
                assert_close(along[p], expected, 1e-11);
            }
        }
        assert_int_equal(rejected.count, outside);
    }
    free(scratch);
}

void support_normals(uint64_t index, size_t n, double *out)
{
    rng_normals((struct rng_stream){.seed = 20251, .purpose = RNG_PROBE}, index, n, out);
}

void support_positive_definite(uint64_t index, size_t d, double *A)
{
    double B[64 * 64];
    assert_true(d <= 64);
    support_normals(index, d * d, B);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = i == j ? 0.5 : 0;
            for (size_t k = 0; k < d; k++) {
                sum += 0.5 * B[i * d + k] * B[j * d + k];
            }
            A[i * d + j] = A[j * d + i] = sum;
        }
    }
}

/* Takes the directions of the rows before row i off it; twice, so that rounding is left out as well. */
static void orthogonalise(size_t d, double *O, size_t i)
{
    for (size_t j = 0; j < 2 * i; j++) {
        const double *other = O + (j % i) * d;
        double dot = 0;
        for (size_t k = 0; k < d; k++) {
            dot += O[i * d + k] * other[k];
        }
        for (size_t k = 0; k < d; k++) {
            O[i * d + k] -= dot * other[k];
        }
    }
}

void support_orthogonal(uint64_t index, size_t d, double *O)
{
    support_normals(index, d * d, O);
    for (size_t i = 0; i < d; i++) {
        double norm = 0;
        orthogonalise(d, O, i);
        for (size_t k = 0; k < d; k++) {
            norm += O[i * d + k] * O[i * d + k];
        }
        for (size_t k = 0; k < d; k++) {
            O[i * d + k] /= sqrt(norm);
        }
    }
}

struct under_normal {
    double (*f)(double x, void *data);
    void *data;
};

static double times_normal_density(double x, void *data)
{
    const struct under_normal *self = data;
    return self->f(x, self->data) * exp(-0.5 * x * x) / sqrt(2 * acos(-1));
}

double support_expectation(double (*f)(double x, void *data), void *data, double a, double b, size_t n,
                           const double *breaks)
{
    struct under_normal self = {f, data};
    const double end = fmin(b, 14);
    double sum = 0, from = fmax(a, -14);
    for (size_t i = 0; i <= n && from < end; i++) {
        const double to = i < n ? fmin(end, fmax(from, breaks[i])) : end;
        if (to > from) {
            sum += support_integrate(times_normal_density, &self, from, to, 1e-14);
        }
        from = to;
    }
    return sum;
}

double support_hat(const double *knots, size_t k, double x)
{
    return fmin(1, fmax(0, (x - knots[k]) / (knots[k + 1] - knots[k])));
}

struct hat {
    const double *knots;
    size_t k;
};

static double hat_of(double x, void *data)
{
    const struct hat *hat = data;
    return support_hat(hat->knots, hat->k, x);
}

double support_hat_mean(const double *knots, size_t k)
{
    struct hat hat = {knots, k};
    return support_expectation(hat_of, &hat, -INFINITY, INFINITY, 2, knots + k);
}

double support_map(const rovi_map *map, double x)
{
    double sum = map->alpha * x + map->v;
    for (size_t k = 0; k < map->cells; k++) {
        sum += map->lambda[k] * (support_hat(map->knots, k, x) - support_hat_mean(map->knots, k));
    }
    return sum;
}

static long double density(long double x)
{
    return expl(-0.5L * x * x) / sqrtl(2 * acosl(-1));
}

static long double upper(long double x)
{
    return 0.5L * erfcl(x / sqrtl(2));
}

void support_gram(size_t J, const double *knots, double *Q)
{
    long double rise[1024]; /* E[psi_k] */
    assert_true(J <= 1024);
    for (size_t k = 0; k < J; k++) {
        const long double a = knots[k], b = knots[k + 1], h = b - a, P = upper(a) - upper(b);
        const long double X1 = density(a) - density(b), X2 = a * density(a) - b * density(b) + P;
        rise[k] = (X1 - a * P) / h + upper(b);
        Q[k * J + k] = (double)((X2 - 2 * a * X1 + a * a * P) / (h * h) + upper(b) - rise[k] * rise[k]);
        for (size_t j = 0; j < k; j++) { /* where psi_k > 0, psi_j is 1 */
            Q[j * J + k] = Q[k * J + j] = (double)(rise[k] - rise[j] * rise[k]);
        }
    }
}

void support_solve(size_t n, double *A, double *x)
{
    for (size_t c = 0; c < n; c++) {
        size_t pivot = c;
        for (size_t r = c + 1; r < n; r++) {
            pivot = fabs(A[r * n + c]) > fabs(A[pivot * n + c]) ? r : pivot;
        }
        for (size_t j = 0; j < n; j++) {
            const double t = A[c * n + j];
            A[c * n + j] = A[pivot * n + j];
            A[pivot * n + j] = t;
        }
        const double t = x[c];
        x[c] = x[pivot];
        x[pivot] = t;
        for (size_t r = c + 1; r < n; r++) {
            const double m = A[r * n + c] / A[c * n + c];
            for (size_t j = c; j < n; j++) {
                A[r * n + j] -= m * A[c * n + j];
            }
            x[r] -= m * x[c];
        }
    }
    for (size_t c = n; c-- > 0;) {
        for (size_t j = c + 1; j < n; j++) {
            x[c] -= A[c * n + j] * x[j];
        }
        x[c] /= A[c * n + c];
    }
}

/* Lower triangle of a random matrix, positive diagonal. */
static void random_whitening(uint64_t index, size_t d, double *L)
{
    support_normals(index, d * d, L);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) {
            L[i * d + j] = j > i ? 0 : j < i ? 0.3 * L[i * d + j] : exp(0.5 * L[i * d + j]);
        }
    }
}

static rovi_map random_map(uint64_t index, double *knots, double *lambda)
{
    double normals[24];
    const size_t cells = 5 + index % 5;
    support_normals(index, 24, normals);
    knots[0] = -2 + 0.3 * normals[20];
    for (size_t k = 0; k < cells; k++) {
        knots[k + 1] = knots[k] + 0.6 * exp(0.7 * normals[k]);
        lambda[k] = fmax(0, normals[10 + k] + 0.5);
    }
    return (rovi_map){.cells = cells, .knots = knots, .lambda = lambda, .alpha = 0.4, .v = normals[21]};
}

rovi_approximation *support_approximation(uint64_t index, size_t d, int whitening)
{
    double center[64], rotation[64 * 64], L[64 * 64], knots[64][10], lambda[64][9];
    rovi_map maps[64];
    rovi_approximation *q = NULL;
    assert_true(d <= 64);
    support_normals(100000 * index, d, center);
    support_orthogonal(100000 * index + 1, d, rotation);
    random_whitening(100000 * index + 2, d, L);
    for (size_t i = 0; i < d; i++) {
        maps[i] = random_map(100000 * index + 3 + i, knots[i], lambda[i]);
    }
    const rovi_approximation_parts parts = {
        .dim = d, .center = center, .whitening = whitening ? L : NULL, .rotation = rotation, .maps = maps};
    assert_int_equal(rovi_approximation_new(&parts, &q, NULL), ROVI_OK);
    return q;
}

void support_rig_make(struct support_rig *rig, const rovi_target *target)
{
    *rig = (struct support_rig){.progress = {.supervisor = &rig->supervisor, .meter = &rig->meter}};
    supervisor_init(&rig->supervisor, NULL, NULL, INFINITY);
    meter_init(&rig->meter, target);
}

void support_rig_free(struct support_rig *rig)
{
    supervisor_destroy(&rig->supervisor);
    arena_free(&rig->arena);
}

rovi_settings *support_settings(const char *const *pairs)
{
    rovi_settings *settings = rovi_settings_new();
    for (; *pairs != NULL; pairs += 2) {
        rovi_error error = {0};
        if (rovi_settings_set(settings, pairs[0], pairs[1], &error) != ROVI_OK) {
            fail_msg("%s", error.message);
        }
    }
    return settings;
}

rovi_fit *support_fit(const rovi_target *target, rovi_settings *settings)
{
    rovi_fit *fit = NULL;
    rovi_error error = {0};
    if (rovi_fit_run(target, settings, NULL, NULL, &fit, &error) != ROVI_OK) {
        fail_msg("%s", error.message);
    }
    rovi_settings_free(settings);
    return fit;
}

rovi_target *support_mixture(size_t d, size_t K, const double *weights, const double *means, size_t covariance_count,
                             const double *covariances)
{
    rovi_target *target = NULL;
    assert_int_equal(
        rovi_target_new_gaussian_mixture(d, K, weights, means, covariance_count, covariances, &target, NULL), ROVI_OK);
    return target;
}

void support_covariance(uint64_t index, size_t d, double condition, double *C)
{
    double O[64 * 64];
    assert_true(d <= 64);
    support_orthogonal(index, d, O);
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = 0; k < d; k++) {
                sum += O[k * d + i] * O[k * d + j] * pow(condition, d > 1 ? (double)k / (double)(d - 1) : 0);
            }
            C[i * d + j] = C[j * d + i] = sum;
        }
    }
}

#define SCHOOLS 8

const double support_effect[SCHOOLS] = {28, 8, -3, 7, -1, 1, 18, 12};
const double support_deviation[SCHOOLS] = {15, 10, 16, 11, 9, 11, 10, 18};

/* mu ~ N(0, 5^2), tau ~ half-Cauchy(0, 5) seen as log tau, theta_j ~ N(mu, tau^2), y_j ~ N(theta_j, sigma_j^2) */
static int eight_schools(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)data;
    const double mu = x[0], tau = exp(x[1]), ratio = tau * tau / 25;
    *logp = -mu * mu / 50 - log1p(ratio) + x[1] - SCHOOLS * x[1];
    double by_mu = -mu / 25, by_log_tau = 1 - SCHOOLS - 2 * ratio / (1 + ratio);
    for (size_t j = 0; j < SCHOOLS; j++) {
        const double z = (x[2 + j] - mu) / tau, e = (support_effect[j] - x[2 + j]) / support_deviation[j];
        *logp -= .5 * (z * z + e * e);
        by_mu += z / tau;
        by_log_tau += z * z;
        if (grad != NULL) {
            grad[2 + j] = -z / tau + e / support_deviation[j];
        }
    }
    if (grad != NULL) {
        grad[0] = by_mu;
        grad[1] = by_log_tau;
    }
    (void)d;
    return 0;
}

rovi_target *support_schools(void)
{
    rovi_target *target = NULL;
    assert_int_equal(rovi_target_new(SCHOOLS + 2, eight_schools, NULL, &target, NULL), ROVI_OK);
    rovi_target_set_concurrent(target, 1);
    return target;
}

int support_skewed(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)data;
    *logp = 0;
    for (size_t i = 0; i < d; i++) {
        *logp += x[i] - exp(x[i]);
        if (grad != NULL) {
            grad[i] = 1 - exp(x[i]);
        }
    }
    return 0;
}

void support_file(char *path, const char *text)
{
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    assert_int_equal(close(file), 0);
}

int support_hold_blas(void **state)
{
    (void)state;
    linalg_hold_threads();
    return 0;
}

int support_release_blas(void **state)
{
    (void)state;
    linalg_release_threads();
    return 0;
}

const char *support_fixture(const char *name)
{
    static char path[4096];
    const char *build = getenv("ROVI_BUILD"); /* set by ctest */
    snprintf(path, sizeof path, "%s/fixtures/%s.so", build == NULL ? "build" : build, name);
    return path;
}
