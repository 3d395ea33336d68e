/**
 * @file schema_rows.h
 * Rows of a table of keys. Define WL_HOLDER, the type whose members they fill, before the rows:
 *
 *   {INTEGER("certify.heads", certify.heads), AT_LEAST(1), .fallback = "64", HELP("heads of each kind")},
 *
 * A member of a type that its row cannot fill does not compile.
 */
#ifndef WIDELIMIT_CONFIG_SCHEMA_ROWS_H
#define WIDELIMIT_CONFIG_SCHEMA_ROWS_H

#include "config/schema.h"

#define WL_MEMBER(member) (((WL_HOLDER *)0)->member)
#define WL_ROW(key, kind_, member) \
  .name = (key), .kind = (kind_), .offset = offsetof(WL_HOLDER, member), .size = sizeof(WL_MEMBER(member))
#define WL_CHOICES(list) .choices = (list), .choice_count = sizeof(list) / sizeof((list)[0])

/** A section that may be left out: whether it is given. */
#define SECTION(key, member) WL_ROW(key, _Generic(WL_MEMBER(member), bool : WL_KIND_SECTION), member)
#define INTEGER(key, member) \
  WL_ROW(key, _Generic(WL_MEMBER(member), int : WL_KIND_INT, int64_t : WL_KIND_INT64), member)
#define UNSIGNED(key, member) WL_ROW(key, _Generic(WL_MEMBER(member), uint64_t : WL_KIND_UINT64), member)
#define REAL(key, member) WL_ROW(key, _Generic(WL_MEMBER(member), double : WL_KIND_REAL), member)
#define TEXT(key, member) WL_ROW(key, _Generic(WL_MEMBER(member), char * : WL_KIND_TEXT), member)
/** `list` is an array of wl_choice. */
#define CHOICE(key, member, list) WL_ROW(key, WL_KIND_CHOICE, member), WL_CHOICES(list)
#define SWITCH(key, member) \
  WL_ROW(key, _Generic(WL_MEMBER(member), bool : WL_KIND_CHOICE), member), WL_CHOICES(wl_switches)
#define SET(key, member, list) \
  WL_ROW(key, _Generic(&WL_MEMBER(member)[0], bool * : WL_KIND_SET), member), WL_CHOICES(list)
/** A list of integers, in an array of `limit` and a count within the holder. */
#define INTEGERS(key, member, count, limit)                   \
  WL_ROW(key,                                                 \
         _Generic(&WL_MEMBER(member)[0], int64_t *            \
                  : WL_KIND_INTEGERS),                        \
         member),                                             \
      .count_offset = _Generic(WL_MEMBER(count), uint32_t     \
                               : offsetof(WL_HOLDER, count)), \
      .most = (limit)
#define REALS(key, member) WL_ROW(key, _Generic(WL_MEMBER(member), wl_reals : WL_KIND_REALS), member)
#define TREE(key, member) WL_ROW(key, _Generic(WL_MEMBER(member), struct wl_tree * : WL_KIND_TREE), member)

#define AT_LEAST(value) .lower = {WL_BOUND_INCLUSIVE, (value)}
#define ABOVE(value) .lower = {WL_BOUND_EXCLUSIVE, (value)}
#define AT_MOST(value) .upper = {WL_BOUND_INCLUSIVE, (value)}
#define BELOW(value) .upper = {WL_BOUND_EXCLUSIVE, (value)}
#define OR_INFINITE .infinite = true
/** A run may be resumed with another value; a factor depends on the value. */
#define FREE .scope = WL_SCOPE_NONE
#define FACTOR .scope = WL_SCOPE_FACTOR
/** Written back only where the function of the holder says so. */
#define WHEN(function) .when = (function)
#define HELP(text) .help = (text)

static const wl_choice wl_switches[] = {{"true", true}, {"false", false}};

#endif
