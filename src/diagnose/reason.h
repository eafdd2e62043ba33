/* SPDX-License-Identifier: BSD-3-Clause */
/* The verdict on collapse in a sentence. */
#ifndef ROVI_DIAGNOSE_REASON_H
#define ROVI_DIAGNOSE_REASON_H

#include "rovi.h"

/* Sets verdict and reason from modes and regions, and from how many modes were found whose mass could be anything. */
void reason_conclude(rovi_diagnosis_parts *parts, int probed, size_t vague);

#endif
