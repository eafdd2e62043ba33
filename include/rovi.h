/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rovi: variational inference that keeps every mode.
 *
 * The library fits  q = law of  center + L O T(x),  x ~ N(0, I_d),  to a target density p(x) = exp(log p)/Z, where
 *   T(x) = (T_1(x_1), ..., T_d(x_d))  has one increasing map per coordinate,
 *   O  is orthogonal (the rotation; the identity for mean-field VI),
 *   L  is lower triangular (the whitening; the identity when absent).
 * Method: arXiv 2510.17063 (RoVI), maps of arXiv 2312.02849. Equation numbers refer to docs/math.md.
 *
 * Conventions, without exception:
 *
 *   - Points are rows: n points in dimension d are n*d doubles, point i at x + i*d. Matrices are row-major, A(i,j) at
 *     A[i*d + j]. Indices count from 0.
 *
 *   - Handles are opaque. X_new makes one, X_free destroys it; X_free accepts NULL.
 *
 *   - Functions that can fail return a rovi_status and take a nullable rovi_error last, which the caller owns. It is
 *     written on failure only: begin with {0}. On failure out-handles are NULL and other outputs are as they were,
 *     unless the comment says otherwise. Every function that makes something can fail for want of memory.
 *
 *   - A pointer may be NULL only where the comment says what that means.
 *
 *   - Array inputs are copied unless the comment says "borrowed".
 *
 *   - The library does not print, exit, install signal handlers, or keep state between calls.
 *
 *   - const handles may be used from several threads at once. A non-const handle belongs to one thread at a time.
 *
 *   - Log densities and ELBOs are in nats.
 */
#ifndef ROVI_H
#define ROVI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ROVI_VERSION_MAJOR 0
#define ROVI_VERSION_MINOR 1
#define ROVI_VERSION_PATCH 0
#define ROVI_VERSION       "0.1.0"

/* Raised whenever a struct or a signature below changes: compare with rovi_abi_version() after loading dynamically. */
#define ROVI_ABI_VERSION 2

#if defined(__GNUC__)
#define ROVI_API __attribute__((visibility("default")))
#else
#define ROVI_API
#endif

ROVI_API const char *rovi_version(void); /* "major.minor.patch" of the library that runs */
ROVI_API int rovi_abi_version(void);     /* ROVI_ABI_VERSION of the library that runs */

/* ---------------------------------------------------------------------------------------------------------------------
 * Status and error
 */

#define ROVI_STATUS_LIST(X)                                                                                            \
    X(ROVI_OK, "done")                                                                                                 \
    X(ROVI_BAD_INPUT, "bad input")                                                                                     \
    X(ROVI_NO_MEMORY, "out of memory")                                                                                 \
    X(ROVI_TARGET_FAILED, "the target failed")                                                                         \
    X(ROVI_NUMERICS_FAILED, "a numerical step failed")                                                                 \
    X(ROVI_IO_FAILED, "input or output failed")                                                                        \
    X(ROVI_TARGET_IMPROPER, "the target is improper")

typedef enum rovi_status {
#define ROVI_STATUS_NAME(name, text) name,
    ROVI_STATUS_LIST(ROVI_STATUS_NAME)
#undef ROVI_STATUS_NAME
} rovi_status;

typedef struct rovi_error {
    rovi_status status;
    char message[512]; /* one sentence: what was found, what is allowed */
} rovi_error;

/* The text of the list above, "done" and so on; the text of whatever is no status is "unknown status". */
ROVI_API const char *rovi_status_text(rovi_status status);

/* ---------------------------------------------------------------------------------------------------------------------
 * Fit
 */

typedef struct rovi_target rovi_target;               /* a log density, perhaps with gradient and log Z */
typedef struct rovi_settings rovi_settings;           /* every setting of a fit, one value each */
typedef struct rovi_fit rovi_fit;                     /* the result of a fit */
typedef struct rovi_approximation rovi_approximation; /* q: draw, log density, modes */

/* Where a fit stands; the pointer is valid during the call only. */
typedef struct rovi_progress {
    size_t restart, restarts;       /* index of the restart that speaks, and how many there are */
    size_t finished;                /* restarts that have ended */
    uint64_t iteration, iterations; /* of this restart; iterations is the most there will be */
    double elbo, mcse;              /* latest estimate of this restart, NaN before the first */
    double seconds;                 /* wall time since the fit began */
    uint64_t evaluations;           /* log densities asked for by the part that speaks: a restart, or a search within */
    const char *phase;              /* what this restart is at, in a few words; NULL when it does not say */
} rovi_progress;

/* Return nonzero to end the fit in good order: the best approximation so far is the result and its stop is
 * ROVI_STOP_INTERRUPTED. Called often (several times per iteration), from any of the fit's threads, never from two at
 * once: keep it short. */
typedef int (*rovi_monitor)(const rovi_progress *progress, void *data);

/* Fit `target` by the method in `settings` (NULL: all defaults). `monitor` may be NULL. The target is borrowed for the
 * call; the result does not refer to it. Fails with ROVI_TARGET_FAILED when the target fails fatally or has no finite
 * value at any starting point, with ROVI_TARGET_IMPROPER when its mass is found to be infinite along a direction, which
 * the sentence names: where log p falls more slowly than -log t at distances t up to 1e10. May be called from several
 * threads at once, on targets that are not shared or are concurrent (rovi_target_set_concurrent). While it runs, the
 * process-wide thread count of OpenBLAS is held at one. Same target, settings and build: same result to the last bit,
 * whatever `threads` is (unless max_time or the monitor cuts it short). */
ROVI_API rovi_status rovi_fit_run(const rovi_target *target, const rovi_settings *settings, rovi_monitor monitor,
                                  void *monitor_data, rovi_fit **fit, rovi_error *error);
/* The same, the first restart continuing from `start` (borrowed) instead of a start of its own. ROVI_BAD_INPUT when its
 * dimension is not the target's, or the method is mfvi and its rotation is not the identity, or it is a mixture and the
 * method neither mixture nor auto. */
ROVI_API rovi_status rovi_fit_continue(const rovi_target *target, const rovi_settings *settings,
                                       const rovi_approximation *start, rovi_monitor monitor, void *monitor_data,
                                       rovi_fit **fit, rovi_error *error);
