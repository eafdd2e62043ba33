/* SPDX-License-Identifier: BSD-3-Clause */
#include "target/failures.h"

#include <string.h>

void failures_init(struct failures *failures)
{
    memset(&failures->said, 0, sizeof failures->said);
    pthread_mutex_init(&failures->lock, NULL);
}

void failures_destroy(struct failures *failures)
{
    pthread_mutex_destroy(&failures->lock);
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void failures_one_line(char *to, size_t size, const char *text)
{
    size_t length = 0;
    for (; *text != '\0' && length + 1 < size; text++) {
        if (!is_blank(*text)) {
            to[length++] = *text;
        } else if (length > 0 && to[length - 1] != ' ') {
            to[length++] = ' ';
        }
    }
    to[length > 0 && to[length - 1] == ' ' ? length - 1 : length] = '\0';
}

static void add(struct failures *failures, uint64_t *count, char *first, const char *message)
{
    pthread_mutex_lock(&failures->lock);
    *count += 1;
    if (first[0] == '\0' && message != NULL) {
        failures_one_line(first, sizeof failures->said.density_message, message);
    }
    pthread_mutex_unlock(&failures->lock);
}

void failures_add_density(struct failures *failures, const char *message)
{
    add(failures, &failures->said.density, failures->said.density_message, message);
}

void failures_add_outputs(struct failures *failures, const char *message)
{
    add(failures, &failures->said.outputs, failures->said.outputs_message, message);
}
