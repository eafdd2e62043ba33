/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of built-in targets. Each is a description like those in examples/targets, read by the same code. */
#include "io/builtin.h"

#include <string.h>

#define PAIR(means) "{\"type\": \"gaussian_mixture\", \"weights\": [0.5, 0.5], \"means\": " means "}"
#define TILTED_PAIR(means, r)                                                                                          \
    "{\"type\": \"gaussian_mixture\", \"weights\": [0.5, 0.5], \"means\": " means ", \"covariances\": [[[1, " r        \
    "], [" r ", 1]], [[1, -" r "], [-" r ", 1]]]}"

static const struct builtin builtins[] = {
    {"figure1-m1", "two unit Gaussians at -(1,1) and (1,1)", PAIR("[[-1, -1], [1, 1]]")},
    {"figure1-m2", "two unit Gaussians at -(2,2) and (2,2)", PAIR("[[-2, -2], [2, 2]]")},
    {"figure1-m3", "two unit Gaussians at -(3,3) and (3,3): mean-field VI keeps one of them",
     PAIR("[[-3, -3], [3, 3]]")},
    {"asymmetric", "two Gaussians with correlations .5 and -.5 at -(2,2) and (2,2)",
     TILTED_PAIR("[[-2, -2], [2, 2]]", "0.5")},
    {"far-asymmetric", "two Gaussians with correlations .8 and -.8 at -(5,5) and (5,5)",
     TILTED_PAIR("[[-5, -5], [5, 5]]", "0.8")},
    {"misaligned", "two unit Gaussians on a line that is no diagonal", PAIR("[[-2.5, -1.5], [2.0, 1.0]]")},
    {"uneven", "two unit Gaussians with weights .3 and .7",
     "{\"type\": \"gaussian_mixture\", \"weights\": [0.3, 0.7], \"means\": [[-3, -3], [3, 3]]}"},
    {"student-t", "two Student t components with 3 degrees of freedom",
     "{\"type\": \"student_t_mixture\", \"df\": 3, \"weights\": [0.5, 0.5], \"means\": [[-4, -4], [4, 4]]}"},
    {"banana", "a curved ridge in the plane", "{\"type\": \"banana\"}"},
    {"ring", "a circle of radius 4 in the plane", "{\"type\": \"ring\"}"},
    {"funnel", "Neal's funnel in 10 dimensions", "{\"type\": \"funnel\", \"dim\": 10}"},
    {"many-well", "16 modes in 8 dimensions", "{\"type\": \"many_well\", \"dim\": 8}"},
    {"rotated-many-well", "the same, turned at random",
     "{\"type\": \"rotated\", \"rotation\": {\"haar_seed\": 7}, \"base\": {\"type\": \"many_well\", \"dim\": 8}}"},
};

const struct builtin *builtin_at(size_t index)
{
    return index < sizeof builtins / sizeof *builtins ? builtins + index : NULL;
}

const struct builtin *builtin_find(const char *name)
{
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        if (strcmp(name, builtins[i].name) == 0)
            return builtins + i;
    return NULL;
}
