/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Derivatives of scalar code in reverse (Griewank and Walther, Evaluating Derivatives, 2008, chapter 3): a model is
 * written once, and its gradient costs a small multiple of its value. One tape a thread; the program ends when it is
 * full.
 */
#ifndef ROVI_BENCH_TAPE_H
#define ROVI_BENCH_TAPE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct real {
    double value;
    size_t place; /* on the tape; 0: a constant */
} real;

/* Begins anew with the variables x (d), into v; without `record` all are constants, and only values are to be had. */
void tape_begin(size_t d, const double *x, bool record, real *v);

/* The gradient (d) of y, by the variables. */
void tape_gradient(real y, size_t d, double *grad);

real constant(double value);
real plus(real a, real b);
real minus(real a, real b);
real times(real a, real b);
real over(real a, real b);
real exp_of(real a);
real log_of(real a);
real root_of(real a);
real log_plus(real a, real b); /* log(exp a + exp b) */
real log_logistic(real a);     /* log(1/(1 + exp(-a))) */

#endif