/* Whether a fit by these settings can continue from `start` (NULL: can always): what the fit itself would say of it. */
ROVI_API rovi_status rovi_fit_check_start(const rovi_target *target, const rovi_settings *settings,
                                          const rovi_approximation *start, rovi_error *error);
ROVI_API void rovi_fit_free(rovi_fit *fit);

/* ---------------------------------------------------------------------------------------------------------------------
 * Use the fit
 */

typedef struct rovi_estimate {
    double value, mcse; /* Monte Carlo estimate and its standard error; NaN when unknown */
} rovi_estimate;

/* The estimate as people read it, "0.00112 ± 0.00056": as many decimals as two digits of its standard error take, or
 * three of the value where the error is not known and none is shown; an exponent only beyond 1e15. An error below
 * `least`, a power of ten, is shown as that, and no digit behind it; 0: 1e-9. Returns text. */
#define ROVI_ESTIMATE_ROOM 64
ROVI_API const char *rovi_estimate_text(rovi_estimate estimate, double least, char text[ROVI_ESTIMATE_ROOM]);

#define ROVI_STOP_LIST(X)                                                                                              \
    X(ROVI_STOP_CONVERGED, "converged")                                                                                \
    X(ROVI_STOP_MAX_ITERATIONS, "max_iterations")                                                                      \
    X(ROVI_STOP_MAX_TIME, "max_time")                                                                                  \
    X(ROVI_STOP_MAX_EVALUATIONS, "max_evaluations")                                                                    \
    X(ROVI_STOP_INTERRUPTED, "interrupted")                                                                            \
    X(ROVI_STOP_FAILED, "failed")                                                                                      \
    X(ROVI_STOP_SAME_MODES, "same_modes")

/* Why a restart, or the whole, ended. ROVI_STOP_FAILED: it left the numbers, or the target gave none.
 * ROVI_STOP_SAME_MODES: its search found no mode that the first restart did not know or, in many dimensions, it came to
 * where the fit of the first lies, so that it was not fitted: its elbo is that of the first, and it has no
 * approximation. */
typedef enum rovi_stop {
#define ROVI_STOP_NAME(name, text) name,
    ROVI_STOP_LIST(ROVI_STOP_NAME)
#undef ROVI_STOP_NAME
} rovi_stop;

ROVI_API const char *rovi_stop_text(rovi_stop stop);

typedef struct rovi_trace_point {
    uint64_t iteration;
    uint64_t evaluations; /* target evaluations of this restart so far, those of the trace itself included */
    double seconds;       /* wall time since the restart began */
    double elbo, mcse;    /* on draws that no step uses; the same reference points at every trace point */
} rovi_trace_point;

typedef struct rovi_evaluations {
    uint64_t density;  /* log densities asked for, with or without gradient */
    uint64_t gradient; /* those with gradient */
    uint64_t rejected; /* of density: outside the support, or not a finite number */
} rovi_evaluations;

typedef struct rovi_restart {
    uint64_t seed;      /* rovi_fit_run with this seed and restarts = 1 repeats this restart */
    rovi_estimate elbo; /* on the draws that choose among the restarts, which no step uses */
    rovi_stop stop;
    uint64_t iterations;
    size_t trace_length;
    const rovi_trace_point *trace;
    const rovi_approximation *approximation; /* NULL when it failed, was ended early, or not fitted */
    rovi_evaluations evaluations;            /* its own; choosing included */
    double divergence;   /* about KL(q || p) in nats, where that is small: the mean of two estimates by log ratios
                            r = log p - log q of its draws, half their variance, and log E[exp r] - E[r]; NaN when
                            unknown */
    double promise;      /* log of the summed exp(ELBO) of the local normals it found; NaN when it looked for none */
    uint64_t degenerate; /* components of a mixture that were dropped: no weight, outside the support, not finite */
} rovi_restart;

/* All of a fit as plain data: what rovi_fit_parts_of shows and rovi_fit_new takes. */
typedef struct rovi_fit_parts {
    rovi_stop stop; /* what cut the whole fit short, when something did; else that of the winner */
    size_t winner;  /* index of the restart whose approximation is the fit */
    size_t restart_count;
    const rovi_restart *restarts;
    rovi_estimate elbo;    /* of the winner, on fresh draws that chose nothing; of q restricted to the support */
    rovi_estimate kl;      /* log_z - elbo; NaN where log Z is unknown */
    double log_z;          /* NaN when unknown */
    rovi_estimate outside; /* share of q's mass outside the target's support, on the draws of elbo. Where none of n lies
                              there, but the target has rejected points, its error is 1/n, and is in that of elbo */
    rovi_evaluations evaluations;
    int threads;             /* threads that were used */
    double wall_s, target_s; /* wall time of the solver; thread-seconds inside the target */
} rovi_fit_parts;

ROVI_API const rovi_fit_parts *rovi_fit_parts_of(const rovi_fit *fit);          /* valid as long as the fit */
ROVI_API const rovi_approximation *rovi_fit_approximation(const rovi_fit *fit); /* the winner's; likewise */

ROVI_API size_t rovi_approximation_dim(const rovi_approximation *q); /* d */

/* Draws number first, ..., first + n - 1 of the stream `seed`: a draw depends on its number, not on how many are asked
 * for at once. x: n*d. log_q: n log densities of the draws, or NULL. Fails only for want of memory. */
ROVI_API rovi_status rovi_approximation_draw(const rovi_approximation *q, uint64_t seed, uint64_t first, size_t n,
                                             double *x, double *log_q, rovi_error *error);

/* The mean of q (d), exact. Fails only for want of memory. */
ROVI_API rovi_status rovi_approximation_mean(const rovi_approximation *q, double *mean, rovi_error *error);

/* log q at n points (x: n*d). Fails only for want of memory. */
ROVI_API rovi_status rovi_approximation_log_density(const rovi_approximation *q, size_t n, const double *x,
                                                    double *log_q, rovi_error *error);

/* The coordinates y = T(x) of n points z = center + L O y of a rotated product (z, y: n*d each). ROVI_BAD_INPUT for a
 * mixture, which has none. */
ROVI_API rovi_status rovi_approximation_coordinates(const rovi_approximation *q, size_t n, const double *z, double *y,
                                                    rovi_error *error);

typedef struct rovi_mode {
    double weight;
    const double *mean, *sd; /* d each: of the draws in the mode */
} rovi_mode;

