/**
 * @file tune_table.h
 * The evaluations of tune, and tune.h5, from which a search goes on. Local.
 *
 * A search that is made again meets the places that it met before, to the bit, as long as the objective there is what it was. So an
 * evaluation is known by its place, and what goes on need only be told the values.
 */
#ifndef WIDELIMIT_PIPELINE_TUNE_TABLE_H
#define WIDELIMIT_PIPELINE_TUNE_TABLE_H

#include "config/tune_parameters.h"
#include "pipeline/setup.h"

/** Numbers of a row before the place: the search that it belongs to, its number within, the objective (NaN: it failed). */
enum { WL_TUNE_SEARCH, WL_TUNE_STEP, WL_TUNE_GOAL, WL_TUNE_PLACE };

typedef struct wl_tune_table {
  int parameters; /**< numbers of a place */
  int64_t count, room;
  double *row;  /**< count × (WL_TUNE_PLACE + parameters); owned */
  char *inputs; /**< digests of the input files, for tune.h5 (provenance.h); NULL: not known yet; owned */
} wl_tune_table;

static inline int wl_tune_table_width(const wl_tune_table *table) { return WL_TUNE_PLACE + table->parameters; }

static inline double *wl_tune_table_row(const wl_tune_table *table, int64_t k) {
  return table->row + k * wl_tune_table_width(table);
}

/** Errors: WL_ERROR_MEMORY. */
wl_error wl_tune_table_add(wl_tune_table *table, const double *row);

/** In the order of the searches and of their steps, whoever was first. */
void wl_tune_table_sort(wl_tune_table *table);

/** Whether there is a row of this place, and its objective. */
bool wl_tune_table_find(const wl_tune_table *table, const double *place, double *goal);

/** Whether objective a is better than b, of which either may be NaN. */
bool wl_tune_is_better(const wl_config *config, double a, double b);

/** The row with the best objective, the first of those that tie; -1 where all failed. */
int64_t wl_tune_table_best(const wl_tune_table *table, const wl_config *config);

/** What the key has at a place of a range or of choices; of choices that are names, the number of the name. */
double wl_tune_number_at(const wl_tune_parameter *parameter, double place);

/** The same as it stands in a configuration; of ranges by `format`. */
void wl_tune_text_at(const wl_tune_parameter *parameter, double place, const char *format, char text[64]);

/** Root. Digests the input files, once for all that is written. Errors: WL_ERROR_IO; WL_ERROR_MEMORY. */
wl_error wl_tune_table_digest(wl_tune_table *table, const wl_config *config);

/**
 * Root. Writes tune.h5 and tuned.yaml, the configuration with the best values, to output.directory, both or neither.
 * @param made_with  of configuration and data, for wl_tune_table_read
 * Errors: WL_ERROR_IO; WL_ERROR_MEMORY.
 */
wl_error wl_tune_table_write(const wl_tune_table *table, const wl_setup *setup,
                             const wl_tune_parameters *parameters, const char *made_with);

/**
 * Root. Reads the rows of tune.h5; none where there is no such file.
 * Errors: WL_ERROR_CONFIG and WL_ERROR_DATA where it was made with another configuration or data, or is none.
 */
wl_error wl_tune_table_read(const wl_config *config, const char *made_with, wl_tune_table *table);

/** Frees what it holds. */
void wl_tune_table_clear(wl_tune_table *table);

#endif
