/* SPDX-License-Identifier: BSD-3-Clause */
/* Doubles as decimal text that reads back to the same bits, several times faster than printf. */
#ifndef ROVI_IO_NUMBER_H
#define ROVI_IO_NUMBER_H

#include <stddef.h>

#define NUMBER_ROOM 32 /* characters that any number fits in */

/* Writes the number, without a closing 0, and returns its length: 15 digits where they are enough, else 17. What is not
 * finite becomes NaN, inf or -inf, as numpy, pandas and R all read them. */
size_t number_write(double value, char *text);

#endif