/* The modes of q. Of a rotated product: each coordinate of T(x) is cut where its density has a valley below half of the
 * lower of its two peaks, pieces with less than 1 % of its mass are joined to a neighbour, and a mode is a cell of the
 * product of these cuts. Of a mixture: the cells of its components, joined where its density along the line between
 * their means does not fall below half of the lower end. Weight, mean and sd are exact, not sampled. */
typedef struct rovi_modes {
    size_t listed;         /* modes in `mode`: the heaviest, by falling weight */
    double total;          /* of all; may be larger than any integer type */
    double listed_weight;  /* of the listed ones together; 1 when all are listed */
    const rovi_mode *mode; /* listed */
} rovi_modes;

/* At most `most` modes are listed, 1 or more (of a mixture never more than 256). Free with rovi_modes_free. */
ROVI_API rovi_status rovi_approximation_modes(const rovi_approximation *q, size_t most, rovi_modes **modes,
                                              rovi_error *error);
/* The mode that each of n points (x: n*d) lies in, into mode (n): its place in `modes`, which are those of q, or
 * modes->listed when its cell is not among those listed. ROVI_BAD_INPUT when the modes are seen to be another's. */
ROVI_API rovi_status rovi_modes_classify(const rovi_modes *modes, const rovi_approximation *q, size_t n,
                                         const double *x, size_t *mode, rovi_error *error);
ROVI_API void rovi_modes_free(rovi_modes *modes);

/* Chooses k of n items without replacement, each time with probability proportional to exp(log_weight) of those left:
 * importance resampling that never repeats a draw. chosen: k, increasing. An item's luck is a function of seed and its
 * place alone. ROVI_BAD_INPUT when a weight is NaN or +infinity, or fewer than k are positive. */
ROVI_API rovi_status rovi_resample(size_t n, const double *log_weight, uint64_t seed, size_t k, size_t *chosen,
                                   rovi_error *error);

typedef struct rovi_smoothing {
    double k_hat, k_threshold; /* Pareto k and what it may be, min(1 - 1/log10 n, 0.7): above, averages by the weights
                                  are not to be trusted. NaN when undefined: constant weights, or too few */
    double ess;                /* effective sample size of the smoothed weights; 0 when none is positive */
} rovi_smoothing;

/* Pareto smoothing (Vehtari, Simpson, Gelman, Yao and Gabry 2024; docs/math.md, equation (37)) of n log importance
 * weights, log p(x) - log q(x) at draws of q, in place: the largest become quantiles of the law fitted to their tail,
 * which steadies averages that they weigh. ROVI_BAD_INPUT when one is NaN or +infinity. */
ROVI_API rovi_status rovi_smooth_weights(size_t n, double *log_weight, rovi_smoothing *smoothing, rovi_error *error);

/* ---- keep a fit, and go on with one that was ended before its time ---- */

/* A fit from its parts, as when read back from a file: everything is copied, the approximations too. */
ROVI_API rovi_status rovi_fit_new(const rovi_fit_parts *parts, rovi_fit **fit, rovi_error *error);

/* Called for every restart that has come to its own end with an approximation: none that failed, nor one that the
 * clock, the monitor or a fatal failure of the target cut short. From any of the fit's threads, never from two at once
 * nor while the monitor runs; everything is valid during the call. */
typedef void (*rovi_restart_keep)(const rovi_restart *restart, void *data);

/* What a fit may be given beside its settings; all borrowed for the call. {0}: nothing. */
typedef struct rovi_fit_input {
    const rovi_approximation *start; /* as for rovi_fit_continue; or NULL */
    size_t finished_count;
    const rovi_restart *finished; /* what `keep` was shown by an earlier run of the same fit, in any order: these
                                     restarts are taken as they are, known by their seeds */
    rovi_restart_keep keep;       /* or NULL */
    void *keep_data;
} rovi_fit_input;

/* As rovi_fit_run, with all that a fit may be given; rovi_fit_run and rovi_fit_continue are short forms of it. Finished
 * restarts are not run again, and the result has the same bits as that of a run that was never ended (but for times,
 * which are those of this run alone), if target, settings, start and build are the same: max_time and threads may
 * differ. NULL input: nothing. ROVI_BAD_INPUT when a finished restart has another dimension, or as rovi_fit_continue.
 */
ROVI_API rovi_status rovi_fit_resume(const rovi_target *target, const rovi_settings *settings,
                                     const rovi_fit_input *input, rovi_monitor monitor, void *monitor_data,
                                     rovi_fit **fit, rovi_error *error);

/* Ends the threads that OpenBLAS begins when it is loaded, one for each processor but the first, and leaves it at one
 * thread: until they fall asleep they wait busily, for a fiftieth of a second, and the library needs none of them. For
 * the beginning of a program: not while another thread may use the BLAS, which openblas_set_num_threads gives its
 * threads back. Does nothing where the BLAS has no such threads. */
ROVI_API void rovi_end_blas_threads(void);

/* ---------------------------------------------------------------------------------------------------------------------
 * Judge the fit: evidence, modes, and a search for mass that it does not cover
 */

typedef struct rovi_diagnosis rovi_diagnosis;

typedef struct rovi_diagnosis_options {
    uint64_t seed;            /* its random numbers are no fit's, whatever the seed */
    int threads;              /* 0: one per processor. Results do not depend on it */
    int no_probe;             /* nonzero: measure the fit, but search for nothing beyond it */
    uint64_t max_evaluations; /* of the target; 0: as many as the fit used */
    double max_time;          /* seconds; 0: no limit */
    double start_spread;      /* as the setting of a fit; 0: its default */
} rovi_diagnosis_options;

#define ROVI_COLLAPSE_LIST(X)                                                                                          \
    X(ROVI_COLLAPSE_UNKNOWN, "unknown")                                                                                \
    X(ROVI_COLLAPSE_NONE, "none")                                                                                      \
    X(ROVI_COLLAPSE_SUSPECTED, "suspected")

/* Unknown: nobody searched, or the search was cut short before its first climb, or a mode that it found beyond the fit
 * could not be weighed. Suspected: a region was found that is missed. */
typedef enum rovi_collapse {
#define ROVI_COLLAPSE_NAME(name, text) name,
    ROVI_COLLAPSE_LIST(ROVI_COLLAPSE_NAME)
#undef ROVI_COLLAPSE_NAME
} rovi_collapse;

