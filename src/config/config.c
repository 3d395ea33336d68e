/**
 * @file config.c
 * The table of keys, and the rules that concern more than one key.
 *
 * To add a key or a section: a member of wl_config, a row of `keys`. Reading, overriding, messages, freeing and writing back
 * follow from the row.
 */
#include "config/config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WL_HOLDER wl_config
#include "config/config_private.h"
#include "config/schema_rows.h"
#include "config/tune_parameters.h"

/* ---- the table ---------------------------------------------------------------------------------------------- */

static const wl_choice encodings[] = {{"none", WL_ENCODING_NONE}, {"one_hot", WL_ENCODING_ONE_HOT}};
static const wl_choice engines[] = {{"scalapack", WL_ENGINE_SCALAPACK}, {"lookahead", WL_ENGINE_LOOKAHEAD}};
static const wl_choice precisions[] = {{"double", WL_PRECISION_DOUBLE}, {"mixed", WL_PRECISION_MIXED}};
static const wl_choice solvers[] = {{"cholesky", WL_SOLVER_CHOLESKY}, {"iterative", WL_SOLVER_ITERATIVE}};
static const wl_choice trainings[] = {{"gradient_descent", WL_TRAINING_GRADIENT_DESCENT},
                                      {"linearized", WL_TRAINING_LINEARIZED}};
static const wl_choice momenta[] = {{"none", WL_MOMENTUM_NONE}, {"heavy_ball", WL_MOMENTUM_HEAVY_BALL}};
static const wl_choice finite_faults[] = {{"none", WL_FINITE_FAULT_NONE},
                                          {"last_layer", WL_FINITE_FAULT_LAST_LAYER},
                                          {"shared", WL_FINITE_FAULT_SHARED},
                                          {"head", WL_FINITE_FAULT_HEAD}};
static const wl_choice headers[] = {
    {"auto", WL_HEADER_AUTO}, {"true", WL_HEADER_TRUE}, {"false", WL_HEADER_FALSE}};
static const wl_choice faults[] = {
#define ENTRY(NAME, name, text) {#name, WL_FAULT_##NAME},
    WL_FAULT_LIST(ENTRY)
#undef ENTRY
};
static const wl_choice objectives[] = {{"log_marginal_likelihood", WL_TUNE_LOG_MARGINAL_LIKELIHOOD},
                                       {"loo_log_density", WL_TUNE_LOO_LOG_DENSITY},
                                       {"loo_rmse", WL_TUNE_LOO_RMSE},
                                       {"loo_crps", WL_TUNE_LOO_CRPS}};
static const wl_choice methods[] = {{"local", WL_TUNE_LOCAL}, {"random", WL_TUNE_RANDOM}, {"grid", WL_TUNE_GRID}};
static const wl_choice tuned[] = {
    {"ntk_gp", WL_QUANTITY_NTK_GP}, {"nngp", WL_QUANTITY_NNGP}, {"ensemble", WL_QUANTITY_ENSEMBLE}};
static const wl_choice selected[] = {{"ntk_gp", WL_QUANTITY_NTK_GP},
                                     {"nngp", WL_QUANTITY_NNGP},
                                     {"rnd", WL_QUANTITY_RND},
                                     {"ensemble", WL_QUANTITY_ENSEMBLE}};
static const wl_choice rules[] = {{"variance", WL_SELECT_VARIANCE}, {"information", WL_SELECT_INFORMATION}};
static const wl_choice activations[] = {
#define ENTRY(NAME, name, text) {#name, WL_ACTIVATION_##NAME},
    WL_ACTIVATION_LIST(ENTRY)
#undef ENTRY
};
static const wl_choice quantities[] = {
#define ENTRY(NAME, name, text) {#name, WL_QUANTITY_##NAME},
    WL_QUANTITY_LIST(ENTRY)
#undef ENTRY
};
#define ENTRY(NAME, name, text) #name ", "
static const char all_quantities[] = "[" WL_QUANTITY_LIST(ENTRY) "]"; /* YAML lets a list end in a comma */
#undef ENTRY

static bool has_synthetic(const void *config) { return ((const wl_config *)config)->synthetic.train > 0; }
static bool has_intervals(const void *config) { return ((const wl_config *)config)->output_intervals.count > 0; }
static bool has_split(const void *config) { return ((const wl_config *)config)->data.split.test > 0.0; }
static bool has_network(const void *config) { return !((const wl_config *)config)->kernels.wanted; }
static bool has_short(const void *config) {
  return has_network(config) && !((const wl_config *)config)->network_layers;
}
static bool has_slope(const void *config) {
  return has_short(config) && ((const wl_config *)config)->network.activation == WL_ACTIVATION_LEAKY_RELU;
}
static bool has_target(const void *config) { return ((const wl_config *)config)->rnd_target.wanted; }
static bool has_target_slope(const void *config) {
  return has_target(config) &&
         ((const wl_config *)config)->rnd_target.network.activation == WL_ACTIVATION_LEAKY_RELU;
}
static bool is_iterative(const void *config) {
  return ((const wl_config *)config)->solver.method == WL_SOLVER_ITERATIVE;
}
static bool has_certify(const void *config) { return ((const wl_config *)config)->certify.wanted; }
static bool has_tune(const void *config) { return ((const wl_config *)config)->tune.wanted; }
static bool has_select(const void *config) { return ((const wl_config *)config)->select.wanted; }
static bool has_times(const void *config) { return ((const wl_config *)config)->training.times.count > 0; }
static bool has_noise_path(const void *config) { return ((const wl_config *)config)->noise_path.count > 0; }
static bool has_finite_width(const void *config) {
  return ((const wl_config *)config)->finite_width.width_count > 0;
}
static bool has_checkpoint(const void *config) {
  return ((const wl_config *)config)->checkpoint.directory != NULL;
}
#define ENTRY(NAME, name, text) \
  static bool draws_##name(const void *config) { return ((const wl_config *)config)->samples[WL_DRAW_##NAME] > 0; }
