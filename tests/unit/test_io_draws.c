/* SPDX-License-Identifier: BSD-3-Clause */
#define _XOPEN_SOURCE 700
/* Draws: names become arrays, the layouts of CSV and NetCDF, another scale, resampling. */
#include "test_io_support.h"

#include <unistd.h>

#include "io/draws_csv.h"
#include "io/draws_netcdf.h"
#include "io/draws_target.h"
#include "io/draws_variables.h"

#ifdef ROVI_NETCDF
#include <netcdf.h>
#endif

/* ---- names ---- */

static void arrays_are_gathered(void **state)
{
    (void)state;
    static const char *const name[] = {"a",     "b.1",   "b.2",   "m.1.1",  "m.2.1",  "m.1.2",
                                       "m.2.2", "m.1.3", "m.2.3", "z.real", "z.imag", "b.0"};
    const struct draws_names names = {12, name};
    struct pool pool = {0};
    struct draws_variables v;
    assert_int_equal(draws_variables_make(&names, &pool, &v, NULL), ROVI_OK);
    static const char *const expected[] = {"a", "b", "m", "z.real", "z.imag", "b.0"};
    static const size_t first[] = {0, 1, 3, 9, 10, 11}, count[] = {1, 2, 6, 1, 1, 1}, rank[] = {0, 1, 2, 0, 0, 0};
    assert_int_equal(v.count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(v.variable[i].name, expected[i]);
        assert_int_equal(v.variable[i].first, first[i]);
        assert_int_equal(v.variable[i].count, count[i]);
        assert_int_equal(v.variable[i].rank, rank[i]);
    }
    const struct draws_variable *m = &v.variable[2];
    static const size_t place[] = {0, 3, 1, 4, 2, 5}; /* of column i + 2 j of a 2 x 3 matrix: 3 i + j */
    assert_int_equal(m->size[0], 2);
    assert_int_equal(m->size[1], 3);
    assert_memory_equal(m->place, place, sizeof place);
    pool_free(&pool);
}

static void names_refused(size_t count, const char *const *name)
{
    const struct draws_names names = {count, name};
    struct pool pool = {0};
    struct draws_variables v;
    rovi_error error;
    assert_refused(draws_variables_make(&names, &pool, &v, &error), &error, ROVI_BAD_INPUT, "every element");
    pool_free(&pool);
}

static void broken_arrays_are_refused(void **state)
{
    (void)state;
    names_refused(1, (const char *const[]){"b.2"});
    names_refused(2, (const char *const[]){"b.2", "b.1"});
    names_refused(3, (const char *const[]){"b.1", "b.1", "b.3"});
    names_refused(4, (const char *const[]){"m.1.1", "m.1.2", "m.2.1", "m.2.2"}); /* the last index the fastest */
    names_refused(2, (const char *const[]){"m.999999999.999999999", "m.999999999.999999999"});
}

/* ---- what is written ---- */

struct rig {
    struct fit_file file;
    rovi_target *target;
};

static void rig_make(struct rig *rig)
{
    json_t *settings = json_object(), *description = json_pack("{s:s}", "type", "banana");
    struct fit_context context = hand_context(settings, description);
    context.target = "two\nlines";
    rovi_fit *fit = hand_fit();
    rig->file = (struct fit_file){.fit = fit, .context = context, .document = settings};
    json_decref(description);
    assert_int_equal(rovi_target_new_banana(&rig->target, NULL), ROVI_OK);
}

static void rig_free(struct rig *rig)
{
    rovi_target_free(rig->target);
    rovi_fit_free(rig->file.fit);
    json_decref(rig->file.document);
}

static char *written_csv(const struct draws_request *request, enum draws_layout layout)
{
    struct draws draws;
    char *text = NULL;
    size_t size;
    assert_int_equal(draws_open(&draws, request, NULL), ROVI_OK);
    struct draws_csv csv = {.layout = layout, .stream = open_memstream(&text, &size), .name = "t.csv"};
    draws_csv_begin(&csv, &draws.head);
    assert_int_equal(draws_each(&draws, draws_csv_put, &csv, NULL), ROVI_OK);
    fclose(csv.stream);
    draws_close(&draws);
    return text;
}

