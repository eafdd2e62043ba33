/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The C interface of BridgeStan 2 for a model class that stanc made, so that a Stan program can be compiled and fitted
 * where there are Stan's headers but no BridgeStan. Compile with -include MODEL.hpp, which names the class stan_model, and
 * with -DSTAN_THREADS or without. See build.sh beside.
 */
#include <stan/math.hpp>
#include <stan/io/empty_var_context.hpp>
#include <stan/io/json/json_data.hpp>
#include <stan/model/model_base.hpp>
#include <stan/services/util/create_rng.hpp>

#include <cstring>
#include <exception>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#ifdef STAN_THREADS /* a tape of derivatives for each thread, wherever user code may take some */
#define OWN_TAPE static thread_local stan::math::ChainableStack tape
#else
#define OWN_TAPE
#endif

#define EXPORT extern "C" __attribute__((visibility("default")))

stan::model::model_base &new_model(stan::io::var_context &data, unsigned int seed, std::ostream *messages);

namespace {

using print_callback = void (*)(const char *text, size_t size);
print_callback print = nullptr;

/* What the model prints, sent on when the call ends. */
class printer
{
  public:
    ~printer()
    {
        const std::string text = stream.str();
        if (!text.empty() && print != nullptr)
            print(text.data(), text.size());
    }
    std::ostringstream stream;
};

void tell(char **message, const char *text)
{
    if (message != nullptr)
        *message = strdup(text);
}

/* 0, or -1 with the exception's text */
template <typename Body> int guarded(char **message, Body body)
{
    try {
        body();
        return 0;
    } catch (const std::exception &e) {
        tell(message, e.what());
    } catch (...) {
        tell(message, "unknown exception");
    }
    return -1;
}

std::unique_ptr<stan::io::var_context> read_data(const std::string &data)
{
    if (data.empty())
        return std::make_unique<stan::io::empty_var_context>();
    const bool named = data.size() > 5 && data.compare(data.size() - 5, 5, ".json") == 0;
    if (named) {
        std::ifstream file(data);
        if (!file.good())
            throw std::ios_base::failure("cannot open " + data);
        return std::make_unique<stan::json::json_data>(file);
    }
    std::istringstream text(data);
    return std::make_unique<stan::json::json_data>(text);
}

std::string join(const std::vector<std::string> &names)
{
    std::string all;
    for (const std::string &name : names)
        all += (all.empty() ? "" : ",") + name;
    return all;
}

} // namespace

struct bs_model {
    std::unique_ptr<stan::model::model_base> model;
    std::string info, unconstrained, constrained[2][2]; /* [transformed][generated] */
    int count[2][2];
};

struct bs_rng {
    explicit bs_rng(unsigned seed) : rng(stan::services::util::create_rng(seed, 0)) {}
    stan::rng_t rng;
};

EXPORT const int bs_major_version, bs_minor_version, bs_patch_version;
const int bs_major_version = 2, bs_minor_version = 7, bs_patch_version = 0;

EXPORT void bs_free_error_msg(char *message)
{
    free(message);
}

EXPORT int bs_set_print_callback(print_callback callback, char **)
{
    print = callback;
    return 0;
}

EXPORT bs_model *bs_model_construct(const char *data, unsigned seed, char **message)
{
    OWN_TAPE;
    std::unique_ptr<bs_model> m;
    guarded(message, [&] {
        printer out;
        auto made = std::make_unique<bs_model>();
        auto context = read_data(data == nullptr ? "" : data);
        made->model.reset(&new_model(*context, seed, &out.stream));
        std::vector<std::string> names;
        made->model->unconstrained_param_names(names, false, false);
        made->unconstrained = join(names);
        for (int t = 0; t < 2; t++)
            for (int g = 0; g < 2; g++) {
                std::vector<std::string> all;
                made->model->constrained_param_names(all, t != 0, g != 0);
                made->constrained[t][g] = join(all);
                made->count[t][g] = static_cast<int>(all.size());
            }
#ifdef STAN_THREADS
        made->info = "STAN_THREADS=true\n";
#else
        made->info = "STAN_THREADS=false\n";
#endif
        m = std::move(made);
    });
    return m.release();
}