WL_DRAW_LIST(ENTRY)
#undef ENTRY

/* Keys of one section stand together. */
static const wl_key keys[] = {
    {TEXT("name", name), FREE, HELP("of the run, and of its folder of results")},
    {UNSIGNED("seed", seed), .fallback = "0", HELP("of all random numbers")},
    {TEXT("data.train.inputs", data.train_inputs), .path = true, FREE, HELP("X, one example a row")},
    {TEXT("data.train.targets", data.train_targets), .path = true, FREE, HELP("Y, one example a row")},
    {TEXT("data.train.rows", data.train_rows), .path = true, FREE,
     HELP("list of the rows of data.train that are used, PATH:0 or PATH:1 by the first row's number")},
    {TEXT("data.test.inputs", data.test_inputs), .path = true, FREE, HELP("T, one example a row")},
    {TEXT("data.test.targets", data.test_targets), .path = true, FREE, HELP("for metrics; one example a row")},
    {TEXT("data.test.ood", data.test_ood), .path = true, FREE,
     HELP("0 or 1 a row: 1 for points out of distribution")},
    {TEXT("data.test.rows", data.test_rows), .path = true, FREE,
     HELP("list of the rows of data.test that are used, PATH:0 or PATH:1 by the first row's number")},
    {REAL("data.split.test", data.split.test), ABOVE(0), BELOW(1), FREE, WHEN(has_split),
     HELP("part of data.train that is drawn for testing, in place of data.test")},
    {UNSIGNED("data.split.seed", data.split.seed), .fallback = "0", FREE, WHEN(has_split), HELP("of that lot")},
    {CHOICE("data.header", data.header, headers), .fallback = "auto", FREE,
     HELP("whether line 1 of text files is a header")},
    {TEXT("data.pool.inputs", data.pool_inputs), .path = true, FREE, HELP("points that select chooses from")},
    {CHOICE("data.target_encoding", data.target_encoding, encodings), .fallback = "none",
     HELP("one_hot: targets are integer classes")},
    {REAL("data.scale", data.scale), ABOVE(0), .fallback = "1", FACTOR, HELP("multiplies the inputs")},
    {REAL("data.divide_by", data.divide_by), ABOVE(0), .fallback = "1", FACTOR, HELP("divides the inputs")},
    {SWITCH("data.standardize", data.standardize), .fallback = "false", FACTOR,
     HELP("inputs to mean 0 and variance 1 over the training set")},
    {SWITCH("data.standardize_targets", data.standardize_targets), .fallback = "false",
     HELP("targets likewise; results are in target units, the noise in standardized ones")},
    {INTEGER("synthetic.train", synthetic.train), AT_LEAST(1), WHEN(has_synthetic),
     HELP("n, random training points in place of data")},
    {INTEGER("synthetic.test", synthetic.test), AT_LEAST(1), WHEN(has_synthetic), HELP("m")},
    {INTEGER("synthetic.dimension", synthetic.dimension), AT_LEAST(1), WHEN(has_synthetic), HELP("d")},
    {SECTION("kernels", kernels.wanted), FREE, HELP("kernels made elsewhere, in place of network and inputs")},
    {TEXT("kernels.theta.XX", kernels.source[WL_GIVEN_THETA][WL_GIVEN_XX]), .path = true, FREE,
     HELP("tangent kernel of the training points, n x n, in HDF5")},
    {TEXT("kernels.theta.TX", kernels.source[WL_GIVEN_THETA][WL_GIVEN_TX]), .path = true, FREE,
     HELP("that of test and training points, m x n")},
    {TEXT("kernels.theta.TT", kernels.source[WL_GIVEN_THETA][WL_GIVEN_TT]), .path = true, FREE,
     HELP("that of the test points, m x m or its diagonal")},
    {TEXT("kernels.kappa.XX", kernels.source[WL_GIVEN_KAPPA][WL_GIVEN_XX]), .path = true, FREE,
     HELP("NNGP kernel of the training points")},
    {TEXT("kernels.kappa.TX", kernels.source[WL_GIVEN_KAPPA][WL_GIVEN_TX]), .path = true, FREE,
     HELP("that of test and training points")},
    {TEXT("kernels.kappa.TT", kernels.source[WL_GIVEN_KAPPA][WL_GIVEN_TT]), .path = true, FREE,
     HELP("that of the test points, or its diagonal")},
    {INTEGER("network.depth", network.depth), AT_LEAST(1), .fallback = "3", FACTOR, WHEN(has_short),
     HELP("L, weight layers")},
    {CHOICE("network.activation", network.activation, activations), .fallback = "relu", FACTOR, WHEN(has_short),
     HELP("of the hidden layers")},
    {REAL("network.slope", network.slope), .fallback = "0.01", FACTOR, WHEN(has_slope),
     HELP("of leaky_relu below 0")},
    {REAL("network.sigma_w", network.sigma_w), ABOVE(0), .fallback = "1.4142135623730951", FACTOR, WHEN(has_short),
     HELP("standard deviation of weights")},
    {REAL("network.sigma_b", network.sigma_b), AT_LEAST(0), .fallback = "0.1", FACTOR, WHEN(has_short),
     HELP("standard deviation of biases")},
    {TREE("network.layers", network_layers), FACTOR,
     HELP("list of dense, activations, residual, layer_norm, dropout, in place of the other keys")},
    {SECTION("rnd.target", rnd_target.wanted), HELP("RND's target is another network than the predictor")},
    {INTEGER("rnd.target.depth", rnd_target.network.depth), AT_LEAST(1), WHEN(has_target),
     HELP("L of the target, weight layers")},
    {CHOICE("rnd.target.activation", rnd_target.network.activation, activations), WHEN(has_target),
     HELP("of the target's hidden layers")},
    {REAL("rnd.target.slope", rnd_target.network.slope), .fallback = "0.01", WHEN(has_target_slope),
     HELP("of its leaky_relu below 0")},
    {REAL("rnd.target.sigma_w", rnd_target.network.sigma_w), ABOVE(0), WHEN(has_target),
     HELP("standard deviation of its weights")},
    {REAL("rnd.target.sigma_b", rnd_target.network.sigma_b), AT_LEAST(0), WHEN(has_target),
     HELP("standard deviation of its biases")},
    {REAL("noise_variance", noise_variance), AT_LEAST(0), .fallback = "0", FACTOR,
     HELP("sigma^2, of the targets")},
    {REAL("jitter", jitter), AT_LEAST(0), .fallback = "0", FACTOR, HELP("added to the diagonals of both kernels")},
    {CHOICE("precision", precision, precisions), .fallback = "double", FREE,
     HELP("of the factorizations; results are exact in either")},
    {CHOICE("engine", engine, engines), .fallback = "scalapack", FREE,
     HELP("of the factorizations in either precision")},
    {CHOICE("solver.method", solver.method, solvers), .fallback = "cholesky",
     HELP("iterative: no matrix at all, and results in brackets")},
    {REAL("solver.tolerance", solver.tolerance), ABOVE(0), .fallback = "1.0e-6", WHEN(is_iterative),
     HELP("of brackets, relative to the prior variance or the targets")},
    {INTEGER("solver.rank", solver.rank), AT_LEAST(0), .fallback = "0", WHEN(is_iterative),
     HELP("of the preconditioner; 0: chosen")},
    {INTEGER("solver.passes", solver.passes), AT_LEAST(2), .fallback = "500", WHEN(is_iterative),
     HELP("over all pairs of points for a batch of test points, at most")},
    {SET("quantities", quantity, quantities), .fallback = all_quantities, HELP("what is computed")},
    {INTEGER("sampling.posterior", samples[WL_DRAW_POSTERIOR]), AT_LEAST(0), .fallback = "0",
     WHEN(draws_posterior), HELP("draws of the NTK posterior")},
    {INTEGER("sampling.ensemble", samples[WL_DRAW_ENSEMBLE]), AT_LEAST(0), .fallback = "0", WHEN(draws_ensemble),
     HELP("converged ensemble members")},
    {INTEGER("sampling.rnd", samples[WL_DRAW_RND]), AT_LEAST(0), .fallback = "0", WHEN(draws_rnd),
     HELP("error heads of random network distillation")},
    {INTEGER("sampling.bayesian_rnd", samples[WL_DRAW_BAYESIAN_RND]), AT_LEAST(0), .fallback = "0",
     WHEN(draws_bayesian_rnd), HELP("error heads of Bayesian RND")},
    {SECTION("certify", certify.wanted), HELP("the certificate is wanted")},
    {INTEGER("certify.replicates", certify.replicates), AT_LEAST(2), .fallback = "20", WHEN(has_certify),
     HELP("R, independent repetitions")},
    {INTEGER("certify.heads", certify.heads), AT_LEAST(1), .fallback = "64", WHEN(has_certify),
     HELP("K, of each kind and replicate")},
    {REAL("certify.false_alarm", certify.false_alarm), ABOVE(0), .fallback = "1.0e-6", WHEN(has_certify),
     HELP("probability that an honest run fails")},
    {CHOICE("certify.sabotage", certify.sabotage, faults), .fallback = "none", WHEN(has_certify),
     HELP("something done wrong on purpose, to see it noticed")},
    {SWITCH("loo", loo), .fallback = "false", HELP("leave-one-out over the training set")},
    {REALS("training.times", training.times), AT_LEAST(0), OR_INFINITE, WHEN(has_times),
     HELP("of gradient flow of unit rate, at which networks are looked at; .inf: converged")},
    {SWITCH("spectrum", spectrum), .fallback = "false", HELP("eigenvalues of both kernels over the training set")},
    {REALS("noise_path", noise_path), ABOVE(0), WHEN(has_noise_path),
     HELP("noise variances at which likelihood, leave-one-out and effective dimension are computed")},
    {SECTION("tune", tune.wanted), FREE, HELP("of the command tune")},
    {CHOICE("tune.objective", tune.objective, objectives), .fallback = "log_marginal_likelihood", FREE,
     WHEN(has_tune), HELP("what is made as good as can be")},
    {CHOICE("tune.prior", tune.prior, tuned), .fallback = "ntk_gp", FREE, WHEN(has_tune),
     HELP("under which; ensemble for the loo_ objectives")},
    {TREE("tune.parameters", tune.parameters), FREE, HELP("keys that are varied, with ranges or lists of values")},
    {INTEGER("tune.subset", tune.subset), AT_LEAST(0), .fallback = "0", FREE, WHEN(has_tune),
     HELP("random training rows that are used; 0: all")},
    {INTEGER("tune.evaluations", tune.evaluations), AT_LEAST(1), .fallback = "100", FREE, WHEN(has_tune),
     HELP("at most so many")},
    {CHOICE("tune.method", tune.method, methods), .fallback = "local", FREE, WHEN(has_tune),
     HELP("how the ranges are searched")},
    {INTEGER("tune.groups", tune.groups), AT_LEAST(0), .fallback = "0", FREE, WHEN(has_tune),
     HELP("of ranks that evaluate at the same time; 0: chosen")},
    {SECTION("select", select.wanted), FREE, HELP("of the command select")},
    {INTEGER("select.count", select.count), AT_LEAST(1), FREE, WHEN(has_select), HELP("points to choose")},
    {CHOICE("select.by", select.by, selected), .fallback = "ntk_gp", FREE, WHEN(has_select),
     HELP("the variance that is largest")},
    {CHOICE("select.rule", select.rule, rules), .fallback = "variance", FREE, WHEN(has_select),
     HELP("what a choice gains")},
    {INTEGERS("finite_width.widths", finite_width.widths, finite_width.width_count, WL_WIDTHS), AT_LEAST(1),
     WHEN(has_finite_width), HELP("of the trained networks, ascending")},
    {INTEGER("finite_width.networks", finite_width.networks), AT_LEAST(8), .fallback = "256",
     WHEN(has_finite_width), HELP("of each width")},
    {INTEGER("finite_width.heads", finite_width.heads), AT_LEAST(1), .fallback = "8", WHEN(has_finite_width),
     HELP("of a network of RND")},
    {CHOICE("finite_width.training", finite_width.training, trainings), .fallback = "gradient_descent",
     WHEN(has_finite_width), HELP("how networks are trained")},
    {REAL("finite_width.stop.residual", finite_width.stop.residual), ABOVE(0), .fallback = "1.0e-6",
     WHEN(has_finite_width), HELP("relative residual that ends the training")},
    {INTEGER("finite_width.stop.steps", finite_width.stop.steps), AT_LEAST(1), .fallback = "200000",
     WHEN(has_finite_width), HELP("most steps of the training")},
    {REAL("finite_width.stop.time", finite_width.stop.time), AT_LEAST(0), .fallback = "0", WHEN(has_finite_width),
     HELP("of gradient flow, at which training stops; 0: at convergence")},
    {REAL("finite_width.step", finite_width.step), ABOVE(0), .fallback = "1", WHEN(has_finite_width),
     HELP("in units of 1 / lambda_max(theta_XX)")},
    {CHOICE("finite_width.momentum", finite_width.momentum, momenta), .fallback = "heavy_ball",
     WHEN(has_finite_width), HELP("of gradient descent")},
    {CHOICE("finite_width.sabotage", finite_width.sabotage, finite_faults), .fallback = "none",
     WHEN(has_finite_width), HELP("something done wrong on purpose, to see it noticed")},
    {INTEGER("grid.rows", grid.rows), AT_LEAST(0), .fallback = "0", FREE, HELP("process rows; 0: chosen")},
    {INTEGER("grid.columns", grid.columns), AT_LEAST(0), .fallback = "0", FREE,
     HELP("process columns; 0: chosen")},
    {INTEGER("grid.block", grid.block), AT_LEAST(0), .fallback = "0", FREE,
     HELP("rows and columns of a block; 0: chosen")},
    {TEXT("output.directory", output_directory), .path = true, FREE, HELP("folder of the results")},
    {TEXT("checkpoint.directory", checkpoint.directory), .path = true, FREE, WHEN(has_checkpoint),
     HELP("folder of the checkpoints; absent: none")},
    {REAL("checkpoint.every_minutes", checkpoint.every_minutes), AT_LEAST(0), .fallback = "30", FREE,
     WHEN(has_checkpoint), HELP("time between checkpoints")},
    {INTEGER("checkpoint.keep", checkpoint.keep), AT_LEAST(1), .fallback = "2", FREE, WHEN(has_checkpoint),
     HELP("how many checkpoints are kept")},
    {TEXT("factor.save", factor_save), .path = true, FREE, HELP("file for the factors, for widelimit predict")},
    {SWITCH("output.covariance", output_covariance), .fallback = "false",
     HELP("write covariances over all test points")},
    {SWITCH("output.kernels", output_kernels), .fallback = "false", HELP("write the kernel matrices")},
    {REALS("output.intervals", output_intervals), ABOVE(0), BELOW(1), WHEN(has_intervals),
     HELP("levels of central intervals of new observations, such as [0.5, 0.9]")},
};
const wl_schema wl_config_schema = {keys, sizeof keys / sizeof keys[0]};

