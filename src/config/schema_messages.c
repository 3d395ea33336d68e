/**
 * @file schema_messages.c
 * What is wrong, and where it stands.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/schema_private.h"

wl_error wl_config_no_memory(void) { WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration"); }

const char *wl_shown(const char *text, char buffer[SHOWN_SIZE]) {
  const bool cut = strlen(text) >= SHOWN_SIZE;
  snprintf(buffer, SHOWN_SIZE, "%.*s%s", SHOWN_SIZE - 4, text, cut ? "..." : "");
  for (char *c = buffer; *c != '\0'; c++)
    if (iscntrl((unsigned char)*c)) *c = '?';
  return buffer;
}

void wl_place_text(wl_place at, char *text, size_t size) {
  char setting[SHOWN_SIZE];
  const char *colon = at.name[0] != '\0' ? ": " : "";
  if (at.from->kind == WL_ORIGIN_FILE || at.from->kind == WL_ORIGIN_DEFAULT)
    snprintf(text, size, "%s:%d%s%s", at.from->text, at.line, colon, at.name);
  else
    snprintf(text, size, "%s%s%s%s", at.from->kind == WL_ORIGIN_SET ? "--set " : "",
             wl_shown(at.from->text, setting), colon, at.name);
}

wl_error wl_place_fail(wl_place at, const char *format, ...) {
  char text[WL_MESSAGE_SIZE], place[WL_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  wl_place_text(at, place, sizeof place);
  WL_FAIL(WL_ERROR_CONFIG, "%s: %s", place, text);
}
