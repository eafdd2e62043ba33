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

#define DOUBTFUL 2.0 /* nats */
#define TELLING  10  /* draws in a cell, of which one may not be all of the mean */

/* Of the draws in one cell, mean and summed squares about it: of their weights, and of the logs of these where they are
 * positive. The cells not listed are the last one. */
struct cell {
    double weight; /* the fit's */
    double count, mean, squares;
    double inside, log_mean, log_squares;
};

static void add(double value, double *count, double *mean, double *squares)
{
    const double step = value - *mean;
    *mean += step / ++*count;
    *squares += step * (value - *mean);
}

/* The variance of a mean; infinite when nothing tells it. */
static double noise_of(double count, double squares)
{
    return count > 1 ? squares / (count - 1) / count : INFINITY;
}

/* What the cell contributes to log Z, and its variance; one without draws is taken to weigh what the fit says. */
static rovi_estimate contribution(const struct cell *cell)
{
    const double mean = cell->count > 0 ? cell->mean : 1;
    const double variance = cell->count > 1 ? noise_of(cell->count, cell->squares) : mean * mean;
    return (rovi_estimate){cell->weight * mean, cell->weight * cell->weight * variance};
}

/* The same by the mean of the logs, the fit's ELBO in the cell, up to a factor exp(top) that all have. */
static rovi_estimate contribution_of_logs(const struct cell *cell, double top)
{
    const double share = cell->count > 0 ? cell->inside / cell->count : 1;
    const double value = cell->inside > 0 ? cell->weight * share * exp(cell->log_mean - top) : 0;
    return (rovi_estimate){value, value > 0 ? value * value * fmin(1, noise_of(cell->inside, cell->log_squares)) : 0};
}

/* Each draw's weight into the cell it lies in: place, of each draw. */
static void fill_cells(const struct masses *m, const size_t *place, struct cell *cell)
{
    for (size_t i = 0; i < m->draws->n; i++) {
        struct cell *at = &cell[place[i]];
        const double r = m->log_ratio[i] - m->log_z;
        add(exp(r), &at->count, &at->mean, &at->squares);
        if (isfinite(r)) {
            add(r, &at->inside, &at->log_mean, &at->log_squares);
        }
    }
    for (size_t k = 0; k <= m->modes->listed; k++) {
        cell[k].weight = k < m->modes->listed ? m->modes->mode[k].weight : fmax(0, 1 - m->modes->listed_weight);
    }
}

/* Contributions (listed + 1: value and variance) to masses, equation (40): the fit's weight of a cell is known, so that
 * the weights of the draws in it alone are uncertain, not their number. */
static void share_out(size_t listed, const rovi_estimate *part, rovi_estimate *mass)
{
    double whole = 0, noise = 0;
    for (size_t k = 0; k <= listed; k++) {
        whole += part[k].value;
        noise += part[k].mcse;
    }
    for (size_t k = 0; k < listed; k++) {
        const double share = part[k].value / whole;
        mass[k] = (rovi_estimate){share, sqrt(fmax(0, (1 - 2 * share) * part[k].mcse + share * share * noise)) / whole};
    }
}

static double top_of(size_t listed, const struct cell *cell)
{
    double top = -INFINITY;
    for (size_t k = 0; k <= listed; k++) {
        top = cell[k].inside > 0 ? fmax(top, cell[k].log_mean) : top;
    }
    return top;
}

/* Whether in some cell a few weights decide their mean, which lies that far above the mean of their logs. */
static bool is_doubtful(size_t listed, const struct cell *cell)
{
    bool far = false;
    for (size_t k = 0; k <= listed; k++) {
        const double mean = cell[k].mean * cell[k].count / cell[k].inside;
        far = far || (cell[k].inside >= TELLING && log(mean) - cell[k].log_mean > DOUBTFUL);
    }
    return far;
}

/* Where the weights are doubtful the means of their logs are asked as well: the ELBO in each cell, which has the odds
 * right as far as the fit is off by as much in both. The mass is then between the two, and its error what parts them.
 */
static void weigh_cells(size_t listed, const struct cell *cell, rovi_estimate *work, rovi_diagnosed_mode *out)
{
    rovi_estimate *part = work, *mass = part + listed + 1, *by_logs = mass + listed + 1;
    for (size_t k = 0; k <= listed; k++) {
        part[k] = contribution(&cell[k]);
    }
    share_out(listed, part, mass);
    for (size_t k = 0; k < listed; k++) {
        out[k].mass = mass[k];
    }
    if (!is_doubtful(listed, cell)) {
        return;
    }
    const double top = top_of(listed, cell);
    for (size_t k = 0; k <= listed; k++) {
        part[k] = contribution_of_logs(&cell[k], top);
    }
    share_out(listed, part, by_logs);
    for (size_t k = 0; k < listed; k++) {
        const double apart = mass[k].value - by_logs[k].value;
        out[k].mass.value = by_logs[k].value + apart / 2;
        out[k].mass.mcse = hypot(apart, fmax(mass[k].mcse, by_logs[k].mcse) / 2);
    }
}

rovi_status masses_weigh(const struct masses *masses, struct arena *arena, rovi_diagnosed_mode *out, rovi_error *error)
{
    const size_t d = masses->q->dim, listed = masses->modes->listed;
    struct arena memory = {0};
    size_t *place = arena_take(&memory, masses->draws->n, sizeof *place);
    struct cell *cell = arena_take(&memory, listed + 1, sizeof *cell);
    rovi_estimate *work = arena_take(&memory, 3 * (listed + 1), sizeof *work);
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
        weigh_cells(listed, cell, work, out);
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