/* ---- rules -------------------------------------------------------------------------------------------------- */

static size_t find(const char *name) { return wl_schema_find(&wl_config_schema, name); }

static wl_error require(const wl_values *values, const char *const names[], int count, const char *why) {
  for (int i = 0; i < count; i++)
    if (!wl_values_has(values, find(names[i])))
      return wl_values_fail(values, find(names[i]), "is missing, %s", why);
  return WL_OK;
}

/** A split makes the test set of the training files. */
static wl_error check_split(const wl_values *values, const wl_config *config) {
  const size_t split = find("data.split.test"), seed = find("data.split.seed");
  if (config->data.split.test == 0.0 && wl_values_origin(values, seed) != WL_ORIGIN_DEFAULT)
    return wl_values_fail(values, split, "is missing: which part of the rows is for testing, such as 0.1");
  if (config->data.split.test == 0.0) return WL_OK;
  const size_t test = wl_values_first(values, "data.test");
  const size_t other = test < wl_config_schema.count ? test : find("data.train.rows");
  if (!wl_values_has(values, other)) return WL_OK;
  return wl_values_fail(values, other, "cannot stand together with data.split, which chooses the test set");
}

/** What has no units to turn back into. */
static wl_error check_target_units(const wl_values *values, const wl_config *config) {
  const size_t key = find("data.standardize_targets");
  if (!config->data.standardize_targets) return WL_OK;
  if (config->data.target_encoding == WL_ENCODING_ONE_HOT)
    return wl_values_fail(values, key,
                          "is for numbers, but data.target_encoding is one_hot: classes stay 0 and 1");
  if (config->synthetic.train > 0)
    return wl_values_fail(values, key, "is for data of files, which synthetic data are not");
  if (config->training.times.count > 0 || config->noise_path.count > 0)
    return wl_values_fail(values, key, "cannot stand together with %s: its results would not be in target units",
                          config->training.times.count > 0 ? "training.times" : "noise_path");
  if (config->finite_width.width_count > 0)
    return wl_values_fail(values, key,
                          "cannot stand together with finite_width, which trains on targets as they are");
  return WL_OK;
}

