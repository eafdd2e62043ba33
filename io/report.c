/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors of io/, and the edit distance behind "did you mean". */
#include "io/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_NAME 48 /* longer words get no suggestion */

rovi_status report(rovi_error *error, rovi_status status, const char *format, ...)
{
    if (!error)
        return status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->status = status;
    return status;
}

rovi_status report_no_memory(rovi_error *error)
{
    return report(error, ROVI_NO_MEMORY, "%s", rovi_status_text(ROVI_NO_MEMORY));
}

rovi_status report_in_file(rovi_error *error, rovi_status status, const char *file)
{
    if (status == ROVI_OK || status == ROVI_NO_MEMORY || !error)
        return status;
    char sentence[sizeof error->message];
    memcpy(sentence, error->message, sizeof sentence);
    return report(error, status, "%.200s: %s", file, sentence);
}

static char plain(char c)
{
    return c == '_' ? '-' : c;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein distance, row by row: row[j] is the distance of a[0..i) and b[0..j). */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[LONGEST_NAME + 1], m = strlen(b);
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < m; j++) {
            size_t above = row[j + 1];
            row[j + 1] = least(above + 1, row[j] + 1, diagonal + (plain(a[i]) != plain(b[j])));
            diagonal = above;
        }
    }
    return row[m];
}

void suggestion_consider(struct suggestion *suggestion, const char *name)
{
    if (strlen(suggestion->typed) > LONGEST_NAME || strlen(name) > LONGEST_NAME)
        return;
    size_t distance = edit_distance(suggestion->typed, name);
    size_t close = strlen(name) / 3 + 1; /* one slip in three letters still looks like the word */
    if (distance > close || (suggestion->best && distance >= suggestion->distance))
        return;
    suggestion->best = name;
    suggestion->distance = distance;
}

const char *suggestion_text(const struct suggestion *suggestion, char text[SUGGESTION_ROOM])
{
    text[0] = '\0';
    if (suggestion->best)
        snprintf(text, SUGGESTION_ROOM, " (did you mean %.64s?)", suggestion->best);
    return text;
}