ROVI_API const char *rovi_collapse_text(rovi_collapse verdict);

/* A mode of the fit, as rovi_approximation_modes lists it, and what the target says of it. */
typedef struct rovi_diagnosed_mode {
    double weight;           /* that the fit gives it */
    rovi_estimate mass;      /* that it has in the target, as far as fit and regions are all of it; by importance */
    const double *mean, *sd; /* d each */
    size_t part_of;          /* index of the heavier mode from which no valley of the target's density parts it, so
                                that the target does not confirm it as a mode; its own index where there is none */
    int missed;              /* as rovi_region.missed: the fit has the mode, but nearly none of its mass */
} rovi_diagnosed_mode;

/* A mode of the target that is parted from those of the fit by a valley of the density: {x: r(x) > q(x)}, r an
 * approximation of the mode. */
typedef struct rovi_region {
    const double *mean, *sd; /* d each: of the target there */
    rovi_estimate mass;      /* of the target, of which fit and region together are taken to be all */
    rovi_estimate held;      /* mass that the fit has there */
    rovi_estimate gain;      /* nats of ELBO that the best mixture of fit and r gains */
    double distance;         /* of the mean from that of the nearest mode of the fit, in the greater of the two sd of
                                each coordinate, root of the summed squares */
    double depth; /* nats by which the density falls on the way there, from the lower end; INFINITY: unknown */
    int missed;   /* at least 2 % of the mass, alone or with others, the fit holding less than a tenth */
} rovi_region;

/* Restarts that are one fit within their errors */
typedef struct rovi_restart_cluster {
    size_t size, best;   /* restarts; the one of greatest ELBO */
    rovi_estimate below; /* ELBO of the fit less that of the best, on the draws that chose */
    double shift;        /* the largest difference of a coordinate's mean from the fit's, in the fit's sd */
    double scale;        /* the largest ratio of a coordinate's sd and the fit's, or of the fit's and it */
} rovi_restart_cluster;

#define ROVI_DIAGNOSIS_REASON 512

typedef struct rovi_diagnosis_parts {
    rovi_collapse verdict;
    char reason[ROVI_DIAGNOSIS_REASON]; /* a sentence */
    rovi_stop stop;                     /* ROVI_STOP_CONVERGED: the search was ended by nothing from outside */
    size_t dim;
    size_t draws;              /* of the fit, which all from elbo to ess is measured on */
    rovi_estimate elbo, kl;    /* kl is NaN where log Z is unknown */
    rovi_estimate outside;     /* share of the draws outside the support */
    rovi_estimate log_z;       /* by importance sampling; blind to what the draws do not reach. mcse is NaN
                                  where the weights do not tell it */
    rovi_estimate log_z_bound; /* of log Z from below, whatever the weights, and its error */
    double k_hat, k_threshold; /* Pareto k; NaN when undefined: constant weights, or too few draws */
    double ess;                /* effective sample size of the weights */
    size_t mode_count;
    double modes_total;               /* of the fit; the heaviest are listed */
    const rovi_diagnosed_mode *modes; /* mode_count, by falling weight */
    size_t region_count;
    const rovi_region *regions; /* region_count, by falling mass */
    size_t found;               /* modes that climbs found beyond the fit; those that could be weighed are regions */
    size_t climbs;              /* that searched */
    size_t cluster_count;
    const rovi_restart_cluster *clusters; /* that of the fit first, the others by falling ELBO */
    size_t restart_count;
    const size_t *cluster; /* of each restart; cluster_count for one that failed or was not fitted */
    rovi_evaluations evaluations;
    int threads;
    double wall_s, target_s;
} rovi_diagnosis_parts;

/* Look at `fit`, of `target`, a second time. NULL options: all 0; NULL monitor: none (it sees one restart, whose
 * iterations are climbs). What max_time and the monitor cut short is a result too. Makes no more evaluations than
 * max_evaluations, but for what the last step of the search and, in the compact form, the weighing of regions need.
 * ROVI_BAD_INPUT when the dimensions differ, ROVI_TARGET_FAILED when the target fails fatally or no draw of the fit
 * lies in its support. Same input and build: same result to the last bit for any number of threads, unless cut short.
 */
ROVI_API rovi_status rovi_diagnosis_run(const rovi_target *target, const rovi_fit *fit,
                                        const rovi_diagnosis_options *options, rovi_monitor monitor, void *monitor_data,
                                        rovi_diagnosis **diagnosis, rovi_error *error);
ROVI_API void rovi_diagnosis_free(rovi_diagnosis *diagnosis);
ROVI_API const rovi_diagnosis_parts *rovi_diagnosis_parts_of(const rovi_diagnosis *diagnosis); /* valid as long */

/* The target's mass in all missed regions together, 0 where none is. Of each region the mass is that beside the fit
 * alone, so that it is their odds to the fit that add up. */
ROVI_API rovi_estimate rovi_diagnosis_missed(const rovi_diagnosis_parts *parts);

/* ---------------------------------------------------------------------------------------------------------------------
 * Bring your own target
 */

/* Your log density, up to a constant, at x (d doubles) into *logp, and its gradient into grad (d doubles) unless grad
 * is NULL. Returns 0; > 0 when x is outside the support or the value cannot be had there; < 0 when nothing more should
 * be asked, which ends the fit with ROVI_TARGET_FAILED. A value or gradient that is not finite counts as outside. */
typedef int (*rovi_logp)(size_t d, const double *x, double *grad, double *logp, void *data);

/* The same for n points at once (x and grad: n*d, logp: n). Points outside the support get logp = -INFINITY. Returns 0,
 * or < 0 as above. */
typedef int (*rovi_logp_batch)(size_t n, size_t d, const double *x, double *grad, double *logp, void *data);

/* Targets from callbacks; `data` is borrowed and passed on. They are called from one thread at a time until
 * rovi_target_set_concurrent(target, 1) says that the callback stands more (what each thread needs of its own can be
 * _Thread_local in C11). Their log Z is unknown until set. */
ROVI_API rovi_status rovi_target_new(size_t d, rovi_logp logp, void *data, rovi_target **target, rovi_error *error);
ROVI_API rovi_status rovi_target_new_batch(size_t d, rovi_logp_batch logp, void *data, rovi_target **target,
                                           rovi_error *error);
