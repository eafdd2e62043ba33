/* SPDX-License-Identifier: BSD-3-Clause */
/* Manual pages in troff, from the tables that --help is made from; they go to stdout. */
#include "cli/manual.h"

#include <ctype.h>
#include <stdio.h>

/* Text in which nothing is special. It must not be the first on its line if it may begin with a dot. */
static void print_text(const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '\\':
            fputs("\\e", stdout);
            break;
        case '-':
            fputs("\\-", stdout);
            break;
        case '^':
            fputs("\\(ha", stdout);
            break;
        case '~':
            fputs("\\(ti", stdout);
            break;
        case '`':
            fputs("\\(ga", stdout);
            break;
        case '\n':
            putchar(' ');
            break;
        default:
            putchar(*text);
        }
}

static void print_line(const char *before, const char *text, const char *after)
{
    fputs(before, stdout);
    print_text(text);
    fputs(after, stdout);
}

static void print_title(const char *name)
{
    fputs(".TH ROVI", stdout);
    for (const char *c = name ? name : ""; *c; c++)
        printf("%s%c", c == name ? "\\-" : "", toupper((unsigned char)*c));
    printf(" 1 \"\" \"rovi %s\" \"rovi manual\"\n", rovi_version());
}

static void print_option(const struct option *option)
{
    const char *argument = option->word ? option->word : option->argument;
    fputs(".TP\n\\fB", stdout);
    if (option->letter && option->name[1])
        printf("\\-%c\\fR, \\fB", option->letter);
    fputs(option->name[1] ? "\\-\\-" : "\\-", stdout);
    print_line("", option->name, "\\fR");
    if (argument) {
        print_line(option->word ? " [\\fI" : " \\fI", argument, "\\fR");
        fputs(option->word ? "]" : "", stdout);
    }
    print_line("\n\\&", option->help, "\n");
}

static void print_setting(const rovi_setting *setting)
{
    char name[64];
    snprintf(name, sizeof name, "%s", setting->name);
    for (char *c = name; *c; c++)
        *c = *c == '_' ? '-' : *c;
    print_line(".TP\n\\fB\\-\\-", name, "\\fR ");
    print_line("\\fI",
               setting->type == ROVI_SETTING_CHOICE    ? "WORD"
               : setting->type == ROVI_SETTING_INTEGER ? "N"
                                                       : "X",
               "\\fR\n");
    print_line("\\&", setting->help, "\n.br\n");
    print_line("\\&", setting->allowed, "");
    print_line(" (default ", setting->default_value, ")\n");
}

static void print_settings(const struct command *command)
{
    if (!command->setting_at)
        return;
    fputs(".SH SETTINGS\n", stdout);
    for (size_t i = 0; command->setting_at(i); i++)
        if (!command_has_option(command, command->setting_at(i)->name))
            print_setting(command->setting_at(i));
}

static void print_exit_codes(const struct command *command)
{
    fputs(".SH EXIT STATUS\n", stdout);
    for (const struct exit_meaning *exit = exit_meanings; exit->meaning; exit++) {
        if (!exit_applies(command, exit))
            continue;
        printf(".TP\n%d\n", (int)exit->code);
        print_line("\\&", exit->meaning, "\n");
    }
}

void manual_print(const struct command *command)
{
    print_title(command->name);
    printf(".SH NAME\nrovi\\-%s \\- ", command->name);
    print_line("", command->summary, "\n");
    print_line(".SH SYNOPSIS\n\\&", command->usage, "\n");
    print_line(".SH DESCRIPTION\n\\&", command->summary, "\n.SH OPTIONS\n");
    for (const struct option *option = command->options; option->name; option++)
        print_option(option);
    print_settings(command);
    if (command->more_help) {
        fputs(".SH NOTES\n.nf\n", stdout);
        command->more_help();
        fputs(".fi\n", stdout);
    }
    print_exit_codes(command);
    fputs(".SH SEE ALSO\n.BR rovi (1)\n", stdout);
}

void manual_print_overview(size_t count, const struct command *const *commands)
{
    print_title(NULL);
    fputs(".SH NAME\nrovi \\- variational inference that keeps every mode\n"
          ".SH SYNOPSIS\nrovi \\fICOMMAND\\fR ...\n"
          ".SH DESCRIPTION\nrovi fits a tractable distribution to a posterior and keeps its modes.\n"
          "Each command has a page of its own, and \\fBrovi help\\fR \\fICOMMAND\\fR says the same.\n"
          ".SH COMMANDS\n",
          stdout);
    for (size_t i = 0; i < count; i++) {
        print_line(".TP\n\\fBrovi\\-", commands[i]->name, "\\fR(1)\n");
        print_line("\\&", commands[i]->summary, "\n");
    }
    print_exit_codes(NULL);
    fputs(".SH SEE ALSO\n", stdout);
    for (size_t i = 0; i < count; i++)
        printf(".BR rovi\\-%s (1)%s\n", commands[i]->name, i + 1 < count ? "," : "");
}
