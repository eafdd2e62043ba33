/* SPDX-License-Identifier: BSD-3-Clause */
/* How the commands speak: errors, help, and the closing line of the log. */
#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "cli/common/cli.h"

#define HELP_COLUMN 30

const struct exit_meaning exit_meanings[] = {
    {EXIT_DONE, 0, "done"},
    {EXIT_FAILED, 0, "failed: target, numerics, memory or output"},
    {EXIT_BAD_INPUT, 0, "usage or bad input; the message tells where, what stood there, and what could"},
    {EXIT_NOT_CONVERGED, ENDS_NOT_CONVERGED, "done and written, but not converged, or ended by --max-time"},
    {EXIT_COLLAPSED, ENDS_COLLAPSED, "done and written, but mode collapse is suspected"},
    {EXIT_INTERRUPTED, 0, "interrupted; what there was so far is written"},
    {0}};

bool exit_applies(const struct command *command, const struct exit_meaning *exit)
{
    return !command || !exit->outcome || (exit->outcome & command->outcomes);
}

int say_error(const struct command *command, const rovi_error *error)
{
    fprintf(stderr, "rovi%s%s: %s\n", command ? " " : "", command ? command->name : "", error->message);
    return error->status == ROVI_BAD_INPUT ? EXIT_BAD_INPUT : EXIT_FAILED;
}

static void print_flag(const char *flag, const char *help)
{
    printf("  %-*s%s%s\n", HELP_COLUMN - 2, flag, strlen(flag) > HELP_COLUMN - 4 ? "  " : "", help);
}

static void print_option(const struct option *option)
{
    char flag[96];
    const char *argument = option->word ? option->word : option->argument;
    const char *dashes = option->name[1] ? "--" : "-";
    char letter[8] = "";
    if (option->letter && option->name[1])
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    snprintf(flag, sizeof flag, "%s%s%s%s%s%s", letter, dashes, option->name, argument ? " " : "",
             option->word ? "[" : "", argument ? argument : "");
    if (option->word)
        strncat(flag, "]", sizeof flag - strlen(flag) - 1);
    print_flag(flag, option->help);
}

static void print_setting(const rovi_setting *setting)
{
    char flag[96];
    snprintf(flag, sizeof flag, "--%s %s", setting->name,
             setting->type == ROVI_SETTING_CHOICE    ? "WORD"
             : setting->type == ROVI_SETTING_INTEGER ? "N"
                                                     : "X");
    for (char *c = flag; *c; c++)
        *c = *c == '_' ? '-' : *c;
    print_flag(flag, setting->help);
    printf("%*s%s (default %s)\n", HELP_COLUMN, "", setting->allowed, setting->default_value);
}

void print_help(const struct command *command)
{
    printf("Usage: %s\n\n%s\n\nOptions:\n", command->usage, command->summary);
    for (const struct option *option = command->options; option->name; option++)
        print_option(option);
    if (command->setting_at)
        puts("\nSettings:");
    for (size_t i = 0; command->setting_at && command->setting_at(i); i++)
        if (!command_has_option(command, command->setting_at(i)->name))
            print_setting(command->setting_at(i));
    if (command->more_help)
        command->more_help();
    puts("\nExit codes:");
    for (const struct exit_meaning *exit = exit_meanings; exit->meaning; exit++)
        if (exit_applies(command, exit))
            printf("  %-*d%s\n", HELP_COLUMN - 2, (int)exit->code, exit->meaning);
}

void say_closing_line(const char *command_line, double seconds)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr, "rovi %s: %s: %.1f s, peak memory %.0f MB\n", rovi_version(), command_line, seconds,
            (double)usage.ru_maxrss / 1024); /* Linux counts it in kilobytes */
}

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
