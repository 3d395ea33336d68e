#include "data/columns.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "data/source_format.h"

/** What is being chosen from. */
typedef struct choice {
  const char *label;
  int64_t width;
  const wl_csv_field *header;
  bool *taken; /* one a column */
} choice;

static wl_error take(const choice *from, int64_t column, wl_columns *columns) {
  if (column >= from->width)
    WL_FAIL(WL_ERROR_DATA, "%s: asks for column %lld, the file has %lld", from->label,
            column < INT64_MAX ? (long long)column + 1 : (long long)column, (long long)from->width);
  if (from->taken[column])
    WL_FAIL(WL_ERROR_DATA, "%s: asks for column %lld twice", from->label, (long long)column + 1);
  from->taken[column] = true;
  columns->index[columns->count++] = column;
  if (column >= columns->last) columns->last = column + 1;
  return WL_OK;
}

static wl_error malformed(const choice *from) {
  WL_FAIL(WL_ERROR_DATA,
          "%s: the selector must be columns from 1, such as 65, 1-64 or 1-4,7, or names of a header: [age,bmi]",
          from->label);
}

/** `7` or `2-7`, from 1, at `*at`; out of range gives the largest number, which no file has. */
static bool parse_range(const char **at, int64_t *first, int64_t *last) {
  char *end;
  if (!isdigit((unsigned char)**at)) return false;
  *first = *last = strtoll(*at, &end, 10);
  if (*end == '-') {
    if (!isdigit((unsigned char)end[1])) return false;
    *last = strtoll(end + 1, &end, 10);
  }
  *at = end;
  return *first >= 1 && *last >= *first;
}

static wl_error choose_numbers(const choice *from, const char *at, wl_columns *columns) {
  for (;;) {
    int64_t first, last;
    at += strspn(at, " ");
    if (!parse_range(&at, &first, &last)) return malformed(from);
    if (last > from->width) return take(from, last < INT64_MAX ? last - 1 : last, columns);
    for (int64_t column = first; column <= last; column++) WL_TRY(take(from, column - 1, columns));
    at += strspn(at, " ");
    if (*at == '\0') return WL_OK;
    if (*at++ != ',') return malformed(from);
  }
}

static wl_error absent(const choice *from, const char *name) {
  char text[320] = "", shown[WL_SHOWN_SIZE];
  size_t used = 0;
  for (int64_t j = 0; j < from->width && used + WL_SHOWN_SIZE + 8 < sizeof text; j++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", j > 0 ? ", " : "",
                             wl_source_shown(from->header[j].text, from->header[j].length, shown));
  WL_FAIL(WL_ERROR_DATA, "%s: has no column '%s'; the header says %s", from->label, name, text);
}

static wl_error take_name(const choice *from, const char *name, size_t length, wl_columns *columns) {
  char shown[WL_SHOWN_SIZE];
  int64_t found = -1;
  for (int64_t j = 0; j < from->width; j++) {
    if (!wl_csv_field_is(&from->header[j], name, length)) continue;
    if (found >= 0)
      WL_FAIL(WL_ERROR_DATA, "%s: columns %lld and %lld are both named '%s'; choose by number", from->label,
              (long long)found + 1, (long long)j + 1, wl_source_shown(name, length, shown));
    found = j;
  }
  return found >= 0 ? take(from, found, columns) : absent(from, wl_source_shown(name, length, shown));
}

/** A name's length: up to a comma, quoted or not; *name is moved behind an opening quote, *next to what follows. */
static size_t parse_name(const char **name, const char **next) {
  *name += strspn(*name, " ");
  const bool quoted = **name == '"';
  if (quoted) ++*name;
  size_t length = strcspn(*name, quoted ? "\"" : ",");
  *next = *name + length + (quoted && (*name)[length] == '"');
  *next += strspn(*next, " ");
  while (!quoted && length > 0 && (*name)[length - 1] == ' ') length--;
  return length;
}

static wl_error choose_names(const choice *from, const char *selector, wl_columns *columns) {
  const size_t length = strlen(selector);
  if (selector[length - 1] != ']') return malformed(from);
  if (from->header == NULL)
    WL_FAIL(WL_ERROR_DATA, "%s: asks for names, but the file has no header (data.header: true makes line 1 one)",
            from->label);
  char *names = strndup(selector + 1, length - 2);
  if (names == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory for the columns", from->label);
  wl_error error = WL_OK;
  const char *name = names, *next = names;
  for (bool more = true; more && error == WL_OK; name = next + 1) {
    const size_t name_length = parse_name(&name, &next);
    more = *next == ',';
    error = *next != ',' && *next != '\0' ? malformed(from) : take_name(from, name, name_length, columns);
  }
  free(names);
  return error;
}

wl_error wl_columns_choose(const char *label, const char *selector, int64_t width, const wl_csv_field *header,
                           wl_columns *columns) {
  *columns = (wl_columns){.index = malloc(sizeof(int64_t) * (size_t)width)};
  const choice from = {label, width, header, calloc((size_t)width, sizeof(bool))};
  wl_error error = WL_OK;
  if (columns->index == NULL || from.taken == NULL)
    error = wl_error_set(WL_ERROR_MEMORY, "%s: no memory for the columns", label);
  else if (selector == NULL)
    for (int64_t j = 0; j < width && error == WL_OK; j++) error = take(&from, j, columns);
  else if (selector[0] == '[')
    error = choose_names(&from, selector, columns);
  else
    error = choose_numbers(&from, selector, columns);
  free(from.taken);
  return error;
}

void wl_columns_free(wl_columns *columns) {
  free(columns->index);
  *columns = (wl_columns){0};
}
