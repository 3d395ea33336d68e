#include "pipeline/keep.h"

#include "pipeline/output.h"

wl_error wl_keep_prediction(const wl_setup *setup, const wl_services *services, const wl_prediction *prediction,
                            wl_tally *tally) {
  wl_prediction converted = {0};
  wl_error error = wl_units_convert(&setup->units, prediction, &converted);
  if (error == WL_OK) error = wl_output_prediction(setup, services->results, &converted);
  if (error == WL_OK) error = wl_tally_add(setup, &converted, tally);
  wl_prediction_clear(&converted);
  return error;
}
