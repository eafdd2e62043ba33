/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading the command line: `--name VALUE`, `--name=VALUE`, `-o VALUE`, `--`, and positional arguments, in any order.
 * A command has a struct request and a table of options, whose rows say where in it a value goes; what the values mean
 * together is for the command to check. Settings of the library are options too where a command takes them.
 */
#ifndef ROVI_CLI_COMMON_OPTIONS_H
#define ROVI_CLI_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rovi.h"

struct option {
    const char *name;     /* without the dashes */
    char letter;          /* short form, or 0 */
    const char *argument; /* what it takes, for help; NULL: nothing */
    const char *word;     /* the only argument it may take, and need not; or NULL */
    const char *help;
    size_t place; /* of its value in the request: a const char *, NULL until it is given, "" while its word is left out;
                     or a bool, where it takes nothing */
};

#define PLACE(member) offsetof(struct request, member)
#define HELP_ASKED    ((size_t)-1) /* a place outside of any request */
#define OPTION_HELP                                                                                                    \
    {                                                                                                                  \
        "help", 'h', NULL, NULL, "this text", HELP_ASKED                                                               \
    }

struct arguments {
    int count;
    char **list;
    const struct option *options;                    /* closed by one without a name */
    const rovi_setting *(*setting_at)(size_t index); /* the library's table of settings; NULL: takes none */
    /* where we are, and what was found there */
    int next;
    bool only_positional;        /* after "--" */
    const struct option *option; /* one of the two, or neither: a positional argument */
    const rovi_setting *setting;
    const char *value; /* of the option or setting, or the positional argument itself; NULL: the option has none */
    bool help;         /* is asked for */
};

/* Hands every argument to `accept`, in order, until one is refused; the sentence is then in *error. */
typedef rovi_status (*argument_accept)(const struct arguments *arguments, void *request, rovi_error *error);
rovi_status arguments_each(struct arguments *arguments, argument_accept accept, void *request, rovi_error *error);

/* Puts the values of options where they go in the request, each once at most; hands settings and positional arguments
 * to `accept`. */
rovi_status arguments_read(struct arguments *arguments, argument_accept accept, void *request, rovi_error *error);

/* A whole number from least to most; the message names the flag. */
struct count_range {
    uint64_t least, most;
};
#define COUNT_MOST UINT64_C(9007199254740991) /* 2^53 - 1: exact in every reader of JSON */
rovi_status parse_count(const char *flag, const char *text, struct count_range allowed, uint64_t *value,
                        rovi_error *error);

/* "--step: found "x", allowed: 0..1": the value of the setting at hand is refused. */
rovi_status refuse_setting(const struct arguments *arguments, rovi_error *error);

/* "a second target" and the like: one place may be filled once. */
rovi_status take_only(const char *what, const char *value, const char **place, rovi_error *error);

/* Whether a setting has this value, as text. */
bool setting_is(const rovi_settings *settings, const char *name, const char *value);

#endif
