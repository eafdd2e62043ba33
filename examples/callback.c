/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A target of one's own, fitted and printed.
 *
 *     cc callback.c $(pkg-config --cflags --libs rovi) -lm -o callback && ./callback
 *
 * The model: the locations (a, b) of two sensors on a line are unknown; two readings of |a - b| are at hand, a weak
 * prior N(0, 2^2) on each. The data cannot tell which sensor is the one on the left, so the posterior has two modes
 * along the diagonal direction a - b: the case that mean-field VI loses and a rotation keeps.
 */
#include <math.h>
#include <stdio.h>

#include <rovi.h>

struct data {
    size_t count;
    const double *distance; /* readings of |a - b|, each with a normal error of variance 2 */
};

static int log_posterior(size_t d, const double *x, double *grad, double *logp, void *user)
{
    const struct data *data = user;
    const double apart = x[0] - x[1], sign = apart < 0 ? -1 : 1;
    double slope = 0; /* of the likelihood, in x[0] - x[1] */
    (void)d;
    *logp = -(x[0] * x[0] + x[1] * x[1]) / 8;
    for (size_t i = 0; i < data->count; i++) {
        const double miss = data->distance[i] - fabs(apart);
        *logp -= miss * miss / 4;
        slope += sign * miss / 2;
    }
    if (grad != NULL) {
        grad[0] = slope - x[0] / 4;
        grad[1] = -slope - x[1] / 4;
    }
    return 0;
}

static void print_fit(const rovi_fit *fit, const rovi_modes *modes)
{
    const rovi_fit_parts *parts = rovi_fit_parts_of(fit);
    printf("%s: ELBO %.3f +- %.3f, %zu modes\n", rovi_stop_text(parts->stop), parts->elbo.value, parts->elbo.mcse,
           modes->listed);
    for (size_t i = 0; i < modes->listed; i++) {
        const rovi_mode *mode = &modes->mode[i];
        printf("  weight %.2f at (%.2f, %.2f), sd (%.2f, %.2f)\n", mode->weight, mode->mean[0], mode->mean[1],
               mode->sd[0], mode->sd[1]);
    }
}

int main(void)
{
    const double distance[] = {3.8, 4.6};
    struct data data = {2, distance};
    rovi_error error = {ROVI_OK, ""};
    rovi_target *target = NULL;
    rovi_fit *fit = NULL;
    rovi_modes *modes = NULL;

    rovi_status status = rovi_target_new(2, log_posterior, &data, &target, &error);
    if (status == ROVI_OK) {
        rovi_target_set_concurrent(target, 1); /* log_posterior writes nothing that is shared */
        status = rovi_fit_run(target, NULL, NULL, NULL, &fit, &error);
    }
    if (status == ROVI_OK) {
        status = rovi_approximation_modes(rovi_fit_approximation(fit), 8, &modes, &error);
    }
    if (status == ROVI_OK) {
        print_fit(fit, modes);
    } else {
        fprintf(stderr, "%s: %s\n", rovi_status_text(status), error.message);
    }
    rovi_modes_free(modes);
    rovi_fit_free(fit);
    rovi_target_free(target);
    return status == ROVI_OK ? 0 : 1;
}
