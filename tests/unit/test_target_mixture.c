/* SPDX-License-Identifier: BSD-3-Clause */
/* Gaussian and Student-t mixtures against an oracle that factors nothing, quadrature, and their own special cases. */
#include "support.h"

#include <math.h>
#include <string.h>

enum { MOST_D = 20, MOST_K = 4 };

/* A random mixture; matrix_count 0, 1 or K; df = INFINITY for the Gaussian. */
struct mixture {
    size_t d, K, matrix_count;
    double df, weights[MOST_K], means[MOST_K * MOST_D], matrices[MOST_K * MOST_D * MOST_D];
};

static void fill(struct mixture *mix, size_t d, size_t K, size_t matrix_count, double df)
{
    mix->d = d;
    mix->K = K;
    mix->matrix_count = matrix_count;
    mix->df = df;
    support_normals(100 + d, K * d, mix->means);
    for (size_t k = 0; k < K; k++) {
        mix->weights[k] = 2.0 * (double)(k + 1) / (double)(K * (K + 1));
    }
    for (size_t j = 0; j < K * d; j++) {
        mix->means[j] *= 3;
    }
    for (size_t g = 0; g < matrix_count; g++) {
        support_positive_definite(g, d, mix->matrices + g * d * d);
    }
}

static rovi_target *build(const struct mixture *mix)
{
    rovi_target *target;
    rovi_error error;
    const rovi_status status =
        isinf(mix->df) ? rovi_target_new_gaussian_mixture(mix->d, mix->K, mix->weights, mix->means, mix->matrix_count,
                                                          mix->matrices, &target, &error)
                       : rovi_target_new_student_t_mixture(mix->d, mix->K, mix->df, mix->weights, mix->means,
                                                           mix->matrix_count, mix->matrices, &target, &error);
    assert_int_equal(status, ROVI_OK);
    return target;
}

/* Solves A y = b (d) in place by elimination without pivots and gives log det A: fine for positive definite A. */
static long double eliminate(size_t d, long double *A, long double *b)
{
    long double log_det = 0;
    for (size_t p = 0; p < d; p++) {
        log_det += logl(A[p * d + p]);
        for (size_t i = 0; i < d; i++) {
            const long double factor = A[i * d + p] / A[p * d + p];
            for (size_t j = 0; i != p && j < d; j++) {
                A[i * d + j] -= j >= p ? factor * A[p * d + j] : 0;
            }
            b[i] -= i != p ? factor * b[p] : 0;
        }
    }
    for (size_t i = 0; i < d; i++) {
        b[i] /= A[i * d + i];
    }
    return log_det;
}

/* log density of component k at x, from the textbook's formula */
static long double component_oracle(const struct mixture *mix, size_t k, const double *x)
{
    const size_t d = mix->d;
    const long double half_d = (long double)d / 2, pi = acosl(-1);
    long double A[MOST_D * MOST_D], off[MOST_D], solved[MOST_D], q = 0;
    for (size_t i = 0; i < d; i++) {
        off[i] = solved[i] = (long double)x[i] - mix->means[k * d + i];
        for (size_t j = 0; j < d; j++) {
            const size_t g = mix->matrix_count == 1 ? 0 : k;
            A[i * d + j] = mix->matrix_count == 0 ? (long double)(i == j) : mix->matrices[g * d * d + i * d + j];
        }
    }
    const long double log_det = eliminate(d, A, solved);
    for (size_t i = 0; i < d; i++) {
        q += off[i] * solved[i];
    }
    if (isinf(mix->df)) {
        return -half_d * logl(2 * pi) - log_det / 2 - q / 2;
    }
    const long double df = mix->df;
    return lgammal(df / 2 + half_d) - lgammal(df / 2) - half_d * logl(df * pi) - log_det / 2 -
           (df / 2 + half_d) * logl(1 + q / df);
}

static double oracle(const struct mixture *mix, const double *x)
{
    long double sum = 0;
    for (size_t k = 0; k < mix->K; k++) {
        sum += mix->weights[k] * expl(component_oracle(mix, k, x));
    }
    return (double)logl(sum);
}

