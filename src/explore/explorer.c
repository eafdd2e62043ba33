/* SPDX-License-Identifier: BSD-3-Clause */
#include "explore/explorer.h"

#include <math.h>

#include "base/linalg.h"
#include "explore/explored.h"

#define STARTS 48   /* at most, unless told otherwise */
#define FAR    2.0  /* times start_spread, in sd: the first of four doubling distances from a mode found before */
#define ALIKE  5e-4 /* nats: a local that differs less from the target needs no more steps */
#define STILL  1e-4 /* nats: expected gain at which a climb ends, */
#define FINE   1e-3 /* and the steps of a local fit: nothing beside what the maps will gain */

/* Where every mode is to be kept, whatever it is in, climbs go on to their ends. */
static bool is_home(void *explorer, const double *x, double logp)
{
    struct explorer *e = explorer;
    return !e->narrow && explored_is_home(e, x, logp);
}

void explorer_init(struct explorer *e, struct arena *arena, const struct progress *progress, size_t room,
                   struct team *team)
{
    const size_t d = progress->meter->target->dim;
    *e = (struct explorer){.progress = progress, .dim = d, .room = room, .starts = STARTS};
    e->locals = arena_take(arena, room + 1, sizeof *e->locals);
    e->weight = arena_doubles(arena, room);
    e->x = arena_doubles(arena, d);
    e->scale = arena_doubles(arena, d);
    e->H = arena_doubles(arena, d * d);
    for (size_t k = 0; k <= room && !arena->failed; k++) {
        local_init(&e->locals[k], arena, d);
    }
    local_init(&e->good, arena, d);
    local_init(&e->bent, arena, d);
    ascent_init(&e->ascent, arena, progress, team);
    e->ascent.still = STILL;
    e->ascent.arrived = is_home;
    e->ascent.arrived_data = e;
    valley_init(&e->valley, arena, progress, (struct metric){0});
    local_work_init(&e->work, arena, progress, team);
    e->work.enough = ALIKE;
    e->work.slight = FINE;
}

void explorer_scatter(struct explorer *e, const rovi_settings *settings, uint64_t seed, size_t s)
{
    const struct rng_stream stream = {.seed = seed, .purpose = RNG_START, .substream = 3};
    const bool around_origin = s % 4 == 0 || e->count == 0;
    const double sign = s % 2 == 0 ? 1 : -1, round = (double)(s / 4 % 4);
    const bool given = e->progress->meter->target->start != NULL && s < 2;
    const double far = settings->start_spread * (around_origin ? 1 + round : FAR * exp2(round) * sign);
    const size_t d = e->dim;
    double *z = e->scale;
    rng_normals(stream, around_origin ? s : s / 2, d, z);
    for (size_t j = 0; j < d; j++) {
        z[j] *= far;
    }
    if (around_origin || given) {
        for (size_t j = 0; j < d; j++) {
            e->x[j] = target_origin(e->progress->meter->target, j) + (given ? 0 : z[j]);
        }
        return;
    }
    const struct local *from = &e->locals[s / 4 % e->count];
    linalg_multiply(d, d, 1, from->L, z, e->x);
    for (size_t j = 0; j < d; j++) {
        e->x[j] += from->mean[j];
    }
}
