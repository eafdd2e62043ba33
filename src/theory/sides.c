/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Half-spaces A_0 = {s_0 x_i < s_0 c_0}, A_1 = {s_1 x_j > s_1 c_1}: the quadrant A_0 \ A_1 is for component 0, the
 * opposite one, A_1 \ A_0, for component 1, and E is the other two. With U, V the two coordinates of a component in its
 * own units, signs included, (a, b) the thresholds and r the correlation in these,
 *
 *   1 - P(U < a, V < b) = P(U > a) + P(U < a, V > b),   P(E) = P(U < a, V > b) + P(U > a, V < b):
 *
 * sums of positive terms, so that 1e-30 is as accurate as 0.1.
 *
 * Both thresholds are sought between the two means, which fixes the signs. For epsilon nothing is lost: beyond a mean
 * it is at least 1/2. For pi(E) it has to be asked for: with A_0 empty and A_1 everything E is empty too, and the
 * theorem true and void.
 *
 * Epsilon is the greater of two functions whose sublevel sets are convex (a bivariate normal cdf is log-concave), one
 * rising and one falling in each threshold: for given c_0 the best c_1 is where they cross, and the outcome has a
 * single valley in c_0. pi(E) has no such shape; it is scanned and then walked down.
 */
#include "theory/sides.h"

#include <math.h>

#include "base/binormal.h"
#include "base/normal.h"

#define AXES_MOST 8 /* that separate best on their own: 28 pairs of them are tried */

/* Two axes and a mixture; thresholds are given by t in [0,1]^2, the way from the mean of the first to that of the
 * second */
struct frame {
    const struct gaussians *all;
    size_t pair[2], axis[2];
};

static double mean_of(const struct frame *f, size_t k, int i)
{
    return f->all->mean[k * f->all->d + f->axis[i]];
}

static double covariance_of(const struct frame *f, size_t k, int i, int j)
{
    const size_t d = f->all->d;
    return f->all->covariance[(k * d + f->axis[i]) * d + f->axis[j]];
}

static int sign_of(const struct frame *f, int i)
{
    return mean_of(f, f->pair[1], i) >= mean_of(f, f->pair[0], i) ? 1 : -1;
}

static double threshold_of(const struct frame *f, int i, double t)
{
    const double from = mean_of(f, f->pair[0], i), to = mean_of(f, f->pair[1], i);
    return (1 - t) * from + t * to;
}

struct standard { /* thresholds and correlation in units of component k, signs included */
    double a, b, r;
};

static struct standard standardise(const struct frame *f, size_t k, const double t[2])
{
    double z[2], sd[2];
    for (int i = 0; i < 2; i++) {
        sd[i] = sqrt(covariance_of(f, k, i, i));
        z[i] = sign_of(f, i) * (threshold_of(f, i, t[i]) - mean_of(f, k, i)) / sd[i];
    }
    return (struct standard){z[0], z[1], sign_of(f, 0) * sign_of(f, 1) * covariance_of(f, k, 0, 1) / (sd[0] * sd[1])};
}

/* 1 - P_0(A_0 \ A_1) and 1 - P_1(A_1 \ A_0) */
static double miss(const struct frame *f, int which, const double t[2])
{
    const struct standard s = standardise(f, f->pair[which], t);
    return which == 0 ? normal_upper(s.a) + binormal_upper(-s.a, s.b, -s.r)
                      : normal_cdf(s.a) + binormal_upper(s.a, -s.b, -s.r);
}

static double mass_in_E(const struct frame *f, size_t k, const double t[2])
{
    const struct standard s = standardise(f, k, t);
    return binormal_upper(-s.a, s.b, -s.r) + binormal_upper(s.a, -s.b, -s.r);
}

static double epsilon_of(const struct frame *f, const double t[2])
{
    return fmax(miss(f, 0, t), miss(f, 1, t));
}

static double pair_mass(const struct frame *f, const double t[2])
{
    const double *w = f->all->weight;
    const size_t a = f->pair[0], b = f->pair[1];
    return (w[a] * mass_in_E(f, a, t) + w[b] * mass_in_E(f, b, t)) / (w[a] + w[b]);
}

static double whole_mass(const struct frame *f, const double t[2])
{
    double sum = 0;
    for (size_t k = 0; k < f->all->K; k++) {
        sum += f->all->weight[k] * mass_in_E(f, k, t);
    }
    return sum;
}

#define HALVINGS 30
#define GOLDEN   28 /* sections: a range of 1 becomes 1e-6; the value is flat there, to its square */

/* For given t[0] the best t[1]; returns epsilon */
static double cross(const struct frame *f, double t[2])
{
    double lo = 0, hi = 1;
    for (int i = 0; i < HALVINGS; i++) {
        t[1] = 0.5 * (lo + hi);
        *(miss(f, 0, t) > miss(f, 1, t) ? &lo : &hi) = t[1];
    }
    return epsilon_of(f, t);
}

