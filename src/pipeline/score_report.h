/**
 * @file score_report.h
 * Scores (scores.h) as members of summary.json and as columns of the tables on the console: those of test points and those of
 * left-out points look alike. Local.
 */
#ifndef WIDELIMIT_PIPELINE_SCORE_REPORT_H
#define WIDELIMIT_PIPELINE_SCORE_REPORT_H

#include "pipeline/json_number.h"
#include "pipeline/scores.h"

/** Points, RMSE, and of classes the accuracy, of the means of a prior. */
json_t *wl_scores_mean_object(const wl_scores *scores, int prior, bool classes);

/**
 * Sets negative_log_likelihood, coverage and crps, of classes expected_calibration_error and brier_score, where the quantity is one
 * of predictions, and aurc.
 */
void wl_scores_set_quantity(const wl_scores *scores, int quantity, bool classes, double risk, json_t *object);

/** A line of a table, short enough for 80 columns with 41 before it and two levels, or 15 and four. */
enum { WL_SCORE_COLUMNS = 96 };

/**
 * The columns of calibration: shares within the first intervals and CRPS, or of classes ECE and Brier score; AURC.
 * @param levels  how many intervals at most
 */
void wl_score_heads(const wl_scores *scores, int levels, bool classes, char text[WL_SCORE_COLUMNS]);
void wl_score_columns(const wl_scores *scores, int quantity, int levels, bool classes, double risk,
                      char text[WL_SCORE_COLUMNS]);

#endif
