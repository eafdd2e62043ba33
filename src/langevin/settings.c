/* SPDX-License-Identifier: BSD-3-Clause */
/* To add a setting: a field in settings.h, a row here. */
#include "langevin/settings.h"

#include <math.h>
#include <stdlib.h>

#include "base/table.h"

#define FIELD(name) offsetof(struct rovi_langevin_settings, name)
#define inf         INFINITY

/* clang-format off */
static const struct table_row rows[] = {
    TABLE_INTEGER(draws, 1, 9007199254740991, 1000, "draws wanted"),
    TABLE_INTEGER(particles, 0, 100000000, 0, "particles, each on a way of its own; 0: one for each draw, which makes the draws independent"),
    TABLE_INTEGER(steps, 1, 9007199254740991, 2000, "steps of every particle"),
    TABLE_REAL(step, 0, 1e12, 0, "step size h; 0: a tenth of 1/L, L the smoothness, or else the greatest curvature around the particles, looked at anew while they burn in"),
    TABLE_REAL(smoothness, 0, 1e12, 0, "L, bound on the Hessian of the potential: a step above 2/L is refused; 0: unknown"),
    TABLE_REAL(burn_in, 0, 1, 0.5, "share of the steps before the first draw"),
    TABLE_INTEGER(thinning, 0, 9007199254740991, 0, "with fewer particles than draws, steps between two states of a particle that become draws, the last step being the last of them; 0: as many as fit"),
    TABLE_CHOICE(start, "dispersed|origin", "dispersed", "where particles begin: scattered normally about the origin, or all at it"),
    TABLE_REAL(start_spread, 0, 1e6, 3, "standard deviation of dispersed starts"),
    TABLE_INTEGER(seed, 0, 9007199254740991, 1, "seed of all random numbers"),
    TABLE_INTEGER(threads, 0, 1024, 0, "threads; 0: one per processor. The result does not depend on it"),
    TABLE_REAL(max_time, 0, inf, inf, "stop after this many seconds, keeping what was drawn so far"),
    TABLE_INTEGER(trace, 1, 100000, 100, "points in time at which mean log density and mass per mode are recorded"),
};
/* clang-format on */
#undef inf

static const struct table table = {rows, sizeof rows / sizeof *rows, sizeof(struct rovi_langevin_settings)};

size_t rovi_langevin_settings_count(void)
{
    return table.count;
}

const rovi_setting *rovi_langevin_settings_at(size_t index)
{
    return table_at(&table, index);
}

rovi_langevin_settings *rovi_langevin_settings_new(void)
{
    return table_new(&table);
}

void rovi_langevin_settings_free(rovi_langevin_settings *settings)
{
    free(settings);
}

rovi_status rovi_langevin_settings_set(rovi_langevin_settings *settings, const char *name, const char *value,
                                       rovi_error *error)
{
    return table_set(&table, settings, name, value, error);
}

rovi_status rovi_langevin_settings_get(const rovi_langevin_settings *settings, const char *name, char *value,
                                       size_t size, rovi_error *error)
{
    return table_get(&table, settings, name, (struct table_text){value, size}, error);
}
