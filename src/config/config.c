/**
 * @file config.c
 * The table of keys. Rules that concern more than one are in config_rules.c.
 *
 * To add a key or a section: a member of wl_config, a row of `keys`. Reading, overriding, messages, freeing and writing back
 * follow from the row.
 */
#include "config/config.h"

#define WL_HOLDER wl_config
#include "config/schema_rows.h"

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
static const wl_choice parameterizations[] = {{"ntk", WL_PARAMETERIZATION_NTK},
                                              {"standard", WL_PARAMETERIZATION_STANDARD}};
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
static bool is_standard(const void *config) {
  return has_network(config) &&
         ((const wl_config *)config)->network.parameterization == WL_PARAMETERIZATION_STANDARD;
}
static bool has_short(const void *config) {
  return has_network(config) && !((const wl_config *)config)->network_layers;
}
static bool has_slope(const void *config) {
  return has_short(config) && ((const wl_config *)config)->network.activation == WL_ACTIVATION_LEAKY_RELU;
}
static bool has_short_target(const void *config) {
  return ((const wl_config *)config)->rnd_target.wanted && !((const wl_config *)config)->rnd_target.layers;
}
static bool has_target_slope(const void *config) {
  return has_short_target(config) &&
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
    {CHOICE("network.parameterization", network.parameterization, parameterizations), .fallback = "ntk", FACTOR,
     WHEN(is_standard), HELP("standard: weights and biases themselves are trained, theta depends on the width")},
    {INTEGER("network.width", network.width), AT_LEAST(1), FACTOR, WHEN(is_standard),
     HELP("of the hidden layers, with parameterization: standard")},
    {TREE("network.layers", network_layers), FACTOR,
     HELP("list of dense, activations, residual, layer_norm, dropout, in place of the other keys")},
    {SECTION("rnd.target", rnd_target.wanted), HELP("RND's target is another network than the predictor")},
    {INTEGER("rnd.target.depth", rnd_target.network.depth), AT_LEAST(1), WHEN(has_short_target),
     HELP("L of the target, weight layers")},
    {CHOICE("rnd.target.activation", rnd_target.network.activation, activations), WHEN(has_short_target),
     HELP("of the target's hidden layers")},
    {REAL("rnd.target.slope", rnd_target.network.slope), .fallback = "0.01", WHEN(has_target_slope),
     HELP("of its leaky_relu below 0")},
    {REAL("rnd.target.sigma_w", rnd_target.network.sigma_w), ABOVE(0), WHEN(has_short_target),
     HELP("standard deviation of its weights")},
    {REAL("rnd.target.sigma_b", rnd_target.network.sigma_b), AT_LEAST(0), WHEN(has_short_target),
     HELP("standard deviation of its biases")},
    {TREE("rnd.target.layers", rnd_target.layers),
     HELP("the target as a list of layers, in place of the other keys")},
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
