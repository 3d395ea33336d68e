/**
 * @file source_csv.c
 * CSV files, line by line: numbers separated by comma, semicolon or tab (whichever the first line has, in this
 * order). Empty lines and lines that start with # are skipped. A first line in which a selected field is neither
 * empty nor a number is a header. Quotes are not supported around numbers.
 */
#define _GNU_SOURCE /* strtod_l */

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "data/source_format.h"

typedef struct csv_state {
  FILE *file;
  locale_t plain; /**< numbers have a decimal point, whatever the caller's language */
  char *line;     /**< the current line, terminated; owned */
  size_t length, room;
  int64_t number;           /**< of the current line, from 1 */
  int64_t first_col, width; /**< columns of the file, from 1 */
  char separator;
  int64_t next_row; /**< the row that the next data line holds */
  struct {
    int64_t offset, number; /**< in the file, where data lines start: behind the header */
  } start;
} csv_state;

/* ---- lines -------------------------------------------------------------------------------------------------- */

static wl_error grow(const wl_source *source, csv_state *state) {
  const size_t limit = (size_t)1 << 28;
  if (state->room >= limit)
    WL_FAIL(WL_ERROR_DATA, "%s:%lld: the line is longer than 256 MiB", source->path, (long long)state->number);
  const size_t room = state->room > 0 ? 2 * state->room : 4096;
  char *line = realloc(state->line, room);
  if (line == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory for a line", source->path);
  state->line = line;
  state->room = room;
  return WL_OK;
}

/** The next line, without its end, whatever it holds; *end is set where the file has none. */
static wl_error read_line(const wl_source *source, csv_state *state, bool *end) {
  int c = 0;
  state->length = 0;
  state->number++;
  for (;;) {
    if (state->length + 1 >= state->room) WL_TRY(grow(source, state));
    c = getc_unlocked(state->file);
    if (c == EOF || c == '\n') break;
    if (c == '\0')
      WL_FAIL(WL_ERROR_DATA, "%s:%lld: holds a zero byte, this is not a CSV file", source->path,
              (long long)state->number);
    state->line[state->length++] = (char)c;
  }
  if (c == EOF && ferror(state->file))
    WL_FAIL(WL_ERROR_IO, "%s: cannot be read: %s", source->path, strerror(errno));
  *end = c == EOF && state->length == 0;
  while (state->length > 0 && state->line[state->length - 1] == '\r') state->length--;
  state->line[state->length] = '\0';
  return WL_OK;
}

static bool says_nothing(const csv_state *state) {
  const char *text = state->line + strspn(state->line, " \t\r\f\v");
  return *text == '\0' || *text == '#';
}

/** The next line that is neither empty nor a comment. */
static wl_error next_line(const wl_source *source, csv_state *state, bool *end) {
  do WL_TRY(read_line(source, state, end));
  while (!*end && says_nothing(state));
  return WL_OK;
}

static int64_t count_fields(const csv_state *state) {
  int64_t count = 1;
  for (const char *c = state->line; (c = strchr(c, state->separator)) != NULL; c++) count++;
  return count;
}

/* ---- fields ------------------------------------------------------------------------------------------------- */

/** The field that starts here, without blanks around it; returns its successor's start. */
static char *cut_field(const csv_state *state, char *at, char **field, size_t *length) {
  char *end = at + strcspn(at, (const char[2]){state->separator, '\0'});
  char *next = *end != '\0' ? end + 1 : end;
  while (at < end && isspace((unsigned char)*at)) at++;
  while (end > at && isspace((unsigned char)end[-1])) end--;
  *field = at;
  *length = (size_t)(end - at);
  return next;
}

/** Decimal, or nan or inf in any of C's spellings: those are told apart later. */
static bool parse_number(const csv_state *state, const char *field, size_t length, double *number) {
  if (length == 0 || isspace((unsigned char)*field)) return false;
  if (memchr(field, 'x', length) != NULL || memchr(field, 'X', length) != NULL) return false;
  char *end;
  *number = strtod_l(field, &end, state->plain);
  return end == field + length;
}

static wl_error bad_field(const wl_source *source, const csv_state *state, int64_t col, const char *field,
                          size_t length) {
  char buffer[WL_SHOWN_SIZE];
  const long long line = state->number, column = col;
  if (length == 0) WL_FAIL(WL_ERROR_DATA, "%s:%lld: column %lld is empty", source->path, line, column);
  if (field[0] == '"' || field[0] == '\'')
    WL_FAIL(WL_ERROR_DATA, "%s:%lld: column %lld is quoted (%s); write numbers without quotes", source->path, line,
            column, wl_source_shown(field, length, buffer));
  WL_FAIL(WL_ERROR_DATA, "%s:%lld: column %lld is not a number: '%s' (the separator is %s)", source->path, line,
          column, wl_source_shown(field, length, buffer),
          state->separator == '\t' ? "the tab" : (const char[2]){state->separator, '\0'});
}

/** The selected columns of the current line. */
static wl_error parse_line(const wl_source *source, csv_state *state, int64_t row, double *out) {
  char *at = state->line, *field;
  size_t length;
  for (int64_t col = 1; col < state->first_col + source->cols; col++) {
    at = cut_field(state, at, &field, &length);
    if (col < state->first_col) continue;
    double *number = &out[col - state->first_col];
    if (!parse_number(state, field, length, number)) return bad_field(source, state, col, field, length);
    if (!isfinite(*number))
      WL_FAIL(WL_ERROR_DATA, "%s:%lld: row %lld, column %lld is %s", source->path, (long long)state->number,
              (long long)row + 1, (long long)col,
              isnan(*number) ? "nan"
              : *number > 0  ? "inf"
                             : "-inf");
  }
  return WL_OK;
}

static bool is_header(const csv_state *state, int64_t cols) {
  char *at = state->line, *field;
  size_t length;
  double number;
  for (int64_t col = 1; col < state->first_col + cols; col++) {
    at = cut_field(state, at, &field, &length);
    if (col >= state->first_col && length > 0 && !parse_number(state, field, length, &number)) return true;
  }
  return false;
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

/** `7` or `2-7`, from 1; *last is 0 where the text is neither. */
static void parse_selector(const char *text, int64_t *first, int64_t *last) {
  char *end = NULL;
  *last = 0;
  if (!isdigit((unsigned char)text[0])) return;
  *first = strtoll(text, &end, 10); /* out of range gives the largest number, which no file has */
  int64_t to = *first;
  if (*end == '-' && isdigit((unsigned char)end[1])) to = strtoll(end + 1, &end, 10);
  if (*end == '\0' && *first >= 1 && to >= *first) *last = to;
}

static wl_error select_columns(wl_source *source, csv_state *state) {
  state->first_col = 1;
  source->cols = state->width;
  if (source->selector == NULL) return WL_OK;
  int64_t last;
  parse_selector(source->selector, &state->first_col, &last);
  if (last == 0)
    WL_FAIL(WL_ERROR_DATA, "%s: the selector must be a column or a range of columns from 1, such as 65 or 1-64",
            source->label);
  if (last > state->width)
    WL_FAIL(WL_ERROR_DATA, "%s: asks for column %lld, the file has %lld", source->label, (long long)last,
            (long long)state->width);
  source->cols = last - state->first_col + 1;
  return WL_OK;
}

static wl_error begin(const wl_source *source, csv_state *state, int64_t offset, int64_t number) {
  if (fseeko(state->file, offset, SEEK_SET) != 0)
    WL_FAIL(WL_ERROR_IO, "%s: cannot be read: %s", source->path, strerror(errno));
  state->number = number;
  state->next_row = 0;
  return WL_OK;
}

/** Finds separator, width and header in the first line; leaves the file at the first data line. */
static wl_error read_first_line(wl_source *source, csv_state *state) {
  static const unsigned char mark[3] = {0xEF, 0xBB, 0xBF}; /* UTF-8's byte order mark */
  unsigned char start[3];
  const bool marked = fread(start, 1, 3, state->file) == 3 && memcmp(start, mark, 3) == 0;
  WL_TRY(begin(source, state, marked ? 3 : 0, 0));
  bool end;
  WL_TRY(next_line(source, state, &end));
  if (end) WL_FAIL(WL_ERROR_DATA, "%s: is empty", source->path);
  state->separator = strchr(state->line, ',') != NULL ? ',' : strchr(state->line, ';') != NULL ? ';' : '\t';
  state->width = count_fields(state);
  WL_TRY(select_columns(source, state));
  if (is_header(state, source->cols)) {
    state->start.offset = ftello(state->file);
    state->start.number = state->number;
  } else {
    state->start.offset = marked ? 3 : 0;
  }
  return begin(source, state, state->start.offset, state->start.number);
}

static wl_error count_rows(wl_source *source, csv_state *state) {
  for (source->rows = 0;; source->rows++) {
    bool end;
    WL_TRY(next_line(source, state, &end));
    if (end) break;
    const int64_t width = count_fields(state);
    if (width != state->width)
      WL_FAIL(WL_ERROR_DATA, "%s:%lld: has %lld columns, %lld are expected (as in the first line)", source->path,
              (long long)state->number, (long long)width, (long long)state->width);
  }
  if (source->rows == 0) WL_FAIL(WL_ERROR_DATA, "%s: has a header and no rows", source->path);
  return begin(source, state, state->start.offset, state->start.number);
}

static wl_error open_csv(wl_source *source) {
  csv_state *state = source->state = calloc(1, sizeof *state);
  if (state == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
  state->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (state->plain == (locale_t)0) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
  state->file = fopen(source->path, "rb");
  if (state->file == NULL) WL_FAIL(WL_ERROR_DATA, "%s: cannot be read: %s", source->path, strerror(errno));
  WL_TRY(read_first_line(source, state));
  return count_rows(source, state);
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static wl_error next_row(const wl_source *source, csv_state *state) {
  bool end;
  WL_TRY(next_line(source, state, &end));
  if (end || count_fields(state) != state->width)
    WL_FAIL(WL_ERROR_IO, "%s:%lld: the file changed while it was read", source->path, (long long)state->number);
  state->next_row++;
  return WL_OK;
}

static wl_error read_csv(wl_source *source, int64_t first, int64_t count, double *out) {
  csv_state *state = source->state;
  if (first < state->next_row) WL_TRY(begin(source, state, state->start.offset, state->start.number));
  while (state->next_row < first) WL_TRY(next_row(source, state));
  for (int64_t i = 0; i < count; i++) {
    WL_TRY(next_row(source, state));
    WL_TRY(parse_line(source, state, first + i, out + i * source->cols));
  }
  return WL_OK;
}

static void close_csv(wl_source *source) {
  csv_state *state = source->state;
  if (state->file != NULL) fclose(state->file);
  if (state->plain != (locale_t)0) freelocale(state->plain);
  free(state->line);
  free(state);
}

const wl_source_format wl_source_csv = {{".csv", NULL}, open_csv, read_csv, close_csv};
