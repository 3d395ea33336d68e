/**
 * @file config.h
 * The configuration of a run: YAML in, checked, with every default filled in.
 *
 * The schema (keys, types, defaults, ranges) stands once, in src/config/config.c. Everything here is Local; the
 * program reads on rank 0 and sends the text of the effective configuration to the others.
 */
#ifndef WIDELIMIT_CONFIG_CONFIG_H
#define WIDELIMIT_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/select_rule.h"
#include "config/schema.h"
#include "kernel/given.h"
#include "sampling/fault.h"
#include "widelimit/network.h"
#include "widelimit/quantity.h"
#include "widelimit/sample.h"

/** Most widths of a finite-width study. */
enum { WL_WIDTHS = 16 };

/** How many intervals there may be. */
enum { WL_INTERVALS = 16 };

/** How finite networks are trained (finite.h). */
typedef enum wl_training { WL_TRAINING_GRADIENT_DESCENT, WL_TRAINING_LINEARIZED } wl_training;

/** Momentum of gradient descent (finite.h). */
typedef enum wl_momentum { WL_MOMENTUM_NONE, WL_MOMENTUM_HEAVY_BALL } wl_momentum;

/** A fault put in on purpose, to show that the verdicts see it (finite.h). */
typedef enum wl_finite_fault {
  WL_FINITE_FAULT_NONE,
  WL_FINITE_FAULT_LAST_LAYER, /**< the Bayesian target keeps its last layer */
  WL_FINITE_FAULT_SHARED,     /**< the target of RND has the predictor's parameters */
  WL_FINITE_FAULT_HEAD        /**< head 1 draws the numbers of head 0 */
} wl_finite_fault;

/** Of the factorizations; results are exact in either (widelimit/model.h). */
typedef enum wl_precision { WL_PRECISION_DOUBLE, WL_PRECISION_MIXED } wl_precision;

/** How the systems of equations are solved: a factor of the matrix, or without the matrix (inference/iterative.h). */
typedef enum wl_solver_method { WL_SOLVER_CHOLESKY, WL_SOLVER_ITERATIVE } wl_solver_method;

/** What the first line of a text file is: found out (data/csv_header.h), a header, an example. */
typedef enum wl_header { WL_HEADER_AUTO, WL_HEADER_TRUE, WL_HEADER_FALSE } wl_header;

/** What tune makes as good as it can. */
typedef enum wl_tune_objective {
  WL_TUNE_LOG_MARGINAL_LIKELIHOOD,
  WL_TUNE_LOO_LOG_DENSITY,
  WL_TUNE_LOO_RMSE,
  WL_TUNE_LOO_CRPS
} wl_tune_objective;

typedef enum wl_tune_method { WL_TUNE_LOCAL, WL_TUNE_RANDOM, WL_TUNE_GRID } wl_tune_method;

typedef enum wl_encoding { WL_ENCODING_NONE, WL_ENCODING_ONE_HOT } wl_encoding;

/**
 * Relative paths in the file start in its folder, those given by --set in the current directory. The members below
 * are resolved: usable from the current directory as it was when the configuration was read.
 */
