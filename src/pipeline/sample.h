/**
 * @file sample.h
 * The draws of a run.
 */
#ifndef WIDELIMIT_PIPELINE_SAMPLE_H
#define WIDELIMIT_PIPELINE_SAMPLE_H

#include "pipeline/run.h"

/** Local. Whether any draws are asked for; how many bytes they take in the file. */
bool wl_run_has_samples(const wl_config *config);
double wl_run_sample_bytes(const wl_run *run);

/** Root. Makes the datasets /samples/... */
wl_error wl_run_declare_samples(wl_run *run);

/** Collective. Draws and writes; ends all use of the model but its evidence. Errors: those of sample.h; WL_ERROR_IO. */
wl_error wl_run_sample(wl_run *run);

/** Collective. Reads points first … first + count − 1 of X and then T, as the joint kernels want them, and spreads them. */
wl_error wl_run_read_joint_points(wl_run *run, int64_t first, int64_t count, wl_points **points);

/** Local. */
wl_joint_options wl_run_joint_options(const wl_config *config);

#endif
