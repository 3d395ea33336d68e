/**
 * @file spectrum.h
 * The phase that decomposes Θ_XX, after all that rests on factors: eigenvalues of both kernels, a path of noise levels, and
 * predictions at training times (training_time.h).
 */
#ifndef WIDELIMIT_PIPELINE_SPECTRUM_H
#define WIDELIMIT_PIPELINE_SPECTRUM_H

#include "inference/spectrum.h"
#include "pipeline/assemble.h"
#include "pipeline/training_time.h"

/** What the report says of a decomposition. */
typedef struct wl_spectrum_summary {
  bool done;
  double smallest, largest;
  double effective_dimension,
      information_gain; /**< with the run's noise and jitter; not finite where these are 0 */
  double residual;      /**< wl_eigen */
} wl_spectrum_summary;

/** What the phase makes for the report; the same on every rank. */
typedef struct wl_spectra {
  wl_spectrum_summary of[WL_PRIOR_COUNT];
  wl_noise_point *noise;  /**< those of noise_path, in its order; owned */
  double *log_likelihood; /**< of each, summed over the target columns; owned */
  uint32_t noises;
  wl_time_scores times;
} wl_spectra;

/** Root. Makes the datasets. Errors: WL_ERROR_IO. */
wl_error wl_spectrum_declare(const wl_setup *setup, wl_results *results);

/**
 * Collective. What the configuration asks for by spectrum, noise_path and training.times; nothing of that: nothing is done. A
 * run that is stopped here starts this phase again.
 * @param assembly  its model's matrices are freed
 * @param spectra   zeros on entry; to be cleared whatever happens
 * Errors: those of spectrum.h and training_time.h in inference; WL_ERROR_STOPPED; those of the results and the readers.
 */
wl_error wl_spectrum_run(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly,
                         wl_spectra *spectra);

/** Local. Frees. */
void wl_spectra_clear(wl_spectra *spectra);

#endif
