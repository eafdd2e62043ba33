/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: rovi_bench_floor [--json FILE]
 * The engine's own work in a step, on a target that costs nothing, beside what the BLAS needs for the same products.
 * The only part of the benchmark that sees the insides of the library.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/linalg.h"
#include "bench/problem.h"
#include "bench/runs.h"
#include "bench/table.h"
#include "coordinate/line.h"
#include "coordinate/turn.h"
#include "restart/batch.h"

#define POINTS 1024
#define LINES  8
#define RUNS   7
#define CELLS  100

#define QR_AND_TWO (10.0 / 3) /* flops of a QR with its Q, and of two products, in products of d x d by d x d */

static int trivial(size_t n, size_t d, const double *x, double *grad, double *logp, void *data)
{
    (void)data;
    memset(logp, 0, n * sizeof *logp);
    for (size_t i = 0; i < n; i++) {
        logp[i] = -0.5 * x[i * d] * x[i * d];
    }
    if (grad != NULL) {
        memcpy(grad, x, n * d * sizeof *grad);
    }
    return 0;
}

struct bench {
    size_t d;
    rovi_target *target;
    rovi_approximation *q;
    struct supervisor supervisor;
    struct meter meter;
    struct progress progress;
    struct batch batch;
    struct turn turn;
    struct lines lines;
    uint64_t streams;  /* of lines, used up */
    double *A, *B, *C; /* d x d, or POINTS x d */
    struct arena memory;
};

/* A whitened, rotated q with maps of many cells. */
static rovi_approximation *make_q(size_t d, struct arena *memory)
{
    double *center = arena_doubles(memory, d), *L = arena_doubles(memory, d * d), *O = arena_doubles(memory, d * d);
    double knots[CELLS + 1], lambda[CELLS];
    rovi_map *maps = arena_take(memory, d, sizeof *maps);
    rovi_approximation *q = NULL;
    rovi_error error;
    for (size_t k = 0; k <= CELLS; k++) {
        knots[k] = -4 + 8.0 * (double)k / CELLS;
        lambda[k < CELLS ? k : 0] = 0.07;
    }
    for (size_t i = 0; i < d; i++) {
        maps[i] = (rovi_map){CELLS, knots, lambda, 0.1, 0};
        L[i * d + i] = 1;
    }
    bench_require(rovi_haar_rotation(d, 1, O, &error), &error);
    const rovi_approximation_parts parts = {.dim = d, .center = center, .whitening = L, .rotation = O, .maps = maps};
    bench_require(rovi_approximation_new(&parts, &q, &error), &error);
    return q;
}

static void bench_init(struct bench *b, size_t d)
{
    const size_t large = d > POINTS ? d : POINTS;
    rovi_error error;
    *b = (struct bench){.d = d};
    bench_require(rovi_target_new_batch(d, trivial, NULL, &b->target, &error), &error);
    b->q = make_q(d, &b->memory);
    supervisor_init(&b->supervisor, NULL, NULL, INFINITY);
    meter_init(&b->meter, b->target);
    b->progress = (struct progress){.supervisor = &b->supervisor, .meter = &b->meter};
    batch_init(&b->batch, &b->memory, POINTS, b->target, NULL);
    turn_init(&b->turn, &b->memory, d, NULL);
    lines_init(&b->lines, &b->memory, LINES, &b->progress, NULL);
    b->A = arena_doubles(&b->memory, large * d);
    b->B = arena_doubles(&b->memory, large * d);
    b->C = arena_doubles(&b->memory, large * d);
    if (b->memory.failed) {
        fprintf(stderr, "out of memory\n");
        exit(EXIT_FAILURE);
    }
    for (size_t i = 0; i < large * d; i++) {
        b->A[i] = (double)(i % 7) - 3;
        b->B[i] = (double)(i % 5) - 2;
    }
}

static void bench_free(struct bench *b)
{
    supervisor_destroy(&b->supervisor);
    rovi_approximation_free(b->q);
    rovi_target_free(b->target);
    arena_free(&b->memory);
}

