/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stan models in shared libraries built by BridgeStan 2, whose C interface is spoken here from its documentation; no
 * header of it is needed. The density is that of the unconstrained parameters, with Jacobian and with all constants, so
 * that ELBOs of different models can be compared.
 *
 * A failure of a density is an exception of Stan: outside the support, reject(), or a fault of the model. It is
 * counted, its first message kept, and the point treated as outside. Every message is given back to the library that
 * wrote it.
 */
#include <math.h>
#include <string.h>

#include "base/status.h"
#include "target/failures.h"
#include "target/library.h"

struct bs_model;
struct bs_rng;

struct functions {
    const int *major, *minor, *patch;
    struct bs_model *(*construct)(const char *data, unsigned seed, char **message);
    void (*destruct)(struct bs_model *model);
    void (*free_message)(char *message);
    const char *(*info)(const struct bs_model *model);
    const char *(*param_names)(const struct bs_model *model, bool transformed, bool generated);
    const char *(*unc_names)(const struct bs_model *model);
    int (*param_num)(const struct bs_model *model, bool transformed, bool generated);
    int (*unc_num)(const struct bs_model *model);
    int (*constrain)(const struct bs_model *model, bool transformed, bool generated, const double *unconstrained,
                     double *constrained, struct bs_rng *rng, char **message);
    int (*unconstrain_json)(const struct bs_model *model, const char *json, double *unconstrained, char **message);
    int (*density)(const struct bs_model *model, bool propto, bool jacobian, const double *x, double *value,
                   char **message);
    int (*gradient)(const struct bs_model *model, bool propto, bool jacobian, const double *x, double *value,
                    double *grad, char **message);
    struct bs_rng *(*rng_construct)(unsigned seed, char **message);
    void (*rng_destruct)(struct bs_rng *rng);
    int (*set_print)(rovi_log log, char **message);
};

struct stan {
    struct functions f;
    struct bs_model *model;
    struct bs_rng *idle; /* no draw is asked of it: a library that is given none makes one in every call; or NULL */
    struct target_outputs outputs;
    struct failures failures;
};

/* ---------------------------------------------------------------------------------------------------------------------
 * Evaluate
 */

/* The model's own words, behind "log_density_gradient() failed with exception: ". */
static const char *own_words(const char *message)
{
    static const char before[] = "() failed with exception: ";
    const char *at = message == NULL ? NULL : strstr(message, before);
    return at == NULL ? message : at + strlen(before);
}

/* Keeps what the library said and gives it back. */
static void report(const struct functions *f, void (*add)(struct failures *, const char *), struct failures *failures,
                   char *message)
{
    add(failures, own_words(message));
    if (message != NULL) {
        f->free_message(message);
    }
}

static int evaluate(const struct rovi_target *target, size_t n, const double *x, double *logp, double *grad,
                    double *scratch)
{
    const struct stan *stan = target->self;
    const struct functions *f = &stan->f;
    const size_t d = target->dim;
    (void)scratch;
    for (size_t i = 0; i < n; i++) {
        char *message = NULL;
        const int code = grad == NULL
                             ? f->density(stan->model, false, true, x + i * d, logp + i, &message)
                             : f->gradient(stan->model, false, true, x + i * d, logp + i, grad + i * d, &message);
        if (code != 0) {
            logp[i] = -INFINITY;
            report(f, failures_add_density, target->failures, message);
        }
    }
    return 0;
}

static bool constrain(const struct rovi_target *target, unsigned include, uint32_t seed, const double *x, double *out)
{
    const struct stan *stan = target->self;
    const struct functions *f = &stan->f;
    const bool transformed = (include & ROVI_TRANSFORMED) != 0, generated = (include & ROVI_GENERATED) != 0;
    char *message = NULL;
    struct bs_rng *rng = generated ? f->rng_construct(seed, &message) : stan->idle;
    const bool ok =
        (!generated || rng != NULL) && f->constrain(stan->model, transformed, generated, x, out, rng, &message) == 0;
    if (!ok) {
        report(f, failures_add_outputs, target->failures, message);
    }
    if (generated && rng != NULL) {
        f->rng_destruct(rng);
    }
    return ok;
}

