/**
 * @file yaml_text.c
 * libyaml's documents from text, and back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema_private.h"

static wl_error parse_error(const wl_origin *from, const yaml_parser_t *parser, const char *text, size_t length) {
  if (parser->error == YAML_MEMORY_ERROR) return wl_config_no_memory();
  size_t line = parser->problem_mark.line + 1;
  if (parser->error == YAML_READER_ERROR) { /* knows its place in bytes only */
    line = 1;
    for (size_t i = 0; i < parser->problem_offset && i < length; i++) line += text[i] == '\n';
    return wl_place_fail((wl_place){from, (int)line, ""}, "is not a text in UTF-8 (%s)", parser->problem);
  }
  return wl_place_fail((wl_place){from, (int)line, ""}, "is not valid YAML: %s%s%s",
                       parser->context != NULL ? parser->context : "", parser->context != NULL ? ", " : "",
                       parser->problem);
}

/** libyaml takes time quadratic in the open brackets. */
static wl_error check_brackets(const wl_origin *from, const char *text, size_t length) {
  enum { LIMIT = 1000 };
  int line = 1, brackets = 0;
  for (size_t i = 0; i < length; i++) {
    line += text[i] == '\n';
    brackets += text[i] == '[' || text[i] == '{';
    if (brackets > LIMIT)
      return wl_place_fail((wl_place){from, line, ""}, "has more than %d brackets, that is no configuration",
                           LIMIT);
  }
  return WL_OK;
}

/** Fails where another document follows. */
static wl_error check_end(const wl_origin *from, yaml_parser_t *parser, const char *text, size_t length) {
  yaml_document_t second;
  if (!yaml_parser_load(parser, &second)) return parse_error(from, parser, text, length);
  const yaml_node_t *root = yaml_document_get_root_node(&second);
  const int line = root != NULL ? (int)root->start_mark.line + 1 : 0;
  yaml_document_delete(&second);
  if (line > 0) return wl_place_fail((wl_place){from, line, ""}, "a second YAML document starts here");
  return WL_OK;
}

wl_error wl_yaml_parse(const wl_origin *from, const char *text, size_t length, yaml_document_t *document,
                       bool *parsed) {
  *parsed = false;
  WL_TRY(check_brackets(from, text, length));
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser)) return wl_config_no_memory();
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
  wl_error error = WL_OK;
  if (!yaml_parser_load(&parser, document)) {
    error = parse_error(from, &parser, text, length);
  } else {
    *parsed = true;
    if (yaml_document_get_root_node(document) != NULL) error = check_end(from, &parser, text, length);
  }
  yaml_parser_delete(&parser);
  return error;
}

wl_error wl_yaml_emit(yaml_document_t *document, char **text, size_t *length) {
  *text = NULL;
  FILE *stream = open_memstream(text, length);
  yaml_emitter_t emitter;
  if (stream == NULL || !yaml_emitter_initialize(&emitter)) {
    if (stream != NULL) fclose(stream);
    free(*text);
    *text = NULL;
    yaml_document_delete(document);
    return wl_config_no_memory();
  }
  yaml_emitter_set_output_file(&emitter, stream);
  yaml_emitter_set_width(&emitter, -1);
  yaml_emitter_set_unicode(&emitter, 1);
  bool good = yaml_emitter_dump(&emitter, document) && yaml_emitter_close(&emitter);
  yaml_emitter_delete(&emitter);
  good = fclose(stream) == 0 && good;
  if (good) return WL_OK;
  free(*text);
  *text = NULL;
  return wl_config_no_memory();
}

bool wl_yaml_is_null(const yaml_node_t *node) {
  if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
  static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
  for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
    if (strcmp((const char *)node->data.scalar.value, nulls[i]) == 0) return true;
  return false;
}

int wl_yaml_add(yaml_document_t *document, const char *text, yaml_scalar_style_t style) {
  return yaml_document_add_scalar(document, NULL, (const yaml_char_t *)text, (int)strlen(text), style);
}