static void pathfinders_layout(void **state)
{
    (void)state;
    struct rig rig;
    rig_make(&rig);
    const struct draws_request request = {.fit = &rig.file, .seed = 5, .count = 2};
    char *text = written_csv(&request, DRAWS_PATHFINDER);
    const char *head = "# rovi_version = " ROVI_VERSION "\n# model = two lines\n# method = rovi\n#   num_draws = 2\n"
                       "#   seed = 5\n#   fit_status = converged\n"
                       "#   fit_elbo = -0.31\n#   fit_elbo_mcse = 0.002\nlp_approx__,lp__,x.1,x.2\n";
    assert_memory_equal(text, head, strlen(head));
    assert_non_null(strstr(text + strlen(head), ",NaN,")); /* lp__ without a target */
    free(text);
    rig_free(&rig);
}

/* The first row is the mean of q: center + O v, by hand for the fit's winner; then lp__ = 0, log p, log q. */
static void advis_layout(void **state)
{
    (void)state;
    struct rig rig;
    rig_make(&rig);
    const struct draws_request request = {.fit = &rig.file, .target = rig.target, .seed = 5, .count = 3};
    char *text = written_csv(&request, DRAWS_ADVI);
    assert_non_null(strstr(text, "\n# method = variational\n#   variational\n#     algorithm = fullrank\n"));
    assert_non_null(strstr(text, "\n#     iter = 6\n"));
    assert_non_null(strstr(text, "\n#     output_samples = 3\n"));
    const char *head = "\nlp__,log_p__,log_g__,x.1,x.2\n# Stepsize adaptation complete.\n# eta = 1\n0,0,0,";
    char *at = strstr(text, head);
    assert_non_null(at);
    at += strlen(head);
    const rovi_approximation_parts *q = rovi_approximation_parts_of(rovi_fit_approximation(rig.file.fit));
    for (size_t i = 0; i < 2; i++) {
        const double *O = q->rotation + 2 * i;
        assert_relative(strtod(at, &at), q->center[i] + O[0] * q->maps[0].v + O[1] * q->maps[1].v, 1e-15);
        at++;
    }
    double x[6], log_q[3], log_p[3];
    rovi_approximation_draw(rovi_fit_approximation(rig.file.fit), 5, 0, 3, x, log_q, NULL);
    rovi_target_evaluate(rig.target, 3, x, log_p, NULL, NULL);
    for (size_t i = 0; i < 3; i++) {
        assert_true(strtod(at, &at) == 0);
        assert_true(strtod(at + 1, &at) == log_p[i]);
        assert_true(strtod(at + 1, &at) == log_q[i]);
        assert_true(strtod(at + 1, &at) == x[2 * i] && strtod(at + 1, &at) == x[2 * i + 1]);
        at++;
    }
    assert_true(*at == '\0');
    free(text);
    rig_free(&rig);
}

static void mean_in_head(const rovi_approximation *q, double *mean)
{
    const rovi_restart restart = {.approximation = q, .stop = ROVI_STOP_CONVERGED};
    const rovi_fit_parts parts = {.restart_count = 1, .restarts = &restart};
    struct fit_file file = {0};
    struct draws draws;
    assert_int_equal(rovi_fit_new(&parts, &file.fit, NULL), ROVI_OK);
    assert_int_equal(draws_open(&draws, &(struct draws_request){.fit = &file, .count = 1}, NULL), ROVI_OK);
    memcpy(mean, draws.head.mean, 2 * sizeof *mean);
    draws_close(&draws);
    rovi_fit_free(file.fit);
}