/** Something that a configuration may ask for, and its name. */
typedef struct request {
  bool given;
  const char *name;
} request;

/** The name of the first that is asked for; NULL: none is. */
static const char *first_given(const request *requests, size_t count) {
  for (size_t k = 0; k < count; k++)
    if (requests[k].given) return requests[k].name;
  return NULL;
}

/** What is of inputs or of a network, or needs them, has no place beside given kernels. */
static wl_error refuse_with_kernels(const wl_values *values, const wl_config *config) {
  static const char *const sections[] = {"data.train.inputs", "data.train.rows",  "data.test.inputs",
                                         "data.test.rows",    "data.pool.inputs", "synthetic.train"};
  static const char *const why = "cannot stand together with kernels, which take the place of network and inputs";
  const size_t network = wl_values_given(values, "network");
  if (network < wl_config_schema.count) return wl_values_fail(values, network, "%s", why);
  for (size_t s = 0; s < sizeof sections / sizeof *sections; s++)
    if (wl_values_has(values, find(sections[s]))) return wl_values_fail(values, find(sections[s]), "%s", why);
  const request others[] = {{config->data.split.test > 0.0, "data.split.test"},
                            {config->data.scale != 1.0, "data.scale"},
                            {config->data.divide_by != 1.0, "data.divide_by"},
                            {config->data.standardize, "data.standardize"},
                            {config->rnd_target.wanted, "rnd.target"},
                            {config->select.wanted, "select"},
                            {config->tune.wanted, "tune"},
                            {config->precision == WL_PRECISION_MIXED, "precision"},
                            {is_iterative(config), "solver.method"}};
  const char *other = first_given(others, sizeof others / sizeof *others);
  return other ? wl_values_fail(values, find(other), "is not there with given kernels") : WL_OK;
}

