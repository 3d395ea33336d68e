/**
 * @file calibration.h
 * The rates of a machine (plan.h), from `bench --calibrate` to `plan`.
 */
#ifndef WIDELIMIT_COST_CALIBRATION_H
#define WIDELIMIT_COST_CALIBRATION_H

#include "base/machine.h"
#include "cost/plan.h"

/** A calibration file. */
typedef struct wl_calibration {
  wl_speeds speeds;
  int ranks, threads; /**< with which it was measured; 0: the defaults, nothing was */
  int nodes, cores_per_node;
  bool local, network; /**< whether messages within and between nodes were measured */
  char blas_kernel[64];
} wl_calibration;

/** Local. The defaults. */
wl_calibration wl_calibration_default(void);

/**
 * Local. Reads a file of wl_calibrate; what it does not have keeps its default.
 * Errors: WL_ERROR_IO; WL_ERROR_DATA where it is not such a file or a rate is not above 0.
 */
wl_error wl_calibration_read(const char *path, wl_calibration *calibration);

/**
 * Collective. `bench --calibrate`: measures, prints, and writes to `path` unless NULL.
 * Errors: before anything is measured, those of wl_json_file_try.
 */
wl_error wl_calibrate(MPI_Comm comm, const wl_node *node, const char *path);

#endif
