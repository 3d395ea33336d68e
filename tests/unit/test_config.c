/** The configuration: what is read, and that each wrong input gets a message with file, line and key. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* CMocka wants the four above first. */
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/config_private.h"
#include "config/tune_parameters.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SYNTHETIC "synthetic: {train: 20, test: 5, dimension: 3}\n"

static char folder[] = "/tmp/widelimit-config-XXXXXX";
static char file[sizeof folder + 32];

static void write_file(const char *text, size_t length) {
  FILE *stream = fopen(file, "wb");
  assert_non_null(stream);
  assert_int_equal(fwrite(text, 1, length, stream), length);
  assert_int_equal(fclose(stream), 0);
}

static int set_up(void **state) {
  (void)state;
  if (mkdtemp(folder) == NULL) return -1;
  snprintf(file, sizeof file, "%s/toy.yaml", folder);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  remove(file);
  return rmdir(folder);
}

/** Reads `text` with at most one override. */
static wl_error read_text(const char *text, const char *override, wl_config **config) {
  write_file(text, strlen(text));
  return wl_config_read(file, override != NULL ? 1 : 0, &override, config);
}

static wl_config *must_read(const char *text, const char *override) {
  wl_config *config = NULL;
  const wl_error error = read_text(text, override, &config);
  if (error != WL_OK) fail_msg("%s", wl_error_message());
  assert_non_null(config);
  return config;
}

/** The message must contain all of `parts`, which are separated by '|'; "%" stands for the file. */
static void must_contain(const char *parts) {
  char copy[512], *rest = copy;
  snprintf(copy, sizeof copy, "%s", parts);
  for (char *part; (part = strsep(&rest, "|")) != NULL;) {
    char wanted[600];
    if (part[0] == '%')
      snprintf(wanted, sizeof wanted, "%s%s", file, part + 1);
    else
      snprintf(wanted, sizeof wanted, "%s", part);
    if (strstr(wl_error_message(), wanted) == NULL)
      fail_msg("the message \"%s\" lacks \"%s\"", wl_error_message(), wanted);
  }
  assert_null(strchr(wl_error_message(), '\n'));
}

static void must_fail(const char *text, const char *override, const char *parts) {
  wl_config *config = NULL;
  const wl_error error = read_text(text, override, &config);
  if (error == WL_OK) fail_msg("accepted, although \"%s\" is expected: %s", parts, text);
  assert_int_equal(error, WL_ERROR_CONFIG);
  assert_null(config);
  must_contain(parts);
}

/* ---- what is right ------------------------------------------------------------------------------------------ */

static void defaults_are_filled_in(void **state) {
  (void)state;
  wl_config *config = must_read(SYNTHETIC, NULL);
  const wl_network network = wl_network_default();
  char output[sizeof folder + 32];
  snprintf(output, sizeof output, "%s/out/toy", folder);
  assert_string_equal(config->name, "toy");
  assert_true(config->seed == 0);
  assert_string_equal(config->file, file);
  assert_string_equal(config->directory, folder);
  assert_null(config->data.train_inputs);
  assert_int_equal(config->data.target_encoding, WL_ENCODING_NONE);
  assert_false(config->data.standardize);
  assert_int_equal(config->synthetic.train, 20);
  assert_int_equal(config->synthetic.test, 5);
  assert_int_equal(config->synthetic.dimension, 3);
  assert_int_equal(config->network.depth, network.depth);
  assert_int_equal(config->network.activation, network.activation);
  assert_true(config->network.slope == network.slope);
  assert_true(config->network.sigma_w == network.sigma_w);
  assert_true(config->network.sigma_b == network.sigma_b);
  assert_true(config->noise_variance == 0 && config->jitter == 0);
  assert_int_equal(config->precision, WL_PRECISION_DOUBLE);
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) assert_true(config->quantity[q]);
  assert_int_equal(config->grid.rows, 0);
  assert_int_equal(config->grid.columns, 0);
  assert_int_equal(config->grid.block, 0);
  assert_string_equal(config->output_directory, output);
  assert_false(config->output_covariance || config->output_kernels || config->data.standardize_targets);
  assert_int_equal(config->output_intervals.count, 0);
  wl_config_destroy(&config);
  assert_null(config);
  wl_config_destroy(&config);
}

static const char everything[] =
    "# a comment\n"
    "name: \"a: b #c\"\n"
    "seed: 18446744073709551615\n"
    "data:\n"
    "  train: {inputs: \"x.h5:/train/x\", targets: sub/y.csv:1-3}\n"
    "  test:\n"
    "    inputs: /abs/t.npy\n"
    "    targets: t.csv\n"
    "    ood: ../o.npy\n"
    "  target_encoding: one_hot\n"
    "  standardize: True\n"
    "network: {depth: 64, activation: leaky_relu, sigma_w: 0.1, sigma_b: 0, slope: 0.3}\n"
    "noise_variance: 1e-3\n"
    "jitter: 3.0000000000000001e-7\n"
    "quantities: [nngp, rnd]\n"
    "grid: {rows: 2, columns: 3, block: 128}\n"
    "output: {directory: results, covariance: true, kernels: true, intervals: [0.5, 0.95]}\n";

static void everything_is_read(void **state) {
  (void)state;
  wl_config *config = must_read(everything, NULL);
  char path[sizeof folder + 64];
  assert_string_equal(config->name, "a: b #c");
  assert_true(config->seed == UINT64_MAX);
  snprintf(path, sizeof path, "%s/x.h5:/train/x", folder);
  assert_string_equal(config->data.train_inputs, path);
  snprintf(path, sizeof path, "%s/sub/y.csv:1-3", folder);
  assert_string_equal(config->data.train_targets, path);
  assert_string_equal(config->data.test_inputs, "/abs/t.npy");
  snprintf(path, sizeof path, "%s/../o.npy", folder);
  assert_string_equal(config->data.test_ood, path);
  assert_int_equal(config->data.target_encoding, WL_ENCODING_ONE_HOT);
  assert_true(config->data.standardize);
  assert_int_equal(config->network.depth, 64);
  assert_int_equal(config->network.activation, WL_ACTIVATION_LEAKY_RELU);
  assert_true(config->network.slope == 0.3 && config->network.sigma_w == 0.1 && config->network.sigma_b == 0);
  assert_true(config->noise_variance == 1e-3 && config->jitter == 3e-7);
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    assert_int_equal(config->quantity[q], q == WL_QUANTITY_NNGP || q == WL_QUANTITY_RND);
  assert_int_equal(config->grid.rows, 2);
  assert_int_equal(config->grid.columns, 3);
  assert_int_equal(config->grid.block, 128);
  snprintf(path, sizeof path, "%s/results", folder);
  assert_string_equal(config->output_directory, path);
  assert_true(config->output_covariance && config->output_kernels);
  assert_int_equal(config->output_intervals.count, 2);
  assert_true(config->output_intervals.values[0] == 0.5 && config->output_intervals.values[1] == 0.95);
  wl_config_destroy(&config);
}

