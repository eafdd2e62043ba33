/* SPDX-License-Identifier: BSD-3-Clause */
/* The dictionary's masses, means and nodal mass matrix from truncated normal moments, equations (10) and (13). */
#include "family/dictionary.h"

#include <math.h>
#include <string.h>

#include "base/normal.h"
#include "base/rng.h"
#include "family/cone.h"

#define NARROW 0.5 /* cells up to here by quadrature, which is exact to rounding there */

/* m_r = E[u^r; cell], r = 0, 1, 2, u = (x - a)/h, by the closed form. */
static void wide_moments(double a, double h, double m[3])
{
    const double P = normal_interval(a, a + h), X1 = normal_moment1(a, a + h), X2 = normal_moment2(a, a + h);
    m[0] = P;
    m[1] = (X1 - a * P) / h;
    m[2] = (X2 - 2 * a * X1 + a * a * P) / (h * h);
}

/* The same by 8-point Gauss-Legendre: the closed form loses about (1 + a^2)/h^3 units of rounding to cancellation. */
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

/* Cell k adds its moments to the nodal mass matrix. */
static void add_cell(struct dictionary *D, size_t k)
{
    const double a = D->knots[k], b = D->knots[k + 1], h = b - a;
    double m[3];
    (h <= NARROW ? narrow_moments : wide_moments)(a, h, m);
    const double P = m[0], u1 = m[1], u2 = m[2];
    D->width[k] = h;
    D->mass[k] = P;
    D->mean[k] = u1 + normal_upper(b);
    D->diagonal[k] += P - 2 * u1 + u2;
    D->off[k] = u1 - u2;
    D->diagonal[k + 1] += u2;
}

void dictionary_init(struct dictionary *D, struct arena *arena, size_t cells, const double *knots)
{
    *D = (struct dictionary){.cells = cells,
                             .knots = arena_copy(arena, knots, cells + 1),
                             .width = arena_doubles(arena, cells),
                             .mass = arena_doubles(arena, cells),
                             .mean = arena_doubles(arena, cells),
                             .diagonal = arena_doubles(arena, cells + 1),
                             .off = arena_doubles(arena, cells)};
    if (arena->failed) {
        return;
    }
    D->diagonal[0] = normal_cdf(knots[0]);
    D->diagonal[cells] += normal_upper(knots[cells]);
    D->outside = normal_cdf(knots[0]) + normal_upper(knots[cells]);
    for (size_t k = 0; k < cells; k++) {
        add_cell(D, k);
    }
}

size_t dictionary_uniform_cells(double mesh, double range)
{
    const double cells = round(2 * range / mesh);
    return cells < 1 ? 1 : (size_t)cells;
}

void dictionary_uniform_knots(size_t cells, double range, double *knots)
{
    for (size_t k = 0; k <= cells; k++) {
        knots[k] = range * (2 * (double)k / (double)cells - 1);
    }
}

double dictionary_entropy_smoothness(const struct dictionary *D, double *work)
{
    const struct rng_stream stream = {.purpose = RNG_PROBE};
    double *x = work, *y = x + D->cells, norm = 1;
    rng_uniforms(stream, 0, D->cells, x);
    for (int iteration = 0; iteration < 200; iteration++) { /* the power method: a bound needs no more */
        for (size_t k = 0; k < D->cells; k++) {
            x[k] *= D->mass[k] / (norm * D->width[k] * D->width[k]);
        }
        cone_gram_solve(D, x, y, y + D->cells);
        memcpy(x, y, D->cells * sizeof *x);
        double square = 0;
        for (size_t k = 0; k < D->cells; k++) {
            square += x[k] * x[k];
        }
        norm = sqrt(square);
    }
    return norm;
}