/* The means of the components, by their weights. */
static void mean_of_a_mixture(void **state)
{
    (void)state;
    rovi_approximation *part[] = {support_approximation(2, 2, 1), support_approximation(5, 2, 0)}, *q = NULL;
    const double weight[] = {0.25, 0.75};
    double mean[3][2];
    assert_int_equal(rovi_approximation_new_mixture(2, weight, (const rovi_approximation *const *)part, &q, NULL),
                     ROVI_OK);
    mean_in_head(part[0], mean[0]);
    mean_in_head(part[1], mean[1]);
    mean_in_head(q, mean[2]);
    for (size_t i = 0; i < 2; i++) {
        assert_true(fabs(mean[0][i] - mean[1][i]) > 0.1);
        assert_relative(mean[2][i], 0.25 * mean[0][i] + 0.75 * mean[1][i], 1e-14);
    }
    rovi_approximation_free(q);
    rovi_approximation_free(part[0]);
    rovi_approximation_free(part[1]);
}

/* One chain is the draws of one restart, by numbers that no other chain has; each is one block here. */
static rovi_status check_chain(void *sink, const struct draws_block *block, rovi_error *error)
{
    enum { COUNT = 70 };
    const rovi_fit *fit = sink;
    double x[2 * COUNT], log_q[COUNT];
    (void)error;
    assert_true(block->chain < 2);
    assert_int_equal(block->first, 0);
    assert_int_equal(block->n, COUNT);
    const rovi_approximation *q = rovi_fit_parts_of(fit)->restarts[block->chain].approximation;
    assert_int_equal(rovi_approximation_draw(q, 8, block->chain * COUNT, COUNT, x, log_q, NULL), ROVI_OK);
    assert_memory_equal(block->x, x, sizeof x);
    assert_memory_equal(block->log_q, log_q, sizeof log_q);
    return ROVI_OK;
}

static void restarts_are_chains(void **state)
{
    (void)state;
    struct rig rig;
    rig_make(&rig); /* of three restarts the last has failed */
    struct draws_request request = {.fit = &rig.file, .seed = 8, .count = 70, .by_restarts = true};
    struct draws draws;
    assert_int_equal(draws_open(&draws, &request, NULL), ROVI_OK);
    assert_int_equal(draws.head.chains, 2);
    assert_int_equal(draws.head.count, 70);
    assert_int_equal(draws_each(&draws, check_chain, rig.file.fit, NULL), ROVI_OK);
    draws_close(&draws);
    rovi_fit_free(rig.file.fit);
    rig.file.fit = near_fit();
    rovi_error error;
    assert_refused(draws_open(&draws, &request, &error), &error, ROVI_BAD_INPUT, "1 of 1 restarts");
    rig_free(&rig);
}

struct kept {
    size_t n, capacity;
    double x[2 * 2000], log_weight[2000];
};

static rovi_status keep(void *sink, const struct draws_block *block, rovi_error *error)
{
    struct kept *kept = sink;
    (void)error;
    for (size_t i = 0; i < block->n; i++, kept->n++) {
        memcpy(kept->x + 2 * kept->n, block->x + 2 * i, 2 * sizeof(double));
        kept->log_weight[kept->n] = block->log_weight[i];
        assert_true(block->log_weight[i] == block->lp[i] - block->log_q[i]);
    }
    return ROVI_OK;
}