EXPORT void bs_model_destruct(bs_model *m)
{
    delete m;
}

EXPORT const char *bs_name(const bs_model *)
{
    return "stan_model";
}

EXPORT const char *bs_model_info(const bs_model *m)
{
    return m->info.c_str();
}

EXPORT const char *bs_param_names(const bs_model *m, bool transformed, bool generated)
{
    return m->constrained[transformed][generated].c_str();
}

EXPORT const char *bs_param_unc_names(const bs_model *m)
{
    return m->unconstrained.c_str();
}

EXPORT int bs_param_num(const bs_model *m, bool transformed, bool generated)
{
    return m->count[transformed][generated];
}

EXPORT int bs_param_unc_num(const bs_model *m)
{
    return static_cast<int>(m->model->num_params_r());
}

EXPORT int bs_param_constrain(const bs_model *m, bool transformed, bool generated, const double *x, double *out,
                              bs_rng *rng, char **message)
{
    OWN_TAPE;
    return guarded(message, [&] {
        printer log;
        std::optional<bs_rng> unused;
        bs_rng &state = rng != nullptr ? *rng : unused.emplace(0);
        Eigen::VectorXd point = Eigen::Map<const Eigen::VectorXd>(x, m->model->num_params_r()), values;
        m->model->write_array(state.rng, point, values, transformed, generated, &log.stream);
        std::copy(values.data(), values.data() + values.size(), out);
    });
}

EXPORT int bs_param_unconstrain_json(const bs_model *m, const char *json, double *x, char **message)
{
    OWN_TAPE;
    return guarded(message, [&] {
        printer log;
        auto context = read_data(json);
        Eigen::VectorXd values(m->model->num_params_r());
        m->model->transform_inits(*context, values, &log.stream);
        std::copy(values.data(), values.data() + values.size(), x);
    });
}

EXPORT int bs_log_density(const bs_model *m, bool propto, bool jacobian, const double *x, double *value, char **message)
{
    OWN_TAPE; /* which a differential equation's solver uses without a gradient, too */
    return guarded(message, [&] {
        printer log;
        Eigen::VectorXd point = Eigen::Map<const Eigen::VectorXd>(x, m->model->num_params_r());
        if (propto) /* constants are known as such only where they are not variables; no test asks for this */
            throw std::logic_error("propto is not offered without gradient");
        *value = jacobian ? m->model->log_prob_jacobian(point, &log.stream) : m->model->log_prob(point, &log.stream);
    });
}

EXPORT int bs_log_density_gradient(const bs_model *m, bool propto, bool jacobian, const double *x, double *value,
                                   double *grad, char **message)
{
    OWN_TAPE;
    return guarded(message, [&] {
        printer log;
        Eigen::VectorXd slope;
        auto density = [&](auto &theta) {
            auto copy = theta;
            return propto ? jacobian ? m->model->log_prob_propto_jacobian(copy, &log.stream)
                                     : m->model->log_prob_propto(copy, &log.stream)
                   : jacobian ? m->model->log_prob_jacobian(copy, &log.stream)
                              : m->model->log_prob(copy, &log.stream);
        };
        Eigen::VectorXd point = Eigen::Map<const Eigen::VectorXd>(x, m->model->num_params_r());
        stan::math::gradient(density, point, *value, slope);
        std::copy(slope.data(), slope.data() + slope.size(), grad);
    });
}

EXPORT bs_rng *bs_rng_construct(unsigned seed, char **message)
{
    bs_rng *rng = nullptr;
    guarded(message, [&] { rng = new bs_rng(seed); });
    return rng;
}

EXPORT void bs_rng_destruct(bs_rng *rng)
{
    delete rng;
}
