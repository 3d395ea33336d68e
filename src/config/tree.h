/**
 * @file tree.h
 * A part of a configuration whose form is known to a parser elsewhere: lists, maps and scalars, each with its place in the
 * text. Local.
 *
 *   network.layers:  [{dense: {sigma_w: 1.5}}, relu]
 *
 * is a list of a map and a scalar, and complaints about 1.5 start with "case.yaml:7: network.layers[0].dense.sigma_w: ".
 */
#ifndef WIDELIMIT_CONFIG_TREE_H
#define WIDELIMIT_CONFIG_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "widelimit/error.h"

typedef enum wl_tree_form { WL_TREE_SCALAR, WL_TREE_LIST, WL_TREE_MAP } wl_tree_form;

typedef struct wl_tree {
  wl_tree_form form;
  char *where;            /**< "FILE:LINE: KEY", for messages */
  char *text;             /**< of a scalar; "" for an absent value */
  bool quoted;            /**< of a scalar: "3" is a text, 3 a number */
  int64_t count;          /**< of items */
  char **keys;            /**< of a map, no two alike; NULL otherwise */
  struct wl_tree **items; /**< of a list or map */
} wl_tree;

/** Deepest nesting and most nodes. */
enum { WL_TREE_DEPTH = 32, WL_TREE_NODES = 10000 };

/** Frees and sets to NULL; NULL is fine. */
void wl_tree_destroy(wl_tree **tree);

/** The value of a key of a map; NULL if it is not there, or if `tree` is no map. */
const wl_tree *wl_tree_get(const wl_tree *tree, const char *key);

/** WL_ERROR_CONFIG with the place before the text. printf format. */
wl_error wl_tree_fail(const wl_tree *tree, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** A finite number, as every number of a configuration is written. Errors: WL_ERROR_CONFIG. */
wl_error wl_tree_real(const wl_tree *tree, double *number);

/** Errors: WL_ERROR_CONFIG. */
wl_error wl_tree_integer(const wl_tree *tree, int64_t *number);

/** Fails unless `tree` is a map whose keys are all among `names`, which end in NULL. Errors: WL_ERROR_CONFIG. */
wl_error wl_tree_check_keys(const wl_tree *tree, const char *const *names);

#endif
