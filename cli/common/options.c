/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the command line. */
#include "cli/common/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/report.h"

/* Names up to `length` characters of `typed`; '-' and '_' are the same. */
static bool same_name(const char *name, const char *typed, size_t length)
{
    if (strlen(name) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (name[i] != typed[i] && !(name[i] == '_' && typed[i] == '-'))
            return false;
    return true;
}

static void use_hyphens(char *name)
{
    for (char *c = name; *c; c++)
        *c = *c == '_' ? '-' : *c;
}

static bool find_long(struct arguments *arguments, const char *name, size_t length)
{
    for (const struct option *option = arguments->options; option->name; option++)
        if (same_name(option->name, name, length))
            return (arguments->option = option);
    for (size_t i = 0; arguments->setting_at && arguments->setting_at(i); i++)
        if (same_name(arguments->setting_at(i)->name, name, length))
            return (arguments->setting = arguments->setting_at(i));
    return false;
}

static bool find_letter(struct arguments *arguments, char letter)
{
    for (const struct option *option = arguments->options; option->name; option++)
        if (option->letter == letter)
            return (arguments->option = option);
    return false;
}

enum argument_kind { ARGUMENT_END, ARGUMENT_FOUND, ARGUMENT_ERROR };

static enum argument_kind fail(rovi_error *error, const char *typed, const char *sentence)
{
    report(error, ROVI_BAD_INPUT, "%.80s: %s", typed, sentence);
    return ARGUMENT_ERROR;
}

static enum argument_kind report_unknown(const struct arguments *arguments, const char *typed, rovi_error *error)
{
    char name[64], best[64], meant[SUGGESTION_ROOM];
    snprintf(name, sizeof name, "%s", typed + strspn(typed, "-"));
    name[strcspn(name, "=")] = '\0';
    struct suggestion suggestion = {.typed = name};
    for (const struct option *option = arguments->options; option->name; option++)
        if (strlen(option->name) > 1)
            suggestion_consider(&suggestion, option->name);
    for (size_t i = 0; arguments->setting_at && arguments->setting_at(i); i++)
        suggestion_consider(&suggestion, arguments->setting_at(i)->name);
    if (suggestion.best) {
        snprintf(best, sizeof best, "--%s", suggestion.best);
        use_hyphens(best);
        suggestion.best = best;
    }
    report(error, ROVI_BAD_INPUT, "found unknown flag %.80s%s, allowed: those that --help lists", typed,
           suggestion_text(&suggestion, meant));
    return ARGUMENT_ERROR;
}

static const char *peek(const struct arguments *arguments)
{
    return arguments->next < arguments->count ? arguments->list[arguments->next] : NULL;
}

/* The option is known; find its value, which may be attached to it. */
static enum argument_kind take_value(struct arguments *arguments, const char *typed, const char *attached,
                                     rovi_error *error)
{
    const struct option *option = arguments->option;
    const char *word = option ? option->word : NULL;
    bool needs = !option || (option->argument && !word);
    arguments->value = attached;
    if (!needs && !word && attached)
        return fail(error, typed, "found a value, allowed: none");
    if (word && attached && strcmp(attached, word) != 0)
        return fail(error, typed, "found another value, allowed: the one that --help shows, or none");
    if (word && !attached && peek(arguments) && strcmp(peek(arguments), word) == 0)
        arguments->value = arguments->list[arguments->next++];
    if (needs && !attached) {
        if (!peek(arguments))
            return fail(error, typed, "found nothing after it, allowed: a value");
        arguments->value = arguments->list[arguments->next++];
    }
    return ARGUMENT_FOUND;
}

static enum argument_kind read_long(struct arguments *arguments, const char *typed, rovi_error *error)
{
    const char *name = typed + 2;
    size_t length = strcspn(name, "=");
    if (!find_long(arguments, name, length))
        return report_unknown(arguments, typed, error);
    return take_value(arguments, typed, name[length] ? name + length + 1 : NULL, error);
}

static enum argument_kind read_short(struct arguments *arguments, const char *typed, rovi_error *error)
{
    if (!find_letter(arguments, typed[1]))
        return report_unknown(arguments, typed, error);
    return take_value(arguments, typed, typed[2] ? typed + 2 : NULL, error);
}

/* On ARGUMENT_ERROR the sentence is in *error. */
static enum argument_kind find_next(struct arguments *arguments, rovi_error *error)
{
    arguments->option = NULL;
    arguments->setting = NULL;
    arguments->value = NULL;
    const char *typed = peek(arguments);
    if (!typed)
        return ARGUMENT_END;
    arguments->next++;
    if (!arguments->only_positional && strcmp(typed, "--") == 0) {
        arguments->only_positional = true;
        return find_next(arguments, error);
    }
    if (!arguments->only_positional && strncmp(typed, "--", 2) == 0)
        return read_long(arguments, typed, error);
    if (!arguments->only_positional && typed[0] == '-' && typed[1])
        return read_short(arguments, typed, error);
    arguments->value = typed;
    return ARGUMENT_FOUND;
}

rovi_status arguments_each(struct arguments *arguments, argument_accept accept, void *request, rovi_error *error)
{
    rovi_status status = ROVI_OK;
    enum argument_kind kind = ARGUMENT_FOUND;
    while (!status && (kind = find_next(arguments, error)) == ARGUMENT_FOUND)
        status = accept(arguments, request, error);
    return kind == ARGUMENT_ERROR ? error->status : status;
}

/* The request of a command, and who takes what is no option. */
struct reading {
    argument_accept accept;
    void *request;
    bool help;
};

static rovi_status store(const struct arguments *arguments, void *context, rovi_error *error)
{
    struct reading *reading = context;
    const struct option *option = arguments->option;
    if (!option)
        return reading->accept(arguments, reading->request, error);
    char *place = (char *)reading->request + option->place;
    const char **text = (const char **)place;
    if (option->place == HELP_ASKED)
        reading->help = true;
    else if (!option->argument && !option->word)
        *(bool *)place = true;
    else if (option->argument && *text)
        return report(error, ROVI_BAD_INPUT, "--%s: found \"%.80s\" and \"%.80s\", allowed: one of them", option->name,
                      *text, arguments->value);
    else if (arguments->value || !*text)
        *text = arguments->value ? arguments->value : "";
    return ROVI_OK;
}

rovi_status arguments_read(struct arguments *arguments, argument_accept accept, void *request, rovi_error *error)
{
    struct reading reading = {.accept = accept, .request = request};
    rovi_status status = arguments_each(arguments, store, &reading, error);
    arguments->help = reading.help;
    return status;
}

rovi_status parse_count(const char *flag, const char *text, struct count_range allowed, uint64_t *value,
                        rovi_error *error)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *value >= allowed.least &&
        *value <= allowed.most)
        return ROVI_OK;
    return report(error, ROVI_BAD_INPUT, "%s: found \"%.60s\", allowed: a whole number from %llu to %llu", flag, text,
                  (unsigned long long)allowed.least, (unsigned long long)allowed.most);
}

