/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/draws_target.h"

#include "io/report.h"

static rovi_status constrain(void *data, uint64_t first, size_t n, const double *unconstrained, double *shown,
                             rovi_error *error)
{
    const struct draws_target *of = data;
    const rovi_outputs outputs = {.include = of->include, .seed = of->seed, .first = first};
    return rovi_target_constrain(of->target, &outputs, n, unconstrained, shown, error);
}

/* A coordinate without a name is called by its number. */
static const char *or_number(struct pool *pool, const char *name, size_t index)
{
    return name ? name : pool_format(pool, "x.%zu", index + 1);
}

static bool take_outputs(const struct draws_target *shown, struct pool *pool, struct draws_names *names)
{
    size_t count = rovi_target_output_count(shown->target, shown->include);
    const char **name = pool_take(pool, count, sizeof *name);
    bool ok = name != NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = (name[i] = or_number(pool, rovi_target_output_name(shown->target, shown->include, i), i)) != NULL;
    *names = (struct draws_names){count, name};
    return ok;
}

static bool take_coordinates(const rovi_target *target, struct pool *pool, struct draws_names *names)
{
    size_t d = rovi_target_dim(target);
    const char **name = pool_take(pool, d, sizeof *name);
    bool ok = name != NULL;
    for (size_t i = 0; ok && i < d; i++)
        ok = (name[i] = or_number(pool, rovi_target_coordinate_name(target, i), i)) != NULL;
    *names = (struct draws_names){d, name};
    return ok;
}

rovi_status draws_target_scale(struct draws_target *shown, struct pool *pool, struct draws_scale *scale,
                               rovi_error *error)
{
    *scale = (struct draws_scale){0};
    bool ok = take_outputs(shown, pool, &scale->shown);
    if (ok && rovi_target_is_constrained(shown->target)) {
        scale->constrain = constrain;
        scale->data = shown;
        ok = take_coordinates(shown->target, pool, &scale->unconstrained);
    }
    return ok ? ROVI_OK : report_no_memory(error);
}
