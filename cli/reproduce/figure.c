/* SPDX-License-Identifier: BSD-3-Clause */
/* Figures of the experiments. */
#define _XOPEN_SOURCE 700
#include "cli/reproduce/figure.h"

#include <errno.h>
#include <string.h>

#include "cli/picture/gnuplot.h"
#include "io/report.h"

static void end_label(struct study *study, const char *colour, const char *text)
{
    canvas_quote(text, study->canvas.stream);
    fprintf(study->canvas.stream, " left font ',11' tc rgb '%s' front\n", colour);
}

void figure_note(struct study *study, double x, double y, const char *colour, const char *text)
{
    canvas_begin_label(&study->canvas, x, y);
    end_label(study, colour, text);
}

void figure_row_name(struct study *study, double x, double y, const char *colour, const char *text)
{
    canvas_begin_label(&study->canvas, x, y);
    fprintf(study->canvas.stream, "'{/:Bold %s}' center rotate by 90 font ',11' tc rgb '%s'\n", text, colour);
}

void figure_small_note(struct study *study, double x, double y, const char *text)
{
    canvas_begin_label(&study->canvas, x, y);
    canvas_quote(text, study->canvas.stream);
    fputs(" left font ',9.5' tc rgb '" LABEL_COLOUR "'\n", study->canvas.stream);
}

/* What stands between two line ends becomes a label of its own. */
static void print_lines(struct study *study, const char *text, double y)
{
    char line[256];
    for (; *text; y += 17) {
        size_t length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        text += length + (text[length] == '\n');
        figure_note(study, FIGURE_LEFT - 44, y, LABEL_COLOUR, line);
    }
}

void figure_begin(struct study *study, double width, double height, const char *title, const char *explanation)
{
    study->canvas.width = width;
    study->canvas.height = height;
    fputs("set multiplot\nset clip points\nset ylabel offset 1.3,0\n", study->canvas.stream);
    canvas_begin_label(&study->canvas, FIGURE_LEFT - 44, 26);
    fprintf(study->canvas.stream, "'{/:Bold %s}' left font ',17' tc rgb '" TARGET_COLOUR "'\n", title);
    print_lines(study, explanation, 50);
}

void figure_end(struct study *study)
{
    fputs("unset multiplot\n", study->canvas.stream);
}

void figure_open(struct study *study, struct frame frame, const char *heading, const char *x_label, const char *y_label)
{
    figure_note(study, frame.left, frame.top - 14, TARGET_COLOUR, heading);
    canvas_open_panel(&study->canvas, frame, x_label, y_label);
}

void figure_close(struct study *study)
{
    canvas_close_panel(study->canvas.stream);
}

void figure_label(struct study *study, double x, double y, const char *colour, const char *text)
{
    fprintf(study->canvas.stream, "set label at first %.8g,%.8g ", x, y);
    end_label(study, colour, text);
}

void figure_vertical(struct study *study, double x, const char *colour)
{
    fprintf(study->canvas.stream,
            "set arrow from first %.8g, graph 0 to first %.8g, graph 1 nohead dt (4,4) lw 1 lc rgb '%s' back\n", x, x,
            colour);
}

void figure_horizontal(struct study *study, double y, const char *colour)
{
    fprintf(study->canvas.stream,
            "set arrow from graph 0, first %.8g to graph 1, first %.8g nohead dt (4,4) lw 1 lc rgb '%s' back\n", y, y,
            colour);
}

void figure_data(struct study *study, const char *name)
{
    fprintf(study->canvas.stream, "$%s << EOD\n", name);
}

void figure_data_end(struct study *study)
{
    fputs("EOD\n", study->canvas.stream);
}

/* ---- drawing ---- */

void figure_script(const struct study *study, enum plot_format format, const char *output, FILE *stream)
{
    fprintf(stream, "# Written by rovi %s. Run it with: gnuplot FILE\n", rovi_version());
    canvas_terminal(&study->canvas, format, output, stream);
    canvas_style(stream);
    fwrite(study->script_text, 1, study->script_size, stream);
}

rovi_status figure_draw(const struct study *study, enum plot_format format, FILE *stream, rovi_error *error)
{
    FILE *script = tmpfile();
    if (!script)
        return report(error, ROVI_IO_FAILED, "a temporary file cannot be made: %s", strerror(errno));
    figure_script(study, format, NULL, script);
    rovi_status status = ROVI_OK;
    if (fflush(script) != 0 || ferror(script) || fseek(script, 0, SEEK_SET) != 0)
        status = report(error, ROVI_IO_FAILED, "a temporary file cannot be written: %s", strerror(errno));
    if (!status)
        status = gnuplot_run(script, stream, error);
    fclose(script);
    return status;
}
