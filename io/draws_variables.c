/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stan writes one column per element, m.1.1, m.2.1, m.1.2, ...: the first index is the fastest, the last name of an
 * array holds its sizes. Names such as z.real, whose last part is no index, are variables of their own.
 */
#include "io/draws_variables.h"

#include <string.h>

#include "io/report.h"

struct parsed {
    const char *name;
    size_t length; /* of what stands before the indices */
    size_t rank, index[VARIABLE_RANK];
};

/* The index at `text`, up to a dot or the end; 0 when it is none. */
static size_t read_index(const char *text, const char **end)
{
    size_t index = 0, digits = strspn(text, "0123456789");
    *end = text + digits;
    if (digits == 0 || digits > 9 || text[0] == '0' || (**end != '\0' && **end != '.'))
        return 0;
    for (const char *c = text; c < *end; c++)
        index = 10 * index + (size_t)(*c - '0');
    return index;
}

static struct parsed parse(const char *name)
{
    struct parsed parsed = {.name = name, .length = strcspn(name, ".")};
    const struct parsed whole = {.name = name, .length = strlen(name)};
    for (const char *at = name + parsed.length; *at;) {
        if (parsed.length == 0 || parsed.rank == VARIABLE_RANK)
            return whole;
        parsed.index[parsed.rank] = read_index(at + 1, &at);
        if (parsed.index[parsed.rank++] == 0)
            return whole;
    }
    return parsed;
}

static bool same_array(const struct parsed *a, const struct parsed *b)
{
    return a->rank == b->rank && a->length == b->length && memcmp(a->name, b->name, a->length) == 0;
}

static rovi_status refuse(const char *name, const char *wanted, rovi_error *error)
{
    return report(
        error, ROVI_BAD_INPUT,
        "names of the draws: found \"%.80s\" where \"%.80s\" is not whole, allowed: every element of an array "
        "once, the first index the fastest",
        name, wanted);
}

/* Checks that element k of the array has the indices that its place says, and finds where it goes. */
static rovi_status place_element(struct draws_variable *variable, size_t k, const char *name, rovi_error *error)
{
    const struct parsed parsed = parse(name);
    size_t rest = k, place = 0;
    for (size_t i = 0; i < variable->rank; i++) {
        if (parsed.index[i] != rest % variable->size[i] + 1)
            return refuse(name, variable->name, error);
        place = place * variable->size[i] + rest % variable->size[i];
        rest /= variable->size[i];
    }
    if (rest > 0)
        return refuse(name, variable->name, error);
    variable->place[k] = place;
    return ROVI_OK;
}

static rovi_status make_variable(const struct draws_names *names, struct pool *pool, struct draws_variable *variable,
                                 rovi_error *error)
{
    const struct parsed last = parse(names->name[variable->first + variable->count - 1]);
    size_t whole = 1;
    variable->rank = last.rank;
    variable->name = pool_take(pool, last.length + 1, 1);
    variable->place = pool_take(pool, variable->count, sizeof *variable->place);
    if (!variable->name || !variable->place)
        return report_no_memory(error);
    memcpy(variable->name, last.name, last.length);
    for (size_t i = 0; i < last.rank; i++) {
        variable->size[i] = last.index[i];
        whole = whole <= variable->count ? whole * last.index[i] : whole;
    }
    if (whole != variable->count)
        return refuse(last.name, variable->name, error);
    for (size_t k = 0; k < variable->count; k++) {
        rovi_status status = place_element(variable, k, names->name[variable->first + k], error);
        if (status)
            return status;
    }
    return ROVI_OK;
}

rovi_status draws_variables_make(const struct draws_names *names, struct pool *pool, struct draws_variables *variables,
                                 rovi_error *error)
{
    variables->count = 0;
    variables->variable = pool_take(pool, names->count, sizeof *variables->variable);
    if (!variables->variable)
        return report_no_memory(error);
    for (size_t first = 0, end; first < names->count; first = end) {
        const struct parsed head = parse(names->name[first]);
        for (end = first + 1; end < names->count && head.rank > 0; end++) {
            const struct parsed next = parse(names->name[end]);
            if (!same_array(&head, &next))
                break;
        }
        struct draws_variable *variable = &variables->variable[variables->count++];
        *variable = (struct draws_variable){.first = first, .count = end - first};
        rovi_status status = make_variable(names, pool, variable, error);
        if (status)
            return status;
    }
    return ROVI_OK;
}
