/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Draws as NetCDF-4, through netCDF-C. The library brings some forty others along, which would double the time that
 * rovi takes to start: it is loaded when a file is written, and not at all without the build option ROVI_NETCDF.
 *
 * All sizes are known, so variables are stored in one piece each, without chunks, fill values or compression: a block
 * of draws is one long write per variable, a file takes the disk's own time, and nothing is held but the block.
 *
 * The root group has attributes only: with a dimension there ArviZ 1 cannot align the groups.
 */
#include "io/draws_netcdf.h"

#include "io/draws_variables.h"
#include "io/report.h"

#ifndef ROVI_NETCDF

rovi_status draws_netcdf_available(rovi_error *error)
{
    return report(error, ROVI_IO_FAILED,
                  "this rovi was built without NetCDF: install netCDF-C (Debian: libnetcdf-dev) and build it again, or "
                  "write a .csv");
}

rovi_status draws_netcdf_open(const struct output *output, const struct draws_head *head, struct draws_netcdf **netcdf,
                              rovi_error *error)
{
    (void)output;
    (void)head;
    *netcdf = NULL;
    return draws_netcdf_available(error);
}

rovi_status draws_netcdf_put(void *netcdf, const struct draws_block *block, rovi_error *error)
{
    (void)netcdf;
    (void)block;
    return draws_netcdf_available(error);
}

rovi_status draws_netcdf_close(struct draws_netcdf *netcdf, bool complete, rovi_error *error)
{
    (void)netcdf;
    (void)complete;
    return draws_netcdf_available(error);
}

#else

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <netcdf.h>
#include <string.h>
#include <time.h>

#define FUNCTIONS(X)                                                                                                   \
    X(nc_create)                                                                                                       \
    X(nc_close)                                                                                                        \
    X(nc_strerror)                                                                                                     \
    X(nc_def_grp)                                                                                                      \
    X(nc_def_dim)                                                                                                      \
    X(nc_def_var)                                                                                                      \
    X(nc_def_var_fill)                                                                                                 \
    X(nc_def_var_chunking)                                                                                             \
    X(nc_put_att_text)                                                                                                 \
    X(nc_put_att_double)                                                                                               \
    X(nc_put_att_longlong)                                                                                             \
    X(nc_put_vara_longlong)                                                                                            \
    X(nc_put_vara_double)                                                                                              \
    X(nc_put_vara_int)

struct api {
#define MEMBER(name) __typeof__(&(name)) name; /* NOLINT(bugprone-macro-parentheses): declares it */
    FUNCTIONS(MEMBER)
#undef MEMBER
};

struct group {
    int id, dims[2]; /* chain, draw */
    size_t columns;
    struct draws_variables variables;
    int *variable; /* of each */
};

enum { LP, LOG_Q, LOG_WEIGHT, STATS };

struct draws_netcdf {
    struct api nc;
    const char *name; /* for messages */
    int file;
    struct group posterior, unconstrained;
    int stats, stat[STATS], mode; /* ids of the group and its variables */
    bool has_fit;                 /* a sampler's draws have lp alone */
    double *gathered;             /* room for the largest variable of a block */
    size_t room;
    struct pool pool;
};

/* ---- the library ---- */

