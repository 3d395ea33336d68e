#define _GNU_SOURCE /* strtod_l */

#include "data/csv_reader.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

wl_error wl_csv_reader_open(const char *path, wl_csv_reader *reader) {
  *reader = (wl_csv_reader){.path = path, .next = {0, 1}};
  reader->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (reader->plain == (locale_t)0) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", path);
  WL_TRY(wl_input_file_open(path, &reader->file));
  unsigned char mark[16] = {0};
  const size_t got = fread(mark, 1, sizeof mark, reader->file.stream);
  const char *other = wl_input_file_hint(mark, got);
  if (other[0] != '\0') WL_FAIL(WL_ERROR_DATA, "%s: is not a text%s", path, other);
  if (got >= 2 && ((mark[0] == 0xFF && mark[1] == 0xFE) || (mark[0] == 0xFE && mark[1] == 0xFF)))
    WL_FAIL(WL_ERROR_DATA, "%s: is UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)", path);
  const bool utf8 = got >= 3 && memcmp(mark, "\xEF\xBB\xBF", 3) == 0;
  return wl_csv_reader_seek(reader, (wl_csv_place){utf8 ? 3 : 0, 1});
}

void wl_csv_reader_close(wl_csv_reader *reader) {
  wl_input_file_close(&reader->file);
  if (reader->plain != (locale_t)0) freelocale(reader->plain);
  free(reader->record);
  free(reader->fields);
  *reader = (wl_csv_reader){0};
}

wl_error wl_csv_reader_seek(wl_csv_reader *reader, wl_csv_place place) {
  if (fseeko(reader->file.stream, place.offset, SEEK_SET) != 0)
    WL_FAIL(WL_ERROR_IO, "%s: cannot be read: %s", reader->path, strerror(errno));
  reader->next = place;
  return WL_OK;
}

/* ---- records ------------------------------------------------------------------------------------------------ */

