/* SPDX-License-Identifier: BSD-3-Clause */
/* The files that a finished experiment leaves in a folder, and the page about all of them. */
#ifndef ROVI_CLI_REPRODUCE_FILES_H
#define ROVI_CLI_REPRODUCE_FILES_H

#include "cli/reproduce/study.h"

/* Make the folder unless it is there; it is one, and files can be made in it. */
rovi_status files_check_folder(const char *folder, rovi_error *error);

/* NAME.svg, NAME.png, NAME.csv and NAME.json, all of them or none; without gnuplot NAME.gp in place of the pictures. */
rovi_status files_write(const struct study *study, const char *folder, bool pictures, rovi_error *error);

/* index.html, with links to the files beside it. */
rovi_status files_write_index(const struct study *studies, size_t count, const char *folder, bool pictures,
                              rovi_error *error);

#endif
