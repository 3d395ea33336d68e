/**
 * @file source_csv.c
 * CSV and other text files: examples in lines, chosen columns of them.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "data/columns.h"
#include "data/csv_header.h"
#include "data/source_format.h"

typedef struct csv_state {
  wl_csv_reader reader;
  wl_csv_head head;
  wl_columns columns;
  wl_csv_place *rows; /**< where each starts; owned */
  int64_t next_row;   /**< the row that the reader comes to next */
  bool pairs;         /**< all rows are two integers, as are the two parts of 0,05 */
  int64_t padded;     /**< the first line whose second integer starts with a zero, as no count does; 0: none */
} csv_state;

/* ---- fields ------------------------------------------------------------------------------------------------- */

/** 1.0D+3, as Fortran writes doubles: only digits, signs and a point beside one D. */
static bool has_fortran_exponent(const wl_csv_field *field) {
  size_t exponents = 0, others = 0;
  for (size_t i = 0; i < field->length; i++) {
    exponents += strchr("dD", field->text[i]) != NULL;
    others += strchr("+-.0123456789dD", field->text[i]) == NULL;
  }
  return exponents == 1 && others == 0 && field->length > 2;
}

static wl_error bad_field(const wl_source *source, const csv_state *state, int64_t column) {
  const wl_csv_reader *reader = &state->reader;
  const wl_csv_field *field = &reader->fields[column];
  const long long line = reader->place.line, number = column + 1;
  const bool first = line == state->head.line.line;
  const char *hint = "";
  if (first && source->header_hint)
    hint = source->header_hint;
  else if (first && source->header == WL_HEADER_AUTO)
    hint = "; if the line is a header: data.header: true";
  char shown[WL_SHOWN_SIZE];
  if (field->length == 0)
    WL_FAIL(WL_ERROR_DATA, "%s:%lld: column %lld is empty%s", source->path, line, number, hint);
  if (wl_csv_field_has_decimal_comma(field)) hint = "; decimals need a point";
  if (has_fortran_exponent(field)) hint = "; exponents need an E, as in 1.0E+3";
  WL_FAIL(WL_ERROR_DATA, "%s:%lld: column %lld is not a number: '%s' (the separator is the %s%s)", source->path,
          line, number, wl_source_shown(field->text, field->length, shown),
          wl_csv_separator_name(reader->separator), hint);
}

