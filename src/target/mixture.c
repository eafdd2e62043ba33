/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mixtures of K Gaussian or Student-t components, equations (17) and (18) of docs/math.md:
 *
 *   log p(x) = log sum_k w_k c_k g(q_k(x)),      q_k(x) = |L_k^-1 (x - m_k)|^2,     S_k = L_k L_k^T
 *   grad log p(x) = - sum_k r_k(x) f(q_k(x)) L_k^-T L_k^-1 (x - m_k),               r_k the responsibilities
 *
 * with g(q) = exp(-q/2), f = 1 for the Gaussian and g(q) = (1 + q/df)^(-(df + d)/2), f = (df + d)/(df + q) for
 * Student's t: the two kinds differ in one function, `radial`.
 *
 * Components that share a matrix are a group. A block of points is whitened once per group, z = L^-1 (x - centre),
 * where all of the group's components are spherical about their whitened means, and its gradient is pulled back once,
 * by L^-T. So a shared matrix costs two triangular solves however many components there are, the identity none, and
 * matrices of their own two per component. The centre is taken off first, because means far from the origin would
 * otherwise cost digits.
 *
 * Along a line x + t u, q_k(t) = q_k(t_k) + (t - t_k)^2 |v|^2 with v = L_k^-1 u and t_k where the line comes nearest to
 * the mean: O(d^2) for a line, O(1) for each of its points.
 */
#include "target/mixture.h"

#include <math.h>
#include <string.h>

#include "base/linalg.h"

#define UNDERFLOW (-745.2) /* exp is 0 below, and slow to find out */

/* Arrays K x n below have one row per component and one column per point. */

void mixture_whiten(const struct mixture *mix, size_t g, size_t n, const double *x, double *z)
{
    const size_t d = mix->d;
    const double *centre = mix->centre + g * d;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++) {
            z[i * d + j] = x[i * d + j] - centre[j];
        }
    }
    if (mix->L != NULL) {
        linalg_solve_lower(n, d, mix->L + g * d * d, z);
    }
}

/* q (n): squared distances of the rows of z from mean */
static void squared_distances(size_t n, size_t d, const double *z, const double *mean, double *q)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < d; j++) {
            const double off = z[i * d + j] - mean[j];
            sum += off * off;
        }
        q[i] = sum;
    }
}

/* q becomes log g(q), and f the factor of the gradient */
static void radial(const struct mixture *mix, size_t n, double *q, double *f)
{
    const double df = mix->df, exponent = -0.5 * (df + (double)mix->d);
    for (size_t i = 0; i < n; i++) {
        f[i] = isinf(df) ? 1 : -2 * exponent / (df + q[i]);
        q[i] = isinf(df) ? -0.5 * q[i] : exponent * log1p(q[i] / df);
    }
}

/* term (K x n): log densities of the components, weights included, from their groups' z (groups x n x d) */
static void component_terms(const struct mixture *mix, size_t n, const double *z, double *term, double *f)
{
    for (size_t k = 0; k < mix->K; k++) {
        const size_t g = mix->groups == 1 ? 0 : k;
        squared_distances(n, mix->d, z + g * n * mix->d, mix->mean + k * mix->d, term + k * n);
        radial(mix, n, term + k * n, f + k * n);
        for (size_t i = 0; i < n; i++) {
            term[k * n + i] += mix->log_c[k];
        }
    }
}

/* logp (n) = log sum_k exp(term_k); the terms become responsibilities */
static void log_sum_exp(size_t K, size_t n, double *term, double *logp)
{
    for (size_t i = 0; i < n; i++) {
        double top = term[i], sum = 0;
        for (size_t k = 1; k < K; k++) {
            top = term[k * n + i] > top ? term[k * n + i] : top;
        }
        for (size_t k = 0; k < K; k++) {
            const double below = term[k * n + i] - top;
            term[k * n + i] = below < UNDERFLOW ? 0 : exp(below);
            sum += term[k * n + i];
        }
        for (size_t k = 0; k < K; k++) {
            term[k * n + i] /= sum;
        }
        logp[i] = top + log(sum);
    }
}

/* z (n x d) of one group becomes its part of the gradient, L^-T sum_k rho_k (mean_k - z), where mean and rho (per x n)
 * are those of its components */
static void pull_back(size_t per, size_t n, size_t d, const double *mean, const double *rho, const double *L, double *z)
{
    for (size_t i = 0; i < n; i++) {
        double total = 0;
        for (size_t k = 0; k < per; k++) {
            total += rho[k * n + i];
        }
        for (size_t j = 0; j < d; j++) {
            z[i * d + j] *= -total;
        }
    }
    for (size_t k = 0; k < per; k++) {
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < d; j++) {
                z[i * d + j] += rho[k * n + i] * mean[k * d + j];
            }
        }
    }
    if (L != NULL) {
        linalg_solve_lower_transposed(n, d, L, z);
    }
}

