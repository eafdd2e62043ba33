/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/common/shell.h"

#include <string.h>

static bool is_plain(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:=,%@^";
    return *text && text[strspn(text, plain)] == '\0';
}

/* Within single quotes nothing is special but the quote itself, which stands between two of them as \'. */
char *shell_word(struct pool *pool, const char *text)
{
    if (is_plain(text))
        return pool_text(pool, text);
    char *word = pool_take(pool, 4 * strlen(text) + 3, 1), *end = word;
    if (!word)
        return NULL;
    *end++ = '\'';
    for (; *text; text++) {
        const char single[] = {*text, '\0'}, *piece = *text == '\'' ? "'\\''" : single;
        end = strcpy(end, piece) + strlen(piece);
    }
    *end = '\'';
    return word;
}

char *shell_fit(struct pool *pool, const struct fit_context *context)
{
    char *target = shell_word(pool, context->target ? context->target : "TARGET");
    char *data = context->data_path ? shell_word(pool, context->data_path) : NULL;
    if (!target || (context->data_path && !data))
        return NULL;
    return pool_format(pool, "rovi fit %s%s%s", target, data ? " --data " : "", data ? data : "");
}
