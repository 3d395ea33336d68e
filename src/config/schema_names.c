/**
 * @file schema_names.c
 * Names of keys: finding one, and what to say of one that is not there.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/spelling.h"
#include "config/schema_private.h"

size_t wl_schema_find(const wl_schema *schema, const char *name) {
  size_t key = 0;
  while (key < schema->count && strcmp(schema->keys[key].name, name) != 0) key++;
  return key;
}

bool wl_name_is_within(const char *name, const char *section) {
  const size_t length = strlen(section);
  return strncmp(name, section, length) == 0 && name[length] == '.';
}

bool wl_schema_is_section(const wl_schema *schema, const char *name) {
  for (size_t key = 0; key < schema->count; key++)
    if (wl_name_is_within(schema->keys[key].name, name)) return true;
  return false;
}

void wl_schema_names_within(const wl_schema *schema, const char *section, char *text, size_t size) {
  const size_t skip = section[0] != '\0' ? strlen(section) + 1 : 0;
  const char *last = "";
  text[0] = '\0';
  for (size_t key = 0; key < schema->count; key++) {
    const char *name = schema->keys[key].name;
    if (skip > 0 && !wl_name_is_within(name, section)) continue;
    const char *part = name + skip;
    const size_t length = strcspn(part, "."), used = strlen(text);
    if (strncmp(part, last, length) == 0 && strcspn(last, ".") == length) continue;
    snprintf(text + used, size - used, "%s%.*s", used > 0 ? ", " : "", (int)length, part);
    last = part;
  }
}

static const char *last_part(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot != NULL ? dot + 1 : name;
}

/** The key or section that was meant. */
static wl_nearest nearest_name(const wl_schema *schema, const char *name) {
  wl_nearest nearest = wl_nearest_to(name, strlen(name));
  for (size_t key = 0; key < schema->count; key++) {
    const char *candidate = schema->keys[key].name;
    for (size_t end = 1; end <= strlen(candidate); end++) {
      if (candidate[end] != '\0' && candidate[end] != '.') continue;
      /* "depth" alone, or in the wrong section */
      const bool kin = candidate[end] == '\0' && strcmp(last_part(name), last_part(candidate)) == 0;
      wl_nearest_try(&nearest, candidate, end, kin);
    }
  }
  return nearest;
}

wl_error wl_schema_unknown(const wl_schema *schema, wl_place at) {
  char buffer[SHOWN_SIZE], names[ALLOWED_SIZE], section[NAME_SIZE];
  const wl_place here = {at.from, at.line, wl_shown(at.name, buffer)};
  const wl_nearest nearest = nearest_name(schema, at.name);
  if (nearest.best)
    return wl_place_fail(here, "unknown key, did you mean %.*s?", (int)nearest.best_length, nearest.best);
  snprintf(section, sizeof section, "%s", at.name);
  do { /* the part of the name that exists */
    char *dot = strrchr(section, '.');
    *(dot != NULL ? dot : section) = '\0';
  } while (section[0] != '\0' && !wl_schema_is_section(schema, section));
  wl_schema_names_within(schema, section, names, sizeof names);
  return wl_place_fail(here, "unknown key, %s has %s", section[0] != '\0' ? section : "a configuration", names);
}