ROVI_API void rovi_target_free(rovi_target *target);

ROVI_API void rovi_target_set_concurrent(rovi_target *target, int concurrent);
ROVI_API void rovi_target_set_log_z(rovi_target *target, double log_z); /* not a finite number: unknown */
ROVI_API double rovi_target_log_z(const rovi_target *target);           /* NaN when unknown */
ROVI_API size_t rovi_target_dim(const rovi_target *target);

/* log densities at n points into logp (n), gradients into grad (n*d) unless NULL: -INFINITY and a zero gradient outside
 * the support. Fails with ROVI_TARGET_FAILED when the target does; part of the outputs may be written then. Holds the
 * BLAS at one thread, as a fit does. */
ROVI_API rovi_status rovi_target_evaluate(const rovi_target *target, size_t n, const double *x, double *logp,
                                          double *grad, rovi_error *error);

/* Mixtures know which of their components a point most likely came from: the one of greatest responsibility, equation
 * (18). rovi_target_components is their number, that of the base for a rotated view, and 0 for any other target, which
 * rovi_target_classify refuses. x: n*d; component: n. */
ROVI_API size_t rovi_target_components(const rovi_target *target);
ROVI_API rovi_status rovi_target_classify(const rovi_target *target, size_t n, const double *x, size_t *component,
                                          rovi_error *error);

/* has = 0: the callback never writes a gradient. Central differences of its log density then take the place, 2 d log
 * densities for each gradient, which rovi_evaluations counts as one. has = 1, as at first: it does. */
ROVI_API void rovi_target_set_gradient(rovi_target *target, int has);
ROVI_API int rovi_target_has_gradient(const rovi_target *target);
ROVI_API int rovi_target_is_concurrent(const rovi_target *target);

/* Where searching begins, and what starts scatter about: start (d, copied), or the origin when NULL. ROVI_BAD_INPUT
 * when a number is not finite; whether the target has a value there is not asked. */
ROVI_API rovi_status rovi_target_set_start(rovi_target *target, const double *start, rovi_error *error);

/* Compare the gradient with central differences of the log density, at a few points that `seed` scatters about the
 * start and in random directions, then, where these disagree, coordinate by coordinate. ROVI_TARGET_FAILED when a
 * gradient is wrong: the sentence names the worst coordinate and both numbers. A target that rejects all points is not
 * judged. */
ROVI_API rovi_status rovi_target_check_gradient(const rovi_target *target, uint64_t seed, rovi_error *error);

/* ---- targets from shared libraries ---- */

/* What a model prints: size characters, no zero behind them, often pieces of a line. Called from the thread that
 * evaluates. */
typedef void (*rovi_log)(const char *text, size_t size);

/* The target in the shared library `path`, told apart by its symbols: a Stan model built by BridgeStan 2, or a plugin
 * as below. `data`: the name of a .json file, or JSON itself, for a Stan model; whatever it likes for a plugin; NULL:
 * none. `seed`: of what a Stan model draws while it is made. `log` NULL: what it prints is dropped; the last target of
 * a library decides for all targets of that library, none of which may be in use meanwhile. The density of a Stan model
 * is that of its unconstrained parameters, with Jacobian and all constants. The library is never unloaded. It is asked
 * from one thread at a time unless it says that it stands more (BridgeStan: built with STAN_THREADS=true; do not load
 * models with and without that into one process). ROVI_BAD_INPUT: it is no such library, or rejects the data. */
ROVI_API rovi_status rovi_target_open(const char *path, const char *data, uint32_t seed, rovi_log log,
                                      rovi_target **target, rovi_error *error);

/* Name of a coordinate; NULL when it has none. */
ROVI_API const char *rovi_target_coordinate_name(const rovi_target *target, size_t index);

/* What a draw is for the user: a Stan model's parameters on their constrained scale and, when `include` says so, behind
 * them transformed parameters and generated quantities; for all other targets the coordinates themselves. */
#define ROVI_TRANSFORMED 1u
#define ROVI_GENERATED   2u
ROVI_API int rovi_target_is_constrained(const rovi_target *target); /* 0: the coordinates themselves */
ROVI_API size_t rovi_target_output_count(const rovi_target *target, unsigned include);
ROVI_API const char *rovi_target_output_name(const rovi_target *target, unsigned include, size_t index); /* or NULL */

typedef struct rovi_outputs {
    unsigned include;     /* ROVI_TRANSFORMED | ROVI_GENERATED, or 0 */
    uint64_t seed, first; /* random numbers of the generated quantities: draw i has those of (seed, first + i) */
} rovi_outputs;

/* outputs of n points x (n*d) into out (n * rovi_target_output_count). A point at which the model fails gives a row of
 * NaN; it is counted (rovi_target_failures), and so is one at which the model itself gives NaN. */
ROVI_API rovi_status rovi_target_constrain(const rovi_target *target, const rovi_outputs *outputs, size_t n,
                                           const double *x, double *out, rovi_error *error);

/* The point x (d) whose constrained parameters are in the JSON text, as for Stan's initial values. ROVI_BAD_INPUT when
 * the target has no constrained scale, or rejects the text. */
ROVI_API rovi_status rovi_target_unconstrain(const rovi_target *target, const char *json, double *x, rovi_error *error);

/* What a model has said about its failures so far: how many, and the first in its own words (one line, "" for none). */
typedef struct rovi_failures {
    uint64_t density, outputs;
    char density_message[512], outputs_message[512];
} rovi_failures;

ROVI_API void rovi_target_failures(const rovi_target *target, rovi_failures *failures);

/* A plugin is a shared library with these symbols; `#define ROVI_PLUGIN` before the #include declares them, so that the
 * compiler checks them. examples/plugin.c is one. `self` is what rovi_plugin_open made, NULL without it;
 * rovi_plugin_logp is a rovi_logp with it as its data. */
#define ROVI_PLUGIN_ABI 1
#ifdef ROVI_PLUGIN
#define ROVI_PLUGIN_API extern ROVI_API
ROVI_PLUGIN_API const int rovi_plugin_abi; /* = ROVI_PLUGIN_ABI */
ROVI_PLUGIN_API size_t rovi_plugin_dim(const void *self);
ROVI_PLUGIN_API int rovi_plugin_logp(size_t d, const double *x, double *grad, double *logp, void *self);

