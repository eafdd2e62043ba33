/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/runs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/problem.h"

static void set_all(rovi_settings *settings, const char *text)
{
    char copy[256], *place = copy;
    rovi_error error;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(place, " ", &place); word != NULL; word = strtok_r(NULL, " ", &place)) {
        char *value = strchr(word, '=');
        *value = '\0';
        bench_require(rovi_settings_set(settings, word, value + 1, &error), &error);
    }
}

rovi_fit *bench_fit(const rovi_target *target, uint64_t seed, const char *settings)
{
    rovi_fit *fit = NULL;
    rovi_error error;
    rovi_settings *chosen = rovi_settings_new();
    char number[32];
    snprintf(number, sizeof number, "%llu", (unsigned long long)seed);
    set_all(chosen, settings);
    bench_require(rovi_settings_set(chosen, "seed", number, &error), &error);
    bench_require(rovi_fit_run(target, chosen, NULL, NULL, &fit, &error), &error);
    rovi_settings_free(chosen);
    return fit;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(size_t n, double *value)
{
    if (n == 0) {
        return NAN;
    }
    qsort(value, n, sizeof *value, compare);
    return 0.5 * (value[(n - 1) / 2] + value[n / 2]);
}

double bench_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double bench_cpu_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}
