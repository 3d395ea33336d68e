/**
 * @file csv_reader.h
 * Private to the sources: records and fields of a text file after RFC 4180: fields may be quoted, and then hold
 * separators, line ends and doubled quotes. More than it says: the separator is comma, semicolon, tab or blanks; lines
 * end in LF, CR LF or CR; blanks around fields, empty lines and lines that start with # say nothing. Local.
 */
#ifndef WIDELIMIT_DATA_CSV_READER_H
#define WIDELIMIT_DATA_CSV_READER_H

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

#include "data/input_file.h"

/** Not terminated: a part of the reader's record, without blanks and quotes around it. */
typedef struct wl_csv_field {
  const char *text;
  size_t length;
  bool quoted;
} wl_csv_field;

/** Where a record starts. */
typedef struct wl_csv_place {
  int64_t offset, line; /**< byte from 0, line from 1 */
} wl_csv_place;

/** All members but the separator are to be read only. */
typedef struct wl_csv_reader {
  const char *path; /**< for messages; borrowed */
  wl_input_file file;
  locale_t plain; /**< numbers have a decimal point, whatever the caller's language */
  char separator; /**< of fields; ' ': runs of blanks and tabs; '\0': not known yet, then nothing is split */
  wl_csv_place place, next; /**< of the record, and of what follows it */
  char *record;             /**< terminated; owned */
  size_t length, room;
  wl_csv_field *fields; /**< of the record; owned */
  int64_t count, fields_room;
} wl_csv_reader;

/** Opens the file behind a byte order mark. On failure wl_csv_reader_close follows. Errors: WL_ERROR_DATA, WL_ERROR_MEMORY. */
wl_error wl_csv_reader_open(const char *path, wl_csv_reader *reader);

/** Closes; one of zeros is fine. */
void wl_csv_reader_close(wl_csv_reader *reader);

/** Continues at this place. Errors: WL_ERROR_IO. */
wl_error wl_csv_reader_seek(wl_csv_reader *reader, wl_csv_place place);

/**
 * The next record that says something, split into fields; *end is set where the file has none.
 * Errors: WL_ERROR_DATA, naming the line: a zero byte, a quote that stays open, too long; WL_ERROR_IO; WL_ERROR_MEMORY.
 */
wl_error wl_csv_reader_next(wl_csv_reader *reader, bool *end);

/** Splits the record again, by reader->separator. Errors: WL_ERROR_MEMORY. */
wl_error wl_csv_reader_split(wl_csv_reader *reader);

/** Decimal, or nan or inf in any of C's spellings. */
bool wl_csv_field_number(const wl_csv_reader *reader, const wl_csv_field *field, double *number);

/** "comma" and so on, for messages. */
const char *wl_csv_separator_name(char separator);

/** Whether the field is a number as 1,5: refused by name wherever it is read. */
bool wl_csv_field_has_decimal_comma(const wl_csv_field *field);

/** Whether the field, doubled quotes taken for one, is this text. */
bool wl_csv_field_is(const wl_csv_field *field, const char *text, size_t length);

#endif