/* The kept draws are those of the proposals that rovi_resample chooses, bit for bit and in their order. */
static void resampling_keeps_the_chosen(void **state)
{
    (void)state;
    enum { PROPOSALS = 2000, COUNT = 300 };
    struct rig rig;
    rig_make(&rig);
    rovi_fit_free(rig.file.fit);
    rig.file.fit = near_fit();
    struct draws_request request = {.fit = &rig.file, .target = rig.target, .seed = 8, .count = PROPOSALS};
    static struct kept all, some;
    size_t chosen[COUNT];
    struct draws draws;
    all.n = some.n = 0;
    assert_int_equal(draws_open(&draws, &request, NULL), ROVI_OK);
    assert_int_equal(draws_each(&draws, keep, &all, NULL), ROVI_OK);
    draws_close(&draws);
    assert_int_equal(rovi_resample(PROPOSALS, all.log_weight, 8, COUNT, chosen, NULL), ROVI_OK);
    request.count = COUNT;
    request.proposals = PROPOSALS;
    assert_int_equal(draws_open(&draws, &request, NULL), ROVI_OK);
    assert_int_equal(draws_each(&draws, keep, &some, NULL), ROVI_OK);
    draws_close(&draws);
    assert_int_equal(some.n, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_memory_equal(some.x + 2 * i, all.x + 2 * chosen[i], 2 * sizeof(double));
        assert_true(some.log_weight[i] == all.log_weight[chosen[i]]);
    }
    rovi_error error;
    request.target = NULL;
    assert_refused(draws_open(&draws, &request, &error), &error, ROVI_BAD_INPUT, "without its target");
    request.target = rig.target;
    request.proposals = COUNT - 1;
    assert_refused(draws_open(&draws, &request, &error), &error, ROVI_BAD_INPUT, "299 proposals for 300");
    rig_free(&rig);
}

/* Shown as (x_1 + x_2, number; x_1, x_2; 10 x_1), in Stan's names. */
static rovi_status spread(void *data, uint64_t first, size_t n, const double *x, double *shown, rovi_error *error)
{
    (void)data;
    (void)error;
    for (size_t i = 0; i < n; i++, x += 2) {
        const double row[] = {x[0] + x[1], (double)(first + i), x[0], x[1], 10 * x[0]};
        memcpy(shown + 5 * i, row, sizeof row);
    }
    return ROVI_OK;
}

static const char *const spread_name[] = {"m.1.1", "m.2.1", "m.1.2", "m.2.2", "s"}, *const raw_name[] = {"u.1", "u.2"};

static const struct draws_scale spread_scale = {
    .shown = {5, spread_name}, .unconstrained = {2, raw_name}, .constrain = spread};

static void another_scale_in_csv(void **state)
{
    (void)state;
    struct rig rig;
    rig_make(&rig);
    const struct draws_request request = {.fit = &rig.file, .seed = 5, .count = 2, .scale = spread_scale};
    char *text = written_csv(&request, DRAWS_PATHFINDER);
    const char *head = "\nlp_approx__,lp__,m.1.1,m.2.1,m.1.2,m.2.2,s\n";
    double x[4];
    rovi_approximation_draw(rovi_fit_approximation(rig.file.fit), 5, 0, 2, x, NULL, NULL);
    char *at = strchr(strchr(strstr(text, head) + strlen(head), ',') + 1, ',');
    assert_true(strtod(at + 1, &at) == x[0] + x[1]);
    assert_true(strtod(at + 1, &at) == 0);
    assert_true(strtod(at + 1, &at) == x[0]);
    free(text);
    rig_free(&rig);
}

struct numbers {
    size_t n;
    double number[300];
};

static rovi_status keep_numbers(void *sink, const struct draws_block *block, rovi_error *error)
{
    struct numbers *numbers = sink;
    (void)error;
    for (size_t i = 0; i < block->n; i++)
        numbers->number[numbers->n++] = block->x[5 * i + 1];
    return ROVI_OK;
}

/* What is shown may depend on a draw's number: that among the proposals. */
static void the_chosen_keep_their_numbers(void **state)
{
    (void)state;
    struct rig rig;
    rig_make(&rig);
    rovi_fit_free(rig.file.fit);
    rig.file.fit = near_fit();
    const struct draws_request request = {
        .fit = &rig.file, .target = rig.target, .seed = 8, .count = 300, .proposals = 2000, .scale = spread_scale};
    struct draws draws;
    struct numbers numbers = {0};
    assert_int_equal(draws_open(&draws, &request, NULL), ROVI_OK);
    assert_int_equal(draws_each(&draws, keep_numbers, &numbers, NULL), ROVI_OK);
    assert_int_equal(numbers.n, 300);
    for (size_t i = 0; i < 300; i++)
        assert_true(numbers.number[i] == (double)draws.chosen[i]);
    assert_true(draws.chosen[299] > 1000);
    draws_close(&draws);
    rig_free(&rig);
}