/* The library's message within a sentence of ours. */
static rovi_status refuse(const struct functions *f, rovi_error *error, const char *what, const char *about,
                          char *message)
{
    char line[300] = "it gives no reason";
    if (message != NULL) {
        failures_one_line(line, sizeof line, own_words(message));
        f->free_message(message);
    }
    return error_set(error, ROVI_BAD_INPUT, "%.160s%s: %s", about, what, line);
}

static rovi_status unconstrain(const struct rovi_target *target, const char *json, double *x, rovi_error *error)
{
    const struct stan *stan = target->self;
    struct arena memory = {0};
    double *found = arena_doubles(&memory, target->dim);
    char *message = NULL;
    rovi_status status = ROVI_OK;
    if (found == NULL) {
        status = error_no_memory(error);
    } else if (stan->f.unconstrain_json(stan->model, json, found, &message) != 0) {
        status = refuse(&stan->f, error, "the model rejects these values", "", message);
    } else {
        memcpy(x, found, target->dim * sizeof *x);
    }
    arena_free(&memory);
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------------
 * Open
 */

static rovi_status find_functions(const struct library *library, struct functions *f, rovi_error *error)
{
    static const struct library_symbol symbols[] = {{"bs_major_version", offsetof(struct functions, major), true},
                                                    {"bs_minor_version", offsetof(struct functions, minor), true},
                                                    {"bs_patch_version", offsetof(struct functions, patch), true}};
    static const struct library_symbol more[] = {
        {"bs_model_construct", offsetof(struct functions, construct), false},
        {"bs_model_destruct", offsetof(struct functions, destruct), false},
        {"bs_free_error_msg", offsetof(struct functions, free_message), false},
        {"bs_model_info", offsetof(struct functions, info), false},
        {"bs_param_names", offsetof(struct functions, param_names), false},
        {"bs_param_unc_names", offsetof(struct functions, unc_names), false},
        {"bs_param_num", offsetof(struct functions, param_num), false},
        {"bs_param_unc_num", offsetof(struct functions, unc_num), false},
        {"bs_param_constrain", offsetof(struct functions, constrain), false},
        {"bs_param_unconstrain_json", offsetof(struct functions, unconstrain_json), false},
        {"bs_log_density", offsetof(struct functions, density), false},
        {"bs_log_density_gradient", offsetof(struct functions, gradient), false},
        {"bs_rng_construct", offsetof(struct functions, rng_construct), false},
        {"bs_rng_destruct", offsetof(struct functions, rng_destruct), false},
        {"bs_set_print_callback", offsetof(struct functions, set_print), false}};
    rovi_status status = library_find(library, sizeof symbols / sizeof *symbols, symbols, f, error);
    if (status != ROVI_OK) {
        return status;
    }
    if (f->major == NULL) {
        return error_set(error, ROVI_BAD_INPUT,
                         "%.200s: built by a BridgeStan before 2.0 (bs_major_version is missing), whose functions take "
                         "other arguments; build the model with BridgeStan 2",
                         library->path);
    }
    if (*f->major != 2) {
        return error_set(error, ROVI_BAD_INPUT,
                         "%.200s: found a model of BridgeStan %d.%d.%d, allowed: of BridgeStan 2", library->path,
                         *f->major, f->minor == NULL ? 0 : *f->minor, f->patch == NULL ? 0 : *f->patch);
    }
    return library_find(library, sizeof more / sizeof *more, more, f, error);
}

/* What is neither would be parsed as JSON, and complained of as such. */
static rovi_status check_data(const struct library *library, const char *data, rovi_error *error)
{
    const size_t length = data == NULL ? 0 : strlen(data);
    const char *first = data == NULL ? "" : data + strspn(data, " \t\r\n");
    if (length == 0 || *first == '{' || (length > 5 && strcmp(data + length - 5, ".json") == 0)) {
        return ROVI_OK;
    }
    return error_set(error, ROVI_BAD_INPUT,
                     "%.160s: found the data \"%.160s\", allowed: a file whose name ends in .json", library->path,
                     data);
}

/* "a,b.1,b.2" into an array of names; NULL when they are not `count`, or there is no memory. */
static const char *const *split_names(struct arena *arena, const char *list, size_t count)
{
    char *text = list == NULL ? NULL : arena_take(arena, strlen(list) + 1, 1);
    char **names = arena_take(arena, count + 1, sizeof *names);
    if (text == NULL || names == NULL) {
        return NULL;
    }
    strcpy(text, list);
    size_t found = 0;
    for (char *at = text; *at != '\0' && found <= count;) {
        char *comma = at + strcspn(at, ",");
        names[found++] = at;
        at = *comma == ',' ? comma + 1 : comma;
        *comma = '\0';
    }
    return found == count ? (const char *const *)names : NULL;
}

static rovi_status take_names(const struct library *library, struct stan *stan, rovi_target *target, rovi_error *error)
{
    const struct functions *f = &stan->f;
    const int p = f->param_num(stan->model, false, false), pt = f->param_num(stan->model, true, false);
    const int all = f->param_num(stan->model, true, true);
    if (p < 0 || pt < p || all < pt) {
        return error_set(error, ROVI_BAD_INPUT, "%.200s: bs_param_num gives %d, %d and %d, allowed: numbers that grow",
                         library->path, p, pt, all);
    }
    stan->outputs = (struct target_outputs){.parameters = (size_t)p,
                                            .transformed = (size_t)(pt - p),
                                            .generated = (size_t)(all - pt),
                                            .constrain = constrain,
                                            .unconstrain = unconstrain};
    stan->outputs.names = split_names(&target->memory, f->param_names(stan->model, true, true), (size_t)all);
    target->names = split_names(&target->memory, f->unc_names(stan->model), target->dim);
    if (target->memory.failed) {
        return error_no_memory(error);
    }
    if (stan->outputs.names == NULL || target->names == NULL) {
        return error_set(error, ROVI_BAD_INPUT, "%.200s: the model's names are not as many as its parameters",
                         library->path);
    }
    const rovi_status status = library_check_names(library, (size_t)all, stan->outputs.names, error);
    return status == ROVI_OK ? library_check_names(library, target->dim, target->names, error) : status;
}

static void close_model(void *closed)
{
    struct stan *stan = closed;
    if (stan->idle != NULL) {
        stan->f.rng_destruct(stan->idle);
    }
    stan->f.destruct(stan->model);
    failures_destroy(&stan->failures);
}

/* The target around the model, which it then owns. */
static rovi_status make(const struct library *library, const struct functions *f, struct bs_model *model,
                        rovi_target **target, rovi_error *error)
{
    const int d = f->unc_num(model);
    char *message = NULL;
    struct rovi_target *made = d < 1 || d > TARGET_DIM_MOST ? NULL : target_make((size_t)d);
    struct stan *stan = made == NULL ? NULL : arena_take(&made->memory, 1, sizeof *stan);
    if (stan == NULL) {
        rovi_target_free(made);
        f->destruct(model);
        return d >= 1 && d <= TARGET_DIM_MOST
                   ? error_no_memory(error)
                   : error_set(error, ROVI_BAD_INPUT,
                               "%.200s: found a model of %d unconstrained parameters, allowed: from 1 to %d",
                               library->path, d, TARGET_DIM_MOST);
    }
    stan->f = *f;
    stan->model = model;
    stan->idle = f->rng_construct(0, &message);
    if (stan->idle == NULL && message != NULL) {
        f->free_message(message); /* the library will do without */
    }
    failures_init(&stan->failures);
    made->self = made->closed = stan;
    made->close = close_model;
    made->evaluate = evaluate;
    made->failures = &stan->failures;
    made->outputs = &stan->outputs;
    const char *info = f->info(model);
    made->concurrent = info != NULL && strstr(info, "STAN_THREADS=true") != NULL;
    const rovi_status status = take_names(library, stan, made, error);
    if (status != ROVI_OK) {
        rovi_target_free(made);
        return status;
    }
    return target_finish(made, target, error);
}

static void drop(const char *text, size_t size)
{
    (void)text;
    (void)size;
}

rovi_status stan_open(const struct library *library, const struct library_request *request, rovi_target **target,
                      rovi_error *error)
{
    struct functions f = {0};
    char *message = NULL;
    rovi_status status = find_functions(library, &f, error);
    if (status == ROVI_OK) {
        status = check_data(library, request->data, error);
    }
    if (status != ROVI_OK) {
        return status;
    }
    if (f.set_print(request->log == NULL ? drop : request->log, &message) != 0) { /* else it prints to stdout */
        return refuse(&f, error, ": the model's output cannot be caught", library->path, message);
    }
    struct bs_model *model = f.construct(request->data, request->seed, &message);
    if (model == NULL) {
        return refuse(&f, error, ": the model cannot be made from its data", library->path, message);
    }
    return make(library, &f, model, target, error);
}
