/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Quadrants of the bivariate normal, by one quadrature over a positive integrand, equation (30) of docs/math.md:
 *
 *   P(X > h, Y > k) = int_h^oo f(x) dx,    f(x) = phi(x) Phi((r x - k)/sqrt(1 - r^2)).
 *
 * The usual formulas (Drezner, Genz) are accurate relative to 1. Here the probabilities themselves may be 1e-30, and it
 * is their logarithm that counts: nothing may cancel. f is log-concave, so that its mass stands around one peak,
 * between two ends where it has fallen by 38 nats (3e-17); and the only place where it bends on a scale of its own is
 * around x = k/r, over some multiples of sqrt(1 - r^2)/|r|. Those are the panels of a Gauss-Legendre rule.
 */
#include "base/binormal.h"

#include <math.h>

#include "base/normal.h"

#define FAR     40   /* sds beyond which doubles hold no density */
#define FALL    38.0 /* nats */
#define HALVING 60   /* of a range of 80: to rounding */
#define PANELS  8    /* per stretch: at most 2 sds, or 5 nats of decay, each */
#define BEND    8    /* multiples of sqrt(1 - r^2)/|r| on either side of the bend */

struct quadrant {
    double k, r, s; /* s = sqrt(1 - r^2) */
};

static double inner(const struct quadrant *q, double x)
{
    return (q->r * x - q->k) / q->s;
}

#define DEEP (-30) /* below it the asymptotic series; its next term is 945/t^10 < 2e-12 */

/* Phi(t) = phi(t)/(-t) * tail(t) far below 0 */
static double tail(double t)
{
    const double u = 1 / (t * t);
    return 1 - u * (1 - 3 * u * (1 - 5 * u * (1 - 7 * u)));
}

static double log_cdf(double t)
{
    return t > DEEP ? log(normal_cdf(t)) : normal_log_density(t) + log(tail(t) / -t);
}

static double hazard(double t) /* phi(t)/Phi(t) */
{
    return t > DEEP ? normal_density(t) / normal_cdf(t) : -t / tail(t);
}

static double log_f(const struct quadrant *q, double x)
{
    return normal_log_density(x) + log_cdf(inner(q, x));
}

/* (log f)' = -x + (r/s) phi(t)/Phi(t), falling in x */
static double slope(const struct quadrant *q, double x)
{
    return -x + q->r / q->s * hazard(inner(q, x));
}

static double peak(const struct quadrant *q, double a, double b)
{
    if (slope(q, a) <= 0) {
        return a;
    }
    for (int i = 0; i < HALVING; i++) {
        const double x = 0.5 * (a + b);
        *(slope(q, x) > 0 ? &a : &b) = x;
    }
    return a;
}

/* From the peak towards `end`: where f has fallen by FALL, or the end */
static double fallen(const struct quadrant *q, double top, double end)
{
    const double least = log_f(q, top) - FALL;
    double in = top, out = end;
    if (log_f(q, end) >= least) {
        return end;
    }
    for (int i = 0; i < HALVING / 3; i++) { /* to 80 * 2^-20: where exactly does not matter */
        const double x = 0.5 * (in + out);
        *(log_f(q, x) >= least ? &in : &out) = x;
    }
    return out;
}

/* int_a^b f by PANELS times 12 points */
static double stretch(const struct quadrant *q, double a, double b)
{
    static const double node[6] = {0.12523340851146892, 0.36783149899818019, 0.58731795428661745,
                                   0.76990267419430469, 0.90411725637047486, 0.98156063424671926};
    static const double weight[6] = {0.24914704581340279, 0.23349253653835481, 0.20316742672306592,
                                     0.16007832854334623, 0.10693932599531843, 0.047175336386511827};
    const double half = 0.5 * (b - a) / PANELS;
    double sum = 0;
    for (int p = 0; p < PANELS && half > 0; p++) {
        const double middle = a + (2 * p + 1) * half;
        for (int i = 0; i < 6; i++) {
            sum += weight[i] * (exp(log_f(q, middle - half * node[i])) + exp(log_f(q, middle + half * node[i])));
        }
    }
    return half * sum;
}

double binormal_upper(double h, double k, double r)
{
    if (r == 0 || h > FAR || k > FAR || h < -FAR || k < -FAR) { /* one of them is certain, or impossible, in doubles */
        return normal_upper(h) * normal_upper(k);
    }
    const struct quadrant q = {.k = k, .r = r, .s = sqrt((1 - r) * (1 + r))};
    const double top = peak(&q, h, FAR), a = fallen(&q, top, h), b = fallen(&q, top, FAR);
    const double bend = k / r, wide = BEND * q.s / fabs(r);
    const double left = fmin(fmax(bend - wide, a), b), right = fmin(fmax(bend + wide, a), b);
    return stretch(&q, a, left) + stretch(&q, left, right) + stretch(&q, right, b);
}