/* ---- the scale of a target ---- */

static void check_scale(const char *fixture, unsigned include, size_t shown, const char *const *name)
{
    rovi_target *target;
    assert_int_equal(rovi_target_open(support_fixture(fixture), NULL, 0, NULL, &target, NULL), ROVI_OK);
    struct draws_target of = {.target = target, .include = include, .seed = 4};
    struct pool pool = {0};
    struct draws_scale scale;
    assert_int_equal(draws_target_scale(&of, &pool, &scale, NULL), ROVI_OK);
    assert_int_equal(scale.shown.count, shown);
    for (size_t i = 0; i < shown; i++)
        assert_string_equal(scale.shown.name[i], name[i]);
    assert_int_equal(scale.constrain != NULL, rovi_target_is_constrained(target));
    assert_int_equal(scale.unconstrained.count, scale.constrain ? 2 : 0);
    if (scale.constrain) {
        const double x[] = {1, 2, 3, 4};
        double expected[8], row[4];
        const rovi_outputs outputs = {.include = include, .seed = 4, .first = 7};
        assert_string_equal(scale.unconstrained.name[1], rovi_target_coordinate_name(target, 1));
        assert_int_equal(rovi_target_constrain(target, &outputs, 2, x, expected, NULL), ROVI_OK);
        assert_int_equal(scale.constrain(scale.data, 8, 1, x + 2, row, NULL), ROVI_OK);
        assert_memory_equal(row, expected + shown, shown * sizeof *row);
    }
    pool_free(&pool);
    rovi_target_free(target);
}

static void targets_have_scales(void **state)
{
    (void)state;
    check_scale("stan_plain", ROVI_TRANSFORMED, 3, (const char *const[]){"mu", "sigma", "t.1"});
    check_scale("stan_plain", ROVI_TRANSFORMED | ROVI_GENERATED, 4, (const char *const[]){"mu", "sigma", "t.1", "g"});
    check_scale("plugin_data", ROVI_TRANSFORMED, 3, (const char *const[]){"alpha", "beta", "gamma"});
}

/* A name that is shown without being constrained, and none at all. */
static void names_without_a_scale(void **state)
{
    (void)state;
    struct rig rig;
    rig_make(&rig);
    struct draws_target of = {.target = rig.target};
    struct pool pool = {0};
    struct draws_scale scale;
    assert_int_equal(draws_target_scale(&of, &pool, &scale, NULL), ROVI_OK);
    assert_null(scale.constrain);
    assert_string_equal(scale.shown.name[1], "x.2");
    const struct draws_request request = {
        .fit = &rig.file, .seed = 5, .count = 1, .scale = {.shown = {2, (const char *const[]){"left", "right"}}}};
    char *text = written_csv(&request, DRAWS_PATHFINDER);
    assert_non_null(strstr(text, "\nlp_approx__,lp__,left,right\n"));
    free(text);
    pool_free(&pool);
    rig_free(&rig);
}

/* ---- NetCDF ---- */

#ifdef ROVI_NETCDF

static rovi_status write_netcdf(const struct draws_request *request, const char *path, rovi_error *error)
{
    struct draws draws;
    struct output output;
    struct draws_netcdf *netcdf;
    assert_int_equal(draws_open(&draws, request, NULL), ROVI_OK);
    assert_int_equal(output_open(&output, path, NULL), ROVI_OK);
    rovi_status status = draws_netcdf_open(&output, &draws.head, &netcdf, error);
    if (!status) {
        status = draws_each(&draws, draws_netcdf_put, netcdf, error);
        assert_int_equal(draws_netcdf_close(netcdf, true, NULL), ROVI_OK);
    }
    if (status)
        output_abandon(&output);
    else
        assert_int_equal(output_commit(&output, NULL), ROVI_OK);
    draws_close(&draws);
    return status;
}

