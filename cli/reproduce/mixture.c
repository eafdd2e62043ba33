/* SPDX-License-Identifier: BSD-3-Clause */
/* The mixtures that the experiments fit, and what of them an approximation keeps. */
#include "cli/reproduce/mixture.h"

#include <math.h>
#include <string.h>

#include "cli/picture/density.h"
#include "io/report.h"

#define SHARE_DRAWS    20000
#define MARGINAL_DRAWS 100000
#define MEASURE_SEED   20251017 /* no fit uses it */

struct mixture mixture_even(size_t d, size_t count, const double *means)
{
    struct mixture mixture = {.d = d, .count = count, .means = means};
    for (size_t k = 0; k < count; k++)
        mixture.weight[k] = 1 / (double)count;
    return mixture;
}

const rovi_target *mixture_target(struct study *study, const struct mixture *m)
{
    rovi_target *target = NULL;
    if (study->status)
        return NULL;
    if (m->df > 0)
        study_fail(study,
                   rovi_target_new_student_t_mixture(m->d, m->count, m->df, m->weight, m->means, m->covariance_count,
                                                     m->covariances, &target, &study->error));
    else
        study_fail(study, rovi_target_new_gaussian_mixture(m->d, m->count, m->weight, m->means, m->covariance_count,
                                                           m->covariances, &target, &study->error));
    return study_keep_target(study, target);
}

static const double *covariance_of(const struct mixture *m, size_t k)
{
    return m->covariance_count == 0 ? NULL : m->covariances + (m->covariance_count == 1 ? 0 : k * m->d * m->d);
}

static const rovi_target *component_target(struct study *study, const struct mixture *m, size_t k)
{
    struct mixture one = mixture_even(m->d, 1, m->means + k * m->d);
    one.df = m->df;
    one.covariance_count = m->covariance_count > 0;
    one.covariances = covariance_of(m, k);
    return mixture_target(study, &one);
}

/* N(mean, I): a rotated product whose rotation and maps are identities. */
static rovi_approximation *unit_normal(struct study *study, size_t d, const double *mean)
{
    static const double knots[2] = {-1, 1}, lambda[1] = {0};
    rovi_approximation *q = NULL;
    double *identity = study_doubles(study, d * d);
    rovi_map *maps = pool_take(&study->pool, d, sizeof *maps);
    if (!identity || !maps)
        return NULL;
    for (size_t j = 0; j < d; j++) {
        identity[j * d + j] = 1;
        maps[j] = (rovi_map){.cells = 1, .knots = knots, .lambda = lambda, .alpha = 1};
    }
    const rovi_approximation_parts parts = {.dim = d, .center = mean, .rotation = identity, .maps = maps};
    study_fail(study, rovi_approximation_new(&parts, &q, &study->error));
    return q;
}

const rovi_approximation *mixture_exact(struct study *study, const struct mixture *m)
{
    rovi_approximation *q = NULL;
    const rovi_approximation *component[COMPONENTS_MOST];
    for (size_t k = 0; k < m->count; k++)
        component[k] =
            study->status ? NULL : study_keep_approximation(study, unit_normal(study, m->d, m->means + k * m->d));
    if (study->status)
        return NULL;
    study_fail(study, rovi_approximation_new_mixture(m->count, m->weight, component, &q, &study->error));
    return study_keep_approximation(study, q);
}

static double *draw(struct study *study, const rovi_approximation *q, size_t n)
{
    double *x = q && !study->status ? study_doubles(study, n * rovi_approximation_dim(q)) : NULL;
    if (x)
        study_fail(study, rovi_approximation_draw(q, MEASURE_SEED, 0, n, x, NULL, &study->error));
    return x;
}

/* log p_k at every draw, component after component. */
static double *component_densities(struct study *study, const struct mixture *m, size_t n, const double *x)
{
    double *log_p = study_doubles(study, m->count * n);
    for (size_t k = 0; k < m->count && log_p && !study->status; k++) {
        const rovi_target *target = component_target(study, m, k);
        if (target)
            study_fail(study, rovi_target_evaluate(target, n, x, log_p + k * n, NULL, &study->error));
    }
    return log_p;
}

