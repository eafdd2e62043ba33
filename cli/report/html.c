/* SPDX-License-Identifier: BSD-3-Clause */
/* Pieces of HTML pages. */
#include "cli/report/html.h"

#include <stdbool.h>
#include <string.h>

static void print_character(unsigned char c, FILE *stream)
{
    if (c == '<')
        fputs("&lt;", stream);
    else if (c == '>')
        fputs("&gt;", stream);
    else if (c == '&')
        fputs("&amp;", stream);
    else if (c == '"')
        fputs("&quot;", stream);
    else if (c >= ' ' || c == '\n' || c == '\t')
        fputc(c, stream);
    else
        fputc('?', stream);
}

void html_text(const char *text, FILE *stream)
{
    for (; *text; text++)
        print_character((unsigned char)*text, stream);
}

void html_sentence(const char *text, FILE *stream)
{
    for (; *text; text++)
        if (strncmp(text, " %", 2) == 0 || strncmp(text, " ±", strlen(" ±")) == 0)
            fputs("&nbsp;", stream);
        else
            print_character((unsigned char)*text, stream);
}

void html_code(const char *command, FILE *stream)
{
    bool flag = false;
    fputs("<code>", stream);
    for (const char *c = command; *c; c++) {
        if (flag && *c == ' ')
            fputs("</span>", stream);
        flag = flag && *c != ' ';
        if (strncmp(c, "--", 2) == 0 && c > command && c[-1] == ' ')
            flag = fputs("<span class=\"flag\">", stream) >= 0;
        print_character((unsigned char)*c, stream);
    }
    fputs(flag ? "</span></code>" : "</code>", stream);
}

/* ---- SVG ---- */

static const char *skip_past(const char *text, const char *what)
{
    const char *found = strstr(text, what);
    return found ? found + strlen(what) : text + strlen(text);
}

/* Elements that a page has no use for: tooltips with gnuplot's own names, and filters that no picture here uses. */
static const char *skip_unwanted(const char *text)
{
    static const struct {
        const char *begin, *end;
    } unwanted[] = {{"<title>", "</title>"}, {"<desc>", "</desc>"}, {"<filter", "</filter>"}};
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        if (strncmp(text, unwanted[i].begin, strlen(unwanted[i].begin)) == 0)
            return skip_past(text, unwanted[i].end);
    return text;
}

/* Names stand in id='...' and '#...': several pictures of a page must not share them. */
static size_t length_of_name(const char *text)
{
    static const char *const names[] = {"gpPt", "gpDot", "gnuplot_"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(text, names[i], strlen(names[i])) == 0)
            return strlen(names[i]);
    return 0;
}

static void print_body(const char *text, const char *prefix, FILE *stream)
{
    while (*text) {
        const char *wanted = skip_unwanted(text);
        if (wanted != text) {
            text = wanted;
            continue;
        }
        bool name = (text[0] == '"' || text[0] == '\'' || text[0] == '#') && length_of_name(text + 1);
        fputc(*text++, stream);
        if (name)
            fprintf(stream, "%s-", prefix);
    }
}

void html_svg(const char *svg, const char *prefix, const char *label, FILE *stream)
{
    const char *open = strstr(svg, "<svg"), *box = open ? strstr(open, "viewBox=\"") : NULL;
    if (!box)
        return;
    box += strlen("viewBox=\"");
    fprintf(stream, "<svg role=\"img\" viewBox=\"%.*s\" aria-label=\"", (int)strcspn(box, "\""), box);
    html_text(label, stream);
    fputs("\">", stream);
    print_body(skip_past(box, ">"), prefix, stream);
}