static int group_of(int file, const char *name)
{
    int group;
    assert_int_equal(nc_inq_grp_ncid(file, name, &group), NC_NOERR);
    return group;
}

static void read_variable(int group, const char *name, const char *const *dims, double *values)
{
    int variable, rank, dim[NC_MAX_VAR_DIMS];
    char found[NC_MAX_NAME + 1];
    assert_int_equal(nc_inq_varid(group, name, &variable), NC_NOERR);
    assert_int_equal(nc_inq_varndims(group, variable, &rank), NC_NOERR);
    assert_int_equal(nc_inq_vardimid(group, variable, dim), NC_NOERR);
    for (int i = 0; i < rank; i++) {
        assert_int_equal(nc_inq_dimname(group, dim[i], found), NC_NOERR);
        assert_non_null(dims[i]);
        assert_string_equal(found, dims[i]);
    }
    assert_null(dims[rank]);
    assert_int_equal(nc_get_var_double(group, variable, values), NC_NOERR);
}

#define DIMS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void check_draws(int file, const double *x, size_t n)
{
    double *m = calloc(4 * n, sizeof *m), *s = calloc(n, sizeof *s), *u = calloc(2 * n, sizeof *u), index[2];
    const int posterior = group_of(file, "posterior"), raw = group_of(file, "unconstrained_posterior");
    read_variable(posterior, "m", DIMS("chain", "draw", "m_dim_0", "m_dim_1"), m);
    read_variable(posterior, "s", DIMS("chain", "draw"), s);
    read_variable(posterior, "m_dim_1", DIMS("m_dim_1"), index);
    read_variable(raw, "u", DIMS("chain", "draw", "u_dim_0"), u);
    assert_true(index[0] == 0 && index[1] == 1);
    for (size_t i = 0; i < n; i++) {
        const double *y = x + 2 * i, row[] = {y[0] + y[1], y[0], (double)i, y[1]}; /* row by row */
        assert_memory_equal(m + 4 * i, row, sizeof row);
        assert_true(s[i] == 10 * y[0]);
    }
    assert_memory_equal(u, x, 2 * n * sizeof *x);
    free(m);
    free(s);
    free(u);
}

/* More draws than a block holds. */
static void netcdf_holds_the_draws(void **state)
{
    (void)state;
    enum { N = 150000 };
    char path[] = "/tmp/rovi-test-XXXXXX";
    struct rig rig;
    rig_make(&rig);
    support_file(path, "");
    const struct draws_request request = {
        .fit = &rig.file, .target = rig.target, .seed = 5, .count = N, .scale = spread_scale};
    assert_int_equal(write_netcdf(&request, path, NULL), ROVI_OK);
    int file, variables, dims;
    assert_int_equal(nc_open(path, NC_NOWRITE, &file), NC_NOERR);
    assert_int_equal(nc_inq(file, &dims, &variables, NULL, NULL), NC_NOERR);
    assert_true(dims == 0 && variables == 0); /* of the root */
    double *x = calloc(2 * N, sizeof *x), *log_q = calloc(N, sizeof *log_q), *read = calloc(N, sizeof *read);
    size_t *mode = calloc(N, sizeof *mode);
    const rovi_approximation *q = rovi_fit_approximation(rig.file.fit);
    rovi_modes *modes;
    assert_int_equal(rovi_approximation_modes(q, DRAWS_MODES, &modes, NULL), ROVI_OK);
    assert_int_equal(rovi_approximation_draw(q, 5, 0, N, x, log_q, NULL), ROVI_OK);
    assert_int_equal(rovi_modes_classify(modes, q, N, x, mode, NULL), ROVI_OK);
    check_draws(file, x, N);
    const int stats = group_of(file, "sample_stats");
    read_variable(stats, "log_q", DIMS("chain", "draw"), read);
    assert_memory_equal(read, log_q, N * sizeof *read);
    read_variable(stats, "mode", DIMS("chain", "draw"), read);
    for (size_t i = 0; i < N; i++)
        assert_true(read[i] == (double)mode[i]);
    read_variable(stats, "draw", DIMS("draw"), read);
    for (size_t i = 0; i < N; i++)
        assert_true(read[i] == (double)i);
    nc_close(file);
    unlink(path);
    rovi_modes_free(modes);
    free(x);
    free(log_q);
    free(read);
    free(mode);
    rig_free(&rig);
}

