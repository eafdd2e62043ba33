/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/diagonalize.h"

#include <math.h>
#include <stdbool.h>

#define SWEEPS 30
#define STILL  1e-8 /* radians */

/* The angle that makes the (i, j) entries of all matrices as small as may be: with (g, h) = (A_ii - A_jj, 2 A_ij), it
 * maximises sum (g cos 2 theta + h sin 2 theta)^2. Zero where all are multiples of the identity, up to rounding. */
static double angle(size_t d, size_t count, const double *C, size_t i, size_t j)
{
    double on = 0, off = 0, size = 0;
    for (size_t k = 0; k < count; k++) {
        const double *A = C + k * d * d, g = A[i * d + i] - A[j * d + j], h = 2 * A[i * d + j];
        on += g * g - h * h;
        off += 2 * g * h;
        size += A[i * d + i] * A[i * d + i] + A[j * d + j] * A[j * d + j];
    }
    return hypot(on, off) < 1e-8 * size ? 0 : 0.25 * atan2(off, on);
}

static void turn(size_t d, double *A, size_t i, size_t j, double c, double s)
{
    for (size_t r = 0; r < d; r++) { /* columns */
        const double p = A[r * d + i], q = A[r * d + j];
        A[r * d + i] = c * p + s * q;
        A[r * d + j] = c * q - s * p;
    }
}

static void turn_rows(size_t d, double *A, size_t i, size_t j, double c, double s)
{
    for (size_t r = 0; r < d; r++) {
        const double p = A[i * d + r], q = A[j * d + r];
        A[i * d + r] = c * p + s * q;
        A[j * d + r] = c * q - s * p;
    }
}

void diagonalize_jointly(size_t d, size_t count, double *C, double *O)
{
    bool moved = true;
    for (int sweep = 0; sweep < SWEEPS && moved; sweep++) {
        moved = false;
        for (size_t i = 0; i < d; i++) {
            for (size_t j = i + 1; j < d; j++) {
                const double theta = angle(d, count, C, i, j);
                if (fabs(theta) < STILL) {
                    continue;
                }
                moved = true;
                const double c = cos(theta), s = sin(theta);
                for (size_t k = 0; k < count; k++) {
                    turn(d, C + k * d * d, i, j, c, s);
                    turn_rows(d, C + k * d * d, i, j, c, s);
                }
                turn(d, O, i, j, c, s);
            }
        }
    }
}
