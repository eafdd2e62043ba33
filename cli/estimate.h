/* SPDX-License-Identifier: BSD-3-Clause */
/* An estimate as text: as many decimals as two digits of its standard error take. */
#ifndef ROVI_CLI_ESTIMATE_H
#define ROVI_CLI_ESTIMATE_H

#include <stddef.h>

#include "rovi.h"

#define ESTIMATE_ROOM 64

/* "0.00112 ± 0.00056"; without the error where it is not known. Returns text. */
const char *estimate_text(rovi_estimate estimate, char text[ESTIMATE_ROOM]);

#endif