/* " (did you mean mfvi?)" for a word that is nearly one of "auto|mfvi|rovi". */
static const char *suggest_choice(const struct arguments *arguments, char text[SUGGESTION_ROOM])
{
    char words[128], *rest = words;
    struct suggestion suggestion = {.typed = arguments->value};
    snprintf(words, sizeof words, "%s", arguments->setting->allowed);
    if (arguments->setting->type == ROVI_SETTING_CHOICE)
        for (char *word = words; rest; word = rest) {
            rest = strchr(word, '|');
            if (rest)
                *rest++ = '\0';
            suggestion_consider(&suggestion, word);
        }
    return suggestion_text(&suggestion, text);
}

rovi_status refuse_setting(const struct arguments *arguments, rovi_error *error)
{
    static const char *const kinds[] = {[ROVI_SETTING_CHOICE] = "",
                                        [ROVI_SETTING_INTEGER] = "a whole number in ",
                                        [ROVI_SETTING_REAL] = "a number in "};
    char flag[64], meant[SUGGESTION_ROOM];
    snprintf(flag, sizeof flag, "--%s", arguments->setting->name);
    use_hyphens(flag);
    return report(error, ROVI_BAD_INPUT, "%s: found \"%.60s\", allowed: %s%s%s", flag, arguments->value,
                  kinds[arguments->setting->type], arguments->setting->allowed, suggest_choice(arguments, meant));
}

rovi_status take_only(const char *what, const char *value, const char **place, rovi_error *error)
{
    if (*place)
        return report(error, ROVI_BAD_INPUT, "found \"%.80s\" and \"%.80s\", allowed: one %s", *place, value, what);
    *place = value;
    return ROVI_OK;
}

bool setting_is(const rovi_settings *settings, const char *name, const char *value)
{
    char text[32] = "";
    rovi_settings_get(settings, name, text, sizeof text, NULL);
    return strcmp(text, value) == 0;
}
