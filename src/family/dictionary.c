/* SPDX-License-Identifier: BSD-3-Clause */
/* The dictionary's masses, means and nodal mass matrix from truncated normal moments, equations (10) and (13). */
#include "family/dictionary.h"

#include <math.h>
#include <string.h>

#include "base/normal.h"
#include "base/rng.h"
#include "family/cone.h"

/* Cell k adds its moments to the nodal mass matrix. */
static void add_cell(struct dictionary *D, size_t k)
{
    const double a = D->knots[k], b = D->knots[k + 1], h = b - a;
    double m[3];
    normal_cell_moments(a, b, m);
    const double P = m[0], u1 = m[1], u2 = m[2];
    D->width[k] = h;
    D->mass[k] = P;
    D->mean[k] = u1 + normal_upper(b);
    D->diagonal[k] += P - 2 * u1 + u2;
    D->off[k] = u1 - u2;
    D->diagonal[k + 1] += u2;
}

void dictionary_init(struct dictionary *D, struct arena *arena, size_t room)
{
    *D = (struct dictionary){.knots = arena_doubles(arena, room + 1),
                             .width = arena_doubles(arena, room),
                             .mass = arena_doubles(arena, room),
                             .mean = arena_doubles(arena, room),
                             .diagonal = arena_doubles(arena, room + 1),
                             .off = arena_doubles(arena, room)};
}

void dictionary_set(struct dictionary *D, size_t cells, const double *knots)
{
    D->cells = cells;
    memcpy(D->knots, knots, (cells + 1) * sizeof *knots);
    memset(D->diagonal, 0, (cells + 1) * sizeof *D->diagonal);
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