static void check_against_oracle(const struct mixture *mix)
{
    enum { N = 70 };
    static double x[N * MOST_D], logp[N], grad[N * MOST_D];
    const size_t d = mix->d;
    rovi_target *target = build(mix);
    support_normals(7, N * d, x);
    for (size_t i = 0; i < N * d; i++) {
        x[i] *= 3;
    }
    assert_int_equal(rovi_target_evaluate(target, N, x, logp, grad, NULL), ROVI_OK);
    for (size_t i = 0; i < N; i++) {
        assert_close(logp[i], oracle(mix, x + i * d), 1e-12);
    }
    for (size_t i = 0; i < 4; i++) {
        support_check_gradient(target, x + i * d, 1e-9);
    }
    support_check_lines(target);
    assert_true(rovi_target_log_z(target) == 0);
    rovi_target_free(target);
}

/* Every kind, number of components and of matrices, dimension; d = 1 and K = 1 among them */
static void test_oracle_and_gradients(void **state)
{
    (void)state;
    static const size_t dims[] = {1, 2, 3, 7, 20};
    static const double dfs[] = {INFINITY, 0.7, 3, 50};
    for (size_t at = 0; at < (size_t)20 * MOST_K; at++) {
        const size_t d = dims[at % 5], K = at / 20 + 1;
        const double df = dfs[at / 5 % 4];
        struct mixture mix;
        for (size_t count = 0; count <= K; count += count == 0 || K == 1 ? 1 : K - 1) {
            fill(&mix, d, K, count, df);
            check_against_oracle(&mix);
        }
    }
}

static void test_shared_is_the_same_as_repeated(void **state)
{
    (void)state;
    struct mixture shared, repeated;
    double x[64 * 5], a[64], b[64], grad_a[64 * 5], grad_b[64 * 5];
    for (size_t kind = 0; kind < 4; kind++) {
        const size_t d = 5;
        fill(&shared, d, 3, kind / 2, kind % 2 == 0 ? INFINITY : 4);
        fill(&repeated, d, 3, 3, shared.df);
        for (size_t i = 0; i < 3 * d * d; i++) {
            repeated.matrices[i] = shared.matrix_count == 1 ? shared.matrices[i % (d * d)] : i % (d * d) % (d + 1) == 0;
        }
        rovi_target *one = build(&shared), *each = build(&repeated);
        support_normals(3, 64 * d, x);
        assert_int_equal(rovi_target_evaluate(one, 64, x, a, grad_a, NULL), ROVI_OK);
        assert_int_equal(rovi_target_evaluate(each, 64, x, b, grad_b, NULL), ROVI_OK);
        for (size_t i = 0; i < 64; i++) {
            assert_close(a[i], b[i], 1e-13);
            for (size_t j = 0; j < d; j++) {
                assert_close(grad_a[i * d + j], grad_b[i * d + j], 1e-12);
            }
        }
        rovi_target_free(one);
        rovi_target_free(each);
    }
}

/* Locations in the thousands and scales of 1e-3 must not cost the digits of the density */
static void test_far_from_the_origin(void **state)
{
    (void)state;
    const double means[] = {4096, -4096, 4096 + 0x1p-8, -4096}, at[] = {4096 + 0x1p-9, -4096};
    const double near[] = {0, 0, 0x1p-8, 0}, at_near[] = {0x1p-9, 0};
    const double covariance[] = {0x1p-18, 0x1p-20, 0x1p-20, 0x1p-18}, weights[] = {0.25, 0.75};
    double logp[2], grad[4];
    rovi_target *target;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            rovi_target_new_gaussian_mixture(2, 2, weights, i == 0 ? means : near, 1, covariance, &target, NULL),
            ROVI_OK);
        assert_int_equal(rovi_target_evaluate(target, 1, i == 0 ? at : at_near, logp + i, grad + 2 * i, NULL), ROVI_OK);
        rovi_target_free(target);
    }
    assert_close(logp[0], logp[1], 1e-15);
    assert_close(grad[0], grad[2], 1e-13);
    assert_close(grad[1], grad[3], 1e-13);
}

/* Far out the components underflow, their logarithms do not. */
static void test_far_tail(void **state)
{
    (void)state;
    const double weights[] = {0.5, 0.5}, means[] = {-3, 3};
    double logp, grad;
    rovi_target *target;
    assert_int_equal(rovi_target_new_gaussian_mixture(1, 2, weights, means, 0, NULL, &target, NULL), ROVI_OK);
    assert_int_equal(rovi_target_evaluate(target, 1, (double[]){1e6}, &logp, &grad, NULL), ROVI_OK);
    assert_relative(logp, -0.5 * (1e6 - 3) * (1e6 - 3) - log(2) - 0.5 * log(2 * acos(-1)), 1e-15);
    assert_relative(grad, 3 - 1e6, 1e-15);
    assert_int_equal(rovi_target_evaluate(target, 1, (double[]){1e200}, &logp, &grad, NULL), ROVI_OK);
    assert_true(logp == -INFINITY && grad == 0); /* past the range of doubles */
    rovi_target_free(target);
}