/** What rests on this kernel, as a quantity or key; NULL: nothing. */
static const char *needs_kernel(const wl_config *config, wl_given_kernel kernel) {
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    const bool kappa = q == WL_QUANTITY_ENSEMBLE || q == WL_QUANTITY_RND || q == WL_QUANTITY_NNGP;
    if (config->quantity[q] && (kernel == WL_GIVEN_KAPPA ? kappa : q != WL_QUANTITY_NNGP))
      return wl_quantity_name((wl_quantity)q);
  }
  if (config->samples[WL_DRAW_BAYESIAN_RND] > 0) return "sampling.bayesian_rnd";
  if (config->output_kernels) return "output.kernels";
  if (config->noise_path.count > 0 && kernel == WL_GIVEN_THETA) return "noise_path";
  return config->training.times.count > 0 ? "training.times" : config->spectrum ? "spectrum" : NULL;
}

/** Given kernels are complete where anything rests on them. */
static wl_error check_kernels(const wl_values *values, const wl_config *config) {
  static const char *const names[WL_GIVEN_KERNELS][WL_GIVEN_PARTS] = {
      [WL_GIVEN_THETA] = {"kernels.theta.XX", "kernels.theta.TX", "kernels.theta.TT"},
      [WL_GIVEN_KAPPA] = {"kernels.kappa.XX", "kernels.kappa.TX", "kernels.kappa.TT"}};
  static const char *const targets[1] = {"data.train.targets"};
  WL_TRY(refuse_with_kernels(values, config));
  for (int k = 0; k < WL_GIVEN_KERNELS; k++) {
    const char *who = needs_kernel(config, (wl_given_kernel)k);
    char *const *source = config->kernels.source[k];
    for (int part = 0; part < WL_GIVEN_PARTS; part++)
      if (!source[part] && (who || source[WL_GIVEN_XX] || source[WL_GIVEN_TX] || source[WL_GIVEN_TT]))
        return wl_values_fail(values, find(names[k][part]), "is missing: %s needs it",
                              who ? who : "a kernel, which is three matrices,");
  }
  return require(values, targets, 1, "it is needed beside kernels");
}

