/* SPDX-License-Identifier: BSD-3-Clause */
#include "family/approximation_check.h"

#include <math.h>

#include "base/linalg.h"
#include "base/status.h"
#include "family/rotation.h"

#define WEIGHTS_WITHIN 1e-8 /* of the public contract: what weights printed with 9 digits keep */

static rovi_status check_map(size_t i, const rovi_map *map, rovi_error *error)
{
    if (map->knots == NULL || (map->cells > 0 && map->lambda == NULL)) {
        return error_set(error, ROVI_BAD_INPUT, "map %zu has no knots or no lambda", i);
    }
    if (!(map->alpha > 0) || !isfinite(map->alpha) || !isfinite(map->v) || !isfinite(map->knots[0])) {
        return error_set(error, ROVI_BAD_INPUT,
                         "map %zu: alpha is %g, v is %g and the first knot is %g; alpha must be "
                         "positive and all must be finite",
                         i, map->alpha, map->v, map->knots[0]);
    }
    for (size_t k = 0; k < map->cells; k++) {
        const double width = map->knots[k + 1] - map->knots[k];
        if (!(width > 0) || !isfinite(map->knots[k + 1] - map->knots[0])) {
            return error_set(error, ROVI_BAD_INPUT, "map %zu: knot %zu is %g after %g; knots must increase", i, k + 1,
                             map->knots[k + 1], map->knots[k]);
        }
        if (!(map->lambda[k] >= 0) || !isfinite(map->lambda[k] / width)) {
            return error_set(error, ROVI_BAD_INPUT,
                             "map %zu: lambda[%zu] is %g on a cell of width %g; it must not be negative, nor the slope "
                             "infinite",
                             i, k, map->lambda[k], width);
        }
    }
    return ROVI_OK;
}

static rovi_status check_whitening(size_t d, const double *L, rovi_error *error)
{
    for (size_t i = 0; i < d; i++) {
        if (!(L[i * d + i] > 0)) {
            return error_set(error, ROVI_BAD_INPUT, "whitening: diagonal entry %zu is %g; it must be positive", i,
                             L[i * d + i]);
        }
        for (size_t j = 0; j < d; j++) {
            if (!isfinite(L[i * d + j]) || (j > i && L[i * d + j] != 0)) {
                return error_set(error, ROVI_BAD_INPUT,
                                 "whitening: entry (%zu, %zu) is %g; the matrix must be finite "
                                 "and lower triangular",
                                 i, j, L[i * d + j]);
            }
        }
    }
    return ROVI_OK;
}

static rovi_status check_full(const rovi_approximation_parts *parts, rovi_error *error)
{
    if (parts->reflections > 0 || parts->reflectors != NULL || parts->scale != NULL) {
        return error_set(error, ROVI_BAD_INPUT, "an approximation has a rotation, or reflectors and a scale, not both");
    }
    const double off = linalg_distance_to_orthogonal(parts->dim, parts->rotation);
    if (!(off <= ROTATION_TOLERANCE)) {
        return error_set(error, ROVI_BAD_INPUT, "rotation is off orthogonality by %g; at most %g is allowed", off,
                         ROTATION_TOLERANCE);
    }
    return parts->whitening != NULL ? check_whitening(parts->dim, parts->whitening, error) : ROVI_OK;
}

static rovi_status check_compact(const rovi_approximation_parts *parts, rovi_error *error)
{
    const size_t d = parts->dim, r = parts->reflections;
    if (parts->whitening != NULL || r > d || r > REFLECTIONS_MOST || (r > 0 && parts->reflectors == NULL)) {
        return error_set(
            error, ROVI_BAD_INPUT,
            "an approximation without a rotation needs reflectors, at most %d and no more than dimensions, "
            "and no whitening",
            REFLECTIONS_MOST);
    }
    for (size_t i = 0; parts->scale != NULL && i < d; i++) {
        if (!(parts->scale[i] > 0) || !isfinite(parts->scale[i])) {
            return error_set(error, ROVI_BAD_INPUT, "scale: entry %zu is %g; it must be positive and finite", i,
                             parts->scale[i]);
        }
    }
    for (size_t k = 0; k < r; k++) {
        const double square = linalg_dot(d, parts->reflectors + k * d, parts->reflectors + k * d);
        if (!(square > 0) || !isfinite(2 / square)) {
            return error_set(error, ROVI_BAD_INPUT,
                             "reflector %zu has length %g; it must be finite, and not too near zero", k, sqrt(square));
        }
    }
    return ROVI_OK;
}

rovi_status approximation_check(const rovi_approximation_parts *parts, rovi_error *error)
{
    if (parts == NULL || parts->dim == 0 || parts->center == NULL || parts->maps == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "an approximation needs a dimension, a center, a rotation and maps");
    }
    const size_t d = parts->dim;
    if (!linalg_all_finite(d, parts->center)) {
        return error_set(error, ROVI_BAD_INPUT, "center has an entry that is not finite");
    }
    rovi_status status = (parts->rotation != NULL ? check_full : check_compact)(parts, error);
    for (size_t i = 0; i < d && status == ROVI_OK; i++) {
        status = check_map(i, &parts->maps[i], error);
    }
    return status;
}

rovi_status approximation_check_mixture(size_t count, const double *weights,
                                        const rovi_approximation *const *components, rovi_error *error)
{
    double sum = 0;
    if (count == 0 || weights == NULL || components == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "a mixture needs at least one component, and a weight for each");
    }
    for (size_t k = 0; k < count; k++) {
        if (components[k] == NULL || components[k]->count > 0 || components[k]->dim != components[0]->dim) {
            return error_set(error, ROVI_BAD_INPUT,
                             "component %zu is %s; all must be rotated products of one dimension", k,
                             components[k] == NULL      ? "NULL"
                             : components[k]->count > 0 ? "a mixture"
                                                        : "of another dimension");
        }
        if (!(weights[k] > 0)) {
            return error_set(error, ROVI_BAD_INPUT, "weight %zu is %g; it must be positive", k, weights[k]);
        }
        sum += weights[k];
    }
    return fabs(sum - 1) <= WEIGHTS_WITHIN
               ? ROVI_OK
               : error_set(error, ROVI_BAD_INPUT, "the weights sum to %.17g; they must sum to 1 within %g", sum,
                           WEIGHTS_WITHIN);
}
