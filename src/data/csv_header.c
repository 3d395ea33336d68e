#include "data/csv_header.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "data/source_format.h"

static const char remedy[] = "data.header: true makes it a header, false an example";

/* ---- the separator ------------------------------------------------------------------------------------------ */

/**
 * Numbers count double, so that of as many a record of nothing else tips the scale, and numbers with a decimal comma do: the
 * commas of 1,5;2,3 separate nothing.
 */
static int64_t rate_separator(const wl_csv_reader *reader) {
  int64_t numbers = 0, commas = 0;
  double number;
  for (int64_t j = 0; j < reader->count; j++) {
    commas += wl_csv_field_has_decimal_comma(&reader->fields[j]);
    numbers += wl_csv_field_number(reader, &reader->fields[j], &number);
  }
  return 2 * (numbers + commas) + (numbers + commas == reader->count) + (commas > 0);
}

/** That which makes most numbers of the record; of equals the first that splits it. */
static wl_error find_separator(wl_csv_reader *reader) {
  static const char candidates[] = {',', ';', '\t', ' '};
  char best = ',';
  int64_t most = -1;
  for (size_t i = 0; i < sizeof candidates; i++) {
    reader->separator = candidates[i];
    WL_TRY(wl_csv_reader_split(reader));
    const int64_t rate = rate_separator(reader);
    if (reader->count < 2 || rate <= most) continue;
    most = rate;
    best = candidates[i];
  }
  reader->separator = best;
  return wl_csv_reader_split(reader);
}

/* ---- line 1 ------------------------------------------------------------------------------------------------- */

/** Keeps the record with its fields. */
static wl_error keep(const wl_csv_reader *reader, wl_csv_head *head) {
  head->text = malloc(reader->length + 1);
  head->fields = malloc(sizeof *head->fields * (size_t)reader->count);
  if (head->text == NULL || head->fields == NULL)
    WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", reader->path);
  memcpy(head->text, reader->record, reader->length + 1);
  head->count = reader->count;
  for (int64_t j = 0; j < head->count; j++) {
    head->fields[j] = reader->fields[j];
    head->fields[j].text = head->text + (reader->fields[j].text - reader->record);
  }
  return WL_OK;
}

typedef enum content { EMPTY, NUMBER, TEXT } content;

/** Nothing and what stands for it in published files are EMPTY. */
static content content_of(const wl_csv_reader *reader, const wl_csv_field *field) {
  static const char *const missing[] = {"NA", "N/A", "#N/A", "null", "none", "missing", "?", "-", "."};
  double number;
  if (field->length == 0) return EMPTY;
  for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
    if (field->length == strlen(missing[i]) && strncasecmp(field->text, missing[i], field->length) == 0)
      return EMPTY;
  return wl_csv_field_number(reader, field, &number) || wl_csv_field_has_decimal_comma(field) ? NUMBER : TEXT;
}

/** What line 1 says, by the columns in which line 2 holds numbers. */
typedef struct votes {
  int64_t texts, numbers;
  int64_t names;        /**< columns in which both lines hold texts: they say nothing, unless a text comes again */
  int64_t text, number; /**< the first column of each; that of a name where no text has a vote */
} votes;

/** Whether line 1 is quoted throughout, and no number of line 2 is: quotes then mark names, of digits or not. */
static bool quotes_mark_names(const wl_csv_reader *reader, const wl_csv_head *head) {
  bool good = true;
  for (int64_t j = 0; j < head->count && good; j++) good = head->fields[j].quoted || head->fields[j].length == 0;
  for (int64_t j = 0; j < reader->count && good; j++)
    good = !reader->fields[j].quoted || content_of(reader, &reader->fields[j]) != NUMBER;
  return good;
}

/** The reader stands on line 2. */
static votes count_votes(const wl_csv_reader *reader, const wl_csv_head *head) {
  votes v = {0};
  int64_t name = 0;
  const bool quoted = quotes_mark_names(reader, head);
  const int64_t count = head->count < reader->count ? head->count : reader->count;
  for (int64_t j = count; j-- > 0;) {
    const wl_csv_field *one = &head->fields[j], *two = &reader->fields[j];
    const content c = quoted && one->quoted ? TEXT : content_of(reader, one);
    const bool silent = content_of(reader, two) == TEXT;
    if (c == TEXT && silent) v.names++, name = j;
    if (c == TEXT && !silent) v.texts++, v.text = j;
    if (c == NUMBER && !silent) v.numbers++, v.number = j;
  }
  if (v.texts == 0) v.text = name;
  return v;
}