/* These may be missing. */
ROVI_PLUGIN_API const int rovi_plugin_concurrent; /* 1: rovi_plugin_logp may run in several threads at once */
ROVI_PLUGIN_API const int rovi_plugin_gradient;   /* 0: rovi_plugin_logp never writes grad */
/* Returns 0, or else writes a sentence of at most size characters, closed by a zero, about what is wrong with the data.
 */
ROVI_PLUGIN_API int rovi_plugin_open(const char *data, void **self, char *sentence, size_t size);
ROVI_PLUGIN_API void rovi_plugin_close(void *self);
ROVI_PLUGIN_API const char *rovi_plugin_name(size_t index, const void *self); /* of a coordinate; no two the same */
ROVI_PLUGIN_API double rovi_plugin_log_z(const void *self);
#endif

/* K components of dimension d. weights: K, positive, sum 1 within 1e-8 (then scaled to sum 1 exactly). means: K*d.
 * covariances: covariance_count (0: identity, 1: shared, or K) matrices of d*d, symmetric positive definite.
 * Normalised, so log Z = 0. */
ROVI_API rovi_status rovi_target_new_gaussian_mixture(size_t d, size_t K, const double *weights, const double *means,
                                                      size_t covariance_count, const double *covariances,
                                                      rovi_target **target, rovi_error *error);

/* Components are multivariate Student t with df > 0 degrees of freedom and scale matrices as above. Normalised. */
ROVI_API rovi_status rovi_target_new_student_t_mixture(size_t d, size_t K, double df, const double *weights,
                                                       const double *means, size_t scale_count, const double *scales,
                                                       rovi_target **target, rovi_error *error);

/* d/2 pairs (e, normal): density exp(t/2 + 6 t^2 - t^4)/Z along odd coordinates, N(0,1) along even ones. d even. */
ROVI_API rovi_status rovi_target_new_many_well(size_t d, rovi_target **target, rovi_error *error);
/* x_1 ~ N(0, 9), x_j ~ N(0, exp(x_1)) for j = 2..d; d >= 2. Normalised. */
ROVI_API rovi_status rovi_target_new_funnel(size_t d, rovi_target **target, rovi_error *error);
/* x_1 ~ N(0, 4), x_2 ~ N(x_1^2/4, 1). Normalised. */
ROVI_API rovi_status rovi_target_new_banana(rovi_target **target, rovi_error *error);
/* log density -(|x| - 4)^2/(2 * 0.4^2) in the plane; log Z is known but not zero. */
ROVI_API rovi_status rovi_target_new_ring(rovi_target **target, rovi_error *error);

/* The law of x = R y, y from `base`; rotation R: d*d, orthogonal within 1e-8. On success the new target owns `base`. */
ROVI_API rovi_status rovi_target_new_rotated(rovi_target *base, const double *rotation, rovi_target **target,
                                             rovi_error *error);

/* A Haar-distributed orthogonal matrix (d*d), a function of d and seed. */
ROVI_API rovi_status rovi_haar_rotation(size_t d, uint64_t seed, double *rotation, rovi_error *error);

/* ---------------------------------------------------------------------------------------------------------------------
 * Reference draws by Langevin Monte Carlo
 */

/* Unadjusted: x <- x + h grad log p(x) + sqrt(2 h) xi, xi standard normal, for many particles at once. */

typedef struct rovi_langevin_settings rovi_langevin_settings;
typedef struct rovi_langevin rovi_langevin; /* the result of a run */

/* What a run may be given beside its settings; all borrowed for the call. */
typedef struct rovi_langevin_input {
    size_t start_count;    /* 0: the settings say where particles begin */
    const double *start;   /* start_count*d: particle i begins at row i modulo start_count */
    size_t center_count;   /* 0: modes are the components of a mixture target, and of any other there are none */
    const double *centers; /* center_count*d: a point belongs to the mode whose center is nearest */
} rovi_langevin_input;

/* Run Langevin Monte Carlo on `target`. NULL settings: all defaults; NULL input: nothing given; NULL monitor: none. The
 * monitor sees one restart, whose iterations are the steps and whose ELBO is NaN; what it and max_time cut short is a
 * result too. Fails with ROVI_NUMERICS_FAILED when more than half of the particles run off or are stuck because the
 * step is too large, with ROVI_TARGET_FAILED when the target fails fatally or where particles begin is outside the
 * support. Same target, settings, input and build: same result to the last bit for any number of threads. */
ROVI_API rovi_status rovi_langevin_run(const rovi_target *target, const rovi_langevin_settings *settings,
                                       const rovi_langevin_input *input, rovi_monitor monitor, void *monitor_data,
                                       rovi_langevin **run, rovi_error *error);
ROVI_API void rovi_langevin_free(rovi_langevin *run);

typedef struct rovi_langevin_point {
    uint64_t step;
    double time;               /* the step sizes so far, summed */
    rovi_estimate log_density; /* mean over the particles, error between them */
    const rovi_estimate *mass; /* mode_count: share of the particles in each mode, error between them */
} rovi_langevin_point;

typedef struct rovi_langevin_parts {
    rovi_stop stop; /* ROVI_STOP_MAX_ITERATIONS: all steps were made; ROVI_STOP_MAX_TIME; ROVI_STOP_INTERRUPTED */
    size_t dim, particles;
    uint64_t steps;            /* that every particle has made */
    double step;               /* h; the last one where it was chosen, NaN when the run was ended before */
    double curvature;          /* that h was chosen by: the smoothness given, or as estimated; NaN when h was given */
    uint64_t moves;            /* proposed, by all particles together */
    uint64_t outside;          /* of these: outside the support, so that the particle stayed where it was */
    size_t draw_count;         /* draw j is of particle j modulo particles */
    const double *draws;       /* draw_count*dim */
    const double *log_density; /* draw_count */
    /* over the states kept as draws; errors are between particles, NaN for a single one: */
    rovi_estimate mean_log_density;
    size_t mode_count;
    const rovi_estimate *mass; /* mode_count: share of the states in each mode */
    size_t trace_length;
    const rovi_langevin_point *trace; /* the first at step 0 */
    rovi_evaluations evaluations;
    int threads;
    double wall_s, target_s; /* wall time; thread-seconds inside the target */
} rovi_langevin_parts;

