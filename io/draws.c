/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where draws come from. A draw has a number in the stream of its seed and can be made again, so that resampling keeps
 * the weights of all proposals but the coordinates of none: the chosen ones are drawn a second time.
 */
#include "io/draws.h"

#include <math.h>
#include <string.h>

#include "io/report.h"

#define TABLE_BLOCK   1024              /* draws at hand that are given to a sink at once */
#define BLOCK_DOUBLES ((size_t)1 << 18) /* two megabytes of draws at once: long writes, little memory */
#define ALIGNED       64                /* the library makes draws by so many: a block that ends within costs twice */

struct block {
    double *x, *shown, *lp, *log_q, *log_weight, *again, *again_log_q;
    size_t *place;
    int *mode;
    struct pool pool;
};

/* ---- the head ---- */

/* A name may hold line ends, a comment line may not. "unknown" for NULL; NULL when out of memory. */
static const char *one_line(struct pool *pool, const char *text)
{
    char *copy = pool_text(pool, text ? text : "unknown");
    for (char *c = copy; c && *c; c++)
        *c = *c == '\n' || *c == '\r' ? ' ' : *c;
    return copy;
}

/* x.1, ..., x.d; NULL when out of memory. */
static const char *const *number_names(struct pool *pool, size_t d)
{
    const char **name = pool_take(pool, d, sizeof *name);
    for (size_t i = 0; name && i < d; i++)
        if (!(name[i] = pool_format(pool, "x.%zu", i + 1)))
            return NULL;
    return name;
}

static rovi_status make_mean(struct draws *draws, rovi_error *error)
{
    const struct draws_scale *scale = &draws->request.scale;
    const rovi_approximation *q = rovi_fit_approximation(draws->request.fit->fit);
    double *mean = pool_take(&draws->pool, draws->d, sizeof *mean);
    double *shown = pool_take(&draws->pool, draws->head.shown.count, sizeof *shown);
    if (!mean || !shown)
        return report_no_memory(error);
    draws->head.mean = scale->constrain ? shown : mean;
    const rovi_status status = rovi_approximation_mean(q, mean, error);
    return !status && scale->constrain ? scale->constrain(scale->data, 0, 1, mean, shown, error) : ROVI_OK;
}

/* What the draws are from: the fit, or each restart that has an approximation. */
static rovi_status make_chains(struct draws *draws, rovi_error *error)
{
    const rovi_fit_parts *parts = rovi_fit_parts_of(draws->request.fit->fit);
    draws->chain = pool_take(&draws->pool, parts->restart_count, sizeof(void *));
    if (!draws->chain)
        return report_no_memory(error);
    for (size_t i = 0; i < parts->restart_count; i++)
        if (draws->request.by_restarts ? parts->restarts[i].approximation != NULL : i == parts->winner)
            draws->chain[draws->head.chains++] = parts->restarts[i].approximation;
    if (!draws->request.by_restarts || draws->head.chains > 1)
        return ROVI_OK;
    return report(error, ROVI_BAD_INPUT,
                  "found %zu of %zu restarts with a fit of their own, allowed for chains of restarts: two or more, as "
                  "`rovi fit --independent on` makes them",
                  draws->head.chains, parts->restart_count);
}

static rovi_status make_head(struct draws *draws, rovi_error *error)
{
    const struct draws_request *request = &draws->request;
    const rovi_fit_parts *parts = rovi_fit_parts_of(request->fit->fit);
    draws->head = (struct draws_head){.model = one_line(&draws->pool, request->fit->context.target),
                                      .method = one_line(&draws->pool, request->fit->context.method),
                                      .status = rovi_stop_text(parts->stop),
                                      .elbo = &parts->elbo,
                                      .iterations = parts->restarts[parts->winner].iterations,
                                      .count = request->count,
                                      .seed = request->seed,
                                      .proposals = request->proposals,
                                      .shown = request->scale.shown,
                                      .unconstrained = request->scale.unconstrained};
    if (request->scale.shown.count == 0)
        draws->head.shown = (struct draws_names){draws->d, number_names(&draws->pool, draws->d)};
    if (!draws->head.model || !draws->head.method || !draws->head.shown.name)
        return report_no_memory(error);
    rovi_status status = make_chains(draws, error);
    return status ? status : make_mean(draws, error);
}

/* ---- blocks ---- */

static rovi_status block_take(const struct draws *draws, struct block *block, rovi_error *error)
{
    size_t room = draws->room, columns = draws->head.shown.count;
    *block = (struct block){0};
    struct pool *pool = &block->pool;
    block->x = pool_take(pool, room, draws->d * sizeof(double));
    block->shown = draws->request.scale.constrain ? pool_take(pool, room, columns * sizeof(double)) : block->x;
    block->lp = pool_take(pool, room, sizeof(double));
    block->log_q = pool_take(pool, room, sizeof(double));
    block->log_weight = pool_take(pool, room, sizeof(double));
    block->place = pool_take(pool, room, sizeof *block->place);
    block->mode = pool_take(pool, room, sizeof *block->mode);
    block->again = pool_take(pool, ALIGNED, draws->d * sizeof(double));
    block->again_log_q = pool_take(pool, ALIGNED, sizeof(double));
    if (block->x && block->shown && block->lp && block->log_q && block->log_weight && block->place && block->mode &&
        block->again && block->again_log_q)
        return ROVI_OK;
    pool_free(pool);
    return report_no_memory(error);
}

