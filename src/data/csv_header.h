/**
 * @file csv_header.h
 * Private to the sources: what the first line of a text file is, decided for the file and not for a choice of its
 * columns. Local.
 *
 * A field of line 1 has a say where line 2 has a number (or nothing, or the mark of a missing value) in that column. All
 * texts: a header. All numbers: an example, unless line 1 counts 0, 1, 2, … or 1, 2, 3, …, as data frames without names
 * write it. Texts and numbers: an error, unless line 1 is that of scikit-learn's files (rows, columns, names of classes).
 * Texts above texts and numbers above numbers (names and years, or an example with its class): an example if one of the texts
 * comes again in its column, else an error. Marks of missing values (NA, ?, …) are no texts.
 */
#ifndef WIDELIMIT_DATA_CSV_HEADER_H
#define WIDELIMIT_DATA_CSV_HEADER_H

#include "data/csv_reader.h"
#include "data/source.h"

typedef struct wl_csv_head {
  bool header;          /**< line 1 is one */
  char *text;           /**< its record, for names; NULL: none; owned */
  wl_csv_field *fields; /**< within text, or NULL; owned */
  int64_t count;
  int64_t width;     /**< columns of an example */
  wl_csv_place line; /**< where line 1 starts, the first that says something */
  wl_csv_place data; /**< where the examples start */
} wl_csv_head;

/**
 * Reads the first lines, finds the separator and decides; warns where the header is one by its numbers alone. A header
 * that has not as many fields as the examples names no columns.
 * Errors: WL_ERROR_DATA, naming the line, the field and the remedies. The head is to be freed in any case.
 */
wl_error wl_csv_head_read(wl_csv_reader *reader, wl_header asked, wl_csv_head *head);

void wl_csv_head_free(wl_csv_head *head);

#endif
