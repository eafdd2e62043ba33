/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much CPU time does the program take beside its target's own? `rovi fit`, whole, from its start to its exit, with
 * its defaults on one thread, is run on a target that takes next to none and counts what it is asked; that is set
 * against what the calls would take. A target that spins for as long gives the same shares, and takes longer.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/problem.h"
#include "bench/runs.h"
#include "bench/table.h"

#define RUNS     5 /* the one that took least counts: what others do to the caches only adds to it */
#define GRADIENT 1e-5
#define DENSITY  5e-6 /* as Stan's models have it: no derivatives are noted down */

struct cost {
    double densities, gradients, inside, outside; /* calls; CPU seconds */
};

static double children_cpu(void)
{
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void run_fit(const char *data, const char *output)
{
    const pid_t child = fork();
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        execl(BENCH_PROGRAM, BENCH_PROGRAM, "fit", BENCH_TARGET, "--data", data, "--seed", "1", "--threads", "1",
              "--quiet", "-o", output, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 127) {
        fail(BENCH_PROGRAM);
    }
}

static void write_data(const char *path, const char *shape, size_t d)
{
    FILE *file = fopen(path, "w");
    if (file == NULL || fprintf(file, "%s %zu\n", shape, d) < 0 || fclose(file) != 0) {
        fail(path);
    }
}

static void read_calls(const char *path, struct cost *cost)
{
    char text[128], *rest = text;
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(text, sizeof text, file) == NULL) {
        fail(path);
    }
    fclose(file);
    cost->densities = strtod(rest, &rest);
    cost->gradients = strtod(rest, &rest);
    cost->inside = strtod(rest, &rest);
}

static struct cost measure(const char *folder, const char *shape, size_t d)
{
    struct cost least = {.outside = INFINITY};
    char data[256], output[256];
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(output, sizeof output, "%s/fit.json", folder);
    for (int run = 0; run < RUNS; run++) {
        struct cost cost = {0};
        write_data(data, shape, d);
        const double before = children_cpu();
        run_fit(data, output);
        const double used = children_cpu() - before;
        read_calls(data, &cost);
        cost.outside = used - cost.inside;
        least = cost.outside < least.outside ? cost : least;
    }
    unlink(data);
    unlink(output);
    return least;
}

static const struct column columns[] = {{"target", -7}, {"d", 3},          {"densities", 10},    {"gradients", 10},
                                        {"CPU ms", 8},  {"us a call", 10}, {"share, 10 us", 13}, {"5 and 10 us", 12}};

static void row(struct table *table, const char *folder, const char *shape, size_t d)
{
    const struct cost cost = measure(folder, shape, d);
    const double calls = cost.densities + cost.gradients;
    table_text(table, shape);
    table_count(table, d);
    table_number(table, cost.densities, 0);
    table_number(table, cost.gradients, 0);
    table_number(table, 1e3 * cost.outside, 1);
    table_number(table, 1e6 * cost.outside / calls, 2);
    table_number(table, cost.outside / (calls * GRADIENT), 3);
    table_number(table, cost.outside / (cost.densities * DENSITY + cost.gradients * GRADIENT), 3);
}

void bench_program(const struct plan *plan)
{
    static const char *const shapes[] = {"normal", "skewed", "chain", "two"};
    static const size_t dims[] = {3, 10, 26, 50};
    char folder[] = "/tmp/rovi_bench.XXXXXX";
    struct table table;
    if (mkdtemp(folder) == NULL) {
        fail(folder);
    }
    table_open(&table, plan->json, "program",
               "how much CPU does `rovi fit` take beside the target's own, if a gradient takes 10 us, and a density as "
               "long or half as long?",
               sizeof columns / sizeof columns[0], columns);
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        for (size_t k = 0; k < sizeof dims / sizeof dims[0]; k++) {
            row(&table, folder, shapes[s], dims[k]);
        }
    }
    table_close(&table);
    rmdir(folder);
}
