/* SPDX-License-Identifier: BSD-3-Clause */
/* The files that a finished experiment leaves: all are made under temporary names, and renamed when each is whole. */
#define _XOPEN_SOURCE 700
#include "cli/reproduce/files.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/report/html.h"
#include "cli/reproduce/figure.h"
#include "io/json.h"
#include "io/output.h"
#include "io/report.h"

/* ---- the folder ---- */

rovi_status files_check_folder(const char *folder, rovi_error *error)
{
    struct stat found;
    struct pool pool = {0};
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return report(error, ROVI_IO_FAILED, "-o: %.200s: the folder cannot be made: %s", folder, strerror(errno));
    if (stat(folder, &found) != 0 || !S_ISDIR(found.st_mode))
        return report(error, ROVI_BAD_INPUT, "-o: found %.200s, which is no folder, allowed: a folder, or a new name",
                      folder);
    const char *path = pool_format(&pool, "%s/index.html", folder);
    rovi_status status = path ? output_check(path, error) : report_no_memory(error);
    pool_free(&pool);
    return status;
}

/* ---- JSON ---- */

static json_t *check_to_json(const struct check *check)
{
    json_t *object = json_object();
    bool ok = json_put(object, "claim", json_from_text(check->claim)) &&
              json_put(object, "relation", json_from_text(check_relation(check))) &&
              json_put(object, "predicted", json_from_double(check->predicted)) &&
              json_put(object, "slack", json_from_double(check->slack)) &&
              json_put(object, "measured", json_from_double(check->measured)) &&
              json_put(object, "error", json_from_double(check->error)) &&
              json_put(object, "holds", json_boolean(check->holds));
    return json_whole(object, ok);
}

static bool put_checks(json_t *root, const struct study *study)
{
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < study->check_count; i++)
        ok = json_array_append_new(array, check_to_json(study->check + i)) == 0;
    return json_put(root, "checks", array) && ok;
}

static rovi_status write_json(const struct study *study, FILE *stream, const char *name, rovi_error *error)
{
    const struct experiment *experiment = study->experiment;
    json_t *root = json_object();
    bool ok = json_put(root, "rovi", json_from_text(rovi_version())) &&
              json_put(root, "experiment", json_from_text(experiment->name)) &&
              json_put(root, "title", json_from_text(experiment->title)) &&
              json_put(root, "claim", json_from_text(experiment->claim)) &&
              json_put(root, "quick", json_boolean(study->quick)) &&
              json_put(root, "outcome", json_from_text(study->outcome)) &&
              json_put(root, "holds", json_boolean(study_holds(study))) && put_checks(root, study);
    rovi_status status = ok ? document_write(root, stream, name, error) : report_no_memory(error);
    json_decref(root);
    return status;
}

/* ---- the files of an experiment ---- */

enum part { PART_SVG, PART_PNG, PART_SCRIPT, PART_CSV, PART_JSON, PARTS };

static const char *const suffixes[PARTS] = {"svg", "png", "gp", "csv", "json"};

static bool is_wanted(enum part part, bool pictures)
{
    return part == PART_SCRIPT ? !pictures : pictures || (part != PART_SVG && part != PART_PNG);
}

static rovi_status write_part(const struct study *study, enum part part, FILE *stream, const char *path,
                              rovi_error *error)
{
    switch (part) {
    case PART_SVG:
        return figure_draw(study, PLOT_SVG, stream, error);
    case PART_PNG:
        return figure_draw(study, PLOT_PNG, stream, error);
    case PART_SCRIPT:
        figure_script(study, PLOT_PNG, study_format((struct study *)study, "%s.png", study->experiment->name), stream);
        return ROVI_OK;
    case PART_JSON:
        return write_json(study, stream, path, error);
    case PART_CSV:
    case PARTS:
        break;
    }
    fwrite(study->csv_text, 1, study->csv_size, stream);
    return ROVI_OK;
}

struct files {
    struct output output[PARTS];
    bool open[PARTS];
    struct pool pool;
};

static rovi_status prepare(const struct study *study, const char *folder, enum part part, struct files *files,
                           rovi_error *error)
{
    const char *path = pool_format(&files->pool, "%s/%s.%s", folder, study->experiment->name, suffixes[part]);
    if (!path)
        return report_no_memory(error);
    rovi_status status = output_open(files->output + part, path, error);
    if (status)
        return status;
    files->open[part] = true;
    return write_part(study, part, files->output[part].stream, path, error);
}

rovi_status files_write(const struct study *study, const char *folder, bool pictures, rovi_error *error)
{
    struct files files = {0};
    rovi_status status = ROVI_OK;
    for (enum part part = 0; part < PARTS && !status; part++)
        if (is_wanted(part, pictures))
            status = prepare(study, folder, part, &files, error);
    for (enum part part = 0; part < PARTS; part++) {
        if (files.open[part])
            status = output_finish(files.output + part, status, error);
    }
    pool_free(&files.pool);
    return status;
}

/* ---- the page ---- */

