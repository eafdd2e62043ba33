/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading the command line: `--name VALUE`, `--name=VALUE`, `-o VALUE`, `--`, and positional arguments, in any order.
 * Settings of the library are options too where a command takes them: one table serves both.
 */
#ifndef ROVI_CLI_OPTIONS_H
#define ROVI_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "rovi.h"

struct option {
    const char *name;     /* without the dashes */
    char letter;          /* short form, or 0 */
    const char *argument; /* what it takes, for help; NULL: nothing */
    const char *word;     /* the only argument it may take, and need not; or NULL */
    const char *help;
};

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
};

/* Hands every argument to `accept`, in order, until one is refused; the sentence is then in *error. */
typedef rovi_status (*argument_accept)(const struct arguments *arguments, void *request, rovi_error *error);
rovi_status arguments_read(struct arguments *arguments, argument_accept accept, void *request, rovi_error *error);

/* A whole number from `least`; the message names the flag. */
rovi_status parse_count(const char *flag, const char *text, uint64_t least, uint64_t *value, rovi_error *error);

/* "--step: found "x", allowed: 0..1": the value of the setting at hand is refused. */
rovi_status refuse_setting(const struct arguments *arguments, rovi_error *error);

/* "a second target" and the like: one place may be filled once. */
rovi_status take_only(const char *what, const char *value, const char **place, rovi_error *error);

#endif
