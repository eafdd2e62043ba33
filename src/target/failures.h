/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a model says when it fails: every failure is counted, the first sentence of each sort kept, so that a fit that
 * ends for want of a valid point can quote it. Any thread may report.
 */
#ifndef ROVI_TARGET_FAILURES_H
#define ROVI_TARGET_FAILURES_H

#include <pthread.h>

#include "rovi.h"

struct failures {
    pthread_mutex_t lock;
    rovi_failures said;
};

void failures_init(struct failures *failures);
void failures_destroy(struct failures *failures);

/* One more, in the model's words (NULL: none). */
void failures_add_density(struct failures *failures, const char *message);
void failures_add_outputs(struct failures *failures, const char *message);

/* text in one line, without blanks at its ends, cut where `to` is full */
void failures_one_line(char *to, size_t size, const char *text);

#endif