static wl_error append(wl_csv_reader *reader, int c) {
  const size_t limit = (size_t)1 << 28;
  if (c == '\0')
    WL_FAIL(WL_ERROR_DATA, "%s:%lld: holds a zero byte, this is not a CSV file", reader->path,
            (long long)reader->next.line);
  if (reader->length + 1 >= reader->room) {
    if (reader->room >= limit)
      WL_FAIL(WL_ERROR_DATA, "%s:%lld: the line is longer than 256 MiB", reader->path,
              (long long)reader->place.line);
    const size_t room = reader->room > 0 ? 2 * reader->room : 4096;
    char *record = realloc(reader->record, room);
    if (record == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory for a line", reader->path);
    reader->record = record;
    reader->room = room;
  }
  reader->record[reader->length++] = (char)c;
  return WL_OK;
}

/** What quotes mean at a place of a record. */
typedef enum quoting { FRESH, PLAIN, QUOTED, CLOSED, COMMENT } quoting;

static bool separates(const wl_csv_reader *reader, int c) {
  if (reader->separator == '\0') return c == ',' || c == ';' || c == '\t';
  return c == reader->separator || (reader->separator == ' ' && c == '\t');
}

/** A quote opens a field only at its start; a # at the start of a record makes all of it a comment. */
static quoting after(const wl_csv_reader *reader, quoting now, int c) {
  if (now == COMMENT) return now;
  if (now == QUOTED) return c == '"' ? CLOSED : QUOTED;
  if (separates(reader, c)) return FRESH;
  if (c == '"') return now == PLAIN ? PLAIN : QUOTED; /* the second of two opens the field again */
  if (c == ' ' || c == '\t') return now;
  if (c == '#' && reader->record[strspn(reader->record, " \t")] == '#') return COMMENT;
  return PLAIN;
}

/** Takes the line feed that may follow a carriage return. */
static void end_line(wl_csv_reader *reader, int c) {
  FILE *stream = reader->file.stream;
  reader->next.line++;
  if (c != '\r') return;
  const int following = getc_unlocked(stream);
  if (following == '\n')
    reader->next.offset++;
  else if (following != EOF)
    ungetc(following, stream);
}

/** The next record, whatever it holds. */
static wl_error read_record(wl_csv_reader *reader, bool *end) {
  FILE *stream = reader->file.stream;
  quoting now = FRESH;
  int c;
  reader->length = 0;
  reader->place = reader->next;
  while ((c = getc_unlocked(stream)) != EOF) {
    reader->next.offset++;
    const bool line_end = c == '\n' || c == '\r';
    if (line_end) end_line(reader, c);
    if (line_end && now != QUOTED) break;
    WL_TRY(append(reader, line_end ? '\n' : c));
    reader->record[reader->length] = '\0';
    now = after(reader, now, c);
  }
  if (c == EOF && ferror(stream)) WL_FAIL(WL_ERROR_IO, "%s: cannot be read: %s", reader->path, strerror(errno));
  if (c == EOF && now == QUOTED)
    WL_FAIL(WL_ERROR_DATA, "%s:%lld: a quote opens in this line and does not close", reader->path,
            (long long)reader->place.line);
  *end = c == EOF && reader->length == 0;
  if (reader->room > 0) reader->record[reader->length] = '\0';
  return WL_OK;
}

static bool says_nothing(const wl_csv_reader *reader) {
  if (reader->length == 0) return true;
  const char *text = reader->record + strspn(reader->record, " \t\r\f\v");
  return *text == '\0' || *text == '#';
}

wl_error wl_csv_reader_next(wl_csv_reader *reader, bool *end) {
  do WL_TRY(read_record(reader, end));
  while (!*end && says_nothing(reader));
  return *end || reader->separator == '\0' ? WL_OK : wl_csv_reader_split(reader);
}

const char *wl_csv_separator_name(char separator) {
  switch (separator) {
    case ',':
      return "comma";
    case ';':
      return "semicolon";
    case '\t':
      return "tab";
    default:
      return "blank";
  }
}

/* ---- fields ------------------------------------------------------------------------------------------------- */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f' || c == '\v' || c == '\r' || c == '\n'; }

/** The end of a quoted text that starts here: its closing quote, or the end. */
static const char *closing_quote(const char *at) {
  while (*at != '\0' && (*at != '"' || at[1] == '"')) at += *at == '"' ? 2 : 1;
  return at;
}

static const char *skip_blanks(char separator, const char *at) {
  while (is_blank(*at) && *at != separator) at++;
  return at;
}

/** Where the quoted field that starts at `at` stops; NULL where text follows the quote: then it belongs to the text. */
static const char *quoted_stop(char separator, const char *at) {
  const char *quote = *at == '"' ? closing_quote(at + 1) : NULL;
  if (quote == NULL || *quote == '\0') return NULL;
  if (separator == ' ' && is_blank(quote[1])) return quote + 1;
  const char *stop = skip_blanks(separator, quote + 1);
  return *stop == '\0' || *stop == separator ? stop : NULL;
}

static const char *plain_stop(char separator, const char *at) {
  while (*at != '\0' && *at != separator && !(separator == ' ' && is_blank(*at))) at++;
  return at;
}

/** The field that starts at `at`; returns where its separator, or the end, stands. */
static const char *cut_field(char separator, const char *at, wl_csv_field *field) {
  at = skip_blanks(separator, at);
  const char *stop = quoted_stop(separator, at);
  field->quoted = stop != NULL;
  if (stop == NULL) stop = plain_stop(separator, at);
  const char *end = field->quoted ? closing_quote(++at) : stop;
  while (end > at && is_blank(end[-1])) end--;
  while (at < end && is_blank(*at)) at++;
  field->text = at;
  field->length = (size_t)(end - at);
  return stop;
}

static wl_error add_field(wl_csv_reader *reader, const wl_csv_field *field) {
  if (reader->count == reader->fields_room) {
    const int64_t room = reader->fields_room > 0 ? 2 * reader->fields_room : 64;
    wl_csv_field *fields = realloc(reader->fields, sizeof *fields * (size_t)room);
    if (fields == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory for a line", reader->path);
    reader->fields = fields;
    reader->fields_room = room;
  }
  reader->fields[reader->count++] = *field;
  return WL_OK;
}

wl_error wl_csv_reader_split(wl_csv_reader *reader) {
  const char separator = reader->separator, *at = reader->record;
  reader->count = 0;
  for (;;) {
    wl_csv_field field;
    if (separator == ' ') at += strspn(at, " \t\f\v\r\n");
    if (separator == ' ' && *at == '\0') return WL_OK;
    at = cut_field(separator, at, &field);
    WL_TRY(add_field(reader, &field));
    if (*at == '\0') return WL_OK;
    if (*at == separator) at++;
  }
}

bool wl_csv_field_number(const wl_csv_reader *reader, const wl_csv_field *field, double *number) {
  if (field->length == 0) return false;
  if (memchr(field->text, 'x', field->length) != NULL || memchr(field->text, 'X', field->length) != NULL)
    return false;
  char *end;
  *number = strtod_l(field->text, &end, reader->plain);
  return end == field->text + field->length;
}

bool wl_csv_field_has_decimal_comma(const wl_csv_field *field) {
  size_t i = field->length > 0 && strchr("+-", field->text[0]) ? 1 : 0;
  while (i < field->length && isdigit((unsigned char)field->text[i])) i++;
  if (i == field->length || field->text[i++] != ',') return false;
  const size_t behind = i;
  while (i < field->length && isdigit((unsigned char)field->text[i])) i++;
  if (i == behind) return false;
  if (i < field->length && strchr("eE", field->text[i]))
    for (i++; i < field->length && strchr("+-0123456789", field->text[i]);) i++;
  return i == field->length;
}

bool wl_csv_field_is(const wl_csv_field *field, const char *text, size_t length) {
  size_t i = 0, j = 0;
  for (; i < field->length && j < length && field->text[i] == text[j]; i++, j++)
    if (field->quoted && field->text[i] == '"') i++;
  return i == field->length && j == length;
}
