/**
 * @file config.h
 * The configuration of a run: YAML in, checked, with every default filled in.
 *
 * The schema (keys, types, defaults, ranges) stands once, in src/io/config.c. Everything here is Local; the
 * program reads on rank 0 and sends the text of the effective configuration to the others.
 */
#ifndef WIDELIMIT_CONFIG_H
#define WIDELIMIT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "widelimit/network.h"

/** The quantities, in the order in which everything lists them: name, bit. */
#define WL_QUANTITY_LIST(X)                                               \
  X(ENSEMBLE, ensemble, "variance of a deep ensemble")                    \
  X(RND, rnd, "expected squared error of random network distillation")    \
  X(BAYESIAN_RND, bayesian_rnd, "expected squared error of Bayesian RND") \
  X(NTK_GP, ntk_gp, "posterior variance under the prior GP(0, theta)")    \
  X(NNGP, nngp, "posterior variance under the prior GP(0, kappa)")

typedef enum wl_quantity {
#define WL_QUANTITY_ENUM(NAME, name, text) WL_QUANTITY_##NAME,
  WL_QUANTITY_LIST(WL_QUANTITY_ENUM)
#undef WL_QUANTITY_ENUM
      WL_QUANTITY_COUNT
} wl_quantity;

/** Local. Name as in the configuration and the result files. */
const char *wl_quantity_name(wl_quantity quantity);

typedef enum wl_encoding { WL_ENCODING_NONE, WL_ENCODING_ONE_HOT } wl_encoding;

typedef struct wl_config {
  char *name;
  uint64_t seed;
  char *file;      /**< path of the configuration file, for messages */
  char *directory; /**< its folder: relative paths of sources and of the output start here… see output_directory */
  struct {
    char *train_inputs, *train_targets; /**< sources, as given; both NULL when synthetic.train > 0 */
    char *test_inputs;
    char *test_targets, *test_ood; /**< NULL: not given */
    wl_encoding target_encoding;
    bool standardize;
  } data;
  struct {
    int64_t train, test, dimension; /**< all 0 when real data is given */
  } synthetic;
  wl_network network;
  double noise_variance; /**< σ² ≥ 0 */
  double jitter;         /**< ≥ 0, added to the diagonal of Θ_XX and κ_XX */
  bool quantity[WL_QUANTITY_COUNT];
  struct {
    int rows, columns, block; /**< 0: chosen by the program */
  } grid;
  char *output_directory; /**< as given; relative to the current directory */
  bool output_covariance, output_kernels;
} wl_config;

/**
 * Local. Reads, overrides, checks.
 * @param path       YAML file
 * @param overrides  `key=value` with dots between levels, e.g. "network.depth=5", "quantities=[ensemble,nngp]"
 * Errors: WL_ERROR_CONFIG with "FILE:LINE: KEY: what is wrong and what is allowed", or "--set KEY=VALUE: …".
 */
wl_error wl_config_read(const char *path, int override_count, const char *const *overrides, wl_config **config);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_config_destroy(wl_config **config);

/**
 * Local. The effective configuration as YAML text that reads back to the same configuration from any folder
 * (sources as absolute paths). *text is owned by the caller (free).
 */
wl_error wl_config_format(const wl_config *config, char **text);

/** Local. Reads a configuration from text made by wl_config_format. */
wl_error wl_config_parse(const char *text, wl_config **config);

#endif
