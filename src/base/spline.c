/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * With second derivatives c at the knots, zero at both ends, and widths h_k = a_{k+1} - a_k,
 *     h_{k-1} c_{k-1} + 2 (h_{k-1} + h_k) c_k + h_k c_{k+1} = 6 [(v_{k+1} - v_k)/h_k - (v_k - v_{k-1})/h_{k-1}] :
 * a tridiagonal system, solved for the unit vectors v.
 */
#include "base/spline.h"

/* c for the values v, by elimination; diagonally dominant, so that no pivots are needed. */
static void second_derivatives(size_t m, const double *a, const double *v, double *c)
{
    double upper[SPLINE_MOST] = {0}, right[SPLINE_MOST] = {0};
    for (size_t k = 1; k + 1 < m; k++) {
        const double left = a[k] - a[k - 1], next = a[k + 1] - a[k];
        const double pivot = 2 * (left + next) - left * upper[k - 1];
        const double bend = 6 * ((v[k + 1] - v[k]) / next - (v[k] - v[k - 1]) / left);
        upper[k] = next / pivot;
        right[k] = (bend - left * right[k - 1]) / pivot;
    }
    c[m - 1] = 0;
    for (size_t k = m - 1; k-- > 0;) {
        c[k] = right[k] - upper[k] * c[k + 1];
    }
}

static double value_at(const double *a, const double *v, const double *c, size_t k, double t)
{
    const double h = a[k + 1] - a[k], r = (t - a[k]) / h, l = 1 - r;
    return l * v[k] + r * v[k + 1] + h * h / 6 * ((l * l * l - l) * c[k] + (r * r * r - r) * c[k + 1]);
}

void spline_weights(size_t m, const double *knot, size_t n, const double *t, double *W)
{
    double unit[SPLINE_MOST] = {0}, c[SPLINE_MOST];
    for (size_t k = 0; k < m; k++) {
        size_t cell = 0;
        unit[k] = 1;
        second_derivatives(m, knot, unit, c);
        for (size_t j = 0; j < n; j++) {
            while (cell + 2 < m && t[j] > knot[cell + 1]) {
                cell++;
            }
            W[j * m + k] = value_at(knot, unit, c, cell, t[j]);
        }
        unit[k] = 0;
    }
}
