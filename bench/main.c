/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: rovi_bench QUESTION [--full] [--seeds N] [--first SEED] [--only TEXT] [--json FILE] [--misses FILE]
 * One table. bench/run.sh asks all questions and puts the answers together.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"

static const struct {
    const char *name;
    void (*answer)(const struct plan *plan);
} question[] = {{"reliability", bench_reliability}, {"speed", bench_speed},         {"curve", bench_curve},
                {"overhead", bench_overhead},       {"program", bench_program},     {"scaling", bench_scaling},
                {"threads", bench_threads},         {"diagnosis", bench_diagnosis}, {"posteriors", bench_posteriors},
                {"reference", bench_reference},     {"mixtures", bench_mixtures},   {"calibration", bench_calibration}};

static FILE *open_or_end(const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return file;
}

static int usage(void)
{
    fprintf(stderr, "usage: rovi_bench QUESTION [--full] [--seeds N] [--first SEED] [--only TEXT] [--json FILE] "
                    "[--misses FILE]\n");
    return 2;
}

static bool read_flags(int argc, char **argv, struct plan *plan)
{
    for (int i = 2; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--full") == 0) {
            plan->full = true;
            continue;
        }
        if (value == NULL) {
            return false;
        }
        if (strcmp(argv[i], "--seeds") == 0) {
            plan->seeds = strtoul(value, NULL, 10);
        } else if (strcmp(argv[i], "--first") == 0) {
            plan->first = strtoul(value, NULL, 10);
        } else if (strcmp(argv[i], "--only") == 0) {
            plan->only = value;
        } else if (strcmp(argv[i], "--json") == 0) {
            plan->json = open_or_end(value);
        } else if (strcmp(argv[i], "--misses") == 0) {
            plan->misses = open_or_end(value);
        } else {
            return false;
        }
        i++;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct plan plan = {.misses = stderr, .first = 1};
    if (argc < 2 || !read_flags(argc, argv, &plan)) {
        return usage();
    }
    for (size_t i = 0; i < sizeof question / sizeof question[0]; i++) {
        if (strcmp(argv[1], question[i].name) == 0) {
            question[i].answer(&plan);
            if (plan.json != NULL) {
                fclose(plan.json);
            }
            if (plan.misses != stderr) {
                fclose(plan.misses);
            }
            return EXIT_SUCCESS;
        }
    }
    return usage();
}