/** Either files or synthetic data, and whichever it is, complete. */
static wl_error check_data(const wl_values *values, const wl_config *config) {
  static const char *const files[3] = {"data.train.inputs", "data.train.targets", "data.test.inputs"};
  static const char *const sizes[3] = {"synthetic.train", "synthetic.test", "synthetic.dimension"};
  const size_t train = wl_values_first(values, "data.train"), test = wl_values_first(values, "data.test");
  const size_t file = train < wl_config_schema.count ? train : test;
  const size_t synthetic = wl_values_first(values, "synthetic");
  WL_TRY(check_target_units(values, config));
  if (config->kernels.wanted) return check_kernels(values, config);
  WL_TRY(check_split(values, config));
  if (synthetic == wl_config_schema.count)
    return require(values, files, config->data.split.test > 0.0 || config->data.pool_inputs != NULL ? 2 : 3,
                   file < wl_config_schema.count ? "it is needed with the other sources of data"
                                                 : "give data.train and data.test, or synthetic");
  if (file < wl_config_schema.count)
    return wl_values_fail(values, synthetic, "cannot stand together with %s, give one or the other",
                          keys[file].name);
  WL_TRY(require(values, sizes, 3, "synthetic needs train, test and dimension"));
  if (config->data.target_encoding == WL_ENCODING_ONE_HOT)
    return wl_values_fail(values, find("data.target_encoding"),
                          "one_hot needs integer classes, which synthetic data do not have");
  return WL_OK;
}

/** The key of that network's member. */
static size_t find_member(const char *section, const char *member, size_t length) {
  char name[64];
  snprintf(name, sizeof name, "%s.%.*s", section, (int)length, member);
  return find(name);
}

/** A network whose keys stand in `section`. */
static wl_error check_network(const wl_values *values, const char *section, const wl_network *network) {
  static const char prefix[] = "network."; /* of wl_network_check's messages, which start with the member */
  const size_t slope = find_member(section, "slope", 5), activation = find_member(section, "activation", 10);
  if (wl_values_origin(values, slope) != WL_ORIGIN_DEFAULT &&
      wl_values_origin(values, activation) != WL_ORIGIN_ASSIGNED &&
      network->activation != WL_ACTIVATION_LEAKY_RELU)
    return wl_values_fail(values, slope, "belongs to leaky_relu, but %s is %s", keys[activation].name,
                          wl_activation_name(network->activation));
  if (wl_network_check(network) == WL_OK) return WL_OK;
  const char *message = wl_error_message(), *member = message + strlen(prefix);
  const size_t length = strcspn(member, " "), key = find_member(section, member, length);
  if (key < wl_config_schema.count) return wl_values_fail(values, key, "%s", member + length + 1);
  return wl_values_fail(values, find_member(section, "depth", 5), "%s", message);
}

/** Beside a list of layers, keys of the network in short say nothing, and what changes them has nothing to change. */
static wl_error check_layers(const wl_values *values, const wl_config *config) {
  static const char *const names[] = {"network.depth", "network.activation", "network.slope", "network.sigma_w",
                                      "network.sigma_b"};
  const wl_tree *varied = config->tune.wanted ? config->tune.parameters : NULL;
  if (!config->network_layers) return WL_OK;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (varied && wl_tree_get(varied, names[i]))
      return wl_values_fail(values, find("tune.parameters"), "varies %s, which network.layers takes the place of",
                            names[i]);
    if (wl_values_origin(values, find(names[i])) != WL_ORIGIN_DEFAULT)
      return wl_values_fail(values, find(names[i]),
                            "cannot stand together with network.layers, which says it all");
  }
  return WL_OK;
}

/** Another target network is given whole, and some of what rests on rnd cannot have it. */
static wl_error check_target(const wl_values *values, const wl_config *config) {
  static const char *const whole[4] = {"rnd.target.depth", "rnd.target.activation", "rnd.target.sigma_w",
                                       "rnd.target.sigma_b"};
  const size_t own = find("certify.sabotage");
  const bool own_target = config->certify.wanted && config->certify.sabotage == WL_FAULT_OWN_TARGET;
  if (!config->rnd_target.wanted && own_target)
    return wl_values_fail(values, own, "is own_target, which is a fault only beside rnd.target");
  if (!config->rnd_target.wanted) return WL_OK;
  WL_TRY(require(values, whole, 4, "a target network is given whole"));
  WL_TRY(check_network(values, "rnd.target", &config->rnd_target.network));
  if (!config->quantity[WL_QUANTITY_RND])
    return wl_values_fail(values, find("rnd.target"), "is given, but rnd is not among the quantities");
  if (config->loo)
    return wl_values_fail(values, find("loo"),
                          "has no rnd with rnd.target: set loo: false, or take rnd out of the quantities");
  if (config->finite_width.sabotage == WL_FINITE_FAULT_SHARED)
    return wl_values_fail(values, find("finite_width.sabotage"),
                          "is shared, but rnd.target has no parameters in common with the predictor");
  if (config->certify.wanted && config->certify.sabotage == WL_FAULT_NO_HALF)
    return wl_values_fail(values, own, "is no_half, which is no fault with rnd.target: there is no half then");
  return WL_OK;
}

