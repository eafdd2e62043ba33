/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/team_linalg.h"

#include <string.h>

#define ROWS 64 /* of a block */

struct job {
    size_t rows, inner, columns;
    const double *A, *B;
    double *C;
    const struct linalg_tn *tn;
};

static size_t rows_of_block(size_t rows, size_t index)
{
    const size_t first = index * ROWS;
    return rows - first < ROWS ? rows - first : ROWS;
}

static void run(struct team *team, struct job *job, void (*block)(void *job, size_t index, size_t worker))
{
    team_for(team, (job->rows + ROWS - 1) / ROWS, block, job);
}

static void multiply_block(void *context, size_t index, size_t worker)
{
    const struct job *job = context;
    const size_t first = index * ROWS;
    (void)worker;
    linalg_multiply(rows_of_block(job->rows, index), job->inner, job->columns, job->A + first * job->inner, job->B,
                    job->C + first * job->columns);
}

void team_multiply(struct team *team, size_t m, size_t k, size_t n, const double *A, const double *B, double *C)
{
    run(team, &(struct job){.rows = m, .inner = k, .columns = n, .A = A, .B = B, .C = C}, multiply_block);
}

static void multiply_nt_block(void *context, size_t index, size_t worker)
{
    const struct job *job = context;
    const size_t first = index * ROWS;
    (void)worker;
    linalg_multiply_nt(rows_of_block(job->rows, index), job->inner, job->columns, job->A + first * job->inner, job->B,
                       job->C + first * job->columns);
}

void team_multiply_nt(struct team *team, size_t m, size_t k, size_t n, const double *A, const double *B, double *C)
{
    run(team, &(struct job){.rows = m, .inner = k, .columns = n, .A = A, .B = B, .C = C}, multiply_nt_block);
}

static void tn_block(void *context, size_t index, size_t worker)
{
    const struct job *job = context;
    (void)worker;
    linalg_add_multiply_tn_rows(job->tn, index * ROWS, rows_of_block(job->rows, index), job->tn->n);
}

void team_add_multiply_tn(struct team *team, const struct linalg_tn *product)
{
    run(team, &(struct job){.rows = product->m, .tn = product}, tn_block);
}

/* Of the block's rows what is left of and in the block on the diagonal; what of that lies above it is zero again. */
static void gram_block(void *context, size_t index, size_t worker)
{
    const struct job *job = context;
    const size_t m = job->rows, first = index * ROWS, last = first + rows_of_block(m, index);
    (void)worker;
    memset(job->tn->C + first * m, 0, (last - first) * m * sizeof *job->tn->C);
    linalg_add_multiply_tn_rows(job->tn, first, last - first, last);
    for (size_t i = first; i < last; i++) {
        memset(job->tn->C + i * m + i + 1, 0, (m - i - 1) * sizeof *job->tn->C);
    }
}

void team_gram(struct team *team, size_t k, size_t m, const double *A, double *C)
{
    const struct linalg_tn product = {.m = m, .k = k, .n = m, .alpha = 1, .A = A, .B = A, .C = C};
    run(team, &(struct job){.rows = m, .tn = &product}, gram_block);
}

static void solve_block(void *context, size_t index, size_t worker)
{
    const struct job *job = context;
    (void)worker;
    linalg_solve_lower(rows_of_block(job->rows, index), job->columns, job->A, job->C + index * ROWS * job->columns);
}

void team_solve_lower(struct team *team, size_t n, size_t d, const double *L, double *X)
{
    run(team, &(struct job){.rows = n, .columns = d, .A = L, .C = X}, solve_block);
}

static void solve_transposed_block(void *context, size_t index, size_t worker)
{
    const struct job *job = context;
    (void)worker;
    linalg_solve_lower_transposed(rows_of_block(job->rows, index), job->columns, job->A,
                                  job->C + index * ROWS * job->columns);
}

void team_solve_lower_transposed(struct team *team, size_t n, size_t d, const double *L, double *X)
{
    run(team, &(struct job){.rows = n, .columns = d, .A = L, .C = X}, solve_transposed_block);
}
