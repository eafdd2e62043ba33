/* SPDX-License-Identifier: BSD-3-Clause */
/* Draws as Stan CSV. Comment lines are Stan's: "# key = value", two more spaces for what belongs to the line before. */
#include "io/draws_csv.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "io/number.h"
#include "io/report.h"

/* Text is collected here: a call of the C library for every number would cost more than the digits. */
struct line {
    char text[1 << 14];
    size_t length;
    FILE *stream;
};

static void flush(struct line *line)
{
    fwrite(line->text, 1, line->length, line->stream);
    line->length = 0;
}

static void put_number(struct line *line, double value, char after)
{
    if (line->length + NUMBER_ROOM + 1 > sizeof line->text)
        flush(line);
    line->length += number_write(value, line->text + line->length);
    line->text[line->length++] = after;
}

static void put_numbers(struct line *line, size_t n, const double *values)
{
    for (size_t i = 0; i < n; i++)
        put_number(line, values[i], i + 1 < n ? ',' : '\n');
}

/* Of the fit, or of the sampler that made the draws. */
static void write_status(const char *before, const struct draws_head *head, FILE *stream)
{
    fprintf(stream, "%s%sstatus = %s\n", before, head->elbo ? "fit_" : "", head->status);
    if (head->elbo)
        fprintf(stream, "%sfit_elbo = %.17g\n%sfit_elbo_mcse = %.17g\n", before, head->elbo->value, before,
                head->elbo->mcse);
}

static void write_pathfinder(const struct draws_head *head, FILE *stream)
{
    fprintf(stream, "# method = %s\n#   num_draws = %" PRIu64 "\n", head->method, head->count);
    if (head->proposals > 0)
        fprintf(stream, "#   num_proposals = %" PRIu64 "\n", head->proposals);
    fprintf(stream, "#   seed = %" PRIu64 "\n", head->seed);
    write_status("#   ", head, stream);
}

/* What cmdstanpy insists on: a method by Stan's name, with each of its arguments. Those that rovi has no counterpart
 * for have Stan's defaults. */
static void write_advi(const struct draws_head *head, FILE *stream)
{
    const char *algorithm = strcmp(head->method, "mfvi") == 0 ? "meanfield" : "fullrank";
    fprintf(stream, "# method = variational\n#   variational\n#     algorithm = %s\n#       %s\n", algorithm,
            algorithm);
    fprintf(stream, "#     iter = %" PRIu64 "\n#     grad_samples = 1 (Default)\n",
            head->iterations > 0 ? head->iterations : 1);
    fputs("#     elbo_samples = 100 (Default)\n#     eta = 1 (Default)\n#     tol_rel_obj = 0.01 (Default)\n", stream);
    fprintf(stream, "#     eval_elbo = 100 (Default)\n#     output_samples = %" PRIu64 "\n", head->count);
    if (head->proposals > 0)
        fprintf(stream, "#     num_proposals = %" PRIu64 "\n", head->proposals);
    fprintf(stream, "# random\n#   seed = %" PRIu64 "\n# fit_method = %s\n", head->seed, head->method);
    write_status("# ", head, stream);
}

void draws_csv_begin(struct draws_csv *csv, const struct draws_head *head)
{
    FILE *stream = csv->stream;
    csv->columns = head->shown.count;
    fprintf(stream, "# rovi_version = %s\n# model = %s\n", rovi_version(), head->model);
    (csv->layout == DRAWS_ADVI ? write_advi : write_pathfinder)(head, stream);
    fputs(csv->layout == DRAWS_ADVI ? "lp__,log_p__,log_g__" : "lp_approx__,lp__", stream);
    for (size_t i = 0; i < head->shown.count; i++)
        fprintf(stream, ",%s", head->shown.name[i]);
    fputc('\n', stream);
    if (csv->layout == DRAWS_ADVI) {
        struct line line = {.stream = stream};
        fputs("# Stepsize adaptation complete.\n# eta = 1\n0,0,0,", stream);
        put_numbers(&line, csv->columns, head->mean);
        flush(&line);
    }
}

rovi_status draws_csv_put(void *sink, const struct draws_block *block, rovi_error *error)
{
    const struct draws_csv *csv = sink;
    struct line line = {.stream = csv->stream};
    errno = 0;
    for (size_t i = 0; i < block->n; i++) {
        double log_q = block->log_q ? block->log_q[i] : NAN;
        if (csv->layout == DRAWS_ADVI)
            put_number(&line, 0, ',');
        put_number(&line, csv->layout == DRAWS_ADVI ? block->lp[i] : log_q, ',');
        put_number(&line, csv->layout == DRAWS_ADVI ? log_q : block->lp[i], ',');
        put_numbers(&line, csv->columns, block->x + i * csv->columns);
    }
    flush(&line);
    if (ferror(csv->stream))
        return report(error, ROVI_IO_FAILED, "%.200s: cannot be written: %s", csv->name, strerror(errno));
    return ROVI_OK;
}