static void every_activation_is_known(void **state) {
  (void)state;
#define CHECK(NAME, name, text)                                            \
  {                                                                        \
    wl_config *config = must_read(SYNTHETIC, "network.activation=" #name); \
    assert_int_equal(config->network.activation, WL_ACTIVATION_##NAME);    \
    wl_config_destroy(&config);                                            \
  }
  WL_ACTIVATION_LIST(CHECK)
#undef CHECK
}

/* What needs the matrix in double precision is refused by name. */
static void mixed_precision_is_checked(void **state) {
  (void)state;
  wl_config *config = must_read(SYNTHETIC "output: {covariance: true}\n", "precision=mixed");
  assert_int_equal(config->precision, WL_PRECISION_MIXED);
  wl_config_destroy(&config);
  config =
      must_read(SYNTHETIC "precision: mixed\n", "sampling={posterior: 7, ensemble: 1, rnd: 2, bayesian_rnd: 3}");
  assert_int_equal(config->samples[WL_DRAW_POSTERIOR], 7);
  assert_int_equal(config->samples[WL_DRAW_BAYESIAN_RND], 3);
  wl_config_destroy(&config);
  must_fail(SYNTHETIC "precision: mixed\nquantities: [ensemble]\n", "sampling.posterior=7",
            "sampling.posterior|needs ntk_gp among the quantities");
  must_fail(SYNTHETIC, "precision=single", "--set precision=single|'single'|one of double, mixed");
  static const struct {
    const char *setting, *name;
  } refused[] = {{"output.kernels=true", "output.kernels"},
                 {"factor.save=f.h5", "factor.save"},
                 {"checkpoint.directory=c", "checkpoint.directory"},
                 {"certify.heads=9", "certify needs"}};
  for (size_t k = 0; k < COUNT(refused); k++) {
    char expected[128];
    snprintf(expected, sizeof expected, "%%:2: precision|is mixed, but %s|precision: double", refused[k].name);
    must_fail(SYNTHETIC "precision: mixed\n", refused[k].setting, expected);
  }
}

/* What the solver without a matrix cannot do, likewise; its keys belong to it alone. */
static void solver_is_checked(void **state) {
  (void)state;
  wl_config *config = must_read(SYNTHETIC "noise_variance: 0.1\n", "solver={method: iterative, passes: 7}");
  assert_int_equal(config->solver.method, WL_SOLVER_ITERATIVE);
  assert_int_equal(config->solver.passes, 7);
  assert_int_equal(config->solver.rank, 0);
  assert_true(config->solver.tolerance == 1e-6);
  wl_config_destroy(&config);
  must_fail(SYNTHETIC "solver: {method: iterative}\n", NULL, "solver.method|need noise_variance + jitter above 0");
  must_fail(SYNTHETIC, "solver.rank=3", "solver.rank|belongs to solver.method: iterative");
  static const struct {
    const char *setting, *name;
  } refused[] = {{"output.kernels=true", "output.kernels"},
                 {"output.covariance=true", "output.covariance"},
                 {"factor.save=f.h5", "factor.save"},
                 {"certify.heads=9", "certify"},
                 {"precision=mixed", "precision: mixed"},
                 {"sampling.rnd=3", "sampling"},
                 {"loo=true", "loo"}};
  for (size_t k = 0; k < COUNT(refused); k++) {
    char expected[128];
    snprintf(expected, sizeof expected, "solver.method|is iterative, but %s needs|solver.method: cholesky",
             refused[k].name);
    must_fail(SYNTHETIC "jitter: 0.1\nsolver: {method: iterative}\n", refused[k].setting, expected);
  }
}

#define TUNE SYNTHETIC "tune:\n  parameters:\n"
#define SIGMA "    network.sigma_w: {from: 0.5, to: 3, scale: log}\n"

static void tune_is_read(void **state) {
  (void)state;
  wl_config *config = must_read(TUNE SIGMA
                                "    network.depth: {from: 2, to: 4}\n"
                                "    network.activation: [erf, relu]\n    noise_variance: [0, 0.5]\n",
                                "tune.subset=7");
  assert_true(config->tune.wanted && config->tune.objective == WL_TUNE_LOG_MARGINAL_LIKELIHOOD);
  assert_true(config->tune.evaluations == 100 && config->tune.subset == 7 && !config->tune.fixed);
  wl_tune_parameters p;
  assert_int_equal(wl_tune_parameters_read(&wl_config_schema, config->tune.parameters, &p), WL_OK);
  assert_int_equal(p.count, 4);
  assert_true(p.parameter[0].range && p.parameter[0].logarithmic);
  assert_true(p.parameter[0].from == 0.5 && p.parameter[0].to == 3.0);
  assert_int_equal(p.parameter[1].choice_count, 3);
  assert_string_equal(p.parameter[1].choices[2], "4");
  assert_string_equal(p.parameter[2].choices[0], "erf");
  assert_string_equal(p.parameter[3].key->name, "noise_variance");
  wl_tune_parameters_clear(&p);
  wl_config_destroy(&config);
  config = must_read(TUNE SIGMA, "network.sigma_w=2"); /* for tune to refuse; a run may have both */
  assert_string_equal(config->tune.fixed, "network.sigma_w");
  wl_config_destroy(&config);
}

static void tune_is_checked(void **state) {
  (void)state;
  static const struct {
    const char *item, *expected;
  } cases[] = {
      {"network.sigma: [1]", "%:4: tune.parameters|no key 'network.sigma'"},
      {"seed: [1]", "seed cannot be tuned"},
      {"data.standardize: [true, false]", "data.standardize cannot be tuned"},
      {"network.sigma_w: {from: 3, to: 3}", "from must be below to|3 is not below 3"},
      {"network.sigma_w: {from: 0, to: 3}", "'0' is not allowed|network.sigma_w must be a number above 0"},
      {"network.sigma_b: {from: 0, to: 3, scale: log}", "log|from must be above 0"},
      {"network.sigma_b: {from: 0, to: 3, scale: big}", "must be log or linear"},
      {"network.sigma_b: {from: 0, till: 3}", "no key 'till'"},
      {"network.sigma_b: {from: 0}", "needs from and to"},
      {"network.sigma_b: 1", "must be a range"},
      {"network.sigma_b: [1, 2, 1]", "1 is there twice"},
      {"network.sigma_b: []", "has 0 values"},
      {"network.activation: [relu, reluu]", "'reluu' is not allowed|network.activation must be one of relu"},
      {"network.activation: {from: 1, to: 2}", "give a list"},
      {"network.depth: [1.5]", "'1.5' is not allowed|network.depth must be an integer of at least 1"},
      {"network.depth: {from: 1, to: 1000}", "has 1000 values"}};
  for (size_t k = 0; k < COUNT(cases); k++) {
    char text[256];
    snprintf(text, sizeof text, TUNE "    %s\n", cases[k].item);
    must_fail(text, NULL, cases[k].expected);
  }
  must_fail(SYNTHETIC "tune: {evaluations: 10}\n", NULL, "tune.parameters|is missing");
  must_fail(TUNE SIGMA, "tune.prior=ensemble", "tune.prior|no marginal likelihood");
  must_fail(TUNE SIGMA, "precision=mixed", "precision|tune needs");
}

static void layers_are_read(void **state) {
  (void)state;
  wl_config *config = must_read(SYNTHETIC
                                "network:\n  layers:\n    - dense: {sigma_w: 1.5, sigma_b: 0}\n    - relu\n"
                                "    - residual: [dense: {sigma_w: 1.25}, leaky_relu: {slope: 0.5}, dense]\n"
                                "    - layer_norm\n    - dense:\n",
                                NULL);
  const wl_network *n = &config->network;
  assert_int_equal(n->layer_count, 8);
  assert_true(n->layer[0].kind == WL_LAYER_DENSE && n->layer[0].sigma_w == 1.5 && n->layer[0].sigma_b == 0.0);
  assert_true(n->layer[1].kind == WL_LAYER_ACTIVATION && n->layer[1].activation == WL_ACTIVATION_RELU);
  assert_true(n->layer[2].kind == WL_LAYER_RESIDUAL && n->layer[2].branch == 3);
  assert_true(n->layer[3].sigma_w == 1.25 && n->layer[3].sigma_b == 0.1);
  assert_true(n->layer[4].activation == WL_ACTIVATION_LEAKY_RELU && n->layer[4].slope == 0.5);
  assert_true(n->layer[6].kind == WL_LAYER_NORM);
  assert_true(n->layer[7].sigma_w == 1.4142135623730951 && n->layer[7].sigma_b == 0.1);
  char *text = NULL, *other = NULL;
  assert_int_equal(wl_config_format(config, &text), WL_OK);
  assert_non_null(strstr(text, "layers: [{dense: {sigma_w: 1.5, sigma_b: 0}}, relu, {residual: "));
  assert_null(strstr(text, "depth:"));
  wl_config *again = must_read(text, NULL);
  assert_int_equal(wl_config_format(again, &other), WL_OK);
  assert_string_equal(text, other);
  assert_memory_equal(again->network.layer, n->layer, sizeof n->layer);
  free(other);
  assert_int_equal(wl_config_fingerprint(config, WL_SCOPE_FACTOR, &other), WL_OK);
  assert_non_null(strstr(other, "network.layers: [{dense"));
  free(other);
  free(text);
  wl_config_destroy(&again);
  wl_config_destroy(&config);
}

/* Activations that lists alone have, and what is left out of their options. */
static void activations_of_lists_are_read(void **state) {
  (void)state;
  static const struct {
    const char *text;
    wl_layer_kind kind;
    double a, b, c;
  } cases[] = {{"erf", WL_LAYER_ACTIVATION, 0.0, 0.0, 0.0},
               {"erf: {b: 0.5}", WL_LAYER_ACTIVATION, 1.0, 0.5, 0.0},
               {"erf: {c: -0.5}", WL_LAYER_ACTIVATION, 1.0, 1.0, -0.5},
               {"sin: {c: 0.25}", WL_LAYER_SINE, 1.0, 1.0, 0.25},
               {"cos: {a: 2}", WL_LAYER_SINE, 2.0, 1.0, M_PI_2},
               {"rbf", WL_LAYER_SINE, M_SQRT2, M_SQRT2, M_PI_4},
               {"rbf: {gamma: 2}", WL_LAYER_SINE, M_SQRT2, 2.0, M_PI_4},
               {"abs", WL_LAYER_ABRELU, -1.0, 1.0, 0.0},
               {"abrelu: {a: 0, b: 3}", WL_LAYER_ABRELU, 0.0, 3.0, 0.0},
               {"gaussian", WL_LAYER_GAUSSIAN, 1.0, -1.0, 0.0},
               {"gaussian: {b: -2}", WL_LAYER_GAUSSIAN, 1.0, -2.0, 0.0},
               {"exp: {b: 0.5}", WL_LAYER_EXP, 1.0, 0.5, 0.0}};
  for (size_t k = 0; k < COUNT(cases); k++) {
    char text[256];
    snprintf(text, sizeof text, SYNTHETIC "network: {layers: [dense, %s, dense]}\n", cases[k].text);
    wl_config *config = must_read(text, NULL);
    const wl_layer *layer = &config->network.layer[1];
    assert_true(layer->kind == cases[k].kind && layer->a == cases[k].a && layer->b == cases[k].b);
    assert_true(layer->c == cases[k].c);
    wl_config_destroy(&config);
  }
  wl_config *config =
      must_read(SYNTHETIC "network: {layers: [dense, polynomial: {hermite: [1, -0.5]}, dense]}\n", NULL);
  const double *hermite = config->network.layer[1].hermite;
  assert_true(hermite[0] == 1.0 && hermite[1] == -0.5 && hermite[2] == 0.0);
  wl_config_destroy(&config);
}

static void layers_are_checked(void **state) {
  (void)state;
  static const struct {
    const char *layers, *expected;
  } cases[] = {
      {"[dense, rleu, dense]",
       "%:3: network.layers[1]|no layer 'rleu'|dense, residual, layer_norm, dropout, abs, abrelu|relu, "
       "leaky_relu"},
      {"[dense, relu]", "%:3: network.layers[1]|last layer of the network, which must be dense"},
      {"[relu, dense]", "%:3: network.layers[0]|first layer of the network, which must be dense"},
      {"[dense, relu, erf, dense]", "network.layers[2]|is erf|not Gaussian"},
      {"[dense: {sigma_w: -1}]", "network.layers[0]|sigma_w is -1|above 0"},
      {"[dense: {sigma_w: big}]", "network.layers[0].dense.sigma_w|'big' is not allowed|a number"},
      {"[dense: {sigma: 1}]", "network.layers[0].dense|no key 'sigma'|sigma_w, sigma_b"},
      {"[dense: 3]", "network.layers[0].dense|must be a mapping of sigma_w, sigma_b"},
      {"[dense, relu: {slope: 1}, dense]", "network.layers[1].relu|nothing belongs to it"},
      {"[dense, leaky_relu: {slope: 1}, dense]", "network.layers[1]|slope is 1|below 1"},
      {"[dense, abs: {a: 1}, dense]", "network.layers[1].abs|nothing belongs to it"},
      {"[dense, abrelu, dense]", "network.layers[1]|abrelu needs a and b"},
      {"[dense, abrelu: {a: 1}, dense]", "network.layers[1]|abrelu needs a and b"},
      {"[dense, abrelu: {a: 0, b: 0}, dense]", "network.layers[1]|abrelu has numbers that it cannot have"},
      {"[dense, gaussian: {b: 1}, dense]", "network.layers[1]|gaussian has numbers|b of gaussian below 0"},
      {"[dense, erf: {a: 0}, dense]", "network.layers[1].erf|must not be 0"},
      {"[dense, erf: {c: 11}, dense]", "network.layers[1]|erf has a c of 11|-10 to 10"},
      {"[dense, erf: {d: 1}, dense]", "network.layers[1].erf|no key 'd'|a, b, c"},
      {"[dense, rbf: {gamma: 0}, dense]", "network.layers[1].rbf|gamma must be above 0"},
      {"[dense, polynomial, dense]", "network.layers[1]|needs hermite"},
      {"[dense, polynomial: {hermite: []}, dense]", "hermite|a list of 1 to 9"},
      {"[dense, polynomial: {hermite: [0, 0]}, dense]", "network.layers[1]|polynomial has numbers"},
      {"[dense, polynomial: {hermite: [1, x]}, dense]", "hermite[1]|'x' is not allowed"},
      {"[dense, relu, exp, dense]", "network.layers[2]|is exp|not Gaussian"},
      {"[dense, dropout, dense]", "network.layers[1]|needs keep"},
      {"[dense, dropout: {rate: 0.1}, dense]", "network.layers[1].dropout|no key 'rate'|keep"},
      {"[dense, dropout: 0.1, dense]", "network.layers[1].dropout|must be a mapping of keep"},
      {"[dense, dropout: {keep: 0}, dense]", "network.layers[1]|keep is 0|above 0 and at most 1"},
      {"[dense, dropout: {keep: 1.5}, dense]", "network.layers[1]|keep is 1.5|above 0 and at most 1"},
      {"[dense, dropout: {keep: 0.5}, relu, dense]", "network.layers[2]|is relu|not Gaussian"},
      {"[dense, layer_norm: 1, dense]", "network.layers[1].layer_norm|nothing belongs to it"},
      {"[dense, residual, dense]", "network.layers[1]|without its branch"},
      {"[dense, residual: [], dense]", "network.layers[1].residual|a list of layers"},
      {"[dense, residual: [relu], dense]", "network.layers[1].residual[0]|last layer of a branch"},
      {"[dense, residual: [dense, releu, dense], dense]", "network.layers[1].residual[1]|no layer 'releu'"},
      {"[dense, [relu], dense]", "network.layers[1]|must be a layer"},
      {"[{dense: {}, relu: {}}]", "network.layers[0]|must be a layer"},
      {"[dense, , dense]", "%:3"},
      {"[]", "network.layers|must be a list of layers"},
      {"dense", "network.layers|must be a list of layers"},
      {"{dense: {}}", "network.layers|must be a list of layers"}};
  for (size_t k = 0; k < COUNT(cases); k++) {
    char text[256];
    snprintf(text, sizeof text, SYNTHETIC "network:\n  layers: %s\n", cases[k].layers);
    must_fail(text, NULL, cases[k].expected);
  }
#define LIST SYNTHETIC "network: {layers: [dense, relu, dense]}\n"
  must_fail(LIST, "network.depth=3", "network.depth|cannot stand together with network.layers");
  must_fail(LIST, "network.activation=relu", "network.activation|cannot stand together with network.layers");
  must_fail(LIST, "network.sigma_b=0", "network.sigma_b|cannot stand together with network.layers");
  must_fail(LIST, "tune={parameters: {network.sigma_w: [1, 2]}}", "tune.parameters|varies network.sigma_w");
  must_fail(SYNTHETIC, "tune={parameters: {network.layers: [1, 2]}}", "network.layers cannot be tuned");
#undef LIST
#define ITERATIVE(layers) \
  "solver: {method: iterative}\njitter: 0.1\n" SYNTHETIC "network: {layers: [" layers "]}\n"
  wl_config *config = must_read(ITERATIVE("dense, relu, residual: [dense, erf, dense], layer_norm, dense"), NULL);
  wl_config_destroy(&config);
  must_fail(ITERATIVE("dense, residual: [dense, erf, dense], relu, dense"), NULL,
            "solver.method|is iterative, but network.layers[5] is relu behind a smooth activation");
  must_fail(ITERATIVE("dense, relu, dense, exp, dense, abs, dense"), NULL, "layers[5] is abrelu behind");
#undef ITERATIVE
#define LIST SYNTHETIC "rnd: {target: {layers: [dense, relu, dense]}}\n"
  must_fail(LIST, "rnd.target.depth=3", "rnd.target.depth|cannot stand together with rnd.target.layers");
  must_fail(LIST, "rnd.target.slope=0.1", "rnd.target.slope|cannot stand together with rnd.target.layers");
#undef LIST
}

/* Standard parametrization: what belongs to it, and what needs a width. */
static void parameterization_is_checked(void **state) {
  (void)state;
#define STANDARD SYNTHETIC "network: {parameterization: standard, width: 512}\n"
  wl_config *config = must_read(STANDARD, NULL);
  assert_true(config->network.parameterization == WL_PARAMETERIZATION_STANDARD && config->network.width == 512);
  char *text = NULL, *factor = NULL;
  assert_int_equal(wl_config_format(config, &text), WL_OK);
  assert_non_null(strstr(text, "parameterization: standard"));
  assert_non_null(strstr(text, "width: 512"));
  assert_int_equal(wl_config_fingerprint(config, WL_SCOPE_FACTOR, &factor), WL_OK);
  assert_non_null(strstr(factor, "network.parameterization: standard"));
  assert_non_null(strstr(factor, "network.width: 512"));
  free(factor);
  free(text);
  wl_config_destroy(&config);
  must_fail(SYNTHETIC, "network.parameterization=standard", "network.width|is missing|parameterization: standard");
  must_fail(SYNTHETIC, "network.width=512", "network.width|belongs to network.parameterization: standard");
  must_fail(STANDARD, "network.width=0", "network.width|'0' is not allowed|at least 1");
  must_fail(STANDARD, "network.width=1.5", "network.width|'1.5' is not allowed|integer");
  must_fail(STANDARD, "network.parameterization=std", "network.parameterization|ntk|standard");
  must_fail(STANDARD, "network.depth=1", "network.parameterization|one weight layer has no width");
  must_fail(STANDARD, "network.sigma_b=1.5", "quantities|has bayesian_rnd|theta - kappa|sigma_b at most 1");
  must_fail(STANDARD, "network.width=1", "quantities|has bayesian_rnd|theta - kappa");
  must_fail(STANDARD "quantities: [ensemble]\nsolver: {method: iterative}\njitter: 1\n", "network.width=1",
            "solver.method|is iterative|theta - kappa");
  must_fail(STANDARD, "tune={parameters: {network.width: [1, 2]}}", "tune.parameters|varies network.width");
  config = must_read(STANDARD "quantities: [ensemble, nngp]\n", "network.sigma_b=1.5");
  wl_config_destroy(&config);
#undef STANDARD
}

static void select_is_checked(void **state) {
  (void)state;
  const char *const pool = SYNTHETIC "data: {pool: {inputs: pool.npy}}\n";
  wl_config *config = must_read(pool, "select={count: 3, by: rnd}");
  assert_true(config->select.wanted && config->select.count == 3 && config->select.by == WL_QUANTITY_RND);
  wl_config_destroy(&config);
  must_fail(SYNTHETIC, "select.count=3", "data.pool.inputs|is missing");
  must_fail(pool, "select.by=rnd", "select.count|is missing");
  must_fail(pool, "select={count: 0}", "select.count|at least 1");
  must_fail(pool, "select={count: 3, by: bayesian_rnd}", "select.by|one of ntk_gp, nngp, rnd, ensemble");
  must_fail(pool, "select={count: 3, rule: information}", "select.rule|set noise_variance");
  must_fail(SYNTHETIC "data: {pool: {inputs: pool.npy}}\nnoise_variance: 1\n",
            "select={count: 3, rule: information, by: rnd}", "select.rule|but not rnd");
  must_fail(SYNTHETIC "data: {pool: {inputs: pool.npy}}\nquantities: [ntk_gp]\n", "select={count: 3, by: nngp}",
            "select.by|not among the quantities");
  must_fail(SYNTHETIC "precision: mixed\n", "loo=true", "precision|but loo needs the matrix");
}

static void times_and_noises_are_checked(void **state) {
  (void)state;
  wl_config *config =
      must_read(SYNTHETIC "training: {times: [0, 0.5, .inf]}\nnoise_path: [1.0e-3]\n", "spectrum=true");
  assert_int_equal(config->training.times.count, 3);
  assert_true(config->training.times.values[1] == 0.5 && config->training.times.values[2] == INFINITY);
  assert_true(config->noise_path.count == 1 && config->noise_path.values[0] == 1e-3 && config->spectrum);
  wl_config_destroy(&config);
  must_fail(SYNTHETIC, "training.times=[]", "training.times|a list of numbers");
  must_fail(SYNTHETIC, "training.times=[1, -1]", "training.times|at least 0");
  must_fail(SYNTHETIC, "training.times=[.nan]", "training.times|'.nan' is not allowed");
  must_fail(SYNTHETIC, "noise_path=[0]", "noise_path|above 0");
  must_fail(SYNTHETIC, "noise_path=[.inf]", "noise_path|'.inf' is not allowed");
  must_fail(SYNTHETIC "quantities: [ntk_gp, nngp]\n", "training.times=[1]", "training.times|none is among");
  must_fail(SYNTHETIC "training: {times: [1]}\n",
            "rnd={target: {depth: 2, activation: erf, sigma_w: 1.5, sigma_b: 0.1}}",
            "training.times|no rnd with rnd.target");
  const char *const settings[] = {"training.times=[1]", "spectrum=true", "noise_path=[1]"};
  const char *const messages[] = {"precision|training.times needs", "precision|spectrum needs",
                                  "precision|noise_path needs"};
  for (size_t k = 0; k < COUNT(settings); k++) {
    must_fail(SYNTHETIC "precision: mixed\n", settings[k], messages[k]);
    must_fail(SYNTHETIC "solver: {method: iterative}\nnoise_variance: 1\n", settings[k],
              "solver.method|needs the matrix");
  }
}

static void overrides_win(void **state) {
  (void)state;
  write_file(everything, strlen(everything));
  const char *overrides[] = {
      "network.depth=5",           "quantities=[ensemble,nngp]", "grid={rows: 7, columns: 1}",
      "data.train.inputs=foo.npy", "output.directory=here",      "name=other",
      "network.depth=6",           "noise_variance=+.5E-1"};
  wl_config *config = NULL;
  assert_int_equal(wl_config_read(file, COUNT(overrides), overrides, &config), WL_OK);
  assert_int_equal(config->network.depth, 6);
  assert_true(config->quantity[WL_QUANTITY_ENSEMBLE] && !config->quantity[WL_QUANTITY_RND]);
  assert_int_equal(config->grid.rows, 7);
  assert_int_equal(config->grid.block, 128); /* not mentioned: stays */
  assert_string_equal(config->data.train_inputs, "foo.npy");
  assert_string_equal(config->output_directory, "here");
  assert_string_equal(config->name, "other");
  assert_true(config->noise_variance == 0.05);
  wl_config_destroy(&config);

  config = must_read("name: x\n", "synthetic={train: 3, test: 2, dimension: 1}"); /* absent in the file */
  assert_int_equal(config->synthetic.train, 3);
  wl_config_destroy(&config);
}

static void paths_need_no_folder(void **state) {
  (void)state;
  write_file(everything, strlen(everything));
  char before[4096];
  assert_non_null(getcwd(before, sizeof before));
  assert_int_equal(chdir(folder), 0);
  wl_config *config = NULL;
  assert_int_equal(wl_config_read("toy.yaml", 0, NULL, &config), WL_OK);
  assert_int_equal(chdir(before), 0);
  assert_string_equal(config->directory, ".");
  assert_string_equal(config->data.train_inputs, "x.h5:/train/x");
  assert_string_equal(config->output_directory, "results");
  wl_config_destroy(&config);
}

static void empty_sections_are_absent(void **state) {
  (void)state;
  wl_config *config = must_read(SYNTHETIC "data:\n  test:\noutput: ~\ngrid:\n  # rows: 2\n", NULL);
  assert_int_equal(config->grid.rows, 0);
  wl_config_destroy(&config);
}

/* ---- writing back ------------------------------------------------------------------------------------------- */

static void assert_same_text(const char *a, const char *b) {
  if (a == NULL || b == NULL)
    assert_true(a == b);
  else
    assert_string_equal(a, b);
}

static void assert_same(const wl_config *a, const wl_config *b) {
  assert_same_text(a->name, b->name);
  assert_true(a->seed == b->seed);
  assert_same_text(a->data.train_inputs, b->data.train_inputs);
  assert_same_text(a->data.train_targets, b->data.train_targets);
  assert_same_text(a->data.test_inputs, b->data.test_inputs);
  assert_same_text(a->data.test_targets, b->data.test_targets);
  assert_same_text(a->data.test_ood, b->data.test_ood);
  assert_int_equal(a->data.target_encoding, b->data.target_encoding);
  assert_int_equal(a->data.standardize, b->data.standardize);
  assert_memory_equal(&a->synthetic, &b->synthetic, sizeof a->synthetic);
  assert_int_equal(a->network.depth, b->network.depth);
  assert_int_equal(a->network.activation, b->network.activation);
  assert_true(a->network.slope == b->network.slope);
  assert_true(a->network.sigma_w == b->network.sigma_w);
  assert_true(a->network.sigma_b == b->network.sigma_b);
  assert_true(a->noise_variance == b->noise_variance);
  assert_true(a->jitter == b->jitter);
  assert_memory_equal(a->quantity, b->quantity, sizeof a->quantity);
  assert_memory_equal(&a->grid, &b->grid, sizeof a->grid);
  assert_same_text(a->output_directory, b->output_directory);
  assert_int_equal(a->output_covariance, b->output_covariance);
  assert_int_equal(a->output_kernels, b->output_kernels);
  assert_int_equal(a->output_intervals.count, b->output_intervals.count);
  for (uint32_t k = 0; k < a->output_intervals.count; k++)
    assert_true(a->output_intervals.values[k] == b->output_intervals.values[k]);
}

/** Writes and reads back; *text stays with the caller. */
static wl_config *there_and_back(const wl_config *config, char **text) {
  wl_config *back = NULL;
  assert_int_equal(wl_config_format(config, text), WL_OK);
  if (wl_config_parse(*text, &back) != WL_OK) fail_msg("%s\n%s", wl_error_message(), *text);
  return back;
}

static void format_reads_back(void **state) {
  (void)state;
  static const char *const overrides[] = {NULL,
                                          "network.sigma_w=0.1234567890123456789",
                                          "noise_variance=2.2250738585072014e-308",
                                          "name=\"~\"",
                                          "name=\"true\"",
                                          "name=\"\u00e4 \\\\ \\\"q\\\" %\"",
                                          "data.train.inputs=\"/with space: and colon.csv:7\"",
                                          "seed=1"};
  for (size_t i = 0; i < COUNT(overrides); i++) {
    char *text = NULL;
    wl_config *config = must_read(everything, overrides[i]);
    wl_config *back = there_and_back(config, &text);
    assert_same(config, back);
    assert_int_equal(text[0], '#');
    assert_non_null(strstr(text, "slope"));
    assert_null(strstr(text, "synthetic"));
    free(text);
    wl_config_destroy(&config);
    wl_config_destroy(&back);
  }
}

static void format_leaves_out_what_is_not_given(void **state) {
  (void)state;
  char *text = NULL;
  wl_config *config = must_read(SYNTHETIC, NULL);
  wl_config *back = there_and_back(config, &text);
  assert_same(config, back);
  assert_null(strstr(text, "inputs"));
  assert_null(strstr(text, "ood"));
  assert_null(strstr(text, "slope"));
  free(text);
  wl_config_destroy(&config);
  wl_config_destroy(&back);
}

/** Relative paths are written as absolute ones, and the text then stands for itself. */
static void format_makes_paths_absolute(void **state) {
  (void)state;
  char before[4096], wanted[4200], *text = NULL, *again = NULL;
  assert_non_null(getcwd(before, sizeof before));
  snprintf(wanted, sizeof wanted, "%s/foo.h5:/x", before);
  wl_config *config = must_read(everything, "data.train.inputs=foo.h5:/x");
  wl_config *back = there_and_back(config, &text);
  assert_string_equal(back->data.train_inputs, wanted);
  assert_int_equal(chdir("/"), 0);
  assert_int_equal(wl_config_format(back, &again), WL_OK);
  assert_int_equal(chdir(before), 0);
  assert_string_equal(text, again);
  free(text);
  free(again);
  wl_config_destroy(&config);
  wl_config_destroy(&back);
}

static void format_refuses_what_yaml_cannot_hold(void **state) {
  (void)state;
  wl_config *config = must_read(everything, NULL);
  char *text = NULL;
  free(config->output_directory);
  config->output_directory = strdup("/tmp/\xff\xfe");
  assert_int_equal(wl_config_format(config, &text), WL_ERROR_CONFIG);
  must_contain("output.directory|UTF-8");
  assert_null(text);
  wl_config_destroy(&config);
}

/* ---- changing by name --------------------------------------------------------------------------------------- */

static void must_set(wl_config *config, const char *key, const char *value) {
  if (wl_config_set(config, key, value) != WL_OK) fail_msg("%s", wl_error_message());
}

static void keys_are_set_by_name(void **state) {
  (void)state;
  wl_config *config = must_read(everything, "noise_variance=0.5");
  must_set(config, "network.sigma_w", "1.5");
  must_set(config, "network.activation", "erf"); /* although the file has a slope */
  must_set(config, "network.depth", "7");
  must_set(config, "network.depth", "8");
  must_set(config, "output.covariance", "false");
  assert_true(config->network.sigma_w == 1.5);
  assert_int_equal(config->network.activation, WL_ACTIVATION_ERF);
  assert_int_equal(config->network.depth, 8);
  assert_false(config->output_covariance);
  assert_true(config->noise_variance == 0.5 && config->seed == UINT64_MAX); /* what was read is still there */
  assert_string_equal(config->data.test_inputs, "/abs/t.npy");

  char *before = NULL, *after = NULL;
  assert_int_equal(wl_config_format(config, &before), WL_OK);
  static const struct {
    const char *key, *value, *parts;
  } refused[] = {{"network.sigma_w", "0", "network.sigma_w=0: network.sigma_w: '0'|a number above 0"},
                 {"network.depth", "2.5", "network.depth=2.5: network.depth: '2.5'|an integer of at least 1"},
                 {"network.activation", "rely", "network.activation=rely: network.activation: 'rely'|relu"},
                 {"network.breadth", "3", "network.breadth=3: network.breadth: unknown key"},
                 {"synthetic.train", "3", "synthetic.train=3: synthetic.train|cannot stand together"},
                 {"precision", "mixed", "precision=mixed: precision: is mixed, but output.kernels"}};
  for (size_t i = 0; i < COUNT(refused); i++) {
    assert_int_equal(wl_config_set(config, refused[i].key, refused[i].value), WL_ERROR_CONFIG);
    must_contain(refused[i].parts);
    assert_null(strstr(wl_error_message(), "--set"));
  }
  assert_int_equal(wl_config_format(config, &after), WL_OK);
  assert_string_equal(before, after);
  free(before);
  free(after);
  wl_config_destroy(&config);
}

/** What is written back stands for the same configuration when keys are set, on ranks that only have that text. */
static void keys_are_set_alike_in_what_is_written(void **state) {
  (void)state;
  char *text = NULL, *mine = NULL, *theirs = NULL;
  wl_config *config = must_read(everything, NULL);
  wl_config *back = there_and_back(config, &text);
  static const char *const settings[][2] = {
      {"network.activation", "relu"}, {"jitter", "1e-9"}, {"network.activation", "leaky_relu"}};
  for (size_t i = 0; i < COUNT(settings); i++) {
    must_set(config, settings[i][0], settings[i][1]);
    must_set(back, settings[i][0], settings[i][1]);
    assert_int_equal(wl_config_fingerprint(config, WL_SCOPE_RUN, &mine), WL_OK);
    assert_int_equal(wl_config_fingerprint(back, WL_SCOPE_RUN, &theirs), WL_OK);
    assert_string_equal(mine, theirs);
    free(mine);
    free(theirs);
  }
  assert_true(config->network.slope == 0.3 && back->network.slope == 0.3);
  free(text);
  wl_config_destroy(&config);
  wl_config_destroy(&back);
}

static void rows_tell_their_kind(void **state) {
  (void)state;
  for (size_t i = 0; i < wl_config_schema.count; i++)
    if (wl_config_schema.keys[i].help == NULL) fail_msg("%s has no HELP", wl_config_schema.keys[i].name);
  assert_int_equal(wl_config_key("network.depth")->kind, WL_KIND_INT);
  assert_int_equal(wl_config_key("noise_variance")->kind, WL_KIND_REAL);
  assert_int_equal(wl_config_key("network.activation")->kind, WL_KIND_CHOICE);
  assert_int_equal(wl_config_key("network.activation")->choice_count, WL_ACTIVATION_COUNT);
  assert_null(wl_config_key("network"));
  assert_null(wl_config_key("depth"));
}

/* ---- what is wrong ------------------------------------------------------------------------------------------ */

static void wrong_files(void **state) {
  (void)state;
  wl_config *config = NULL;
  assert_int_equal(wl_config_read("/proc/nowhere/all.yaml", 0, NULL, &config), WL_ERROR_CONFIG);
  must_contain("/proc/nowhere/all.yaml|No such file");
  assert_int_equal(wl_config_read(folder, 0, NULL, &config), WL_ERROR_CONFIG);
  must_contain("is a directory");
  must_contain(folder);
  assert_int_equal(wl_config_read("/dev/null", 0, NULL, &config), WL_ERROR_CONFIG);
  must_contain("/dev/null: is a device, a YAML file is needed");
  remove(file);
  assert_int_equal(mkfifo(file, 0600), 0); /* nobody writes to it */
  assert_int_equal(wl_config_read(file, 0, NULL, &config), WL_ERROR_CONFIG);
  must_contain("%: is a named pipe (FIFO), a YAML file is needed");
  assert_int_equal(remove(file), 0);
  if (geteuid() != 0) { /* root may read everything */
    write_file(SYNTHETIC, strlen(SYNTHETIC));
    chmod(file, 0);
    assert_int_equal(wl_config_read(file, 0, NULL, &config), WL_ERROR_CONFIG);
    must_contain("%|Permission denied");
    chmod(file, 0600);
  }
  must_fail("", NULL, "%:1|is empty");
  must_fail("# nothing\n\n", NULL, "%:1|is empty");
  must_fail("just words\n", NULL, "%:1|must be a mapping of name, seed, data, synthetic");
  must_fail("- 1\n- 2\n", NULL, "%:1|must be a mapping");
  must_fail("~\n", NULL, "%:1|must be a mapping");
  must_fail("seed: 1\n---\nseed: 2\n", NULL, "%:3|second YAML document");
  must_fail("seed: 1\nnetwork: {depth: 3\njitter: 0\n", NULL, "%:3|not valid YAML");
  must_fail("seed: 1\n\tjitter: 0\n", NULL, "%:2|not valid YAML");
  must_fail("seed: 1\nname: \xff\xfe\n", NULL, "%:2|UTF-8");
  must_fail("seed: 1\nname: a\x01z\n", NULL, "%:2|control characters");
  must_fail("seed: *nothing\n", NULL, "%:1|not valid YAML|undefined alias");
  must_fail("network: &a {depth: *a}\n", NULL, "%:1: network.depth|is a mapping");

  char *large = malloc(2 << 20);
  assert_non_null(large);
  memset(large, '#', 2 << 20);
  write_file(large, 2 << 20);
  assert_int_equal(wl_config_read(file, 0, NULL, &config), WL_ERROR_CONFIG);
  must_contain("%|64 KiB");
  memset(large, 0, 2 << 20);
  write_file(large, 1 << 10);
  assert_int_equal(wl_config_read(file, 0, NULL, &config), WL_ERROR_CONFIG);
  must_contain("%:1|UTF-8");
  memset(large, '[', 1 << 16); /* deep nesting must not exhaust the stack */
  write_file(large, 1 << 16);
  assert_int_equal(wl_config_read(file, 0, NULL, &config), WL_ERROR_CONFIG);
  must_contain("%:1|brackets");
  free(large);
}

/** The text that follows two good lines, and what the message must hold. */
static const struct {
  const char *text, *parts;
} wrong[] = {
    /* unknown keys */
    {"network: {dept: 3}\n", "%:3: network.dept|unknown key|did you mean network.depth?"},
    {"network:\n  sigmoidal: 3\n",
     "%:4: network.sigmoidal|unknown key, network has depth, activation, slope, sigma_w"},
    {"depth: 3\n", "%:3: depth|did you mean network.depth?"},
    {"netwrok: {depth: 3}\n", "%:3: netwrok|did you mean network?"},
    {"entirely_else: 1\n", "%:3: entirely_else|unknown key|name, seed, data, synthetic, kernels, network"},
    {"network: {depth: 3, depth.x: 4}\n", "%:3: network.depth.x|unknown key"},
    {"? [a, b]\n: 3\n", "%:3|a key must be a plain name"},
    {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff0123456789: 1\n", "%:3: aaaaaaaaaabbbbbbb|..."},
    /* twice */
    {"seed: 4\n", "%:3: seed|given twice|line 1"},
    {"network: {depth: 3}\njitter: 0\nnetwork: {sigma_w: 2}\n", "%:5: network|given twice|line 3"},
    {"network: {depth: 3}\nnetwork.depth: 4\n", "%:4: network.depth|given twice|line 3"},
    /* wrong kind */
    {"network: 3\n", "%:3: network|must be a mapping of depth, activation, slope"},
    {"network: [3]\n", "%:3: network|must be a mapping"},
    {"network: {depth: [3]}\n", "%:3: network.depth|is a list|an integer of at least 1"},
    {"network: {depth: {a: 3}}\n", "%:3: network.depth|is a mapping"},
    {"quantities: ensemble\n", "%:3: quantities|'ensemble'|a list of one or more of ensemble, rnd"},
    {"name: [a]\n", "%:3: name|is a list"},
    {"jitter:\n", "%:3: jitter|has no value|a number of at least 0"},
    {"name: ~\n", "%:3: name|has no value"},
    {"data: {train: x.h5}\n", "%:3: data.train|must be a mapping of inputs, targets"},
    /* numbers */
    {"network: {depth: 0}\n", "%:3: network.depth|'0'|an integer of at least 1"},
    {"network: {depth: -2}\n", "%:3: network.depth|'-2'"},
    {"network: {depth: 3.5}\n", "%:3: network.depth|'3.5'"},
    {"network: {depth: abc}\n", "%:3: network.depth|'abc'"},
    {"network: {depth: 010}\n", "%:3: network.depth|'010'"},
    {"network: {depth: 0x10}\n",
     "%:3: network.depth|'0x10'|an integer of at least 1; numbers are written in decimal"},
    {"network: {depth: 03}\n", "%:3: network.depth|'03'|a leading 0 as octal or not: leave it out"},
    {"noise_variance: 017\n", "%:3: noise_variance|'017'|a number of at least 0; YAML's|a leading 0"},
    {"noise_variance: 0o17\n", "%:3: noise_variance|'0o17'|in decimal"},
    {"noise_variance: 1_000\n", "%:3: noise_variance|'1_000'|in decimal, without _ or :"},
    {"noise_variance: 1:30\n", "%:3: noise_variance|'1:30'|in decimal, without _ or :"},
    {"noise_path: [0.5, +00]\n", "%:3: noise_path|'+00'|a leading 0"},
    {"network: {layers: [dense: {sigma_w: 01}]}\n", "sigma_w|'01'|a leading 0"},
    {"network: {depth: \"\"}\n", "%:3: network.depth|''"},
    {"network: {depth: 99999999999}\n", "%:3: network.depth|'99999999999'"},
    {"network:\n  activation: relu\n  sigma_w: 0\n", "%:5: network.sigma_w|'0'|a number above 0"},
    {"network: {sigma_w: -1e-300}\n", "%:3: network.sigma_w|'-1e-300'"},
    {"network: {sigma_b: -1}\n", "%:3: network.sigma_b|'-1'|at least 0"},
    {"network: {sigma_w: nan}\n", "%:3: network.sigma_w|'nan'"},
    {"network: {sigma_w: .nan}\n", "%:3: network.sigma_w|'.nan'"},
    {"network: {sigma_w: inf}\n", "%:3: network.sigma_w|'inf'"},
    {"network: {sigma_w: .inf}\n", "%:3: network.sigma_w|'.inf'"},
    {"network: {sigma_w: 0x1p3}\n", "%:3: network.sigma_w|'0x1p3'"},
    {"noise_variance: 1e400\n", "%:3: noise_variance|'1e400'|a number of at least 0"},
    {"noise_variance: 12abc\n", "%:3: noise_variance|'12abc'"},
    {"noise_variance: \"1,5\"\n", "%:3: noise_variance|'1,5'"},
    {"noise_variance: 1.5.2\n", "%:3: noise_variance|'1.5.2'"},
    {"noise_variance: -0.1\n", "%:3: noise_variance|'-0.1'"},
    {"jitter: -1\n", "%:3: jitter|'-1'"},
    {"jitter: \"0\\0\"\n", "%:3: jitter"},
    {"grid: {rows: -1}\n", "%:3: grid.rows|'-1'|an integer of at least 0"},
    {"grid: {rows: 1,\n       block: -64}\n", "%:4: grid.block|'-64'"},
    {"grid: {columns: 2147483648}\n", "%:3: grid.columns|'2147483648'"},
    /* choices */
    {"network: {activation: rellu}\n", "%:3: network.activation|'rellu'|relu, leaky_relu, erf"},
    {"network: {activation: 1}\n", "%:3: network.activation|'1'|relu, leaky_relu, erf"},
    {"output: {kernels: maybe}\n", "%:3: output.kernels|'maybe'|one of true, false"},
    {"output: {kernels: 1}\n", "%:3: output.kernels|'1'|one of true, false"},
    {"output: {intervals: []}\n", "%:3: output.intervals"},
    {"output: {intervals: [0.5, 1]}\n", "%:3: output.intervals|'1'|below 1"},
    {"output: {intervals: [0]}\n", "%:3: output.intervals|'0'|above 0"},
    {"output: {intervals: [0.9, 0.5]}\n", "%:3: output.intervals|must ascend, but 0.5 follows 0.9"},
    {"output: {intervals: [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.11, 0.12, 0.13, 0.14, "
     "0.15, 0.16, 0.17]}\n",
     "%:3: output.intervals|has 17 levels, at most 16"},
    {"data: {standardize_targets: true}\n", "%:3: data.standardize_targets|synthetic"},
    {"data: {target_encoding: onehot}\n", "%:3: data.target_encoding|'onehot'|one of none, one_hot"},
    {"quantities: []\n", "%:3: quantities|is empty"},
    {"quantities: [ensemble,\n  ensembel]\n", "%:4: quantities|'ensembel' is unknown|bayesian_rnd"},
    {"quantities: [rnd, nngp, rnd]\n", "%:3: quantities|'rnd' is given twice"},
    {"quantities: [[rnd]]\n", "%:3: quantities|holds a list or a mapping"},
    {"quantities: [1]\n", "%:3: quantities|'1' is unknown"},
    /* texts */
    {"name: \"\"\n", "%:3: name|''"},
    {"name: a/b\n", "%:3: name|without '/'"},
    {"name: ..\n", "%:3: name"},
    {"name: \"a\\0b\"\n", "%:3: name|'a'"},
    {"name: \"a\\tb\"\n", "%:3: name"},
    {"output: {directory: \"\"}\n", "%:3: output.directory|a path"},
    /* keys that belong together */
    {"network: {slope: 0.1}\n", "%:3: network.slope|belongs to leaky_relu|network.activation is relu"},
    {"network: {activation: leaky_relu,\n  slope: 1.5}\n", "%:4: network.slope: is 1.5; it must be"},
    {"network: {depth: 2147483647}\n", "%:3: network.depth: is 2147483647; it must be at most"},
    {"data: {train: {inputs: a.npy}}\n", "%:2: synthetic.train|cannot stand together with data.train.inputs"},
    {"data: {target_encoding: one_hot}\n", "%:3: data.target_encoding|synthetic"},
};

static void wrong_values(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(wrong); i++) {
    char text[1024];
    snprintf(text, sizeof text, "seed: 3\n" SYNTHETIC "%s", wrong[i].text);
    must_fail(text, NULL, wrong[i].parts);
  }
}

static void wrong_seeds_and_sizes(void **state) {
  (void)state;
  static const char *const seeds[] = {"-1", "18446744073709551616", "1.5", "abc", "1e3", "+1"};
  for (size_t i = 0; i < COUNT(seeds); i++) {
    char text[128], parts[128];
    snprintf(text, sizeof text, SYNTHETIC "seed: %s\n", seeds[i]);
    snprintf(parts, sizeof parts, "%%:2: seed|'%s'|18446744073709551615", seeds[i]);
    must_fail(text, NULL, parts);
  }
  must_fail("synthetic: {train: 0, test: 1, dimension: 1}\n", NULL, "%:1: synthetic.train|'0'|at least 1");
  must_fail("synthetic: {train: 1, test: -1, dimension: 1}\n", NULL, "%:1: synthetic.test|'-1'");
  must_fail("synthetic: {train: 1, test: 1, dimension: 1e3}\n", NULL, "%:1: synthetic.dimension|'1e3'");
  must_fail("synthetic: {train: 9223372036854775808, test: 1, dimension: 1}\n", NULL, "%:1: synthetic.train");
}

static void missing_keys(void **state) {
  (void)state;
  must_fail("seed: 1\n", NULL, "%:1: data.train.inputs|is missing|synthetic");
  must_fail("seed: 1\n\nsynthetic: {train: 3, test: 2}\n", NULL, "%:3: synthetic.dimension|is missing");
  must_fail("seed: 1\ndata:\n  train:\n    inputs: x.npy\n", NULL, "%:4: data.train.targets|is missing");
  must_fail("seed: 1\ndata:\n  train: {inputs: x.npy, targets: y.npy}\n", NULL,
            "%:3: data.test.inputs|is missing");
  must_fail("data:\n  test: {inputs: x.npy}\n", NULL, "%:2: data.train.inputs|is missing");
}

static void wrong_overrides(void **state) {
  (void)state;
  static const struct {
    const char *override, *parts;
  } cases[] = {
      {"network.depth=abc", "--set network.depth=abc: network.depth: 'abc'|an integer of at least 1"},
      {"network.depth=0", "--set network.depth=0: network.depth: '0'"},
      {"depth", "--set depth: |KEY=VALUE|network.depth=5"},
      {"=3", "--set =3: |KEY=VALUE"},
      {"", "--set : |KEY=VALUE"},
      {"depth=3", "--set depth=3: depth: unknown key|did you mean network.depth?"},
      {"network.dpth=3", "--set network.dpth=3: network.dpth: unknown key|did you mean network.depth?"},
      {"zzzzzzzzzzz=3", "unknown key|name, seed, data"},
      {"network.=3", "--set network.=3: network.: unknown key"},
      {".=3", "unknown key"},
      {"name=", "--set name=: name: has no value"},
      {"name=~", "--set name=~: name: has no value"},
      {"network=5", "--set network=5: network: must be a mapping of depth"},
      {"network=", "--set network=: network: has no value"},
      {"network=~", "--set network=~: network: must be a mapping"},
      {"network={depth: 0}", "--set network={depth: 0}: network.depth: '0'"},
      {"network={depth: 2, depth: 3}", "--set network={depth: 2, depth: 3}: network.depth: is given twice"},
      {"grid={rows:1}", "--set grid={rows:1}: grid.rows:1: unknown key"},
      {"quantities=[ensemble", "--set quantities=[ensemble: |not valid YAML"},
      {"quantities=ensemble", "--set quantities=ensemble: quantities: 'ensemble'|a list"},
      {"quantities=[]", "--set quantities=[]: quantities: is empty"},
      {"name=\xff", "--set name=|: is not a text in UTF-8"},
      {"network.slope=0.5", "--set network.slope=0.5: network.slope: belongs to leaky_relu"},
      {"data.train.inputs=x.npy", "%:1: synthetic.train|cannot stand together with data.train.inputs"},
      {"seed=1\n---\n2", "--set seed=1?---?2: |second YAML document"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) must_fail(SYNTHETIC, cases[i].override, cases[i].parts);
}

/** Keys of any length, from the file and from --set, with and without a known beginning. */
static void long_keys(void **state) {
  (void)state;
  for (size_t length = 100; length < 300; length++) {
    char text[400], override[400];
    snprintf(text, sizeof text, "network: {\"%0*d\": 1}\n", (int)length, 7);
    must_fail(text, NULL, "%:1: network.00|unknown key|...");
    snprintf(override, sizeof override, "network.%0*d=1", (int)length, 7);
    must_fail(SYNTHETIC, override, "--set network.000|...|unknown key");
  }
}

/** A message per wrong input also where the caller has a decimal comma. */
static void locale_does_not_matter(void **state) {
  (void)state;
  if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) skip();
  char *text = NULL;
  wl_config *config = must_read(everything, "network.sigma_w=1.25");
  wl_config *back = there_and_back(config, &text);
  setlocale(LC_ALL, "C");
  assert_true(config->network.sigma_w == 1.25);
  assert_same(config, back);
  free(text);
  wl_config_destroy(&config);
  wl_config_destroy(&back);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_are_filled_in),
      cmocka_unit_test(everything_is_read),
      cmocka_unit_test(every_activation_is_known),
      cmocka_unit_test(mixed_precision_is_checked),
      cmocka_unit_test(solver_is_checked),
      cmocka_unit_test(tune_is_read),
      cmocka_unit_test(tune_is_checked),
      cmocka_unit_test(layers_are_read),
      cmocka_unit_test(activations_of_lists_are_read),
      cmocka_unit_test(layers_are_checked),
      cmocka_unit_test(parameterization_is_checked),
      cmocka_unit_test(select_is_checked),
      cmocka_unit_test(overrides_win),
      cmocka_unit_test(paths_need_no_folder),
      cmocka_unit_test(empty_sections_are_absent),
      cmocka_unit_test(format_reads_back),
      cmocka_unit_test(format_leaves_out_what_is_not_given),
      cmocka_unit_test(format_makes_paths_absolute),
      cmocka_unit_test(format_refuses_what_yaml_cannot_hold),
      cmocka_unit_test(times_and_noises_are_checked),
      cmocka_unit_test(keys_are_set_by_name),
      cmocka_unit_test(keys_are_set_alike_in_what_is_written),
      cmocka_unit_test(rows_tell_their_kind),
      cmocka_unit_test(wrong_files),
      cmocka_unit_test(wrong_values),
      cmocka_unit_test(wrong_seeds_and_sizes),
      cmocka_unit_test(missing_keys),
      cmocka_unit_test(wrong_overrides),
      cmocka_unit_test(long_keys),
      cmocka_unit_test(locale_does_not_matter),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