/* grad (n x d) from the groups' z, which is used up, and rho = r_k f(q_k) (K x n) */
static void gradient(const struct mixture *mix, size_t n, const double *rho, double *z, double *grad)
{
    const size_t d = mix->d, per = mix->per;
    memset(grad, 0, n * d * sizeof *grad);
    for (size_t g = 0; g < mix->groups; g++) {
        double *part = z + g * n * d;
        pull_back(per, n, d, mix->mean + g * per * d, rho + g * per * n, mix->L == NULL ? NULL : mix->L + g * d * d,
                  part);
        for (size_t i = 0; i < n * d; i++) {
            grad[i] += part[i];
        }
    }
}

size_t mixture_scratch(const struct mixture *mix)
{
    return TARGET_BLOCK * (mix->groups * mix->d + 2 * mix->K); /* z, term, f */
}

/* z, term and f inside scratch, from the points x */
static double *terms_at(const struct mixture *mix, size_t n, const double *x, double *scratch)
{
    double *z = scratch, *term = z + mix->groups * n * mix->d, *f = term + mix->K * n;
    for (size_t g = 0; g < mix->groups; g++) {
        mixture_whiten(mix, g, n, x, z + g * n * mix->d);
    }
    component_terms(mix, n, z, term, f);
    return term;
}

void mixture_classify(const struct rovi_target *target, size_t n, const double *x, size_t *component, double *scratch)
{
    const struct mixture *mix = target->self;
    const double *term = terms_at(mix, n, x, scratch);
    for (size_t i = 0; i < n; i++) {
        component[i] = 0;
        for (size_t k = 1; k < mix->K; k++) {
            component[i] = term[k * n + i] > term[component[i] * n + i] ? k : component[i];
        }
    }
}

int mixture_evaluate(const struct rovi_target *target, size_t n, const double *x, double *logp, double *grad,
                     double *scratch)
{
    const struct mixture *mix = target->self;
    double *z = scratch, *term = terms_at(mix, n, x, scratch), *f = term + mix->K * n;
    log_sum_exp(mix->K, n, term, logp);
    if (grad != NULL) {
        for (size_t i = 0; i < mix->K * n; i++) {
            f[i] *= term[i];
        }
        gradient(mix, n, f, z, grad);
    }
    return 0;
}

/* A line and a component: q(t) = q_least + speed (t - t_least)^2. */
struct approach {
    double t_least, q_least, speed;
};

/* From the whitened points z and direction v of a line. */
static struct approach approach(size_t d, const double *z, const double *v, const double *mean)
{
    double along = 0, speed = 0, least = 0;
    for (size_t j = 0; j < d; j++) {
        along += (z[j] - mean[j]) * v[j];
        speed += v[j] * v[j];
    }
    const double t = speed > 0 ? -along / speed : 0;
    for (size_t j = 0; j < d; j++) {
        const double off = z[j] - mean[j] + t * v[j];
        least += off * off;
    }
    return (struct approach){t, least, speed};
}

/* list (n x K): every line's approach to every component */
static void approach_all(const struct mixture *mix, const struct target_lines *along, double *z, struct approach *list)
{
    const size_t d = mix->d, n = along->lines;
    double *v = z + n * d;
    for (size_t g = 0; g < mix->groups; g++) {
        mixture_whiten(mix, g, n, along->x, z);
        memcpy(v, along->u, d * sizeof *v);
        if (mix->L != NULL) {
            linalg_solve_lower(1, d, mix->L + g * d * d, v);
        }
        for (size_t k = g * mix->per; k < (g + 1) * mix->per; k++) {
            for (size_t s = 0; s < n; s++) {
                list[s * mix->K + k] = approach(d, z + s * d, v, mix->mean + k * d);
            }
        }
    }
}

size_t mixture_lines_scratch(const struct mixture *mix)
{
    const size_t list = TARGET_LINES * mix->K * sizeof(struct approach) / sizeof(double);
    return list + (TARGET_LINES + 1) * mix->d + TARGET_BLOCK * (mix->K + 1);
}

int mixture_lines(const struct rovi_target *target, const struct target_lines *along, double *logp, double *scratch)
{
    const struct mixture *mix = target->self;
    const size_t m = along->points, n = along->lines;
    struct approach *list = (struct approach *)scratch;
    double *z = (double *)(list + n * mix->K), *term = z + (n + 1) * mix->d, *f = term + m * mix->K;
    approach_all(mix, along, z, list);
    for (size_t s = 0; s < n; s++) {
        for (size_t k = 0; k < mix->K; k++) {
            const struct approach a = list[s * mix->K + k];
            for (size_t j = 0; j < m; j++) {
                const double t = along->t[j] - a.t_least;
                term[k * m + j] = a.q_least + a.speed * t * t;
            }
            radial(mix, m, term + k * m, f);
            for (size_t j = 0; j < m; j++) {
                term[k * m + j] += mix->log_c[k];
            }
        }
        log_sum_exp(mix->K, m, term, logp + s * m);
    }
    return 0;
}
