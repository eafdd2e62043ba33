/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/tape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST 32768 /* of entries */

/* y depends on the values at `from`, with these partial derivatives; place 0 takes what constants are owed */
static _Thread_local struct entry {
    size_t from[2];
    double slope[2];
} tape[MOST];

static _Thread_local size_t length;

static real put(double value, real a, double by_a, real b, double by_b)
{
    if (a.place == 0 && b.place == 0) {
        return constant(value);
    }
    if (length == MOST) {
        fprintf(stderr, "the tape is full\n");
        exit(EXIT_FAILURE);
    }
    tape[length] = (struct entry){{a.place, b.place}, {by_a, by_b}};
    return (real){value, length++};
}

void tape_begin(size_t d, const double *x, bool record, real *v)
{
    length = 1 + d;
    for (size_t i = 0; i < d; i++) {
        v[i] = (real){x[i], record ? 1 + i : 0};
    }
}

void tape_gradient(real y, size_t d, double *grad)
{
    static _Thread_local double adjoint[MOST];
    for (size_t i = 0; i < length; i++) {
        adjoint[i] = 0;
    }
    adjoint[y.place] = 1;
    for (size_t i = length; i-- > 1 + d;) {
        adjoint[tape[i].from[0]] += tape[i].slope[0] * adjoint[i];
        adjoint[tape[i].from[1]] += tape[i].slope[1] * adjoint[i];
    }
    for (size_t i = 0; i < d; i++) {
        grad[i] = adjoint[1 + i];
    }
}

real constant(double value)
{
    return (real){value, 0};
}

real plus(real a, real b)
{
    return put(a.value + b.value, a, 1, b, 1);
}

real minus(real a, real b)
{
    return put(a.value - b.value, a, 1, b, -1);
}

real times(real a, real b)
{
    return put(a.value * b.value, a, b.value, b, a.value);
}

real over(real a, real b)
{
    const double y = a.value / b.value;
    return put(y, a, 1 / b.value, b, -y / b.value);
}

real exp_of(real a)
{
    const double y = exp(a.value);
    return put(y, a, y, constant(0), 0);
}

real log_of(real a)
{
    return put(log(a.value), a, 1 / a.value, constant(0), 0);
}

real root_of(real a)
{
    const double y = sqrt(a.value);
    return put(y, a, 0.5 / y, constant(0), 0);
}

real log_plus(real a, real b)
{
    const double rest = exp(-fabs(a.value - b.value)), greater = 1 / (1 + rest), less = rest / (1 + rest);
    const bool first = a.value >= b.value;
    return put(fmax(a.value, b.value) + log1p(rest), a, first ? greater : less, b, first ? less : greater);
}

real log_logistic(real a)
{
    const double t = exp(-fabs(a.value));
    return put(fmin(a.value, 0) - log1p(t), a, a.value > 0 ? t / (1 + t) : 1 / (1 + t), constant(0), 0);
}