static bool integer_of(const wl_csv_field *field, int64_t *number) {
  *number = 0;
  if (field->length == 0 || field->length > 18) return false;
  for (size_t i = 0; i < field->length; i++) {
    if (!isdigit((unsigned char)field->text[i])) return false;
    *number = 10 * *number + (field->text[i] - '0');
  }
  return true;
}

/** 0.0, 1.0, 2.0, … of three or more columns: such names as numbers of columns get that were read as floating point. */
static bool counts_in_reals(const wl_csv_reader *reader, const wl_csv_head *head) {
  const int64_t from = head->count > 1 && head->fields[0].length == 0 ? 1 : 0;
  double first = 0.0, number;
  bool good = head->count - from >= 3 && wl_csv_field_number(reader, &head->fields[from], &first) &&
              (first == 0.0 || first == 1.0);
  for (int64_t j = from + 1; j < head->count && good; j++)
    good = wl_csv_field_number(reader, &head->fields[j], &number) && number == first + (double)(j - from);
  return good;
}

/** Where line 1 counts on from: 0, 1, 2, … behind an empty field or not; -1 where it does not count, or from 1 alone. */
static int64_t counts_from(const wl_csv_head *head) {
  const int64_t from = head->count > 1 && head->fields[0].length == 0 ? 1 : 0;
  int64_t first, number;
  if (!integer_of(&head->fields[from], &first)) return -1;
  if (first > 1 && head->count - from < 3) return -1;
  if (first == 1 && head->count == 1) return -1;
  for (int64_t j = from + 1; j < head->count; j++)
    if (!integer_of(&head->fields[j], &number) || number != first + j - from) return -1;
  return first;
}

/* ---- the rest of the file ----------------------------------------------------------------------------------- */

/** What decides on a line 1 that numbers alone leave open. */
typedef struct rest {
  int64_t rows;
  bool integers, bits; /**< all numbers are integers; are 0 or 1 */
  bool whole;          /**< all numbers are whole, however they are written */
  bool again;          /**< a text of line 1 comes again in its column */
} rest;

static void look_at(const wl_csv_reader *reader, const wl_csv_head *head, rest *r) {
  r->rows++;
  for (int64_t j = 0; j < reader->count; j++) {
    const wl_csv_field *field = &reader->fields[j];
    int64_t number;
    double real;
    const bool integer = integer_of(field, &number);
    r->whole = r->whole && (!wl_csv_field_number(reader, field, &real) || real == floor(real));
    r->integers = r->integers && integer;
    r->bits = r->bits && integer && number <= 1;
    if (!r->again && j < head->count && field->length > 0 && field->length == head->fields[j].length)
      r->again =
          memcmp(field->text, head->fields[j].text, field->length) == 0 && content_of(reader, field) == TEXT;
  }
}

/** Reads from line 2 to the end. */
static wl_error read_rest(wl_csv_reader *reader, const wl_csv_head *head, rest *r) {
  *r = (rest){0, true, true, true, false};
  WL_TRY(wl_csv_reader_seek(reader, head->data));
  for (;;) {
    bool end;
    WL_TRY(wl_csv_reader_next(reader, &end));
    if (end) return WL_OK;
    look_at(reader, head, r);
  }
}

/** scikit-learn's files begin with the number of rows, of columns but the last, and the names of the classes. */
static bool is_scikit_learn(const wl_csv_head *head, int64_t rows) {
  int64_t n, d;
  return head->count >= 2 && integer_of(&head->fields[0], &n) && integer_of(&head->fields[1], &d) && n == rows &&
         d == head->width - 1;
}

/** Once a file, though several sources read it. */
static void warn(const wl_csv_reader *reader, const wl_csv_head *head, const char *why) {
  static char last[1024];
  char text[sizeof last];
  snprintf(text, sizeof text, "%s:%lld: %s", reader->path, (long long)head->line.line, why);
  if (strcmp(text, last) == 0) return;
  memcpy(last, text, sizeof last);
  wl_log_warning("%s", text);
}

static wl_error decide_counting(const wl_csv_reader *reader, wl_csv_head *head, const rest *r) {
  const long long line = head->line.line;
  const int64_t from = counts_from(head);
  const bool reals = from < 0;
  const bool years = from > 1;
  if (reals && r->whole && r->rows > 0) return WL_OK;                          /* as all of the file is written */
  if ((head->count == 1 || years) && r->integers && r->rows > 0) return WL_OK; /* classes, counts */
  if (head->count == 2 && r->bits && r->rows > 0) return WL_OK;                /* flags, one-hot targets */
  if (head->count <= 2 || years || reals || r->rows == 0)
    WL_FAIL(WL_ERROR_DATA, "%s:%lld: is an example or counts the columns as a header of a data frame does; %s",
            reader->path, line, remedy);
  head->header = true;
  warn(reader, head, "counts the columns and is taken for a header; data.header: false makes it an example");
  return WL_OK;
}