/** The name becomes part of a path. */
static wl_error check_name(const wl_values *values, const char *name) {
  bool good = strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strchr(name, '/') == NULL;
  for (const char *c = name; *c != '\0'; c++) good = good && !iscntrl((unsigned char)*c);
  if (good) return WL_OK;
  return wl_values_fail(values, find("name"), "names a folder too: it must be a text without '/'");
}

static wl_error check_finite_width(const wl_values *values, const wl_config *config) {
  const size_t key = find("finite_width.widths");
  const uint32_t count = config->finite_width.width_count;
  if (wl_values_has(values, key) && count < 2)
    return wl_values_fail(values, key, "has one width, a trend needs at least 2");
  for (uint32_t i = 1; i < count; i++)
    if (config->finite_width.widths[i] <= config->finite_width.widths[i - 1])
      return wl_values_fail(values, key, "must ascend, but %lld follows %lld",
                            (long long)config->finite_width.widths[i],
                            (long long)config->finite_width.widths[i - 1]);
  if (config->finite_width.stop.residual >= 1.0)
    return wl_values_fail(values, find("finite_width.stop.residual"), "is relative, it must be below 1");
  return WL_OK;
}

/** Draws are of quantities; the certificate is about four of them. */
static wl_error check_draws(const wl_values *values, const wl_config *config) {
  static const char *const names[WL_DRAW_COUNT] = {"sampling.posterior", "sampling.ensemble", "sampling.rnd",
                                                   "sampling.bayesian_rnd"};
  static const wl_quantity needs[WL_DRAW_COUNT] = {WL_QUANTITY_NTK_GP, WL_QUANTITY_ENSEMBLE, WL_QUANTITY_RND,
                                                   WL_QUANTITY_BAYESIAN_RND};
  const size_t given = wl_values_given(values, "sampling");
  bool any = false;
  for (int d = 0; d < WL_DRAW_COUNT; d++) {
    const char *quantity = wl_quantity_name(needs[d]);
    if (config->samples[d] > 0 && !config->quantity[needs[d]])
      return wl_values_fail(values, find(names[d]), "needs %s among the quantities", quantity);
    if (config->certify.wanted && !config->quantity[needs[d]])
      return wl_values_fail(values, find("quantities"), "lacks %s, which certify needs", quantity);
    any = any || config->samples[d] > 0;
  }
  if (given < wl_config_schema.count && !any)
    return wl_values_fail(values, given, "leaves nothing to draw: every count in sampling is 0");
  if (config->certify.false_alarm >= 1.0)
    return wl_values_fail(values, find("certify.false_alarm"), "is a probability, it must be below 1");
  return WL_OK;
}

static wl_error check_intervals(const wl_values *values, const wl_config *config) {
  const wl_reals *levels = &config->output_intervals;
  if (levels->count > WL_INTERVALS)
    return wl_values_fail(values, find("output.intervals"), "has %u levels, at most %d are possible",
                          (unsigned)levels->count, WL_INTERVALS);
  for (uint32_t k = 1; k < levels->count; k++)
    if (levels->values[k] <= levels->values[k - 1])
      return wl_values_fail(values, find("output.intervals"), "must ascend, but %g follows %g", levels->values[k],
                            levels->values[k - 1]);
  return WL_OK;
}

/** The key that wants an eigendecomposition; NULL: none does. */
static const char *decomposes(const wl_config *config) {
  if (config->training.times.count > 0) return "training.times";
  if (config->noise_path.count > 0) return "noise_path";
  return config->spectrum ? "spectrum" : NULL;
}

/** What rests on the matrix in double precision, or on its factor, cannot be had without. */
static wl_error check_precision(const wl_values *values, const wl_config *config) {
  const request others[] = {{config->certify.wanted, "certify"},
                            {config->output_kernels, "output.kernels"},
                            {config->checkpoint.directory, "checkpoint.directory"},
                            {config->factor_save, "factor.save"},
                            {config->loo, "loo"},
                            {decomposes(config), decomposes(config)},
                            {config->select.wanted, "select"},
                            {config->tune.wanted, "tune"},
                            {config->rnd_target.wanted, "rnd.target"}};
  const char *other = first_given(others, sizeof others / sizeof *others);
  if (config->precision != WL_PRECISION_MIXED || !other) return WL_OK;
  return wl_values_fail(values, find("precision"),
                        "is mixed, but %s needs the matrix in double precision: set precision: double", other);
}

