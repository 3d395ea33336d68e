/**
 * @file select_rule.h
 * What a choice of the command select gains (inference/select.h), for the configuration and for who chooses.
 */
#ifndef WIDELIMIT_BASE_SELECT_RULE_H
#define WIDELIMIT_BASE_SELECT_RULE_H

/** The order of choices is the same. */
typedef enum wl_select_rule {
  WL_SELECT_VARIANCE, /**< variance that it takes off the pool's sum */
  WL_SELECT_INFORMATION /**< ½ log(1 + v / σ²), v its variance: the information about the function, with ntk_gp and nngp */
} wl_select_rule;

#endif