static void *load(void)
{
    const char *path = ROVI_NETCDF_LIBRARY, *slash = strrchr(path, '/');
    void *library = dlopen(slash ? slash + 1 : path, RTLD_NOW | RTLD_LOCAL);
    return library ? library : dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

/* At exit HDF5 tidies up files of its own, and crashes over one that it could not close for want of disk. All files are
 * closed here; to be called before HDF5 is first used. */
static void keep_out_of_exit(void *library)
{
    int (*dont_atexit)(void) = NULL;
    void *found = dlsym(library, "H5dont_atexit");
    memcpy(&dont_atexit, &found, sizeof found);
    if (dont_atexit)
        dont_atexit();
}

static rovi_status find_api(struct api *nc, rovi_error *error)
{
    static const char *const names[] = {
#define NAME(name) #name,
        FUNCTIONS(NAME)
#undef NAME
    };
    void *library = load(), *function[sizeof names / sizeof *names];
    bool whole = library != NULL;
    for (size_t i = 0; whole && i < sizeof names / sizeof *names; i++)
        whole = (function[i] = dlsym(library, names[i])) != NULL;
    if (!whole) {
        const char *reason = dlerror();
        return report(error, ROVI_IO_FAILED,
                      "netCDF cannot be loaded (%.200s): install it (Debian: libnetcdf19 or libnetcdf-dev), or write a "
                      ".csv",
                      reason ? reason : "no reason given");
    }
    keep_out_of_exit(library);
    /* C has no conversion from a data pointer to a function's; POSIX says that they are alike */
    _Static_assert(sizeof *nc == sizeof function, "a table of pointers to functions");
    memcpy(nc, function, sizeof function);
    return ROVI_OK;
}

rovi_status draws_netcdf_available(rovi_error *error)
{
    struct api nc;
    return find_api(&nc, error);
}

/* `what`: the variable, group or attribute at hand. HDF5 keeps its reasons to itself; errno often tells. */
static rovi_status check(const struct draws_netcdf *self, int code, const char *what, rovi_error *error)
{
    if (code == NC_NOERR)
        return ROVI_OK;
    if (code == NC_ENOMEM)
        return report_no_memory(error);
    if (code == NC_ENAMEINUSE || code == NC_EBADNAME)
        return report(error, ROVI_BAD_INPUT, "names of the draws: found \"%.80s\", %s", what,
                      code == NC_EBADNAME ? "which NetCDF does not allow"
                                          : "which is taken: another variable, a dimension, or chain or draw");
    const char *reason = errno ? strerror(errno) : self->nc.nc_strerror(code);
    return report(error, ROVI_IO_FAILED, "%.200s: cannot be written: %.80s: %s", self->name, what, reason);
}

/* ---- groups, dimensions, variables ---- */

static void now_iso8601(char text[32])
{
    time_t seconds = time(NULL);
    struct tm utc;
    strftime(text, 32, "%Y-%m-%dT%H:%M:%S+00:00", gmtime_r(&seconds, &utc));
}

static rovi_status put_text(struct draws_netcdf *self, int group, const char *name, const char *text, rovi_error *error)
{
    return check(self, self->nc.nc_put_att_text(group, NC_GLOBAL, name, strlen(text), text), name, error);
}

static rovi_status put_texts(struct draws_netcdf *self, int group, const struct draws_head *head, rovi_error *error)
{
    char created[32];
    now_iso8601(created);
    const char *const texts[][2] = {{"created_at", created},
                                    {"creation_library", "rovi"},
                                    {"creation_library_version", rovi_version()},
                                    {"inference_library", "rovi"},
                                    {"inference_library_version", rovi_version()},
                                    {"model", head->model},
                                    {"method", head->method},
                                    {"fit_status", head->status}};
    rovi_status status = ROVI_OK;
    for (size_t i = 0; !status && i < sizeof texts / sizeof *texts; i++)
        status = put_text(self, group, texts[i][0], texts[i][1], error);
    return status;
}

static rovi_status put_attributes(struct draws_netcdf *self, int group, const struct draws_head *head,
                                  rovi_error *error)
{
    rovi_status status = put_texts(self, group, head, error);
    const rovi_estimate elbo = head->elbo ? *head->elbo : (rovi_estimate){NAN, NAN};
    const struct {
        const char *name;
        double value;
    } reals[] = {{"fit_elbo", elbo.value}, {"fit_elbo_mcse", elbo.mcse}};
    const struct {
        const char *name;
        long long value;
    } counts[] = {{"seed", (long long)head->seed}, {"num_proposals", (long long)head->proposals}};
    for (size_t i = 0; !status && head->elbo && i < 2; i++)
        status = check(self, self->nc.nc_put_att_double(group, NC_GLOBAL, reals[i].name, NC_DOUBLE, 1, &reals[i].value),
                       reals[i].name, error);
    for (size_t i = 0; !status && i < (head->proposals > 0 ? 2u : 1u); i++)
        status =
            check(self, self->nc.nc_put_att_longlong(group, NC_GLOBAL, counts[i].name, NC_INT64, 1, &counts[i].value),
                  counts[i].name, error);
    return status;
}

/* One variable in one piece, not filled before it is written. */
static rovi_status define_variable(struct draws_netcdf *self, int group, const char *name, nc_type type, int rank,
                                   const int *dims, int *variable, rovi_error *error)
{
    int code = self->nc.nc_def_var(group, name, type, rank, dims, variable);
    if (!code)
        code = self->nc.nc_def_var_chunking(group, *variable, NC_CONTIGUOUS, NULL);
    if (!code)
        code = self->nc.nc_def_var_fill(group, *variable, NC_NOFILL, NULL);
    return check(self, code, name, error);
}

/* A dimension with its coordinate: 0, 1, ... */
static rovi_status define_dimension(struct draws_netcdf *self, int group, const char *name, uint64_t size, int *dim,
                                    rovi_error *error)
{
    int variable;
    rovi_status status = check(self, self->nc.nc_def_dim(group, name, (size_t)size, dim), name, error);
    if (!status)
        status = define_variable(self, group, name, NC_INT64, 1, dim, &variable, error);
    long long value[512], next = 0;
    for (uint64_t first = 0; !status && first < size; first += 512) {
        size_t start = (size_t)first, n = size - first < 512 ? (size_t)(size - first) : 512;
        for (size_t i = 0; i < n; i++)
            value[i] = next++;
        status = check(self, self->nc.nc_put_vara_longlong(group, variable, &start, &n, value), name, error);
    }
    return status;
}

static rovi_status define_group(struct draws_netcdf *self, const char *name, const struct draws_head *head,
                                struct group *group, rovi_error *error)
{
    rovi_status status = check(self, self->nc.nc_def_grp(self->file, name, &group->id), name, error);
    if (!status)
        status = put_attributes(self, group->id, head, error);
    if (!status)
        status = define_dimension(self, group->id, "chain", head->chains, &group->dims[0], error);
    if (!status)
        status = define_dimension(self, group->id, "draw", head->count, &group->dims[1], error);
    return status;
}

static rovi_status define_array(struct draws_netcdf *self, struct group *group, size_t index, rovi_error *error)
{
    const struct draws_variable *variable = &group->variables.variable[index];
    int dims[2 + VARIABLE_RANK] = {group->dims[0], group->dims[1]};
    for (size_t i = 0; i < variable->rank; i++) {
        const char *name = pool_format(&self->pool, "%s_dim_%zu", variable->name, i);
        rovi_status status = name ? define_dimension(self, group->id, name, variable->size[i], &dims[2 + i], error)
                                  : report_no_memory(error);
        if (status)
            return status;
    }
    self->room = variable->count > self->room ? variable->count : self->room;
    return define_variable(self, group->id, variable->name, NC_DOUBLE, 2 + (int)variable->rank, dims,
                           &group->variable[index], error);
}

static rovi_status define_draws(struct draws_netcdf *self, const char *name, const struct draws_head *head,
                                const struct draws_names *names, struct group *group, rovi_error *error)
{
    rovi_status status = draws_variables_make(names, &self->pool, &group->variables, error);
    if (status)
        return status;
    group->columns = names->count;
    group->variable = pool_take(&self->pool, group->variables.count, sizeof *group->variable);
    if (!group->variable)
        return report_no_memory(error);
    status = define_group(self, name, head, group, error);
    for (size_t i = 0; !status && i < group->variables.count; i++)
        status = define_array(self, group, i, error);
    return status;
}

static rovi_status define_stats(struct draws_netcdf *self, const struct draws_head *head, rovi_error *error)
{
    static const char *const names[STATS] = {[LP] = "lp", [LOG_Q] = "log_q", [LOG_WEIGHT] = "log_weight"};
    struct group group = {0};
    rovi_status status = define_group(self, "sample_stats", head, &group, error);
    self->stats = group.id;
    self->has_fit = head->elbo != NULL;
    for (size_t i = 0; !status && (i == LP || self->has_fit) && i < STATS; i++)
        status = define_variable(self, group.id, names[i], NC_DOUBLE, 2, group.dims, &self->stat[i], error);
    return status || !self->has_fit
               ? status
               : define_variable(self, group.id, "mode", NC_INT, 2, group.dims, &self->mode, error);
}

static rovi_status define_all(struct draws_netcdf *self, const struct draws_head *head, rovi_error *error)
{
    rovi_status status = put_attributes(self, self->file, head, error);
    if (!status)
        status = define_draws(self, "posterior", head, &head->shown, &self->posterior, error);
    if (!status)
        status = define_stats(self, head, error);
    if (!status && head->unconstrained.count > 0)
        status = define_draws(self, "unconstrained_posterior", head, &head->unconstrained, &self->unconstrained, error);
    return status;
}

/* ---- draws ---- */

/* Columns of a block become one array, n x size[0] x ... */
static void gather(const struct draws_variable *variable, const struct draws_block *block, const double *x,
                   size_t columns, double *gathered)
{
    for (size_t i = 0; i < block->n; i++)
        for (size_t k = 0; k < variable->count; k++)
            gathered[i * variable->count + variable->place[k]] = x[i * columns + variable->first + k];
}

static rovi_status put_draws(struct draws_netcdf *self, const struct group *group, const struct draws_block *block,
                             const double *x, rovi_error *error)
{
    rovi_status status = ROVI_OK;
    for (size_t i = 0; !status && i < group->variables.count; i++) {
        const struct draws_variable *variable = &group->variables.variable[i];
        size_t start[2 + VARIABLE_RANK] = {block->chain, (size_t)block->first};
        size_t count[2 + VARIABLE_RANK] = {1, block->n};
        memcpy(count + 2, variable->size, variable->rank * sizeof *count);
        gather(variable, block, x, group->columns, self->gathered);
        status = check(self, self->nc.nc_put_vara_double(group->id, group->variable[i], start, count, self->gathered),
                       variable->name, error);
    }
    return status;
}

static rovi_status put_stats(struct draws_netcdf *self, const struct draws_block *block, rovi_error *error)
{
    const double *const values[STATS] = {[LP] = block->lp, [LOG_Q] = block->log_q, [LOG_WEIGHT] = block->log_weight};
    size_t start[2] = {block->chain, (size_t)block->first}, count[2] = {1, block->n};
    int code = NC_NOERR;
    for (size_t i = 0; !code && (i == LP || self->has_fit) && i < STATS; i++)
        code = self->nc.nc_put_vara_double(self->stats, self->stat[i], start, count, values[i]);
    if (!code && self->has_fit)
        code = self->nc.nc_put_vara_int(self->stats, self->mode, start, count, block->mode);
    return check(self, code, "sample_stats", error);
}

/* Room to gather the largest variable of n draws; blocks do not grow, but for the first. */
static rovi_status take_room(struct draws_netcdf *self, size_t n, rovi_error *error)
{
    if (!self->gathered)
        self->gathered = pool_take(&self->pool, n, self->room * sizeof *self->gathered);
    return self->gathered ? ROVI_OK : report_no_memory(error);
}

rovi_status draws_netcdf_put(void *sink, const struct draws_block *block, rovi_error *error)
{
    struct draws_netcdf *self = sink;
    errno = 0;
    rovi_status status = take_room(self, block->n, error);
    if (!status)
        status = put_draws(self, &self->posterior, block, block->x, error);
    if (!status)
        status = put_stats(self, block, error);
    if (!status)
        status = put_draws(self, &self->unconstrained, block, block->unconstrained, error);
    return status;
}

static void release(struct draws_netcdf *self)
{
    struct pool pool = self->pool;
    pool_free(&pool);
}

static rovi_status create(struct draws_netcdf *self, const struct output *output, const struct draws_head *head,
                          rovi_error *error)
{
    rovi_status status = find_api(&self->nc, error);
    errno = 0;
    if (!status)
        status =
            check(self, self->nc.nc_create(output->temporary, NC_CLOBBER | NC_NETCDF4, &self->file), "the file", error);
    if (status)
        return status;
    status = define_all(self, head, error);
    if (status)
        self->nc.nc_close(self->file);
    return status;
}

rovi_status draws_netcdf_open(const struct output *output, const struct draws_head *head, struct draws_netcdf **netcdf,
                              rovi_error *error)
{
    struct pool pool = {0};
    *netcdf = NULL;
    struct draws_netcdf *self = pool_take(&pool, 1, sizeof *self);
    if (!self)
        return report_no_memory(error);
    self->pool = pool;
    self->name = output->name;
    rovi_status status = create(self, output, head, error);
    if (status)
        release(self);
    else
        *netcdf = self;
    return status;
}

rovi_status draws_netcdf_close(struct draws_netcdf *self, bool complete, rovi_error *error)
{
    errno = 0;
    int code = self->nc.nc_close(self->file);
    rovi_status status = complete ? check(self, code, "the end", error) : ROVI_OK;
    release(self);
    return status;
}

#endif

rovi_status draws_netcdf_write(const struct output *output, const struct draws_head *head, draws_source each,
                               const void *source, rovi_error *error)
{
    struct draws_netcdf *netcdf;
    rovi_status status = draws_netcdf_open(output, head, &netcdf, error);
    if (status || !netcdf) /* the second only with the first, which clang's analyzer cannot see */
        return status;
    status = each(source, draws_netcdf_put, netcdf, error);
    rovi_status closed = draws_netcdf_close(netcdf, !status, error);
    return status ? status : closed;
}
