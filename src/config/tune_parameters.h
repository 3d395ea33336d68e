/**
 * @file tune_parameters.h
 * What `widelimit tune` varies: the map tune.parameters, from the names of keys to ranges or lists of values. Local.
 *
 *   network.sigma_w: {from: 0.5, to: 3, scale: log}        a range of numbers; scale: linear without saying
 *   network.depth: {from: 2, to: 6}                        of integers: each of them
 *   network.activation: [relu, erf, gelu]                  these values
 */
#ifndef WIDELIMIT_CONFIG_TUNE_PARAMETERS_H
#define WIDELIMIT_CONFIG_TUNE_PARAMETERS_H

#include <stdbool.h>
#include <string.h>

#include "config/schema.h"
#include "config/tree.h"

/** Most values of one key. */
enum { WL_TUNE_CHOICES = 256 };

typedef struct wl_tune_parameter {
  const wl_key *key; /**< borrowed from the table */
  bool range;        /**< of real numbers; otherwise choices */
  bool logarithmic;
  double from, to;
  int choice_count;
  char **choices; /**< as they would be written in a configuration; owned */
} wl_tune_parameter;

/** Whether it changes the network, and so the kernels. */
static inline bool wl_tune_is_of_network(const wl_tune_parameter *parameter) {
  return strncmp(parameter->key->name, "network.", strlen("network.")) == 0;
}

typedef struct wl_tune_parameters {
  int count;
  wl_tune_parameter *parameter; /**< in the order of the map */
} wl_tune_parameters;

/**
 * Reads and checks the map against the keys. To be cleared whether or not this fails.
 * Errors: WL_ERROR_CONFIG, with the place: keys that there are not or on which no objective depends, values that a key may
 * not have, from ≥ to; WL_ERROR_MEMORY.
 */
wl_error wl_tune_parameters_read(const wl_schema *schema, const wl_tree *tree, wl_tune_parameters *parameters);

/** Frees what it holds. */
void wl_tune_parameters_clear(wl_tune_parameters *parameters);

#endif
