/**
 * @file commands.h
 * The commands of the program and what they share.
 */
#ifndef WIDELIMIT_CLI_COMMANDS_H
#define WIDELIMIT_CLI_COMMANDS_H

#include "config/config.h"

/** What the command line says. */
typedef struct wl_arguments {
  const char *config;           /**< path of the configuration */
  const char *const *overrides; /**< key=value, in order; owned by the caller */
  int override_count;
  char *const *words; /**< all that follows the command, for commands with options of their own */
  int word_count;
  bool resume;        /**< --resume */
  double time_limit;  /**< --time-limit in seconds; 0: none */
  const char *factor; /**< --factor; NULL: none */
} wl_arguments;

/** Collective over MPI_COMM_WORLD. `widelimit run`. */
wl_error wl_command_run(const wl_arguments *arguments);

/** Collective over MPI_COMM_WORLD. `widelimit finite`. */
wl_error wl_command_finite(const wl_arguments *arguments);

/** Collective over MPI_COMM_WORLD. `widelimit certify`. */
wl_error wl_command_certify(const wl_arguments *arguments);
/** Collective over MPI_COMM_WORLD. `widelimit predict`: a run whose factors come from a file. */
wl_error wl_command_predict(const wl_arguments *arguments);

/** Collective over MPI_COMM_WORLD. `widelimit bench`. */
wl_error wl_command_bench(const wl_arguments *arguments);

/** Collective over MPI_COMM_WORLD. `widelimit plan`. */
wl_error wl_command_plan(const wl_arguments *arguments);

/** Local. Version of the program and of the libraries under it, on standard output. */
void wl_print_version(void);

#endif
