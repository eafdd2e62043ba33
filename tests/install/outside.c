/* SPDX-License-Identifier: BSD-3-Clause */
/* A program of somebody else: C and C++ at once, knows the installed header and library and nothing more. */
#include <rovi.h>
#include <stdio.h>
#include <string.h>

/* The standard normal, up to its constant */
static int logp(size_t d, const double *x, double *grad, double *value, void *data)
{
    (void)data;
    *value = 0;
    for (size_t i = 0; i < d; i++) {
        *value -= x[i] * x[i] / 2;
        if (grad != NULL) {
            grad[i] = -x[i];
        }
    }
    return 0;
}

static rovi_status fit(rovi_fit **result, rovi_error *error)
{
    const char *small[][2] = {{"restarts", "1"}, {"iterations", "20"}, {"batch", "20"}, {"draws", "100"}};
    rovi_target *target = NULL;
    rovi_settings *settings = rovi_settings_new();
    rovi_status status = rovi_target_new(2, logp, NULL, &target, error);
    for (size_t i = 0; status == ROVI_OK && i < sizeof small / sizeof *small; i++) {
        status = rovi_settings_set(settings, small[i][0], small[i][1], error);
    }
    if (status == ROVI_OK) {
        status = rovi_fit_run(target, settings, NULL, NULL, result, error);
    }
    rovi_settings_free(settings);
    rovi_target_free(target);
    return status;
}

int main(void)
{
    rovi_fit *result = NULL;
    rovi_error error;
    if (strcmp(rovi_version(), ROVI_VERSION) != 0 || rovi_abi_version() != ROVI_ABI_VERSION) {
        fprintf(stderr, "header %s, library %s\n", ROVI_VERSION, rovi_version());
        return 1;
    }
    if (fit(&result, &error) != ROVI_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    printf("rovi %s, dimension %zu\n", rovi_version(), rovi_approximation_dim(rovi_fit_approximation(result)));
    rovi_fit_free(result);
    return 0;
}
