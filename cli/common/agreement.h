/* SPDX-License-Identifier: BSD-3-Clause */
/* How the restarts of a fit stand to the best of them. */
#ifndef ROVI_CLI_COMMON_AGREEMENT_H
#define ROVI_CLI_COMMON_AGREEMENT_H

#include "rovi.h"

#define AGREEMENT_NATS   0.05                                       /* a difference that is not worth speaking of */
#define AGREEMENT_ERRORS 3                                          /* or one that their noise may make */
#define AGREEMENT_RULE   "within 0.05 nat or three standard errors" /* both, in words */

enum standing {
    STANDING_AGREES,
    STANDING_SPARED, /* its search found no mode that the first did not know, so it was not fitted */
    STANDING_DIFFERS,
    STANDING_NONE, /* it failed, or never began */
};

enum standing restart_standing(const rovi_fit_parts *parts, size_t restart);

/* By how much a restart's ELBO is below the winner's; its mcse is of the difference. */
rovi_estimate restart_gap(const rovi_fit_parts *parts, size_t restart);

struct agreement {
    size_t agreeing, failed; /* the winner agrees with itself; one that was spared stands where the first does */
    size_t reaching;         /* of those that agree, those that were fitted */
    size_t spared;
    size_t undone;    /* ended from outside before they were fitted */
    size_t fitted;    /* neither of the two */
    double worst_gap; /* of those that have an ELBO */
};

struct agreement agreement_of(const rovi_fit_parts *parts);

#endif