typedef struct wl_config {
  char *name;      /**< default: the file's name without its ending; no '/' */
  uint64_t seed;   /**< default 0 */
  char *file;      /**< path of the configuration file as given, for messages */
  char *directory; /**< its folder */
  struct {
    char *train_inputs, *train_targets; /**< sources (PATH:SELECTOR), resolved; NULL when data are synthetic */
    char *test_inputs;                  /**< likewise */
    char *test_targets, *test_ood;      /**< likewise; NULL: not given */
    char *pool_inputs;                  /**< of `select`, likewise; NULL: not given */
    char *train_rows, *test_rows;       /**< lists of rows (data/rows.h), resolved; NULL: all */
    wl_header header;                   /**< of text files; default auto */
    struct {
      double test;   /**< this part of the rows of data.train is for testing; 0: no split */
      uint64_t seed; /**< default 0 */
    } split;
    wl_encoding target_encoding; /**< default none */
    double scale, divide_by;     /**< of the inputs, default 1 */
    bool standardize;            /**< default false */
    bool standardize_targets;    /**< default false */
  } data;
  struct {
    int64_t train, test, dimension; /**< all 0 when real data is given, else all ≥ 1 */
  } synthetic;
  struct {
    bool wanted;                                    /**< the section is given, in place of network and inputs */
    char *source[WL_GIVEN_KERNELS][WL_GIVEN_PARTS]; /**< sources, resolved; NULL: not given */
  } kernels;
  struct wl_tree *network_layers; /**< the list of network.layers as it is given; NULL: the network in short */
  wl_network network;             /**< default wl_network_default() */
  struct {
    bool wanted;            /**< the section `rnd.target` is given: RND's target is this network */
    struct wl_tree *layers; /**< rnd.target.layers as it is given; NULL: the target in short */
    wl_network network;     /**< all members of it are given */
  } rnd_target;
  double noise_variance;            /**< σ² ≥ 0, default 0 */
  double jitter;                    /**< ≥ 0, default 0; added to the diagonal of Θ_XX and κ_XX */
  wl_precision precision;           /**< default double */
  wl_engine engine;                 /**< of the factorizations, default scalapack */
  bool quantity[WL_QUANTITY_COUNT]; /**< at least one; default all */
  struct {
    int rows, columns, block; /**< ≥ 0, default 0: chosen by the program */
  } grid;
  struct {
    int64_t widths[WL_WIDTHS]; /**< ascending; needed by `widelimit finite` */
    uint32_t width_count;      /**< 0: the section is not given */
    int64_t networks;          /**< per width, default 256 */
    int64_t heads;             /**< of an RND network, default 8 */
    wl_training training;      /**< default gradient_descent */
    struct {
      double residual; /**< relative residual that ends the training, default 1e-6 */
      int64_t steps;   /**< at most, default 200000 */
      double time;     /**< of gradient flow, at which training stops; default 0: at convergence */
    } stop;
    double step;              /**< in units of 1/λ_max(Θ_XX), default 1 */
    wl_momentum momentum;     /**< default heavy_ball */
    wl_finite_fault sabotage; /**< for tests; default none */
  } finite_width;
  int64_t samples[WL_DRAW_COUNT]; /**< `sampling`: how many draws of each kind; default 0 */
  struct {
    bool wanted;        /**< the section is given */
    int64_t replicates; /**< R ≥ 2, default 20 */
    int64_t heads;      /**< K ≥ 1, default 64 */
    double false_alarm; /**< probability that an honest run fails, in (0, 1), default 1e-6 */
    wl_fault sabotage;  /**< for demonstration; default none */
  } certify;
  struct {
    char *directory;      /**< resolved; NULL: no checkpoints */
    double every_minutes; /**< ≥ 0, default 30; 0: as often as possible */
    int keep;             /**< ≥ 1, default 2: how many are kept */
  } checkpoint;
  struct {
    wl_solver_method method; /**< default cholesky */
    double tolerance;        /**< of brackets, > 0, default 1e-6 */
    int64_t rank;            /**< of the preconditioner, default 0: chosen */
    int passes;              /**< over the kernels for a batch of test points, at most; ≥ 2, default 500 */
  } solver;
  bool loo; /**< leave-one-out; default false */
  struct {
    wl_reals times; /**< of gradient flow, ≥ 0, also infinite; none: not asked for */
  } training;
  bool spectrum;       /**< eigenvalues of both kernels; default false */
  wl_reals noise_path; /**< noise variances > 0; none: not asked for */
  struct {
    bool wanted; /**< the section is given */
    wl_tune_objective objective;
    wl_quantity prior;          /**< ntk_gp, nngp or ensemble; default ntk_gp */
    struct wl_tree *parameters; /**< for wl_tune_parameters_read; NULL: not given */
    const char *fixed;          /**< a key that is varied and was given a value too; NULL: none */
    int64_t subset;             /**< training rows, default 0: all */
    int64_t evaluations;        /**< at most, default 100 */
    wl_tune_method method;      /**< default local */
    int64_t groups;             /**< of ranks that evaluate at the same time; default 0: chosen */
  } tune;
  struct {
    bool wanted;         /**< the section is given */
    bool active;         /**< set by the command: the pool is in the place of the test points */
    int64_t count;       /**< points to choose */
    wl_quantity by;      /**< ntk_gp, nngp, rnd or ensemble; default ntk_gp */
    wl_select_rule rule; /**< default variance */
  } select;
  char *factor_save;                      /**< resolved; NULL: the factors are not kept */
  char *output_directory;                 /**< resolved; default out/NAME in the file's folder */
  bool output_covariance, output_kernels; /**< default false */
  wl_reals output_intervals;              /**< levels, ascending, in (0, 1); count 0: not given */
  struct wl_config_source *source;        /**< what it was read from; owned, for wl_config_set */
} wl_config;

