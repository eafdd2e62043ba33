/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fit's modes are cells of its law. Draws of the fit tell what the target has in each, by their weights; climbs and
 * paths tell which cells are one mode of the target; and a mode that has mass, of which the fit gives it next to
 * nothing, is missed although the fit knows it.
 */
#include "diagnose/masses.h"

#include <math.h>

#include "base/status.h"
#include "diagnose/collapse.h"

/* Sum, mean and variance of the weights in one cell; the cells not listed are the last one. */
struct cell {
    double weight, count, mean, squares;
};

/* What the cell contributes to log Z, and its variance; one without draws is taken to weigh what the fit says. */
static rovi_estimate contribution(const struct cell *cell)
{
    const double mean = cell->count > 0 ? cell->mean : 1;
    const double variance = cell->count > 1 ? cell->squares / (cell->count - 1) / cell->count : mean * mean;
    return (rovi_estimate){cell->weight * mean, cell->weight * cell->weight * variance};
}

/* Each draw's weight into the cell it lies in: place, of each draw. */
static void fill_cells(const struct masses *m, const size_t *place, struct cell *cell)
{
    for (size_t i = 0; i < m->draws->n; i++) {
        struct cell *at = &cell[place[i]];
        const double w = exp(m->log_ratio[i] - m->log_z), step = w - at->mean;
        at->mean += step / ++at->count;
        at->squares += step * (w - at->mean);
    }
    for (size_t k = 0; k <= m->modes->listed; k++) {
        cell[k].weight = k < m->modes->listed ? m->modes->mode[k].weight : fmax(0, 1 - m->modes->listed_weight);
    }
}

/* The mass of each mode, equation (40): the fit's weight of a cell is known, so that the weights of the draws in it
 * alone are uncertain, not their number. */
static void weigh_cells(size_t listed, const struct cell *cell, rovi_diagnosed_mode *out)
{
    double whole = 0, noise = 0;
    for (size_t k = 0; k <= listed; k++) {
        whole += contribution(&cell[k]).value;
        noise += contribution(&cell[k]).mcse;
    }
    for (size_t k = 0; k < listed; k++) {
        const rovi_estimate own = contribution(&cell[k]);
        const double mass = own.value / whole;
        out[k].mass = (rovi_estimate){mass, sqrt(fmax(0, (1 - 2 * mass) * own.mcse + mass * mass * noise)) / whole};
    }
}

rovi_status masses_weigh(const struct masses *masses, struct arena *arena, rovi_diagnosed_mode *out, rovi_error *error)
{
    const size_t d = masses->q->dim, listed = masses->modes->listed;
    struct arena memory = {0};
    size_t *place = arena_take(&memory, masses->draws->n, sizeof *place);
    struct cell *cell = arena_take(&memory, listed + 1, sizeof *cell);
    for (size_t k = 0; k < listed; k++) {
        const rovi_mode *mode = &masses->modes->mode[k];
        out[k] = (rovi_diagnosed_mode){.weight = mode->weight,
                                       .mean = arena_copy(arena, mode->mean, d),
                                       .sd = arena_copy(arena, mode->sd, d),
                                       .part_of = k};
    }
    rovi_status status =
        memory.failed || arena->failed
            ? error_no_memory(error)
            : rovi_modes_classify(masses->modes, masses->q, masses->draws->n, masses->draws->x, place, error);
    if (status == ROVI_OK) {
        fill_cells(masses, place, cell);
        weigh_cells(listed, cell, out);
    }
    arena_free(&memory);
    return status;
}

void masses_join(size_t n, const size_t *owner, rovi_diagnosed_mode *modes)
{
    for (size_t k = 0; k < n; k++) {
        for (size_t j = 0; j < k && modes[k].part_of == k; j++) {
            if (owner[j] == owner[k] && owner[k] < PROBE_ROOM) {
                modes[k].part_of = j;
            }
        }
    }
}

void masses_find_missed(size_t n, rovi_diagnosed_mode *modes)
{
    for (size_t k = 1; k < n; k++) {
        rovi_estimate mass = {0, 0};
        double held = 0;
        for (size_t j = k; j < n && modes[k].part_of == k; j++) {
            if (modes[j].part_of == k) {
                mass.value += modes[j].mass.value;
                mass.mcse = hypot(mass.mcse, modes[j].mass.mcse);
                held += modes[j].weight;
            }
        }
        modes[k].missed = collapse_is_missed(mass, held);
    }
}

void masses_share(size_t n, rovi_diagnosed_mode *modes, rovi_estimate beyond)
{
    const double left = 1 - beyond.value;
    for (size_t k = 0; k < n; k++) {
        rovi_estimate *mass = &modes[k].mass;
        *mass = (rovi_estimate){left * mass->value, hypot(left * mass->mcse, beyond.mcse * mass->value)};
    }
}
