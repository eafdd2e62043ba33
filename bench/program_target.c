/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What program.c fits: a shared library that takes next to no time and counts what it was asked. The data are a file
 * that says "SHAPE d"; when the target is closed, "densities gradients seconds" take their place, the seconds being
 * those that it did take.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROVI_PLUGIN
#include <rovi.h>

#define LONG 2e-5 /* seconds: a call that took more was interrupted */

struct target {
    char path[1024];
    size_t d;
    double (*logp)(size_t d, const double *x, double *grad);
    double densities, gradients, seconds;
};

const int rovi_plugin_abi = ROVI_PLUGIN_ABI;

/* ---- shapes; grad is 0 at first ---- */

/* Units from 1/8 to 8. */
static double normal(size_t d, const double *x, double *grad)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        const double unit = ldexp(1, (int)(i % 7) - 3), z = (x[i] - (double)i) / unit;
        sum -= z * z / 2;
        grad[i] = -z / unit;
    }
    return sum;
}

/* Logarithms of gamma variables of shape 2, each about half of the one before. */
static double skewed(size_t d, const double *x, double *grad)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        const double z = x[i] - (i > 0 ? x[i - 1] / 2 : 0), slope = 2 - exp(z);
        sum += 2 * z - exp(z);
        grad[i] += slope;
        if (i > 0) {
            grad[i - 1] -= slope / 2;
        }
    }
    return sum;
}

/* x_1, x_2, ... are a stationary autoregression with coefficient .9. */
static double chain(size_t d, const double *x, double *grad)
{
    const double rho = 0.9, precision = 1 / (1 - rho * rho);
    double sum = -x[0] * x[0] / 2;
    grad[0] = -x[0];
    for (size_t i = 1; i < d; i++) {
        const double step = x[i] - rho * x[i - 1];
        sum -= precision * step * step / 2;
        grad[i] -= precision * step;
        grad[i - 1] += precision * rho * step;
    }
    return sum;
}

/* Unit normals at -4 and 4 along the diagonal, with weights .4 and .6: a normal times a hyperbolic cosine. */
static double two(size_t d, const double *x, double *grad)
{
    double along = 0, sum = 0;
    for (size_t i = 0; i < d; i++) {
        along += x[i] / sqrt((double)d);
        sum -= x[i] * x[i] / 2;
    }
    const double t = 4 * along + log(1.5) / 2;
    for (size_t i = 0; i < d; i++) {
        grad[i] = 4 * tanh(t) / sqrt((double)d) - x[i];
    }
    return sum + fabs(t) + log1p(exp(-2 * fabs(t)));
}

/* ---- the library ---- */

static const struct {
    const char *name;
    double (*logp)(size_t d, const double *x, double *grad);
} shapes[] = {{"normal", normal}, {"skewed", skewed}, {"chain", chain}, {"two", two}};

int rovi_plugin_open(const char *data, void **self, char *sentence, size_t size)
{
    char text[64] = "";
    struct target *target = calloc(1, sizeof *target);
    FILE *file = data != NULL ? fopen(data, "r") : NULL;
    if (target != NULL && file != NULL && fgets(text, sizeof text, file) != NULL) {
        char *number = text + strcspn(text, " ");
        target->d = strtoul(number, NULL, 10);
        *number = '\0';
        snprintf(target->path, sizeof target->path, "%s", data);
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
            target->logp = strcmp(text, shapes[i].name) == 0 ? shapes[i].logp : target->logp;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    if (target != NULL && target->logp != NULL) {
        *self = target;
        return 0;
    }
    free(target);
    snprintf(sentence, size, "the data are no file with a shape and a dimension");
    return 1;
}

void rovi_plugin_close(void *self)
{
    struct target *target = self;
    FILE *file = fopen(target->path, "w");
    if (file != NULL) {
        fprintf(file, "%.0f %.0f %.9f\n", target->densities, target->gradients, target->seconds);
        fclose(file);
    }
    free(target);
}

size_t rovi_plugin_dim(const void *self)
{
    return ((const struct target *)self)->d;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int rovi_plugin_logp(size_t d, const double *x, double *grad, double *logp, void *self)
{
    struct target *target = self;
    double unused[128] = {0};
    const double begin = seconds();
    if (grad != NULL) {
        memset(grad, 0, d * sizeof *grad);
    }
    *logp = target->logp(d, x, grad != NULL ? grad : unused);
    const double took = seconds() - begin;
    *(grad != NULL ? &target->gradients : &target->densities) += 1;
    target->seconds += took < LONG ? took : 0;
    return 0;
}