ROVI_API const rovi_langevin_parts *rovi_langevin_parts_of(const rovi_langevin *run); /* valid as long as the run */

/* Settings of a run by name, as those of a fit (rovi_settings_set and the like, below). */
ROVI_API rovi_langevin_settings *rovi_langevin_settings_new(void);
ROVI_API void rovi_langevin_settings_free(rovi_langevin_settings *settings);
ROVI_API rovi_status rovi_langevin_settings_set(rovi_langevin_settings *settings, const char *name, const char *value,
                                                rovi_error *error);
ROVI_API rovi_status rovi_langevin_settings_get(const rovi_langevin_settings *settings, const char *name, char *value,
                                                size_t size, rovi_error *error);
ROVI_API size_t rovi_langevin_settings_count(void);
ROVI_API const struct rovi_setting *rovi_langevin_settings_at(size_t index); /* NULL past the end */

/* ---------------------------------------------------------------------------------------------------------------------
 * What the theory says: the exact optimum in the plane, and separated components
 */

typedef struct rovi_plane rovi_plane; /* a target in the plane, ready to be looked at from any angle */

typedef struct rovi_plane_options {
    size_t points;     /* of the grid on an axis, at most: 128..8192; 0: 768, or 256 where the target is no Gaussian
                          mixture */
    int threads;       /* of rovi_plane_best; 0: one per processor. Results do not depend on it */
    const double *box; /* lo_1, lo_2, hi_1, hi_2: what is looked at (borrowed for the call). NULL: found. */
} rovi_plane_options;

/* The law of z = O y, O = (cos -sin; sin cos) of `degrees`, where y_1 and y_2 are independent with densities on a grid:
 * that of y_i at lo[i] + k*step[i] is density[i][k], k < count[i]. */
typedef struct rovi_plane_product {
    double degrees;   /* 0 <= degrees < 90 */
    double kl;        /* to the target; log Z by the same grid where the target does not know it */
    double kl_change; /* |kl - the same on every other point of the grid|: what the grid's error is well below */
    size_t count[2];
    double lo[2], step[2];
    const double *density[2];
    size_t start;        /* the start that led here */
    size_t share_count;  /* components when the target is a Gaussian mixture and no box was given, else 0 */
    const double *share; /* of the product's mass, by the components' posterior probabilities; sum 1 */
} rovi_plane_product;

#define ROVI_PLANE_EVERY_START ((size_t)-1)

/* `target` is of dimension 2, borrowed until rovi_plane_free. `options` may be NULL. For Gaussian mixtures the grid
 * follows from the components; for other targets a box is searched about the origin, and a mode far outside of all
 * others may be missed unless options->box holds it. ROVI_NUMERICS_FAILED when no box is found, or it holds less
 * than 99.9 % of a target with known log Z. */
ROVI_API rovi_status rovi_plane_new(const rovi_target *target, const rovi_plane_options *options, rovi_plane **plane,
                                    rovi_error *error);
ROVI_API void rovi_plane_free(rovi_plane *plane);

/* The starts of the coordinate updates: start k is component k of a Gaussian mixture, or the k-th highest peak of
 * another target; then come the target's own marginals, all components together, and pairs of them. */
ROVI_API size_t rovi_plane_start_count(const rovi_plane *plane);

/* The product density of least KL at one angle: from one start the optimum that it leads to, which need not be the
 * least; from ROVI_PLANE_EVERY_START the least of all. degrees = 0 is mean-field VI without parametrisation, sampling
 * or step sizes. ROVI_NUMERICS_FAILED when the grid would need more points than it may have. */
ROVI_API rovi_status rovi_plane_at(const rovi_plane *plane, double degrees, size_t start, rovi_plane_product **product,
                                   rovi_error *error);

/* The least over the angle too. Among angles that differ by less than 1e-9 nat, 0 is preferred. */
ROVI_API rovi_status rovi_plane_best(const rovi_plane *plane, rovi_plane_product **product, rovi_error *error);
ROVI_API void rovi_plane_product_free(rovi_plane_product *product);

/* The product's mass in lo_i < y_i < hi_i, i = 1, 2; infinite ends allowed. At 0 degrees y is z. */
ROVI_API double rovi_plane_product_mass(const rovi_plane_product *product, const double lo[2], const double hi[2]);

/* Half-spaces A_0 = {s_0 x_i < s_0 c_0} and A_1 = {s_1 x_j > s_1 c_1} orthogonal to different axes i and j, and the
 * event E of lying in both or in neither. */
typedef struct rovi_sides {
    size_t axis[2];      /* i and j, from 0 */
    int sign[2];         /* s: 1 or -1, the side of the first component */
    double threshold[2]; /* c: between the two means */
    double epsilon;      /* by the definition: max{1 - P_0(A_0 \ A_1), 1 - P_1(A_1 \ A_0)} */
    double mass;         /* of E under the mixture of the two */
    double whole_mass;   /* of E under the whole target, other components included */
} rovi_sides;

/* Equations (4) and (5) for one value of epsilon */
typedef struct rovi_collapse_bound {
    double epsilon;
    int applies; /* epsilon <= exp(-2 b), with b at the upper end of its error */
    /* on the lesser of the masses of A_0 \ A_1 and A_1 \ A_0, NaN if it does not apply: */
    double bound, sharper; /* (4), (5) */
} rovi_collapse_bound;

/* A best product density, exact in the plane (rovi_plane), else the best known: a fit, or a Gaussian on one component
 */
typedef struct rovi_optimum {
    int exact;
    rovi_estimate kl; /* exact: mcse is the kl_change of rovi_plane_product. Else a bound from above, and its error */
    double degrees;   /* of the rotation; NaN if not of the plane */
    size_t share_count;
    const rovi_estimate *share; /* of its mass, one for each component, by posterior probabilities */
} rovi_optimum;