/**
 * Local. Reads, overrides, checks.
 * @param path       YAML file of at most 64 KiB
 * @param overrides  `key=value` with dots between levels and any YAML as value, e.g. "network.depth=5",
 *                   "quantities=[ensemble,nngp]", "grid={rows: 1, columns: 2}" (which leaves grid.block as it is)
 * @param config     NULL on failure
 * Errors: WL_ERROR_CONFIG with "FILE:LINE: KEY: what is wrong and what is allowed", or
 * "--set KEY=VALUE: KEY: …"; WL_ERROR_IO where reading fails; WL_ERROR_MEMORY.
 */
wl_error wl_config_read(const char *path, int override_count, const char *const *overrides, wl_config **config);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_config_destroy(wl_config **config);

/**
 * Local. The effective configuration as YAML text that reads back to the same configuration from any folder:
 * every key, numbers to the last bit, absolute paths. *text is owned by the caller (free).
 * Errors: WL_ERROR_CONFIG where a path is not UTF-8, which YAML cannot hold; WL_ERROR_MEMORY.
 */
wl_error wl_config_format(const wl_config *config, char **text);

/**
 * Local. The keys of that scope (RUN includes FACTOR) and their values as lines "key: value", in the order of the table,
 * numbers to the last bit: two configurations that compute the same have the same text. *text is owned by the caller.
 * Errors: WL_ERROR_CONFIG; WL_ERROR_MEMORY.
 */
wl_error wl_config_fingerprint(const wl_config *config, wl_scope scope, char **text);

/**
 * Local. What a file says of a key, e.g. "factor.save", were it of another version or otherwise not to be read as a whole.
 * *text is owned by the caller; NULL where the file, or the key in it, is not there. Errors: WL_ERROR_MEMORY.
 */
wl_error wl_config_peek(const char *path, const char *key, char **text);

/** Local. Whether the file is such a text as wl_config_format makes. */
bool wl_config_is_effective(const char *path);

/**
 * Local. Reads a configuration from text, such as wl_config_format makes; `file` becomes "configuration" and
 * relative paths start in the current directory.
 */
wl_error wl_config_parse(const char *text, wl_config **config);

/** Local. The keys of a configuration. */
extern const wl_schema wl_config_schema;

/** Local. The row of that key (kind, choices, bounds); NULL if there is none. */
const wl_key *wl_config_key(const char *name);

/**
 * Local. Gives a key another value, as `--set key=value` would, and makes the configuration anew: same parser, same checks,
 * also those between keys. On failure the configuration stays as it was; on success what its members pointed to is gone.
 * Other than in a file, network.slope may stand beside an activation set here that has none.
 * Errors: WL_ERROR_CONFIG with "KEY=VALUE: KEY: …"; WL_ERROR_MEMORY.
 */
wl_error wl_config_set(wl_config *config, const char *key, const char *value);

#endif
