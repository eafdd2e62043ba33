/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The standard normal distribution. Probabilities go through erfc, which keeps its relative accuracy in the tail; the
 * quantile is Wichura's algorithm AS 241 (PPND16, Applied Statistics 37, 1988), good to about 1e-16 relative.
 */
#include "base/normal.h"

#include <math.h>

#define SQRT_HALF    0.70710678118654752440
#define NORMAL_BLOCK 64 /* quantiles at once */

double normal_density(double x)
{
    return exp(normal_log_density(x));
}

double normal_cdf(double x)
{
    return 0.5 * erfc(-x * SQRT_HALF);
}

double normal_upper(double x)
{
    return 0.5 * erfc(x * SQRT_HALF);
}

double normal_interval(double a, double b)
{
    /* Both tails small: subtract there, where the numbers are small as well. */
    return a > 0 ? normal_upper(a) - normal_upper(b) : normal_cdf(b) - normal_cdf(a);
}

double normal_moment1(double a, double b)
{
    return normal_density(a) - normal_density(b);
}

static double times_density(double x)
{
    return isinf(x) ? 0 : x * normal_density(x);
}

double normal_moment2(double a, double b)
{
    return normal_interval(a, b) + times_density(a) - times_density(b);
}

#define NARROW 0.5 /* cells up to this width by quadrature, which is exact to rounding there */

/* By the closed form. */
static void wide_moments(double a, double h, double m[3])
{
    const double P = normal_interval(a, a + h), X1 = normal_moment1(a, a + h), X2 = normal_moment2(a, a + h);
    m[0] = P;
    m[1] = (X1 - a * P) / h;
    m[2] = (X2 - 2 * a * X1 + a * a * P) / (h * h);
}

/* By 8-point Gauss-Legendre: the closed form loses about (1 + a^2)/h^3 units of rounding to cancellation. */
static void narrow_moments(double a, double h, double m[3])
{
    static const double node[4] = {0.18343464249564980, 0.52553240991632899, 0.79666647741362674, 0.96028985649753623};
    static const double weight[4] = {0.36268378337836198, 0.31370664587788729, 0.22238103445337447,
                                     0.10122853629037626};
    m[0] = m[1] = m[2] = 0;
    for (int i = 0; i < 8; i++) {
        const double u = 0.5 + (i < 4 ? 0.5 : -0.5) * node[i % 4];
        const double mass = 0.5 * weight[i % 4] * h * normal_density(a + u * h);
        m[0] += mass;
        m[1] += mass * u;
        m[2] += mass * u * u;
    }
}

void normal_cell_moments(double a, double b, double m[3])
{
    (b - a <= NARROW ? narrow_moments : wide_moments)(a, b - a, m);
}

/* Polynomial of degree 7, coefficients from the constant term on. */
static double polynomial(const double c[8], double x)
{
    return ((((((c[7] * x + c[6]) * x + c[5]) * x + c[4]) * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0];
}

static double quantile_centre(double q)
{
    static const double a[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static const double b[8] = {1.0,
                                4.2313330701600911252e+1,
                                6.8718700749205790830e+2,
                                5.3941960214247511077e+3,
                                2.1213794301586595867e+4,
                                3.9307895800092710610e+4,
                                2.8729085735721942674e+4,
                                5.2264952788528545610e+3};
    const double r = 0.180625 - q * q;
    return q * polynomial(a, r) / polynomial(b, r);
}

static double quantile_shoulder(double r)
{
    static const double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    return polynomial(c, r - 1.6) / polynomial(d, r - 1.6);
}

static double quantile_tail(double r)
{
    static const double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    return polynomial(e, r - 5) / polynomial(f, r - 5);
}

#define CENTRE 0.425 /* of p on either side of a half, where the quantile is a rational function of p */

static double quantile_outside(double p)
{
    const double tail = p < 0.5 ? p : 1 - p, sign = p < 0.5 ? -1 : 1;
    if (!(tail > 0)) {
        return tail == 0 ? sign * INFINITY : NAN;
    }
    const double r = sqrt(-log(tail));
    return sign * (r <= 5 ? quantile_shoulder(r) : quantile_tail(r));
}

double normal_quantile(double p)
{
    const double q = p - 0.5;
    return fabs(q) <= CENTRE ? quantile_centre(q) : quantile_outside(p);
}

/* The centre's formula for all, which the compiler can do side by side; then those outside, one in seven, again. */
static void quantiles_of_block(size_t n, const double *p, double *x)
{
    size_t outside[NORMAL_BLOCK], count = 0;
    for (size_t j = 0; j < n; j++) {
        x[j] = quantile_centre(p[j] - 0.5);
    }
    for (size_t j = 0; j < n; j++) {
        outside[count] = j;
        count += fabs(p[j] - 0.5) <= CENTRE ? 0 : 1;
    }
    for (size_t k = 0; k < count; k++) {
        x[outside[k]] = quantile_outside(p[outside[k]]);
    }
}

void normal_quantiles(size_t n, const double *p, double *x)
{
    for (size_t at = 0; at < n; at += NORMAL_BLOCK) {
        quantiles_of_block(n - at < NORMAL_BLOCK ? n - at : NORMAL_BLOCK, p + at, x + at);
    }
}

double normal_between(double left, double right)
{
    return left < right ? normal_quantile(left) : -normal_quantile(right);
}
