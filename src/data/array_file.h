/**
 * @file array_file.h
 * Private to the sources: a matrix of binary elements within a stream, such as the formats NPY and IDX hold. Local.
 */
#ifndef WIDELIMIT_DATA_ARRAY_FILE_H
#define WIDELIMIT_DATA_ARRAY_FILE_H

#include "data/elements.h"
#include "data/input_file.h"
#include "data/source_format.h"

typedef struct wl_array_file {
  wl_input_file file; /**< owned */
  int64_t data;       /**< byte at which the elements start */
  wl_element_type type;
  bool columns_first; /**< column after column (Fortran order), else row after row */
} wl_array_file;

/** Whether rows × cols elements fit into the stream. Errors: WL_ERROR_DATA. */
wl_error wl_array_file_check_size(const wl_source *source, const wl_array_file *array);

/** As wl_source_format's: the source's state is a wl_array_file. */
wl_error wl_array_file_read(wl_source *source, int64_t first, int64_t count, double *out);
void wl_array_file_close(wl_source *source);

#endif
