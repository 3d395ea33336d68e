/**
 * @file columns.h
 * Private to the sources: a choice of columns, by number (`1-4,7`) or by the names of a header (`[age,bmi]`). Local.
 */
#ifndef WIDELIMIT_DATA_COLUMNS_H
#define WIDELIMIT_DATA_COLUMNS_H

#include "data/csv_reader.h"

typedef struct wl_columns {
  int64_t *index; /**< of the file's columns, from 0, in the order asked for; owned */
  int64_t count;
  int64_t last; /**< the largest index plus 1 */
} wl_columns;

/**
 * @param label     path and selector, for messages
 * @param selector  NULL: all columns
 * @param width     how many columns the file has
 * @param header    fields of the header, `width` of them; NULL: it has none
 * Errors: WL_ERROR_DATA: neither numbers nor names, a column that is not there or asked for twice, a name that two
 * columns have; WL_ERROR_MEMORY. The columns are to be freed in any case.
 */
wl_error wl_columns_choose(const char *label, const char *selector, int64_t width, const wl_csv_field *header,
                           wl_columns *columns);

void wl_columns_free(wl_columns *columns);

#endif