static void responsibilities(const struct mixture *m, size_t n, const double *log_p, size_t i, double *r)
{
    double top = -INFINITY, total = 0;
    for (size_t k = 0; k < m->count; k++)
        top = fmax(top, log_p[k * n + i]);
    for (size_t k = 0; k < m->count; k++)
        total += r[k] = m->weight[k] * exp(log_p[k * n + i] - top);
    for (size_t k = 0; k < m->count; k++)
        r[k] /= total;
}

void mixture_shares(struct study *study, const struct mixture *m, const rovi_approximation *q, rovi_estimate *share)
{
    const size_t n = SHARE_DRAWS;
    double r[COMPONENTS_MOST], square[COMPONENTS_MOST] = {0};
    for (size_t k = 0; k < m->count; k++)
        share[k] = (rovi_estimate){NAN, NAN};
    double *x = draw(study, q, n), *log_p = x ? component_densities(study, m, n, x) : NULL;
    if (!log_p || study->status)
        return;
    memset(share, 0, m->count * sizeof *share);
    for (size_t i = 0; i < n; i++) {
        responsibilities(m, n, log_p, i, r);
        for (size_t k = 0; k < m->count; k++) {
            share[k].value += r[k] / (double)n;
            square[k] += r[k] * r[k] / (double)n;
        }
    }
    for (size_t k = 0; k < m->count; k++)
        share[k].mcse = sqrt(fmax(0, square[k] - share[k].value * share[k].value) / (double)n);
}

/* ---- marginals ---- */

/* Of Gaussian mixtures. */
static double marginal_density(const struct mixture *m, size_t j, double t)
{
    double sum = 0;
    for (size_t k = 0; k < m->count; k++) {
        const double *S = covariance_of(m, k);
        double variance = S ? S[j * m->d + j] : 1, z = t - m->means[k * m->d + j];
        sum += m->weight[k] * exp(-z * z / (2 * variance)) / sqrt(variance);
    }
    return sum * 0.3989422804014327; /* 1/sqrt(2 pi) */
}

static double curve_kl(const struct mixture *m, size_t j, const struct curve *q)
{
    double kl = 0, total = 0;
    for (size_t i = 0; i < q->count; i++)
        total += q->value[i] * q->step;
    for (size_t i = 0; i < q->count; i++) {
        double density = q->value[i] / total, p = marginal_density(m, j, q->lo + (double)i * q->step);
        if (density > 0 && p > 0)
            kl += q->step * density * log(density / p);
    }
    return kl;
}

double mixture_marginal_kl_of(struct study *study, const struct mixture *m, size_t n, const double *x)
{
    double sum = 0;
    struct pool pool = {0};
    for (size_t j = 0; j < m->d && !study->status; j++) {
        struct curve curve;
        double lo = 0, hi = 1;
        study_fail(study, density_range(&pool, n, x + j, m->d, &lo, &hi, &study->error));
        if (!study->status)
            study_fail(study, density_smooth(&pool, n, x + j, m->d, lo - (hi - lo) / 10, hi + (hi - lo) / 10, &curve,
                                             &study->error));
        if (!study->status)
            sum += curve_kl(m, j, &curve) / (double)m->d;
        pool_free(&pool);
    }
    return study->status ? NAN : sum;
}

double mixture_marginal_kl(struct study *study, const struct mixture *m, const rovi_approximation *q)
{
    double *x = draw(study, q, MARGINAL_DRAWS);
    return x && !study->status ? mixture_marginal_kl_of(study, m, MARGINAL_DRAWS, x) : NAN;
}

/* ---- fits ---- */

double fit_alignment(const rovi_fit *fit, const double *u)
{
    if (!fit)
        return NAN;
    const rovi_approximation_parts *q = rovi_approximation_parts_of(rovi_fit_approximation(fit));
    double most = 0;
    for (size_t k = 0; k < q->dim; k++) {
        double product = 0;
        for (size_t i = 0; i < q->dim; i++)
            product += q->rotation[i * q->dim + k] * u[i];
        most = fmax(most, fabs(product));
    }
    return most;
}

rovi_estimate fit_kl(const rovi_fit *fit)
{
    return fit ? rovi_fit_parts_of(fit)->kl : (rovi_estimate){NAN, NAN};
}

const rovi_approximation *fit_q(const rovi_fit *fit)
{
    return fit ? rovi_fit_approximation(fit) : NULL;
}