/* Two components, as a mixture of their own: weights are relative to each other. */
typedef struct rovi_separation_pair {
    size_t component[2];
    double weight[2];
    rovi_sides best_epsilon, best_mass;         /* with the least epsilon, and with the least mass of E */
    rovi_estimate b;                            /* log 2 + least KL of a product density; from above unless exact */
    double limit;                               /* exp(-2 b) */
    rovi_collapse_bound by_definition, by_mass; /* for best_epsilon.epsilon, and for best_mass.mass */
    double h[2];                                /* least KL of a product density to either component alone */
    /* above critical_weight of the first component mean-field VI prefers it, as epsilon -> 0: */
    double critical_weight;           /* (6) */
    double printed_weight;            /* h_0/(h_0 + h_1), as summaries of the paper print it; NaN for 0/0 */
    int favoured;                     /* 0 or 1: the component with the lesser h - log w; -1: they tie */
    double along_line;                /* (31): bound on the least rotated KL with one axis through both means */
    double shared_line;               /* (7): the same for one covariance; NaN if there are two */
    double shared_axes;               /* (8); NaN likewise */
    double keep_one;                  /* -log of the greater weight: the price of one component alone */
    double least_bound;               /* the least of these */
    rovi_optimum mean_field, rotated; /* rotated: kl is NaN unless exact */
    int collapses; /* the theorem applies, or the lesser component has less than a quarter of its weight */
    int survivor;  /* 0 or 1, if it collapses: the component that mean-field VI keeps; -1: either */
} rovi_separation_pair;

typedef struct rovi_separation {
    size_t dim, count;    /* dimension and number of components */
    const double *weight; /* count */
    size_t pair_count;    /* count (count - 1)/2 */
    const rovi_separation_pair *pairs;
    rovi_optimum mean_field, rotated; /* of the whole target */
    rovi_estimate b;                  /* of the whole target; bounds by_whole below are with this b and whole_mass */
    double limit;
    double least_bound;                  /* on the least rotated KL of the whole target */
    const rovi_collapse_bound *by_whole; /* pair_count */
} rovi_separation;

/* What is known in advance about variational inference for a mixture of two or more Gaussians (also a rotated view of
 * one) in two or more dimensions. In the plane everything is exact, if a grid can resolve the components. Else, and in
 * more dimensions, least KLs come from mean-field fits by `settings` (NULL: all defaults; the method is always mfvi).
 * In the plane only `threads` is used. */
ROVI_API rovi_status rovi_separation_run(const rovi_target *target, const rovi_settings *settings,
                                         rovi_separation **separation, rovi_error *error);
ROVI_API void rovi_separation_free(rovi_separation *separation);

/* ---------------------------------------------------------------------------------------------------------------------
 * Drive the solver yourself
 */

ROVI_API rovi_settings *rovi_settings_new(void); /* all defaults; NULL when out of memory */
ROVI_API void rovi_settings_free(rovi_settings *settings);

/* Set one setting from text, as on the command line ("mesh", "0.1"); '-' and '_' are the same in names. Setting
 * "preset" gives every setting that the preset names its value: set it first. ROVI_BAD_INPUT tells what is allowed. */
ROVI_API rovi_status rovi_settings_set(rovi_settings *settings, const char *name, const char *value, rovi_error *error);

/* The value as text that rovi_settings_set reads back to the same value, into `value` (size characters); 32 are always
 * enough, and fewer than it needs are ROVI_BAD_INPUT, as is an unknown name. */
ROVI_API rovi_status rovi_settings_get(const rovi_settings *settings, const char *name, char *value, size_t size,
                                       rovi_error *error);

typedef enum rovi_setting_type { ROVI_SETTING_CHOICE, ROVI_SETTING_INTEGER, ROVI_SETTING_REAL } rovi_setting_type;

typedef struct rovi_setting {
    const char *name; /* with '_' */
    rovi_setting_type type;
    const char *allowed;       /* "auto|mfvi|rovi", or a range: "1..1000" */
    const char *default_value; /* as text */
    const char *help;          /* one line */
} rovi_setting;

/* The settings that there are, in the order of the help. */
ROVI_API size_t rovi_settings_count(void);
ROVI_API const rovi_setting *rovi_settings_at(size_t index); /* NULL past the end */

/* One increasing map, equation (2): T(x) = alpha x + sum_k lambda_k M_k(x) + v, M_k the centred hat integral of cell
 * [a_k, a_{k+1}]. Its slope is alpha + lambda_k/(a_{k+1} - a_k) on cell k and alpha outside. */
typedef struct rovi_map {
    size_t cells;         /* J >= 0 */
    const double *knots;  /* J + 1, increasing (one, of any value, when J = 0) */
    const double *lambda; /* J, not negative */
    double alpha;         /* > 0 */
    double v;             /* E[T(x)] */
} rovi_map;

typedef struct rovi_approximation_parts {
    size_t dim;
    const double *center;    /* d */
    const double *whitening; /* L: d*d, lower triangular with positive diagonal; NULL for the identity */
    const double *rotation;  /* O: d*d, orthogonal within 1e-8; NULL for the compact form below */
    const rovi_map *maps;    /* d */
    /* The compact form, O(d r) numbers: rotation and whitening are NULL. Of the other form these are 0 and NULL. */
    size_t reflections;       /* r: 0..256 and at most d; 0: O is the identity */
    const double *reflectors; /* r*d: O = H_1 ... H_r, H_k = I - 2 v_k v_k'/|v_k|^2 with v_k row k, not zero */
    const double *scale;      /* d: the diagonal of L, positive; NULL for the identity */
} rovi_approximation_parts;

/* A rotated product. Everything is copied, bit for bit. ROVI_BAD_INPUT when a part is not what its comment asks for. */
ROVI_API rovi_status rovi_approximation_new(const rovi_approximation_parts *parts, rovi_approximation **q,
                                            rovi_error *error);
ROVI_API void rovi_approximation_free(rovi_approximation *q);
/* Valid as long as q; NULL for a mixture, whose components have parts. */
ROVI_API const rovi_approximation_parts *rovi_approximation_parts_of(const rovi_approximation *q);

/* The mixture sum_k weights[k] components[k]: count weights, positive, sum 1 within 1e-8; the components are rotated
 * products of one dimension, and are copied. */
ROVI_API rovi_status rovi_approximation_new_mixture(size_t count, const double *weights,
                                                    const rovi_approximation *const *components, rovi_approximation **q,
                                                    rovi_error *error);

/* Number of components (1 for a rotated product), and component k with its weight (unless NULL): a rotated product that
 * lives as long as q; NULL past the end. */
ROVI_API size_t rovi_approximation_components(const rovi_approximation *q);
ROVI_API const rovi_approximation *rovi_approximation_component(const rovi_approximation *q, size_t k, double *weight);

#ifdef __cplusplus
}
#endif

#endif