/* df so large that t is the Gaussian to 1e-10, where the normaliser's gamma functions would cancel */
static void test_student_tends_to_gaussian(void **state)
{
    (void)state;
    for (size_t d = 1; d <= 2; d++) {
        struct mixture gaussian, student;
        fill(&gaussian, d, 2, 2, INFINITY);
        fill(&student, d, 2, 2, 1e12);
        rovi_target *a = build(&gaussian), *b = build(&student);
        const double x[] = {0.5, -1};
        assert_close(support_logp(b, x), support_logp(a, x), 1e-10);
        rovi_target_free(a);
        rovi_target_free(b);
    }
}

/* Density along x = sinh(u), and along x = (sinh(u), sinh(v)): the tails of t become exponential */
static double density_on_line(double u, void *data)
{
    const double x = sinh(u);
    return exp(support_logp(data, &x)) * cosh(u);
}

static void test_normalisation_on_the_line(void **state)
{
    (void)state;
    static const double dfs[] = {INFINITY, 1, 2.5, 30};
    for (size_t at = 0; at < 4; at++) {
        struct mixture mix;
        fill(&mix, 1, 3, 3, dfs[at]);
        rovi_target *target = build(&mix);
        assert_close(support_integrate(density_on_line, target, -40, 40, 1e-11), 1, 1e-10);
        rovi_target_free(target);
    }
}

/* Trapezoid rule with step 1/16 in u and v: exact to rounding, because the integrand is smooth on the scale of 1. The
 * tail beyond sinh(20) holds less than 1e-16 at df = 3. */
static double integral_in_the_plane(const rovi_target *target)
{
    enum { HALF = 320, SIDE = 2 * HALF + 1 };
    static double x[SIDE][2], logp[SIDE];
    double sum = 0;
    for (int i = 0; i < SIDE; i++) {
        const double u = (i - HALF) / 16.0;
        for (int j = 0; j < SIDE; j++) {
            x[j][0] = sinh(u);
            x[j][1] = sinh((j - HALF) / 16.0);
        }
        assert_int_equal(rovi_target_evaluate(target, SIDE, x[0], logp, NULL, NULL), ROVI_OK);
        for (int j = 0; j < SIDE; j++) {
            sum += exp(logp[j]) * cosh(u) * cosh((j - HALF) / 16.0);
        }
    }
    return sum / (16 * 16);
}