static void do_batch(struct bench *b)
{
    rovi_stop stop;
    batch_evaluate(&b->batch, b->q, (struct rng_stream){1, RNG_PROBE, 1}, &b->progress, &stop);
}

static void do_plan(struct bench *b)
{
    turn_plan(&b->turn, b->q, &b->batch);
}

static void do_apply(struct bench *b)
{
    turn_apply(&b->turn, b->q, 1e-3);
}

static void do_product(struct bench *b) /* POINTS x d times d x d */
{
    linalg_multiply(POINTS, b->d, b->d, b->A, b->B, b->C);
}

static void do_square(struct bench *b) /* d x d times d x d */
{
    linalg_multiply(b->d, b->d, b->d, b->A, b->B, b->C);
}

static void do_thin(struct bench *b) /* LINES x d times d x d */
{
    linalg_multiply(LINES, b->d, b->d, b->A, b->B, b->C);
}

static void do_line(struct bench *b)
{
    lines_update(&b->lines, b->q, 0, LINES, (struct rng_stream){1, RNG_PROBE, ++b->streams}, NULL);
}

static void do_next_line(struct bench *b) /* of the same sweep */
{
    lines_update(&b->lines, b->q, 1, LINES, (struct rng_stream){1, RNG_PROBE, b->streams}, NULL);
}

static double time_of(struct bench *b, void (*work)(struct bench *), void (*before)(struct bench *))
{
    double seconds[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        if (before != NULL) {
            before(b);
        }
        const double begin = bench_cpu_seconds();
        work(b);
        seconds[i] = bench_cpu_seconds() - begin;
    }
    return median(RUNS, seconds);
}

static const struct column columns[] = {{"d", 4},      {"work", -38},        {"GEMMs", -20},
                                        {"CPU ms", 8}, {"floor CPU ms", 12}, {"ratio", 6}};

static void row(struct table *table, size_t d, const char *work, const char *products, double seconds, double floor)
{
    table_count(table, d);
    table_text(table, work);
    table_text(table, products);
    table_number(table, 1e3 * seconds, 2);
    table_number(table, 1e3 * floor, 2);
    table_number(table, seconds / floor, 2);
}

static void rows(struct table *table, size_t d)
{
    struct bench b;
    bench_init(&b, d);
    const double product = time_of(&b, do_product, NULL), square = time_of(&b, do_square, NULL);
    const double thin = time_of(&b, do_thin, NULL);
    const double batch = time_of(&b, do_batch, NULL), plan = time_of(&b, do_plan, do_batch);
    const double apply = time_of(&b, do_apply, NULL), line = time_of(&b, do_line, NULL);
    const double next_line = time_of(&b, do_next_line, NULL);
    row(table, d, "batch of 1024 points and gradients", "3 n x d x d", batch, 3 * product);
    row(table, d, "plan of a turn from it", "3 n x d x d", plan, 3 * product);
    row(table, d, "turn: product, QR, transform", "10/3 d x d x d", apply, QR_AND_TWO * square);
    row(table, d, "a step on the rotation in all", "these", batch + plan + apply, 6 * product + QR_AND_TWO * square);
    row(table, d, "first update of a sweep, 8 lines", "1 8 x d x d", line, thin);
    row(table, d, "another one", "1 8 x d x d", next_line, thin);
    bench_free(&b);
}

int main(int argc, char **argv)
{
    struct table table;
    FILE *json = argc == 3 && strcmp(argv[1], "--json") == 0 ? fopen(argv[2], "w") : NULL;
    if (argc != 1 && json == NULL) {
        fprintf(stderr, "usage: rovi_bench_floor [--json FILE]\n");
        return 2;
    }
    linalg_hold_threads();
    table_open(&table, json, "floor", "how far is a step's own work from the BLAS's time for its products (1 thread)?",
               sizeof columns / sizeof columns[0], columns);
    rows(&table, 100);
    rows(&table, 1000);
    table_close(&table);
    linalg_release_threads();
    if (json != NULL) {
        fclose(json);
    }
    return EXIT_SUCCESS;
}
