/**
 * @file config_rules.c
 * What keys ask of one another. A rule names the key that is to change.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config/config_private.h"
#include "config/tune_parameters.h"
#include "kernel/layers.h"
#include "kernel/rounding.h"

static size_t find(const char *name) { return wl_schema_find(&wl_config_schema, name); }

static const char *name_of(size_t key) { return wl_config_schema.keys[key].name; }

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
                            {config->solver.method == WL_SOLVER_ITERATIVE, "solver.method"}};
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
                          name_of(file));
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
    return wl_values_fail(values, slope, "belongs to leaky_relu, but %s is %s", name_of(activation),
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

/** A width belongs to standard parametrization, is stated, and must be enough for what rests on κ being below Θ. */
static wl_error check_parameterization(const wl_values *values, const wl_config *config) {
  static const char *const stated[2] = {"network.parameterization", "network.width"};
  const size_t width = find(stated[1]);
  const wl_tree *varied = config->tune.wanted ? config->tune.parameters : NULL;
  for (int k = 0; varied && k < 2; k++)
    if (wl_tree_get(varied, stated[k]))
      return wl_values_fail(values, find("tune.parameters"), "varies %s, which is stated and not tuned",
                            stated[k]);
  if (config->network.parameterization != WL_PARAMETERIZATION_STANDARD)
    return wl_values_has(values, width)
               ? wl_values_fail(values, width, "belongs to network.parameterization: standard")
               : WL_OK;
  WL_TRY(require(values, stated + 1, 1, "network.parameterization: standard needs it"));
  if (wl_network_theta_bounds_kappa(&config->network)) return WL_OK;
  static const char *const why =
      "needs theta - kappa to be a kernel: with network.parameterization: standard the last layer's sigma_w^2 "
      "must be at most "
      "network.width, and its sigma_b at most 1";
  if (config->quantity[WL_QUANTITY_BAYESIAN_RND])
    return wl_values_fail(values, find("quantities"), "has bayesian_rnd, which %s", why);
  return config->solver.method == WL_SOLVER_ITERATIVE
             ? wl_values_fail(values, find("solver.method"), "is iterative, which %s", why)
             : WL_OK;
}

/** Another target network is given whole, and some of what rests on rnd cannot have it. */
static wl_error check_target(const wl_values *values, const wl_config *config) {
  static const char *const whole[5] = {"rnd.target.depth", "rnd.target.activation", "rnd.target.sigma_w",
                                       "rnd.target.sigma_b", "rnd.target.slope"};
  const size_t own = find("certify.sabotage");
  const bool own_target = config->certify.wanted && config->certify.sabotage == WL_FAULT_OWN_TARGET;
  if (!config->rnd_target.wanted && own_target)
    return wl_values_fail(values, own, "is own_target, which is a fault only beside rnd.target");
  if (!config->rnd_target.wanted) return WL_OK;
  if (!config->rnd_target.layers) WL_TRY(require(values, whole, 4, "a target network is given whole"));
  for (int k = 0; config->rnd_target.layers && k < 5; k++)
    if (wl_values_origin(values, find(whole[k])) != WL_ORIGIN_DEFAULT)
      return wl_values_fail(values, find(whole[k]),
                            "cannot stand together with rnd.target.layers, which says it all");
  WL_TRY(check_network(values, "rnd.target", &config->rnd_target.network));
  if (!config->quantity[WL_QUANTITY_RND])
    return wl_values_fail(values, find("rnd.target"), "is given, but rnd is not among the quantities");
  if (config->loo) return wl_values_fail(values, find("loo"), "has no rnd with rnd.target: set loo: false");
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

/** Brackets rest on how far an entry of a kernel may be off. */
static wl_error check_rounding(const wl_values *values, size_t key, const wl_network *network) {
  const int at = wl_network_unbounded(network);
  if (at < 0) return WL_OK;
  return wl_values_fail(
      values, key,
      "is iterative, but network.layers[%d] is %s behind a smooth activation, where nearly equal "
      "points lose half the digits of their angle: set solver.method: cholesky",
      at, wl_layer_name(&network->layer[at]));
}

/** Brackets rest on the noise, and nothing but predictions can be had without a matrix. */
static wl_error check_solver(const wl_values *values, const wl_config *config) {
  const size_t key = find("solver.method");
  if (config->solver.method != WL_SOLVER_ITERATIVE) return check_solver_keys(values);
  if (!(config->noise_variance + config->jitter > 0.0))
    return wl_values_fail(values, key,
                          "is iterative, whose brackets need noise_variance + jitter above 0: set one of both");
  bool draws = false;
  for (int d = 0; d < WL_DRAW_COUNT; d++) draws = draws || config->samples[d] > 0;
  const request others[] = {{draws, "sampling"},
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
  if (other)
    return wl_values_fail(values, key, "is iterative, but %s needs the matrix: set solver.method: cholesky",
                          other);
  return check_rounding(values, key, &config->network);
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
    if (origin == WL_ORIGIN_FILE || origin == WL_ORIGIN_SET) return name_of(key);
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
  WL_TRY(check_parameterization(values, config));
  return check_network(values, "network", &config->network);
}