static rovi_status draw(const struct draws *draws, const rovi_approximation *q, uint64_t first, size_t n,
                        struct block *block, rovi_error *error)
{
    rovi_status status = rovi_approximation_draw(q, draws->request.seed, first, n, block->x, block->log_q, error);
    for (size_t i = 0; i < n; i++)
        block->lp[i] = NAN;
    if (!status && draws->request.target)
        status = rovi_target_evaluate(draws->request.target, n, block->x, block->lp, NULL, error);
    return status;
}

/* Draws that were chosen, from place `first` on: those whose numbers lie in one group of the library are made at once.
 */
static rovi_status draw_again(const struct draws *draws, uint64_t first, size_t n, struct block *block,
                              rovi_error *error)
{
    const rovi_approximation *q = rovi_fit_approximation(draws->request.fit->fit);
    const size_t *number = draws->chosen + first;
    size_t d = draws->d;
    for (size_t at = 0, end; at < n; at = end) {
        size_t begin = number[at] / ALIGNED * ALIGNED;
        for (end = at; end < n && number[end] - begin < ALIGNED;)
            end++;
        size_t span = number[end - 1] - begin + 1;
        rovi_status status =
            rovi_approximation_draw(q, draws->request.seed, begin, span, block->again, block->again_log_q, error);
        if (status)
            return status;
        for (size_t i = at; i < end; i++) {
            memcpy(block->x + i * d, block->again + (number[i] - begin) * d, d * sizeof(double));
            block->log_q[i] = block->again_log_q[number[i] - begin];
        }
    }
    memcpy(block->lp, draws->chosen_lp + first, n * sizeof(double));
    return ROVI_OK;
}

static rovi_status classify(const struct draws *draws, size_t n, struct block *block, rovi_error *error)
{
    const rovi_approximation *q = rovi_fit_approximation(draws->request.fit->fit);
    rovi_status status = rovi_modes_classify(draws->modes, q, n, block->x, block->place, error);
    for (size_t i = 0; !status && i < n; i++)
        block->mode[i] = block->place[i] < draws->modes->listed ? (int)block->place[i] : -1;
    return status;
}

/* What is random in it belongs to a draw's number, not to its place among the chosen. */
static rovi_status show(const struct draws *draws, uint64_t first, size_t n, struct block *block, rovi_error *error)
{
    const struct draws_scale *scale = &draws->request.scale;
    if (!draws->chosen)
        return scale->constrain(scale->data, first, n, block->x, block->shown, error);
    rovi_status status = ROVI_OK;
    for (size_t i = 0; !status && i < n; i++)
        status = scale->constrain(scale->data, draws->chosen[first + i], 1, block->x + i * draws->d,
                                  block->shown + i * draws->head.shown.count, error);
    return status;
}

/* n draws from `place` of a chain on. Chains have numbers of their own: those of like restarts are not the same draws.
 */
static rovi_status fill(const struct draws *draws, size_t chain, uint64_t place, size_t n, struct block *block,
                        rovi_error *error)
{
    const uint64_t first = chain * draws->head.count + place;
    rovi_status status = draws->chosen ? draw_again(draws, first, n, block, error)
                                       : draw(draws, draws->chain[chain], first, n, block, error);
    if (!status)
        status = classify(draws, n, block, error);
    if (!status && draws->request.scale.constrain)
        status = show(draws, first, n, block, error);
    for (size_t i = 0; i < n; i++)
        block->log_weight[i] = block->lp[i] - block->log_q[i];
    return status;
}

static size_t at_most(uint64_t left, size_t room)
{
    return left < room ? (size_t)left : room;
}

static rovi_status each_of_chain(const struct draws *draws, size_t chain, struct block *block, draws_sink take,
                                 void *sink, rovi_error *error)
{
    rovi_status status = ROVI_OK;
    for (uint64_t first = 0; !status && first < draws->head.count; first += draws->room) {
        size_t n = at_most(draws->head.count - first, draws->room);
        status = fill(draws, chain, first, n, block, error);
        const struct draws_block full = {.n = n,
                                         .chain = chain,
                                         .first = first,
                                         .x = block->shown,
                                         .unconstrained = block->x,
                                         .lp = block->lp,
                                         .log_q = block->log_q,
                                         .log_weight = block->log_weight,
                                         .mode = block->mode};
        if (!status)
            status = take(sink, &full, error);
    }
    return status;
}