static wl_error decide_mixture(const wl_csv_reader *reader, wl_csv_head *head, const votes *v, const rest *r) {
  const long long line = head->line.line;
  char shown[WL_SHOWN_SIZE], warning[160], why[64];
  if (is_scikit_learn(head, r->rows)) {
    head->header = true;
    snprintf(warning, sizeof warning,
             "is taken for scikit-learn's header: %lld examples of %lld numbers and a target, names of classes",
             (long long)r->rows, (long long)head->width - 1);
    warn(reader, head, warning);
    return WL_OK;
  }
  if (head->count != head->width) {
    if (head->count == head->width - 1 && v->numbers == 0)
      snprintf(why, sizeof why, ": R leaves the names of rows without a name");
    else
      snprintf(why, sizeof why, " (the separator is the %s)", wl_csv_separator_name(reader->separator));
    WL_FAIL(WL_ERROR_DATA, "%s:%lld: has %lld columns, but the next line has %lld%s; %s", reader->path, line,
            (long long)head->count, (long long)head->width, why, remedy);
  }
  WL_FAIL(WL_ERROR_DATA,
          "%s:%lld: column %lld is '%s', column %lld a number: a header, or an example that lacks a "
          "number? Mend it, or: %s",
          reader->path, line, (long long)v->text + 1,
          wl_source_shown(head->fields[v->text].text, head->fields[v->text].length, shown),
          (long long)v->number + 1, remedy);
}

/** The reader stands on line 2. */
static wl_error decide(wl_csv_reader *reader, wl_csv_head *head) {
  const votes v = count_votes(reader, head);
  const bool same = head->count == head->width, doubtful = v.numbers > 0 && v.texts + v.names > 0;
  const bool counting = counts_from(head) >= 0 || counts_in_reals(reader, head);
  rest r;
  head->header = v.texts > 0 && v.numbers == 0 && same;
  if (head->header || (same && !doubtful && !counting)) return WL_OK;
  WL_TRY(read_rest(reader, head, &r));
  if (same && v.texts == 0 && r.again) return WL_OK; /* the text is that of an example */
  return same && !doubtful ? decide_counting(reader, head, &r) : decide_mixture(reader, head, &v, &r);
}

/** Line 1 is all there is. */
static wl_error decide_alone(const wl_csv_reader *reader, wl_csv_head *head) {
  int64_t texts = 0, numbers = 0;
  for (int64_t j = 0; j < head->count; j++) {
    texts += content_of(reader, &head->fields[j]) == TEXT;
    numbers += content_of(reader, &head->fields[j]) == NUMBER;
  }
  head->header = texts > 0 && numbers == 0;
  if (head->header || counts_from(head) < 0 || counts_from(head) > 1 || head->count == 1) return WL_OK;
  const rest none = {0};
  return decide_counting(reader, head, &none);
}

wl_error wl_csv_head_read(wl_csv_reader *reader, wl_header asked, wl_csv_head *head) {
  *head = (wl_csv_head){0};
  bool end;
  WL_TRY(wl_csv_reader_next(reader, &end));
  if (end) WL_FAIL(WL_ERROR_DATA, "%s: is empty", reader->path);
  const wl_csv_place first = reader->place, second = reader->next;
  WL_TRY(wl_csv_reader_next(reader, &end));
  const bool alone = end;
  if (alone) {
    WL_TRY(wl_csv_reader_seek(reader, first));
    WL_TRY(wl_csv_reader_next(reader, &end));
  }
  WL_TRY(find_separator(reader));
  head->width = reader->count;
  WL_TRY(wl_csv_reader_seek(reader, first));
  WL_TRY(wl_csv_reader_next(reader, &end));
  WL_TRY(keep(reader, head));
  head->line = first;
  head->data = second;
  head->header = asked == WL_HEADER_TRUE;
  if (asked == WL_HEADER_FALSE) head->width = head->count;
  if (asked == WL_HEADER_AUTO && !alone) {
    WL_TRY(wl_csv_reader_next(reader, &end));
    WL_TRY(decide(reader, head));
  }
  if (asked == WL_HEADER_AUTO && alone) WL_TRY(decide_alone(reader, head));
  if (head->header && alone) WL_FAIL(WL_ERROR_DATA, "%s: has a header and no rows", reader->path);
  if (!head->header) head->data = first;
  return WL_OK;
}

void wl_csv_head_free(wl_csv_head *head) {
  free(head->text);
  free(head->fields);
  *head = (wl_csv_head){0};
}
