/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Target descriptions: one reader per type, found in a table. A reader checks keys and sizes; whether the numbers make
 * a density (positive weights, positive definite matrices, orthogonal rotations) is the library's to say.
 */
#include "io/description.h"

#include <string.h>

#include "io/memory.h"
#include "io/report.h"

#define LARGEST_DIM                                                                                                    \
    1000000 /* of the types that take only a dimension: a slip of the keyboard should not eat memory                   \
             */

static rovi_status in_file(rovi_error *error, rovi_status status, const struct field *field)
{
    return report_in_file(error, status, field->file);
}

/* ---- mixtures ---- */

struct mixture {
    size_t d, K, matrix_count;
    double df;
    double *weights, *means, *matrices; /* K, K x d, matrix_count x d x d */
};

static rovi_status read_sizes(const struct field *means, struct mixture *mixture, rovi_error *error)
{
    mixture->K = json_array_size(means->value);
    if (mixture->K == 0)
        return field_report(means, "an array with one row per component", error);
    struct field first = field_item(means, 0);
    mixture->d = json_array_size(first.value);
    if (mixture->d == 0)
        return field_report(&first, "an array with one number per dimension", error);
    return ROVI_OK;
}

static rovi_status read_means(const struct field *object, struct mixture *mixture, struct pool *pool, rovi_error *error)
{
    struct field weights, means;
    rovi_status status;
    if ((status = field_get(object, "weights", &weights, error)) ||
        (status = field_get(object, "means", &means, error)) || (status = read_sizes(&means, mixture, error)))
        return status;
    mixture->weights = pool_take(pool, mixture->K, sizeof(double));
    mixture->means = pool_take(pool, mixture->K * mixture->d, sizeof(double));
    if (!mixture->weights || !mixture->means)
        return report_no_memory(error);
    if ((status = field_to_doubles(&weights, mixture->K, mixture->weights, error)))
        return status;
    return field_to_matrix(&means, mixture->K, mixture->d, mixture->means, error);
}

static rovi_status read_matrices(const struct field *all, struct mixture *mixture, rovi_error *error)
{
    size_t d = mixture->d;
    rovi_status status = field_check_length(all, mixture->K, "matrix (one per component)", error);
    for (size_t k = 0; status == ROVI_OK && k < mixture->K; k++) {
        struct field one = field_item(all, k);
        status = field_to_matrix(&one, d, d, mixture->matrices + k * d * d, error);
    }
    return status;
}

/* One matrix for all under `single`, or one each under `several`, or neither: identities. */
static rovi_status read_shapes(const struct field *object, const char *single, const char *several,
                               struct mixture *mixture, struct pool *pool, rovi_error *error)
{
    struct field one, all;
    bool has_one = field_find(object, single, &one), has_all = field_find(object, several, &all);
    if (has_one && has_all)
        return report(error, ROVI_BAD_INPUT, "%.200s: found both \"%s\" and \"%s\", allowed: one of them", object->file,
                      single, several);
    mixture->matrix_count = has_one ? 1 : has_all ? mixture->K : 0;
    if (mixture->matrix_count == 0)
        return ROVI_OK;
    mixture->matrices = pool_take(pool, mixture->matrix_count * mixture->d, mixture->d * sizeof(double));
    if (!mixture->matrices)
        return report_no_memory(error);
    return has_one ? field_to_matrix(&one, mixture->d, mixture->d, mixture->matrices, error)
                   : read_matrices(&all, mixture, error);
}

static rovi_status read_gaussian(const struct field *object, rovi_target **target, rovi_error *error)
{
    static const char *const keys[] = {"type", "weights", "means", "covariance", "covariances", NULL};
    struct pool pool = {0};
    struct mixture m = {0};
    rovi_status status = field_check_keys(object, keys, error);
    if (!status)
        status = read_means(object, &m, &pool, error);
    if (!status)
        status = read_shapes(object, "covariance", "covariances", &m, &pool, error);
    if (!status)
        status = in_file(
            error,
            rovi_target_new_gaussian_mixture(m.d, m.K, m.weights, m.means, m.matrix_count, m.matrices, target, error),
            object);
    pool_free(&pool);
    return status;
}

static rovi_status read_df(const struct field *object, double *df, rovi_error *error)
{
    struct field field;
    rovi_status status = field_get(object, "df", &field, error);
    return status ? status : field_to_double(&field, df, error);
}

static rovi_status read_student_t(const struct field *object, rovi_target **target, rovi_error *error)
{
    static const char *const keys[] = {"type", "df", "weights", "means", "scale", "scales", NULL};
    struct pool pool = {0};
    struct mixture m = {0};
    rovi_status status = field_check_keys(object, keys, error);
    if (!status)
        status = read_df(object, &m.df, error);
    if (!status)
        status = read_means(object, &m, &pool, error);
    if (!status)
        status = read_shapes(object, "scale", "scales", &m, &pool, error);
    if (!status)
        status = in_file(error,
                         rovi_target_new_student_t_mixture(m.d, m.K, m.df, m.weights, m.means, m.matrix_count,
                                                           m.matrices, target, error),
                         object);
    pool_free(&pool);
    return status;
}

/* ---- types with a dimension, or with nothing ---- */