static void test_normalisation_in_the_plane(void **state)
{
    (void)state;
    const double weights[] = {0.3, 0.7}, means[] = {0, 1, 2, -1}, matrices[] = {2, 0.5, 0.5, 1, 1, -0.3, -0.3, 1.5};
    rovi_target *gaussian, *student;
    assert_int_equal(rovi_target_new_gaussian_mixture(2, 2, weights, means, 2, matrices, &gaussian, NULL), ROVI_OK);
    assert_int_equal(rovi_target_new_student_t_mixture(2, 2, 3, weights, means, 2, matrices, &student, NULL), ROVI_OK);
    assert_close(integral_in_the_plane(gaussian), 1, 1e-12);
    assert_close(integral_in_the_plane(student), 1, 1e-12);
    rovi_target_free(gaussian);
    rovi_target_free(student);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Bad input: a valid mixture with one thing changed
 */

struct input {
    size_t d, K, count;
    double weights[3], means[6], matrices[12], df;
};

static const struct input valid = {
    .d = 2, .K = 3, .count = 3, .weights = {0.2, 0.3, 0.5}, .matrices = {1, 0, 0, 1, 2, 1, 1, 2, 1, 0, 0, 4}, .df = 3};

static void refuse(const struct input *input, const char *sentence)
{
    rovi_error error;
    rovi_target *target = (rovi_target *)&error;
    assert_refused(rovi_target_new_gaussian_mixture(input->d, input->K, input->weights, input->means, input->count,
                                                    input->matrices, &target, &error),
                   &error, ROVI_BAD_INPUT, sentence);
    assert_null(target);
}

static void test_bad_weights_and_means(void **state)
{
    (void)state;
    struct input input = valid;
    input.weights[1] = 0;
    refuse(&input, "weights[1] is 0; weights must be positive");
    input.weights[1] = -0.3;
    refuse(&input, "weights[1] is -0.3");
    input.weights[1] = NAN;
    refuse(&input, "weights[1] is nan");
    input.weights[1] = 0.3 + 1e-7;
    refuse(&input, "the weights sum to 1.0000001");
    input = valid;
    input.means[3] = INFINITY;
    refuse(&input, "means[1][1] is inf");
    input = valid;
    input.K = 0;
    refuse(&input, "at least one component");
    input.K = 3;
    input.d = 0;
    refuse(&input, "dimension is 0");
}

static void test_bad_matrices(void **state)
{
    (void)state;
    struct input input = valid;
    input.matrices[11] = -4;
    refuse(&input, "covariances[2] is not positive definite");
    input = valid;
    input.matrices[5] = input.matrices[6] = 2; /* singular */
    refuse(&input, "covariances[1] is not positive definite");
    input = valid;
    input.matrices[6] = 0.9;
    refuse(&input, "covariances[1] is not symmetric: entry [1][0] is 0.9 and entry [0][1] is 1");
    input = valid;
    input.matrices[9] = NAN;
    refuse(&input, "covariances[2] has the entry nan");
    input.count = 2;
    refuse(&input, "there are 2 covariances; 0 (identity), 1 (shared) or 3 are allowed");
    input.count = 1;
    input.matrices[0] = 0;
    refuse(&input, "covariance is not positive definite");
}

static void test_bad_student(void **state)
{
    (void)state;
    static const double dfs[] = {0, -1, NAN, INFINITY};
    rovi_error error;
    rovi_target *target;
    for (size_t i = 0; i < 4; i++) {
        assert_refused(rovi_target_new_student_t_mixture(2, 3, dfs[i], valid.weights, valid.means, 3, valid.matrices,
                                                         &target, &error),
                       &error, ROVI_BAD_INPUT, "df is");
        assert_null(target);
    }
    struct input input = valid;
    input.matrices[4] = -1;
    assert_refused(
        rovi_target_new_student_t_mixture(2, 3, 3, input.weights, input.means, 3, input.matrices, &target, &error),
        &error, ROVI_BAD_INPUT, "scales[1] is not positive definite");
    assert_refused(rovi_target_new_student_t_mixture(2, 3, 3, valid.weights, valid.means, 3, NULL, &target, &error),
                   &error, ROVI_BAD_INPUT, "scales is NULL");
    assert_refused(rovi_target_new_student_t_mixture(2, 3, 3, NULL, valid.means, 0, NULL, &target, &error), &error,
                   ROVI_BAD_INPUT, "weight");
    assert_refused(rovi_target_new_student_t_mixture(2, 3, 3, valid.weights, valid.means, 0, NULL, NULL, &error),
                   &error, ROVI_BAD_INPUT, "target is NULL");
}

/* Weights within 1e-8 of the sum 1 are scaled to it */
static void test_weights_are_normalised(void **state)
{
    (void)state;
    const double weights[] = {0.5 + 9e-9, 0.5}, means[] = {0, 0}, x = 0;
    rovi_target *target;
    assert_int_equal(rovi_target_new_gaussian_mixture(1, 2, weights, means, 0, NULL, &target, NULL), ROVI_OK);
    assert_close(support_logp(target, &x), -0.5 * log(2 * acos(-1)), 1e-15);
    rovi_target_free(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle_and_gradients),
        cmocka_unit_test(test_shared_is_the_same_as_repeated),
        cmocka_unit_test(test_far_from_the_origin),
        cmocka_unit_test(test_far_tail),
        cmocka_unit_test(test_student_tends_to_gaussian),
        cmocka_unit_test(test_normalisation_on_the_line),
        cmocka_unit_test(test_normalisation_in_the_plane),
        cmocka_unit_test(test_bad_weights_and_means),
        cmocka_unit_test(test_bad_matrices),
        cmocka_unit_test(test_bad_student),
        cmocka_unit_test(test_weights_are_normalised),
    };
    return cmocka_run_group_tests_name("target_mixture", tests, NULL, NULL);
}