static double least_epsilon(const struct frame *f, double t[2])
{
    const double ratio = 0.61803398874989484820;
    double lo = 0, hi = 1, x[2] = {1 - ratio, 0}, y[2] = {ratio, 0};
    double fx = cross(f, x), fy = cross(f, y);
    for (int i = 0; i < GOLDEN; i++) {
        if (fx <= fy) {
            hi = y[0];
            y[0] = x[0];
            fy = fx;
            x[0] = hi - ratio * (hi - lo);
            fx = cross(f, x);
        } else {
            lo = x[0];
            x[0] = y[0];
            fx = fy;
            y[0] = lo + ratio * (hi - lo);
            fy = cross(f, y);
        }
    }
    t[0] = 0.5 * (lo + hi);
    return cross(f, t);
}

#define SCAN  9    /* points of either threshold */
#define CLOSE 1e-7 /* last step of the walk */

static bool step_down(const struct frame *f, double step, double t[2], double *value)
{
    for (int direction = 0; direction < 9; direction++) {
        const int by[2] = {direction / 3 - 1, direction % 3 - 1};
        const double moved[2] = {fmin(1, fmax(0, t[0] + step * by[0])), fmin(1, fmax(0, t[1] + step * by[1]))};
        const double there = pair_mass(f, moved);
        if (there < *value) {
            t[0] = moved[0];
            t[1] = moved[1];
            *value = there;
            return true;
        }
    }
    return false;
}

/* From t on, unless the scan finds a better start */
static double least_mass(const struct frame *f, double t[2])
{
    double value = pair_mass(f, t);
    for (int i = 0; i < SCAN * SCAN; i++) {
        const int row = i / SCAN, column = i % SCAN;
        const double at[2] = {row / (SCAN - 1.0), column / (SCAN - 1.0)};
        const double there = pair_mass(f, at);
        if (there < value) {
            t[0] = at[0];
            t[1] = at[1];
            value = there;
        }
    }
    for (double step = 0.5 / SCAN; step > CLOSE; step /= 2) {
        while (step_down(f, step, t, &value)) {
        }
    }
    return value;
}

static rovi_sides describe(const struct frame *f, const double t[2])
{
    return (rovi_sides){.axis = {f->axis[0], f->axis[1]},
                        .sign = {sign_of(f, 0), sign_of(f, 1)},
                        .threshold = {threshold_of(f, 0, t[0]), threshold_of(f, 1, t[1])},
                        .epsilon = epsilon_of(f, t),
                        .mass = pair_mass(f, t),
                        .whole_mass = whole_mass(f, t)};
}

/* Axis and what it does alone: the distance of the means over the sum of the sds, which one threshold makes of it */
struct candidate {
    size_t axis;
    double distance;
};

static size_t list_axes(const struct frame *f, struct candidate best[AXES_MOST])
{
    size_t count = 0;
    for (size_t axis = 0; axis < f->all->d; axis++) {
        const struct frame g = {f->all, {f->pair[0], f->pair[1]}, {axis, axis}};
        const double sds = sqrt(covariance_of(&g, g.pair[0], 0, 0)) + sqrt(covariance_of(&g, g.pair[1], 0, 0));
        const double distance = fabs(mean_of(&g, g.pair[1], 0) - mean_of(&g, g.pair[0], 0)) / sds;
        if (count == AXES_MOST && distance <= best[count - 1].distance) {
            continue;
        }
        size_t at = count < AXES_MOST ? count++ : AXES_MOST - 1;
        for (; at > 0 && best[at - 1].distance < distance; at--) {
            best[at] = best[at - 1];
        }
        best[at] = (struct candidate){axis, distance};
    }
    return count;
}

void sides_find(const struct gaussians *all, size_t a, size_t b, rovi_sides *definition, rovi_sides *mass)
{
    struct frame f = {.all = all, .pair = {a, b}};
    struct candidate axes[AXES_MOST];
    const size_t count = list_axes(&f, axes);
    double epsilon = INFINITY, least = INFINITY;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            double t[2] = {0.5, 0.5};
            f.axis[0] = axes[i].axis < axes[j].axis ? axes[i].axis : axes[j].axis;
            f.axis[1] = axes[i].axis < axes[j].axis ? axes[j].axis : axes[i].axis;
            if (normal_upper(axes[j].distance) <
                epsilon) { /* which one axis alone cannot go below; the j-th is the worse */
                const double e = least_epsilon(&f, t);
                if (e < epsilon) {
                    epsilon = e;
                    *definition = describe(&f, t);
                }
            }
            const double m = least_mass(&f, t);
            if (m < least) {
                least = m;
                *mass = describe(&f, t);
            }
        }
    }
}