static rovi_status read_dim(const struct field *object, size_t *dim, rovi_error *error)
{
    static const char *const keys[] = {"type", "dim", NULL};
    struct field field;
    rovi_status status = field_check_keys(object, keys, error);
    if (!status)
        status = field_get(object, "dim", &field, error);
    return status ? status : field_to_size(&field, 1, LARGEST_DIM, dim, error);
}

static rovi_status read_many_well(const struct field *object, rovi_target **target, rovi_error *error)
{
    size_t dim;
    rovi_status status = read_dim(object, &dim, error);
    return status ? status : in_file(error, rovi_target_new_many_well(dim, target, error), object);
}

static rovi_status read_funnel(const struct field *object, rovi_target **target, rovi_error *error)
{
    size_t dim;
    rovi_status status = read_dim(object, &dim, error);
    return status ? status : in_file(error, rovi_target_new_funnel(dim, target, error), object);
}

static const char *const only_type[] = {"type", NULL};

static rovi_status read_banana(const struct field *object, rovi_target **target, rovi_error *error)
{
    rovi_status status = field_check_keys(object, only_type, error);
    return status ? status : in_file(error, rovi_target_new_banana(target, error), object);
}

static rovi_status read_ring(const struct field *object, rovi_target **target, rovi_error *error)
{
    rovi_status status = field_check_keys(object, only_type, error);
    return status ? status : in_file(error, rovi_target_new_ring(target, error), object);
}

/* ---- rotated ---- */

static rovi_status read_haar(const struct field *object, size_t d, double *rotation, rovi_error *error)
{
    static const char *const keys[] = {"haar_seed", NULL};
    struct field field;
    uint64_t seed;
    rovi_status status = field_check_keys(object, keys, error);
    if (!status)
        status = field_get(object, "haar_seed", &field, error);
    if (!status)
        status = field_to_uint64(&field, &seed, error);
    return status ? status : in_file(error, rovi_haar_rotation(d, seed, rotation, error), object);
}

static rovi_status read_rotation(const struct field *field, size_t d, double *rotation, rovi_error *error)
{
    if (json_is_object(field->value))
        return read_haar(field, d, rotation, error);
    if (json_is_array(field->value))
        return field_to_matrix(field, d, d, rotation, error);
    return field_report(field, "a matrix, or an object with \"haar_seed\"", error);
}

/* Takes the base over on success only, as the library does. */
static rovi_status rotate(const struct field *rotation, rovi_target *base, rovi_target **target, rovi_error *error)
{
    struct pool pool = {0};
    size_t d = rovi_target_dim(base);
    double *R = pool_take(&pool, d, d * sizeof *R);
    rovi_status status = R ? read_rotation(rotation, d, R, error) : report_no_memory(error);
    if (!status)
        status = in_file(error, rovi_target_new_rotated(base, R, target, error), rotation);
    pool_free(&pool);
    return status;
}

static rovi_status read_rotated(const struct field *object, rovi_target **target, rovi_error *error)
{
    static const char *const keys[] = {"type", "rotation", "base", NULL};
    struct field rotation, inner;
    rovi_target *base = NULL;
    rovi_status status = field_check_keys(object, keys, error);
    if (!status)
        status = field_get(object, "rotation", &rotation, error);
    if (!status)
        status = field_get(object, "base", &inner, error);
    if (!status)
        status = description_to_target(&inner, &base, error);
    if (!status)
        status = rotate(&rotation, base, target, error);
    if (status)
        rovi_target_free(base);
    return status;
}

/* ---- the table ---- */

#define TYPE_LIST(X)                                                                                                   \
    X("gaussian_mixture", read_gaussian)                                                                               \
    X("student_t_mixture", read_student_t)                                                                             \
    X("many_well", read_many_well)                                                                                     \
    X("funnel", read_funnel)                                                                                           \
    X("banana", read_banana)                                                                                           \
    X("ring", read_ring)                                                                                               \
    X("rotated", read_rotated)

static const struct {
    const char *name;
    rovi_status (*read)(const struct field *object, rovi_target **target, rovi_error *error);
} types[] = {
#define TYPE_ENTRY(name, read) {name, read},
    TYPE_LIST(TYPE_ENTRY)
#undef TYPE_ENTRY
};

#define TYPE_NAME(name, read) " \"" name "\""

static rovi_status refuse_fit(const struct field *object, rovi_error *error)
{
    struct field restarts;
    if (field_find(object, "restarts", &restarts))
        return report(error, ROVI_BAD_INPUT,
                      "%.200s: this is a fit, found a key \"restarts\", allowed: a target description, an object with "
                      "\"type\"",
                      object->file);
    return ROVI_OK;
}

rovi_status description_to_target(const struct field *description, rovi_target **target, rovi_error *error)
{
    struct field type;
    const char *name;
    rovi_status status;
    *target = NULL;
    if (!json_is_object(description->value))
        return field_report(description, "a target description, an object with \"type\"", error);
    if ((status = refuse_fit(description, error)) || (status = field_get(description, "type", &type, error)) ||
        (status = field_to_text(&type, &name, error)))
        return status;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(name, types[i].name) == 0)
            return types[i].read(description, target, error);
    return field_report(&type, "one of" TYPE_LIST(TYPE_NAME), error);
}
