/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A target of one's own for the program: the density of Rosenbrock's valley, as a shared library.
 *
 *     cc -shared -fPIC plugin.c $(pkg-config --cflags rovi) -o plugin.so && rovi fit ./plugin.so
 */
#define ROVI_PLUGIN
#include <rovi.h>

const int rovi_plugin_abi = ROVI_PLUGIN_ABI;
const int rovi_plugin_concurrent = 1; /* rovi_plugin_logp writes nothing that is shared */

size_t rovi_plugin_dim(const void *self)
{
    (void)self;
    return 2;
}

const char *rovi_plugin_name(size_t index, const void *self)
{
    (void)self;
    return index == 0 ? "along" : "across";
}

int rovi_plugin_logp(size_t d, const double *x, double *grad, double *logp, void *self)
{
    const double bend = x[1] - x[0] * x[0], short_of = 1 - x[0];
    (void)d;
    (void)self;
    *logp = -short_of * short_of / 2 - 2 * bend * bend;
    if (grad != NULL) {
        grad[0] = short_of + 8 * x[0] * bend;
        grad[1] = -4 * bend;
    }
    return 0;
}