/* Chains one after the other, each in more than one block. */
static void netcdf_holds_chains(void **state)
{
    (void)state;
    enum { N = 140000 };
    char path[] = "/tmp/rovi-test-XXXXXX";
    struct rig rig;
    rig_make(&rig);
    support_file(path, "");
    const struct draws_request request = {.fit = &rig.file, .seed = 5, .count = N, .by_restarts = true};
    assert_int_equal(write_netcdf(&request, path, NULL), ROVI_OK);
    int file;
    double *x = calloc(4 * N, sizeof *x), *expected = calloc(4 * N, sizeof *expected);
    assert_int_equal(nc_open(path, NC_NOWRITE, &file), NC_NOERR);
    read_variable(group_of(file, "posterior"), "x", DIMS("chain", "draw", "x_dim_0"), x);
    for (size_t c = 0; c < 2; c++) {
        const rovi_approximation *q = rovi_fit_parts_of(rig.file.fit)->restarts[c].approximation;
        assert_int_equal(rovi_approximation_draw(q, 5, c * N, N, expected + 2 * c * N, NULL, NULL), ROVI_OK);
    }
    assert_memory_equal(x, expected, 4 * N * sizeof *x);
    nc_close(file);
    unlink(path);
    free(x);
    free(expected);
    rig_free(&rig);
}

static void colliding_names_are_refused(void **state)
{
    (void)state;
    static const char *const sets[][5] = {{"a", "b", "c", "d", "a"},
                                          {"a", "b", "c", "d", "draw"},
                                          {"a", "b.1", "b.2", "b_dim_0", "c"},
                                          {"a", "b", "c", "d", "e/f"}};
    struct rig rig;
    rig_make(&rig);
    for (size_t i = 0; i < 4; i++) {
        rovi_error error;
        struct draws_request request = {.fit = &rig.file, .count = 2, .scale = spread_scale};
        request.scale.shown.name = sets[i];
        assert_refused(write_netcdf(&request, "rovi-test.nc", &error), &error, ROVI_BAD_INPUT, "names of the draws");
        assert_int_not_equal(access("rovi-test.nc", F_OK), 0);
    }
    rig_free(&rig);
}

#else

static void netcdf_says_what_is_missing(void **state)
{
    (void)state;
    rovi_error error;
    assert_refused(draws_netcdf_available(&error), &error, ROVI_IO_FAILED, "libnetcdf-dev");
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_gathered),         cmocka_unit_test(broken_arrays_are_refused),
        cmocka_unit_test(pathfinders_layout),          cmocka_unit_test(advis_layout),
        cmocka_unit_test(restarts_are_chains),         cmocka_unit_test(resampling_keeps_the_chosen),
        cmocka_unit_test(another_scale_in_csv),        cmocka_unit_test(the_chosen_keep_their_numbers),
        cmocka_unit_test(targets_have_scales),         cmocka_unit_test(names_without_a_scale),
        cmocka_unit_test(mean_of_a_mixture),
#ifdef ROVI_NETCDF
        cmocka_unit_test(netcdf_holds_the_draws),      cmocka_unit_test(netcdf_holds_chains),
        cmocka_unit_test(colliding_names_are_refused),
#else
        cmocka_unit_test(netcdf_says_what_is_missing),
#endif
    };
    return cmocka_run_group_tests_name("io/draws", tests, NULL, NULL);
}
