/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/posterior.h"

#include <math.h>
#include <string.h>

#include "bench/chance.h"
#include "bench/problem.h"

/* log N(x; mean, exp(log_sd)^2) up to a constant */
static real normal(real x, real mean, real log_sd)
{
    const real z = times(minus(x, mean), exp_of(minus(constant(0), log_sd)));
    return minus(times(constant(-0.5), times(z, z)), log_sd);
}

static real normal_prior(real x, double mean, double sd)
{
    return normal(x, constant(mean), constant(log(sd)));
}

/* of s = exp(t), with the Jacobian: half-normal and half-Cauchy */
static real half_normal_prior(real t, double sd)
{
    return plus(normal_prior(exp_of(t), 0, sd), t);
}

static real half_cauchy_prior(real t, double scale)
{
    return minus(t, log_plus(constant(0), times(constant(2), minus(t, constant(log(scale))))));
}

/* of p = logistic(t), with the Jacobian: Beta(a, b) */
static real beta_prior(real t, double a, double b)
{
    return plus(times(constant(a), log_logistic(t)), times(constant(b), log_logistic(minus(constant(0), t))));
}

static double logistic(double t)
{
    return 1 / (1 + exp(-t));
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Linear regression on raw scales: 1, age, income and their product, coefficients under flat priors
 */

#define PEOPLE       60
#define COEFFICIENTS 4

static double predictor[PEOPLE][COEFFICIENTS], response[PEOPLE];

static void make_people(struct chance *chance)
{
    static const double truth[COEFFICIENTS] = {2, 0.3, 2e-4, 1e-6};
    for (size_t i = 0; i < PEOPLE; i++) {
        const double age = 40 + 12 * chance_normal(chance), income = exp(10 + 0.7 * chance_normal(chance));
        const double row[COEFFICIENTS] = {1, age, income, age * income};
        memcpy(predictor[i], row, sizeof row);
        response[i] = 5 * chance_normal(chance);
        for (size_t k = 0; k < COEFFICIENTS; k++) {
            response[i] += truth[k] * row[k];
        }
    }
}

static real regression(const real *x) /* coefficients, log sigma */
{
    real sum = half_cauchy_prior(x[COEFFICIENTS], 5);
    for (size_t i = 0; i < PEOPLE; i++) {
        real mean = constant(0);
        for (size_t k = 0; k < COEFFICIENTS; k++) {
            mean = plus(mean, times(constant(predictor[i][k]), x[k]));
        }
        sum = plus(sum, normal(constant(response[i]), mean, x[COEFFICIENTS]));
    }
    return sum;
}

static void regression_parameters(const double *x, double *value)
{
    memcpy(value, x, COEFFICIENTS * sizeof *x);
    value[COEFFICIENTS] = exp(x[COEFFICIENTS]);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Eight schools (Rubin, 1981): effects about mu with standard deviation tau, in both parametrizations
 */

#define SCHOOLS 8

static const double effect[SCHOOLS] = {28, 8, -3, 7, -1, 1, 18, 12};
static const double deviation[SCHOOLS] = {15, 10, 16, 11, 9, 11, 10, 18};

static real schools_prior(const real *x) /* mu, log tau */
{
    return plus(normal_prior(x[0], 0, 5), half_cauchy_prior(x[1], 5));
}

static real schools_centered(const real *x) /* and theta */
{
    real sum = schools_prior(x);
    for (size_t j = 0; j < SCHOOLS; j++) {
        sum = plus(sum, normal(x[2 + j], x[0], x[1]));
        sum = plus(sum, normal_prior(x[2 + j], effect[j], deviation[j]));
    }
    return sum;
}

static void schools_centered_parameters(const double *x, double *value)
{
    memcpy(value, x, (2 + SCHOOLS) * sizeof *x);
    value[1] = exp(x[1]);
}

static real schools_noncentered(const real *x) /* and (theta - mu)/tau */
{
    real sum = schools_prior(x);
    for (size_t j = 0; j < SCHOOLS; j++) {
        const real theta = plus(x[0], times(exp_of(x[1]), x[2 + j]));
        sum = plus(sum, normal_prior(x[2 + j], 0, 1));
        sum = plus(sum, normal_prior(theta, effect[j], deviation[j]));
    }
    return sum;
}

static void schools_noncentered_parameters(const double *x, double *value)
{
    value[0] = x[0];
    value[1] = exp(x[1]);
    for (size_t j = 0; j < SCHOOLS; j++) {
        value[2 + j] = x[0] + value[1] * x[2 + j];
    }
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Gaussian process: squared exponential covariance, noise; hyperparameters alone
 */

#define SITES 12

static double site[SITES], height[SITES];

static void make_sites(struct chance *chance)
{
    for (size_t i = 0; i < SITES; i++) {
        site[i] = 0.5 * (double)i;
        height[i] = 1.5 * sin(site[i]) + 0.3 * chance_normal(chance);
    }
}

/* log N(height; 0, K) up to a constant, K (SITES x SITES, lower part) replaced by its Cholesky factor */
static real gaussian_process_density(real K[SITES][SITES])
{
    real z[SITES], sum = constant(0);
    for (size_t i = 0; i < SITES; i++) {
        z[i] = constant(height[i]);
        for (size_t j = 0; j <= i; j++) {
            for (size_t k = 0; k < j; k++) {
                K[i][j] = minus(K[i][j], times(K[i][k], K[j][k]));
            }
            K[i][j] = j < i ? over(K[i][j], K[j][j]) : root_of(K[i][i]);
            z[i] = j < i ? minus(z[i], times(K[i][j], z[j])) : over(z[i], K[i][i]);
        }
        sum = minus(sum, plus(times(constant(0.5), times(z[i], z[i])), log_of(K[i][i])));
    }
    return sum;
}

static real gaussian_process(const real *x) /* logs of length, amplitude, noise */
{
    const real precision = exp_of(times(constant(-2), x[0])), variance = exp_of(times(constant(2), x[1]));
    real K[SITES][SITES];
    for (size_t i = 0; i < SITES; i++) {
        for (size_t j = 0; j <= i; j++) {
            const double apart = site[i] - site[j];
            K[i][j] = times(variance, exp_of(times(constant(-0.5 * apart * apart), precision)));
        }
        K[i][i] = plus(K[i][i], exp_of(times(constant(2), x[2])));
    }
    const real length = plus(times(constant(3), x[0]), times(constant(2), exp_of(minus(constant(0), x[0]))));
    const real prior = plus(half_normal_prior(x[1], 2), half_normal_prior(x[2], 1));
    return plus(minus(prior, length), gaussian_process_density(K)); /* length ~ inverse Gamma(3, 2) */
}

static void exponentials(size_t n, const double *x, double *value)
{
    for (size_t i = 0; i < n; i++) {
        value[i] = exp(x[i]);
    }
}

static void gaussian_process_parameters(const double *x, double *value)
{
    exponentials(3, x, value);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Hidden Markov model: two states without an order, unit noise
 */

#define TICKS 60

static double signal[TICKS];

static void make_signal(struct chance *chance)
{
    static const double mean[2] = {-1, 1.5}, stay[2] = {0.8, 0.9};
    size_t state = 0;
    for (size_t t = 0; t < TICKS; t++) {
        signal[t] = mean[state] + chance_normal(chance);
        state = chance_next(chance) < stay[state] ? state : 1 - state;
    }
}

static real hidden_markov(const real *x) /* means, logits of staying */
{
    real forward[2], sum = constant(0);
    for (size_t k = 0; k < 2; k++) {
        sum = plus(sum, plus(normal_prior(x[k], 0, 3), beta_prior(x[2 + k], 3, 2)));
        forward[k] = normal(constant(signal[0]), x[k], constant(0));
    }
    for (size_t t = 1; t < TICKS; t++) {
        real next[2];
        for (size_t k = 0; k < 2; k++) {
            const real stays = plus(forward[k], log_logistic(x[2 + k]));
            const real comes = plus(forward[1 - k], log_logistic(minus(constant(0), x[3 - k])));
            next[k] = plus(log_plus(stays, comes), normal(constant(signal[t]), x[k], constant(0)));
        }
        memcpy(forward, next, sizeof next);
    }
    return plus(sum, log_plus(forward[0], forward[1]));
}

static void hidden_markov_parameters(const double *x, double *value)
{
    for (size_t k = 0; k < 2; k++) {
        value[k] = x[k];
        value[2 + k] = logistic(x[2 + k]);
    }
}

static void hidden_markov_twin(const double *x, double *other)
{
    for (size_t i = 0; i < 4; i++) {
        other[i] = x[i ^ 1];
    }
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Time series: ARMA(1, 1) and GARCH(1, 1)
 */

#define DAYS 120

static double moving[DAYS], traded[DAYS];

static void make_moving(struct chance *chance)
{
    double last = 0;
    for (size_t t = 0; t < DAYS; t++) {
        const double shock = 0.5 * chance_normal(chance);
        moving[t] = 0.3 + (t > 0 ? 0.8 * moving[t - 1] : 1.5) + 0.4 * last + shock;
        last = shock;
    }
}

static real moving_average(const real *x) /* mu, phi, theta, log sigma */
{
    real error = minus(constant(moving[0]), plus(x[0], times(x[1], x[0])));
    real sum = plus(normal_prior(x[0], 0, 10), half_cauchy_prior(x[3], 2.5));
    sum = plus(sum, plus(normal_prior(x[1], 0, 2), normal_prior(x[2], 0, 2)));
    sum = plus(sum, normal(error, constant(0), x[3]));
    for (size_t t = 1; t < DAYS; t++) {
        const real mean = plus(x[0], plus(times(x[1], constant(moving[t - 1])), times(x[2], error)));
        error = minus(constant(moving[t]), mean);
        sum = plus(sum, normal(error, constant(0), x[3]));
    }
    return sum;
}

static void moving_average_parameters(const double *x, double *value)
{
    memcpy(value, x, 3 * sizeof *x);
    value[3] = exp(x[3]);
}

static void make_traded(struct chance *chance)
{
    double variance = 2;
    for (size_t t = 0; t < DAYS; t++) {
        const double shock = sqrt(variance) * chance_normal(chance);
        traded[t] = 5 + shock;
        variance = 0.5 + 0.4 * shock * shock + 0.35 * variance;
    }
}

/* mu, log of alpha_0, logits of alpha_1 and of beta_1/(1 - alpha_1); flat priors on these sets */
static real garch(const real *x)
{
    const real shock_share = exp_of(log_logistic(x[2])), rest = log_logistic(minus(constant(0), x[2]));
    const real keep = exp_of(plus(rest, log_logistic(x[3])));
    real sum = plus(plus(x[1], beta_prior(x[2], 1, 1)), plus(rest, beta_prior(x[3], 1, 1)));
    real variance = constant(2);
    for (size_t t = 0; t < DAYS; t++) {
        const real shock = minus(constant(traded[t]), x[0]), square = times(shock, shock);
        sum = minus(sum, times(constant(0.5), plus(over(square, variance), log_of(variance))));
        variance = plus(exp_of(x[1]), plus(times(shock_share, square), times(keep, variance)));
    }
    return sum;
}

static void garch_parameters(const double *x, double *value)
{
    value[0] = x[0];
    value[1] = exp(x[1]);
    value[2] = logistic(x[2]);
    value[3] = (1 - value[2]) * logistic(x[3]);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * A mixture of three normals: ordered means, weights on a simplex (by breaking a stick), a common deviation
 */

#define SAMPLE 100
#define GROUPS 3

static double sample[SAMPLE];

static void make_sample(struct chance *chance)
{
    for (size_t i = 0; i < SAMPLE; i++) {
        const double u = chance_next(chance);
        sample[i] = (u < 0.3 ? -3 : u < 0.7 ? 0 : 3) + 0.8 * chance_normal(chance);
    }
}

/* first mean, logs of the gaps, two logits of the stick, log sigma */
static real groups(const real *x)
{
    const real zero = constant(0), left = log_logistic(minus(zero, x[3]));
    const real mean[GROUPS] = {x[0], plus(x[0], exp_of(x[1])), plus(plus(x[0], exp_of(x[1])), exp_of(x[2]))};
    const real weight[GROUPS] = {log_logistic(x[3]), plus(left, log_logistic(x[4])),
                                 plus(left, log_logistic(minus(zero, x[4])))};
    real sum = plus(plus(x[1], x[2]), half_normal_prior(x[5], 2));
    for (size_t k = 0; k < GROUPS; k++) { /* Dirichlet(2, 2, 2); the stick's Jacobian is the product of the weights */
        sum = plus(sum, plus(normal_prior(mean[k], 0, 5), times(constant(2), weight[k])));
    }
    for (size_t i = 0; i < SAMPLE; i++) {
        real all = plus(weight[0], normal(constant(sample[i]), mean[0], x[5]));
        for (size_t k = 1; k < GROUPS; k++) {
            all = log_plus(all, plus(weight[k], normal(constant(sample[i]), mean[k], x[5])));
        }
        sum = plus(sum, all);
    }
    return sum;
}

static void groups_parameters(const double *x, double *value)
{
    const double left = logistic(-x[3]);
    value[0] = x[0];
    value[1] = value[0] + exp(x[1]);
    value[2] = value[1] + exp(x[2]);
    value[3] = logistic(x[3]);
    value[4] = left * logistic(x[4]);
    value[5] = left * logistic(-x[4]);
    value[6] = exp(x[5]);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * An ordinary differential equation: hares and lynxes (Hudson's Bay Company, 1900 to 1920), Lotka and Volterra's
 * equations by four steps of Runge and Kutta a year
 */

#define YEARS 21
#define STEPS 4

static const double pelts[YEARS][2] = {
    {30, 4},      {47.2, 6.1},  {70.2, 9.8},  {77.4, 35.2}, {36.3, 59.4}, {20.6, 41.7}, {18.1, 19},
    {21.4, 13},   {22, 8.3},    {25.4, 9.1},  {27.1, 7.4},  {40.3, 8},    {57, 12.3},   {76.6, 19.5},
    {52.3, 45.7}, {19.5, 51.1}, {11.2, 29.7}, {7.6, 15.8},  {14.6, 9.7},  {16.2, 10.1}, {24.7, 8.6},
};

static void growth(const real *rate, const real *z, real *slope)
{
    slope[0] = times(minus(rate[0], times(rate[1], z[1])), z[0]);
    slope[1] = times(minus(times(rate[3], z[0]), rate[2]), z[1]);
}

/* z <- the state one step of h later */
static void runge_kutta(const real *rate, double h, real *z)
{
    static const double ahead[4] = {0, 0.5, 0.5, 1}, part[4] = {1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6};
    real slope[2] = {constant(0), constant(0)}, next[2] = {z[0], z[1]};
    for (size_t stage = 0; stage < 4; stage++) {
        real at[2];
        for (size_t k = 0; k < 2; k++) {
            at[k] = plus(z[k], times(constant(h * ahead[stage]), slope[k]));
        }
        growth(rate, at, slope);
        for (size_t k = 0; k < 2; k++) {
            next[k] = plus(next[k], times(constant(h * part[stage]), slope[k]));
        }
    }
    memcpy(z, next, sizeof next);
}

static real predators(const real *x) /* logs of four rates, two first states, two deviations */
{
    static const double mean[4] = {1, 0.05, 1, 0.05}, sd[4] = {0.5, 0.05, 0.5, 0.05};
    real rate[4], z[2] = {exp_of(x[4]), exp_of(x[5])}, sum = constant(0);
    for (size_t k = 0; k < 4; k++) {
        rate[k] = exp_of(x[k]);
        sum = plus(sum, plus(normal_prior(rate[k], mean[k], sd[k]), x[k]));
    }
    for (size_t k = 0; k < 2; k++) {
        sum = plus(sum, plus(normal_prior(x[4 + k], log(10), 1), normal_prior(x[6 + k], -1, 1)));
    }
    for (size_t t = 0; t < YEARS; t++) {
        for (size_t s = 0; t > 0 && s < STEPS; s++) {
            runge_kutta(rate, 1.0 / STEPS, z);
        }
        for (size_t k = 0; k < 2; k++) {
            sum = plus(sum, normal(constant(log(pelts[t][k])), log_of(z[k]), x[6 + k]));
        }
    }
    return sum;
}

static void predators_parameters(const double *x, double *value)
{
    exponentials(8, x, value);
}

/* ---------------------------------------------------------------------------------------------------------------------
 * All of them
 */

/* By `rovi_bench reference`: means to within .01 sd (standard error .006 at most). Both forms of the schools have the
 * same parameters, of which the non-centred one tells: chains of the centred one do not get into the neck of its
 * funnel. */
static const struct moments regression_reference[] = {
    {-9.908, 3.77}, {0.5773, 0.0878}, {0.0004724, 0.00013}, {-4.998e-06, 3.04e-06}, {4.577, 0.438}};
static const struct moments schools_reference[] = {{4.411, 3.34}, {3.619, 3.3}, {6.228, 5.64}, {4.984, 4.74},
                                                   {3.936, 5.28}, {4.757, 4.8}, {3.626, 4.64}, {4.038, 4.82},
                                                   {6.327, 5.12}, {4.847, 5.33}};
static const struct moments gaussian_process_reference[] = {{1.259, 0.399}, {1.389, 0.574}, {0.2924, 0.12}};
static const struct moments hidden_markov_reference[] = {
    {0.1505, 1.19}, {0.1505, 1.19}, {0.8262, 0.0834}, {0.8262, 0.0834}};
static const struct moments moving_average_reference[] = {
    {0.4319, 0.112}, {0.775, 0.0545}, {0.5108, 0.0728}, {0.4806, 0.0319}};
static const struct moments garch_reference[] = {{4.933, 0.119}, {0.5502, 0.291}, {0.3532, 0.126}, {0.4679, 0.154}};
static const struct moments groups_reference[] = {{-2.985, 0.158},  {-0.06875, 0.135}, {2.821, 0.15},
                                                  {0.2646, 0.0442}, {0.4288, 0.0505},  {0.3066, 0.0466},
                                                  {0.7299, 0.0659}};
static const struct moments predators_reference[] = {{0.5475, 0.0636},   {0.02776, 0.0042}, {0.7993, 0.0904},
                                                     {0.02406, 0.00357}, {34.05, 2.92},     {5.939, 0.527},
                                                     {0.2482, 0.0429},   {0.251, 0.0437}};

static const char *const school_names[] = {"mu",      "tau",     "theta 1", "theta 2", "theta 3",
                                           "theta 4", "theta 5", "theta 6", "theta 7", "theta 8"};

const struct posterior posteriors[] = {
    {"regression", 5, 5, regression, regression_parameters, NULL,
     (const char *const[]){"one", "age", "income", "age x income", "sigma"}, regression_reference},
    {"schools, centred", 10, 10, schools_centered, schools_centered_parameters, NULL, school_names, schools_reference},
    {"schools, non-centred", 10, 10, schools_noncentered, schools_noncentered_parameters, NULL, school_names,
     schools_reference},
    {"Gaussian process", 3, 3, gaussian_process, gaussian_process_parameters, NULL,
     (const char *const[]){"length", "amplitude", "noise"}, gaussian_process_reference},
    {"hidden Markov", 4, 4, hidden_markov, hidden_markov_parameters, hidden_markov_twin,
     (const char *const[]){"mean 1", "mean 2", "stay 1", "stay 2"}, hidden_markov_reference},
    {"ARMA(1, 1)", 4, 4, moving_average, moving_average_parameters, NULL,
     (const char *const[]){"mu", "phi", "theta", "sigma"}, moving_average_reference},
    {"GARCH(1, 1)", 4, 4, garch, garch_parameters, NULL, (const char *const[]){"mu", "alpha 0", "alpha 1", "beta 1"},
     garch_reference},
    {"ordered, simplex", 6, 7, groups, groups_parameters, NULL,
     (const char *const[]){"mean 1", "mean 2", "mean 3", "weight 1", "weight 2", "weight 3", "sigma"},
     groups_reference},
    {"differential equation", 8, 8, predators, predators_parameters, NULL,
     (const char *const[]){"alpha", "beta", "gamma", "delta", "hares", "lynxes", "sigma 1", "sigma 2"},
     predators_reference},
};
const size_t posterior_count = sizeof posteriors / sizeof posteriors[0];

void posterior_data(void)
{
    struct chance chance = {1};
    make_people(&chance);
    make_sites(&chance);
    make_signal(&chance);
    make_moving(&chance);
    make_traded(&chance);
    make_sample(&chance);
}

double posterior_logp(const struct posterior *p, const double *x, double *grad)
{
    real v[POSTERIOR_MOST];
    tape_begin(p->d, x, grad != NULL, v);
    const real y = p->density(v);
    if (grad != NULL) {
        tape_gradient(y, p->d, grad);
    }
    return y.value;
}

static int answer(size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)d;
    *logp = posterior_logp(data, x, grad);
    return 0;
}

rovi_target *posterior_target(const struct posterior *p)
{
    rovi_target *target = NULL;
    rovi_error error;
    bench_require(rovi_target_new(p->d, answer, (void *)p, &target, &error), &error);
    rovi_target_set_concurrent(target, 1);
    return target;
}