/** What belongs to the solver without a matrix alone. */
static wl_error check_solver_keys(const wl_values *values) {
  static const char *const names[] = {"solver.tolerance", "solver.rank", "solver.passes"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (wl_values_origin(values, find(names[i])) != WL_ORIGIN_DEFAULT)
      return wl_values_fail(values, find(names[i]), "belongs to solver.method: iterative");
  return WL_OK;
}

/** Brackets rest on the noise, and nothing but predictions can be had without a matrix. */
static wl_error check_solver(const wl_values *values, const wl_config *config) {
  const size_t key = find("solver.method");
  if (!is_iterative(config)) return check_solver_keys(values);
  if (!(config->noise_variance + config->jitter > 0.0))
    return wl_values_fail(values, key,
                          "is iterative, whose brackets need noise_variance + jitter above 0: set one of both");
  bool draws = false;
  for (int d = 0; d < WL_DRAW_COUNT; d++) draws = draws || config->samples[d] > 0;
  const request others[] = {{draws, "sampling"},
                            {config->network_layers, "network.layers"},
                            {config->precision == WL_PRECISION_MIXED, "precision: mixed"},
                            {config->rnd_target.wanted, "rnd.target"},
                            {config->certify.wanted, "certify"},
                            {config->output_covariance, "output.covariance"},
                            {config->output_kernels, "output.kernels"},
                            {config->factor_save, "factor.save"},
                            {config->loo, "loo"},
                            {config->select.wanted, "select"},
                            {config->tune.wanted, "tune"},
                            {decomposes(config), decomposes(config)}};
  const char *other = first_given(others, sizeof others / sizeof *others);
  return other ? wl_values_fail(values, key, "is iterative, but %s needs the matrix: set solver.method: cholesky",
                                other)
               : WL_OK;
}

/** Three quantities have a law at a time, RND with a target like its predictor. */
static wl_error check_times(const wl_values *values, const wl_config *config) {
  const bool *q = config->quantity;
  const size_t key = find("training.times");
  if (config->training.times.count == 0) return WL_OK;
  if (config->rnd_target.wanted && q[WL_QUANTITY_RND])
    return wl_values_fail(values, key, "has no rnd with rnd.target: leave out one of the two, or rnd");
  if (q[WL_QUANTITY_ENSEMBLE] || q[WL_QUANTITY_RND] || q[WL_QUANTITY_BAYESIAN_RND]) return WL_OK;
  return wl_values_fail(values, key,
                        "is about ensemble, rnd and bayesian_rnd, of which none is among the quantities");
}

static wl_error check_tune(const wl_values *values, const wl_config *config) {
  if (!config->tune.wanted) return WL_OK;
  if (config->tune.parameters == NULL)
    return wl_values_fail(values, find("tune.parameters"), "is missing: tune needs something to vary");
  if (config->tune.prior == WL_QUANTITY_ENSEMBLE && config->tune.objective == WL_TUNE_LOG_MARGINAL_LIKELIHOOD)
    return wl_values_fail(values, find("tune.prior"),
                          "is ensemble, which has no marginal likelihood: use one of the objectives loo_…");
  wl_tune_parameters parameters;
  const wl_error error = wl_tune_parameters_read(&wl_config_schema, config->tune.parameters, &parameters);
  wl_tune_parameters_clear(&parameters);
  return error;
}

const char *wl_config_fixed(const wl_config *config, const wl_values *values) {
  const wl_tree *varied = config->tune.parameters;
  for (int64_t i = 0; varied != NULL && i < varied->count; i++) {
    const size_t key = find(varied->keys[i]);
    const wl_origin_kind origin = wl_values_origin(values, key);
    if (origin == WL_ORIGIN_FILE || origin == WL_ORIGIN_SET) return keys[key].name;
  }
  return NULL;
}

static wl_error check_select(const wl_values *values, const wl_config *config) {
  if (!config->select.wanted) return WL_OK;
  const char *by = wl_quantity_name(config->select.by);
  if (config->select.count < 1) return wl_values_fail(values, find("select.count"), "is missing");
  if (config->data.pool_inputs == NULL)
    return wl_values_fail(values, find("data.pool.inputs"), "is missing: select needs points to choose from");
  if (!config->quantity[config->select.by])
    return wl_values_fail(values, find("select.by"), "is %s, which is not among the quantities", by);
  if (config->rnd_target.wanted && config->select.by == WL_QUANTITY_RND)
    return wl_values_fail(values, find("select.by"), "is rnd, which select does not have with rnd.target");
  if (config->select.rule != WL_SELECT_INFORMATION) return WL_OK;
  const bool posterior = config->select.by == WL_QUANTITY_NTK_GP || config->select.by == WL_QUANTITY_NNGP;
  if (!posterior)
    return wl_values_fail(values, find("select.rule"), "is information, which ntk_gp and nngp have, but not %s",
                          by);
  if (!(config->noise_variance > 0.0))
    return wl_values_fail(values, find("select.rule"),
                          "is information, which without noise is infinite: set noise_variance");
  return WL_OK;
}

wl_error wl_config_check(const wl_config *config, const wl_values *values) {
  WL_TRY(check_name(values, config->name));
  WL_TRY(check_data(values, config));
  WL_TRY(check_finite_width(values, config));
  WL_TRY(check_draws(values, config));
  WL_TRY(check_precision(values, config));
  WL_TRY(check_intervals(values, config));
  WL_TRY(check_solver(values, config));
  WL_TRY(check_times(values, config));
  WL_TRY(check_tune(values, config));
  WL_TRY(check_select(values, config));
  WL_TRY(check_target(values, config));
  WL_TRY(check_layers(values, config));
  return check_network(values, "network", &config->network);
}