rovi_status draws_each(const void *source, draws_sink take, void *sink, rovi_error *error)
{
    const struct draws *draws = source;
    struct block block;
    rovi_status status = block_take(draws, &block, error);
    for (size_t chain = 0; !status && chain < draws->head.chains; chain++)
        status = each_of_chain(draws, chain, &block, take, sink, error);
    pool_free(&block.pool);
    return status;
}

/* ---- resampling ---- */

static rovi_status weigh(const struct draws *draws, struct block *block, double *lp, double *log_weight,
                         rovi_error *error)
{
    for (uint64_t first = 0; first < draws->request.proposals; first += draws->room) {
        size_t n = at_most(draws->request.proposals - first, draws->room);
        rovi_status status = draw(draws, draws->chain[0], first, n, block, error);
        if (status)
            return status;
        for (size_t i = 0; i < n; i++) {
            lp[first + i] = block->lp[i];
            log_weight[first + i] = block->lp[i] - block->log_q[i];
        }
    }
    return ROVI_OK;
}

static rovi_status choose(struct draws *draws, double *lp, double *log_weight, rovi_error *error)
{
    size_t proposals = (size_t)draws->request.proposals, count = (size_t)draws->request.count;
    struct block block;
    rovi_status status = block_take(draws, &block, error);
    if (status)
        return status;
    status = weigh(draws, &block, lp, log_weight, error);
    pool_free(&block.pool);
    if (!status)
        status = rovi_resample(proposals, log_weight, draws->request.seed, count, draws->chosen, error);
    for (size_t i = 0; !status && i < count; i++)
        draws->chosen_lp[i] = lp[draws->chosen[i]];
    return status;
}

static rovi_status resample(struct draws *draws, rovi_error *error)
{
    const struct draws_request *request = &draws->request;
    if (!request->target)
        return report(error, ROVI_BAD_INPUT, "found a fit without its target, allowed for resampling: one with it");
    if (request->proposals < request->count)
        return report(error, ROVI_BAD_INPUT, "found %llu proposals for %llu draws, allowed: at least as many",
                      (unsigned long long)request->proposals, (unsigned long long)request->count);
    struct pool scratch = {0};
    double *lp = pool_take(&scratch, (size_t)request->proposals, sizeof *lp);
    double *log_weight = pool_take(&scratch, (size_t)request->proposals, sizeof *log_weight);
    draws->chosen = pool_take(&draws->pool, (size_t)request->count, sizeof *draws->chosen);
    draws->chosen_lp = pool_take(&draws->pool, (size_t)request->count, sizeof *draws->chosen_lp);
    const double needed = (double)request->proposals * 2 * sizeof(double);
    rovi_status status =
        !lp || !log_weight || !draws->chosen || !draws->chosen_lp
            ? report(error, ROVI_NO_MEMORY, "%llu proposals take %.3g GB of memory, more than there is",
                     (unsigned long long)request->proposals, 1e-9 * needed)
            : choose(draws, lp, log_weight, error);
    pool_free(&scratch);
    return status;
}

rovi_status draws_open(struct draws *draws, const struct draws_request *request, rovi_error *error)
{
    const rovi_approximation *q = rovi_fit_approximation(request->fit->fit);
    size_t d = rovi_approximation_dim(q);
    size_t wide = request->scale.shown.count > d ? request->scale.shown.count : d;
    size_t room = BLOCK_DOUBLES / wide / ALIGNED * ALIGNED;
    *draws = (struct draws){.request = *request, .d = d, .room = room > 0 ? room : ALIGNED};
    rovi_status status = rovi_approximation_modes(q, DRAWS_MODES, &draws->modes, error);
    if (!status)
        status = make_head(draws, error);
    if (!status && request->proposals > 0)
        status = resample(draws, error);
    if (status)
        draws_close(draws);
    return status;
}

void draws_close(struct draws *draws)
{
    rovi_modes_free(draws->modes);
    draws->modes = NULL;
    pool_free(&draws->pool);
}

/* ---- draws at hand ---- */

rovi_status draws_table_head(const struct draws_table *table, struct pool *pool, struct draws_head *head,
                             rovi_error *error)
{
    *head = (struct draws_head){.model = one_line(pool, table->target),
                                .method = table->method,
                                .status = table->status,
                                .count = table->count,
                                .seed = table->seed,
                                .chains = 1,
                                .shown = {table->dim, number_names(pool, table->dim)}};
    return head->model && head->shown.name ? ROVI_OK : report_no_memory(error);
}

rovi_status draws_table_each(const void *source, draws_sink take, void *sink, rovi_error *error)
{
    const struct draws_table *table = source;
    rovi_status status = ROVI_OK;
    for (size_t first = 0; !status && first < table->count; first += TABLE_BLOCK) {
        const size_t left = table->count - first;
        const struct draws_block block = {.n = left < TABLE_BLOCK ? left : TABLE_BLOCK,
                                          .first = first,
                                          .x = table->x + first * table->dim,
                                          .lp = table->log_p + first};
        status = take(sink, &block, error);
    }
    return status;
}
