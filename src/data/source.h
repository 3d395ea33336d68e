/**
 * @file source.h
 * A matrix in a file, read row by row: HDF5 (`file.h5:/dataset`), NumPy (`file.npy`, `file.npz:NAME`), text
 * (`file.csv:1-64`) or IDX (`train-images-idx3-ubyte`).
 *
 * Everything in this header is Local (the program calls it on rank 0 only) and reads in pieces: no function holds more
 * than the rows asked for, but for files that are packed.
 */
#ifndef WIDELIMIT_DATA_SOURCE_H
#define WIDELIMIT_DATA_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "widelimit/error.h"

typedef struct wl_source wl_source;

/** How to open a source; all zeros is the default. */
typedef struct wl_source_options {
  const char *directory; /**< relative paths start here; NULL: the current directory; borrowed */
  wl_header header;
  const char *
      header_hint; /**< ends the message where a first line that is no header is not numeric; NULL: none; borrowed */
} wl_source_options;

/**
 * Opens a source and finds its shape.
 * @param spec     `PATH` or `PATH:SELECTOR`; the path's ending is the format's, in any case, and those of text, NPY and IDX
 *                 may have .gz behind them: the file is then unpacked into memory.
 *                 - `.h5`, `.hdf5`, `.mat` (MATLAB 7.3): the selector is the dataset path (required); real, integer or
 *                   boolean type of rank 1 (one column) or 2, all of which has been written.
 *                 - `.npy`: no selector; `.npz`: the array's name. Float, integer or boolean types of any size and byte
 *                   order, rank 1 or 2.
 *                 - `.csv`, `.txt`, `.data`, `.dat`, `.tsv`: columns from 1 (`3`, `1-64`, `1-4,7`), or names of the header
 *                   (`[age,bmi]`); none: all columns (csv_reader.h).
 *                 - `idx1-ubyte` to `idx4-ubyte`, `.idx`: no selector; all dimensions but the first become columns.
 * @param options  NULL: the default
 * Errors: WL_ERROR_DATA, naming the file and what is wrong (missing, unreadable, wrong ending, absent dataset, rank, element
 * type, truncated, never written, line of a ragged row); WL_ERROR_MEMORY.
 */
wl_error wl_source_open(const char *spec, const wl_source_options *options, wl_source **source);

/**
 * From here on the source's rows are these of the file's, counted from 0, in this order. The array becomes the source's.
 * Errors: WL_ERROR_DATA, naming the first that the file has not.
 */
wl_error wl_source_choose_rows(wl_source *source, int64_t *rows, int64_t count);

/** The path of a specification, without its selector. Owned by the caller; NULL: the ending is not known, or no memory. */
char *wl_source_path(const char *spec);

/** Called with the path of each of some files. */
typedef struct wl_file_visitor {
  void (*visit)(void *context, const char *path);
  void *context;
} wl_file_visitor;

/**
 * Visits the files that hold numbers of an HDF5 source beside the one that is named: sources of virtual datasets, external files,
 * what a link leads to. None where it is of another format or cannot be opened.
 */
void wl_source_visit_files(const char *spec, const wl_file_visitor *visitor);

/** Closes and sets to NULL; NULL is fine. */
void wl_source_close(wl_source **source);

/** Number of rows (examples). */
int64_t wl_source_rows(const wl_source *source);

/** Number of columns. */
int64_t wl_source_cols(const wl_source *source);

/** The specification as given, for messages. Owned by the source. */
const char *wl_source_spec(const wl_source *source);

/**
 * Reads rows first … first + count − 1 as double, row-major, into out (count × cols).
 * Reading on where the last call ended is fast for every format; going back is possible. Chosen rows are read in the
 * order of the file, piece by piece, so that asking for many at once is faster.
 * Errors: WL_ERROR_DATA, naming file, row and column (1-based, as the file counts) of a NaN or infinity, or the line that
 * cannot be read; WL_ERROR_IO where reading fails.
 */
wl_error wl_source_read(wl_source *source, int64_t first, int64_t count, double *out);

/** Whether wl_source_read_block is there: HDF5 alone has it. */
bool wl_source_has_blocks(const wl_source *source);

/**
 * Reads rows row … row + rows − 1, of them columns column … column + columns − 1, as double, row-major, finite or not. Not where rows
 * were chosen. Errors: WL_ERROR_IO where reading fails; WL_ERROR_INTERNAL for what is not there.
 */
wl_error wl_source_read_block(wl_source *source, int64_t row, int64_t rows, int64_t column, int64_t columns,
                              double *out);

#endif