static const char page_head[] =
    "<!doctype html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>Mode collapse of mean-field variational inference, reproduced</title>\n"
    "<style>\n"
    ":root { --ink: #222; --soft: #666; --line: #ddd; --good: #00795a; --bad: #b44a00 }\n"
    "body { font: 17px/1.6 Georgia, 'Times New Roman', serif; color: var(--ink); max-width: 66rem; margin: 3rem auto;\n"
    "  padding: 0 1.4rem }\n"
    "h1, h2, nav, table, .links, .verdict { font-family: Helvetica, Arial, sans-serif }\n"
    "h1 { font-size: 1.9rem; line-height: 1.2; margin-bottom: .4rem }\n"
    "h2 { font-size: 1.35rem; margin: 0 0 .3rem }\n"
    "p { max-width: 46rem; margin: .5rem 0 } a { color: #0072b2 }\n"
    "section { border-top: 1px solid var(--line); margin-top: 3rem; padding-top: 2rem }\n"
    "img { width: 100%; height: auto; margin: 1rem 0 }\n"
    "table { border-collapse: collapse; font-size: 14px; line-height: 1.45; width: 100% }\n"
    "th { text-align: left; color: var(--soft); font-weight: 500 }\n"
    "th, td { padding: .35rem 1rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top }\n"
    "td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }\n"
    ".yes { color: var(--good) } .no { color: var(--bad); font-weight: 600 }\n"
    ".links { font-size: 14px; color: var(--soft) }\n"
    "nav table { margin-top: 1.6rem } code { font-size: .85em }\n"
    "</style></head><body>\n"
    "<h1>Mode collapse, and how rotations cure it</h1>\n"
    "<p>Mean-field variational inference fits a product of one-dimensional distributions; where modes are separated "
    "it\n"
    "gives all but one of them up. The claims of <a href=\"https://arxiv.org/abs/2510.17063\">arXiv:2510.17063</a>, "
    "which\n"
    "explains this and lets the product rotate, tested one by one.</p>\n";

static void print_contents(const struct study *studies, size_t count, FILE *stream)
{
    fputs("<nav><table><tr><th>experiment</th><th>what came out</th><th class=\"n\">checks that hold</th></tr>\n",
          stream);
    for (size_t i = 0; i < count; i++) {
        const struct study *study = studies + i;
        fprintf(stream, "<tr><td><a href=\"#%s\">", study->experiment->name);
        html_text(study->experiment->title, stream);
        fputs("</a></td><td>", stream);
        html_text(study->outcome, stream);
        fprintf(stream, "</td><td class=\"n %s\">%zu of %zu</td></tr>\n", study_holds(study) ? "yes" : "no",
                study_held(study), study->check_count);
    }
    fputs("</table></nav>\n", stream);
}

static void print_check(const struct check *check, FILE *stream)
{
    fputs("<tr><td>", stream);
    html_text(check->claim, stream);
    fprintf(stream, "</td><td class=\"n\">%s %.4g", check_relation(check), check->predicted);
    if (check->slack > 0 && check->relation == ABOUT)
        fprintf(stream, " ± %.2g", check->slack);
    fprintf(stream, "</td><td class=\"n\">%.4g", check->measured);
    if (check->error > 0 && isfinite(check->error))
        fprintf(stream, " ± %.2g", check->error);
    fprintf(stream, "</td><td class=\"%s\">%s</td></tr>\n", check->holds ? "yes" : "no",
            check->holds ? "holds" : "fails");
}

static void print_section(const struct study *study, bool pictures, FILE *stream)
{
    const char *name = study->experiment->name;
    fprintf(stream, "<section id=\"%s\"><h2>", name);
    html_text(study->experiment->title, stream);
    fputs("</h2>\n<p>", stream);
    html_text(study->experiment->claim, stream);
    fputs("</p>\n", stream);
    if (pictures)
        fprintf(stream, "<a href=\"%s.svg\"><img src=\"%s.svg\" alt=\"The figure of the experiment %s\"></a>\n", name,
                name, name);
    fputs("<p><strong>", stream);
    if (study->quick)
        fputs("Fits and grids in small, to show what the experiment makes. ", stream);
    html_text(study->outcome, stream);
    fputs("</strong></p>\n<table><tr><th>claim</th><th class=\"n\">predicted</th><th "
          "class=\"n\">measured</th><th></th></tr>\n",
          stream);
    for (size_t i = 0; i < study->check_count; i++)
        print_check(study->check + i, stream);
    fprintf(stream, "</table>\n<p class=\"links\"><a href=\"%s.csv\">numbers</a> · <a href=\"%s.json\">summary</a>",
            name, name);
    if (pictures)
        fprintf(stream, " · <a href=\"%s.png\">PNG</a> · <a href=\"%s.svg\">SVG</a>", name, name);
    else
        fprintf(stream, " · <a href=\"%s.gp\">gnuplot script</a>", name);
    fprintf(stream, " · <code>rovi reproduce %s</code></p></section>\n", name);
}

rovi_status files_write_index(const struct study *studies, size_t count, const char *folder, bool pictures,
                              rovi_error *error)
{
    struct pool pool = {0};
    struct output output = {0};
    const char *path = pool_format(&pool, "%s/index.html", folder);
    rovi_status status = path ? output_open(&output, path, error) : report_no_memory(error);
    if (!status) {
        fputs(page_head, output.stream);
        print_contents(studies, count, output.stream);
        for (size_t i = 0; i < count; i++)
            print_section(studies + i, pictures, output.stream);
        fprintf(output.stream,
                "<section><p class=\"links\">Written by rovi %s. A check allows the slack of its claim, and "
                "three standard errors.</p></section>\n</body></html>\n",
                rovi_version());
        status = output_commit(&output, error);
    }
    pool_free(&pool);
    return status;
}