/** The chosen columns of the reader's record. */
static wl_error parse_row(const wl_source *source, const csv_state *state, int64_t row, double *out) {
  for (int64_t k = 0; k < state->columns.count; k++) {
    const int64_t column = state->columns.index[k];
    if (!wl_csv_field_number(&state->reader, &state->reader.fields[column], &out[k]))
      return bad_field(source, state, column);
    if (!isfinite(out[k]))
      WL_FAIL(WL_ERROR_DATA, "%s:%lld: row %lld, column %lld is %s", source->path,
              (long long)state->reader.place.line, (long long)row + 1, (long long)column + 1,
              isnan(out[k]) ? "nan"
              : out[k] > 0  ? "inf"
                            : "-inf");
  }
  return WL_OK;
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

static bool is_integer(const wl_csv_field *field) {
  size_t i = field->length > 1 && strchr("+-", field->text[0]) ? 1 : 0;
  while (i < field->length && isdigit((unsigned char)field->text[i])) i++;
  return i == field->length && i > 0;
}

static void look_for_pairs(csv_state *state) {
  const wl_csv_reader *reader = &state->reader;
  const wl_csv_field *field = reader->fields;
  state->pairs = state->pairs && reader->separator == ',' && reader->count == 2 && is_integer(&field[0]) &&
                 is_integer(&field[1]);
  if (state->pairs && state->padded == 0 && field[1].length > 1 && field[1].text[0] == '0')
    state->padded = reader->place.line;
}

static wl_error add_row(wl_source *source, csv_state *state, int64_t *room) {
  const wl_csv_reader *reader = &state->reader;
  if (reader->count != state->head.width)
    WL_FAIL(WL_ERROR_DATA, "%s:%lld: has %lld columns, %lld are expected (as in the %s line)", source->path,
            (long long)reader->place.line, (long long)reader->count, (long long)state->head.width,
            state->head.header ? "first data" : "first");
  if (source->rows == *room) {
    *room = *room > 0 ? 2 * *room : 1024;
    wl_csv_place *rows = realloc(state->rows, sizeof *rows * (size_t)*room);
    if (rows == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
    state->rows = rows;
  }
  state->rows[source->rows++] = reader->place;
  look_for_pairs(state);
  return WL_OK;
}

/** Finds where each row starts; all have the same number of fields. */
static wl_error find_rows(wl_source *source, csv_state *state) {
  int64_t room = 0;
  state->pairs = true;
  WL_TRY(wl_csv_reader_seek(&state->reader, state->head.data));
  for (source->rows = 0;;) {
    bool end;
    WL_TRY(wl_csv_reader_next(&state->reader, &end));
    if (end) break;
    WL_TRY(add_row(source, state, &room));
  }
  state->next_row = source->rows;
  if (state->pairs && state->padded > 0)
    wl_log_warning("%s:%lld: is read as two integers; if that is one number, decimals need a point", source->path,
                   (long long)state->padded);
  return WL_OK;
}

/** pandas.DataFrame.to_csv writes the row's number first unless told not to, below an empty name. */
static void warn_of_index(const wl_source *source, const csv_state *state) {
  const wl_csv_head *head = &state->head;
  if (!head->header || head->count != head->width || head->width < 2 || head->fields[0].length > 0) return;
  for (int64_t k = 0; k < state->columns.count; k++)
    if (state->columns.index[k] == 0)
      wl_log_warning("%s: column 1 has no name: if it numbers the rows, leave it out (%s:2-%lld)", source->label,
                     source->path, (long long)head->width);
}

static wl_error open_csv(wl_source *source) {
  csv_state *state = source->state = calloc(1, sizeof *state);
  if (state == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
  WL_TRY(wl_csv_reader_open(source->path, &state->reader));
  WL_TRY(wl_csv_head_read(&state->reader, source->header, &state->head));
  const wl_csv_head *head = &state->head;
  const bool names = head->header && head->count == head->width;
  WL_TRY(wl_columns_choose(source->label, source->selector, head->width, names ? head->fields : NULL,
                           &state->columns));
  source->cols = state->columns.count;
  warn_of_index(source, state);
  return find_rows(source, state);
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static wl_error read_csv(wl_source *source, int64_t first, int64_t count, double *out) {
  csv_state *state = source->state;
  wl_csv_reader *reader = &state->reader;
  if (state->next_row != first) WL_TRY(wl_csv_reader_seek(reader, state->rows[first]));
  for (int64_t i = 0; i < count; i++) {
    bool end;
    state->next_row = -1;
    WL_TRY(wl_csv_reader_next(reader, &end));
    if (end || reader->count != state->head.width || reader->place.offset != state->rows[first + i].offset)
      WL_FAIL(WL_ERROR_IO, "%s:%lld: the file changed while it was read", source->path,
              (long long)state->rows[first + i].line);
    WL_TRY(parse_row(source, state, first + i, out + i * source->cols));
    state->next_row = first + i + 1;
  }
  return WL_OK;
}

static void close_csv(wl_source *source) {
  csv_state *state = source->state;
  wl_csv_reader_close(&state->reader);
  wl_csv_head_free(&state->head);
  wl_columns_free(&state->columns);
  free(state->rows);
  free(state);
}

const wl_source_format wl_source_csv = {.endings = {".csv", ".txt", ".data", ".dat", ".tsv"},
                                        .packed = true,
                                        .open = open_csv,
                                        .read = read_csv,
                                        .close = close_csv};
