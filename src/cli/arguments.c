#include "cli/arguments.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/spelling.h"

static wl_error parse_count(const wl_option *option, const char *text, int64_t *value) {
  char *end;
  errno = 0;
  const long long number = strtoll(text, &end, 10);
  const bool valid = !errno && end != text && !*end && number >= 1 && number <= option->most;
  if (!valid && option->most == INT64_MAX)
    WL_FAIL(WL_ERROR_USAGE, "%s needs a whole number of at least 1 after it, not '%s'", option->name, text);
  if (!valid)
    WL_FAIL(WL_ERROR_USAGE, "%s needs a whole number from 1 to %lld after it, not '%s'", option->name,
            (long long)option->most, text);
  *value = number;
  return WL_OK;
}

static wl_error parse_counts(const wl_option *option, const char *text, wl_counts *counts) {
  if (counts->count == WL_COUNTS) WL_FAIL(WL_ERROR_USAGE, "at most %d of %s at a time", WL_COUNTS, option->name);
  return parse_count(option, text, &counts->value[counts->count++]);
}

/* A number with K, M, G or T (times 1024), as Slurm writes memory; GiB and GB are the same. */
static wl_error parse_bytes(const wl_option *option, const char *text, double *bytes) {
  static const char units[] = "KMGT";
  char *end;
  const double number = strtod(text, &end);
  double scale = 1.0;
  const char *unit = *end ? strchr(units, *end) : NULL;
  if (unit) {
    scale = pow(1024.0, (double)(unit - units + 1));
    end++;
    if (strcmp(end, "iB") == 0 || strcmp(end, "B") == 0) end += strlen(end);
  }
  if (end == text || *end || !unit || !isfinite(number) || !(number > 0.0))
    WL_FAIL(WL_ERROR_USAGE, "%s needs memory with its unit after it, such as 256G, not '%s'", option->name, text);
  *bytes = number * scale;
  return WL_OK;
}

/* [D-]HH:MM:SS in seconds; 0 where it is not that. */
static double duration(const char *text) {
  int days = 0, hours, minutes, seconds, end = 0;
  if (strchr(text, '-')) {
    if (sscanf(text, "%4d-%n", &days, &end) != 1 || end == 0 || days < 0) return 0.0;
    text += end;
  }
  end = 0;
  if (sscanf(text, "%6d:%2d:%2d%n", &hours, &minutes, &seconds, &end) != 3 || text[end]) return 0.0;
  if (hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) return 0.0;
  return 86400.0 * days + 3600.0 * hours + 60.0 * minutes + seconds;
}

static wl_error parse_duration(const wl_option *option, const char *text, double *seconds) {
  *seconds = duration(text);
  if (!(*seconds > 0.0))
    WL_FAIL(WL_ERROR_USAGE, "%s needs %s after it, not '%s'", option->name, option->argument, text);
  return WL_OK;
}

static wl_error parse_value(const wl_option *option, const char *text, wl_arguments *arguments) {
  void *member = (char *)arguments + option->member;
  switch (option->kind) {
    case WL_OPTION_COUNT:
      return parse_count(option, text, member);
    case WL_OPTION_COUNTS:
      return parse_counts(option, text, member);
    case WL_OPTION_BYTES:
      return parse_bytes(option, text, member);
    case WL_OPTION_DURATION:
      return parse_duration(option, text, member);
    case WL_OPTION_FILE:
      if (!*text) WL_FAIL(WL_ERROR_USAGE, "%s needs a file after it", option->name);
      *(const char **)member = text;
      return WL_OK;
    case WL_OPTION_SETTINGS: {
      wl_words *words = member;
      words->word[words->count++] = text;
      return WL_OK;
    }
    default:
      *(bool *)member = true;
      return WL_OK;
  }
}

/* The option that a word names, alone or with '=' after it. */
static const wl_option *find_option(const wl_command *command, const char *word) {
  const size_t length = strcspn(word, "=");
  for (int i = 0; i < command->option_count; i++) {
    const wl_option *o = &command->options[i];
    if (strlen(o->name) != length || strncmp(o->name, word, length) != 0) continue;
    return word[length] == 0 || o->argument ? o : NULL;
  }
  return NULL;
}

/* The name of an option that is near, or begins as the word does. */
static wl_error unknown_option(const wl_command *command, const char *word) {
  const size_t length = strcspn(word, "=");
  wl_nearest nearest = wl_nearest_to(word, length);
  for (int i = 0; i < command->option_count; i++) {
    const char *name = command->options[i].name;
    if (strlen(name) == length && strncmp(word, name, length) == 0)
      WL_FAIL(WL_ERROR_USAGE, "%s takes no value; see widelimit %s --help", name, command->name);
    wl_nearest_try(&nearest, name, strlen(name), length > 3 && strncmp(word, name, length) == 0);
  }
  if (nearest.best)
    WL_FAIL(WL_ERROR_USAGE, "unknown option %s, did you mean %s? See widelimit %s --help", word, nearest.best,
            command->name);
  WL_FAIL(WL_ERROR_USAGE, "unknown option %s; see widelimit %s --help", word, command->name);
}

static wl_error parse_option(const wl_command *command, int count, char *const *words, int *i,
                             wl_arguments *arguments) {
  const char *word = words[*i], *equals = strchr(word, '=');
  const wl_option *option = find_option(command, word);
  if (!option) return unknown_option(command, word);
  if (!option->argument) return parse_value(option, NULL, arguments);
  if (equals) return parse_value(option, equals + 1, arguments);
  if (*i + 1 == count)
    WL_FAIL(WL_ERROR_USAGE, "%s needs a value after it, %s; see widelimit %s --help", option->name,
            option->argument, command->name);
  return parse_value(option, words[++*i], arguments);
}

wl_error wl_arguments_parse(const wl_command *command, int count, char *const *words, wl_arguments *a) {
  const size_t room = (size_t)count + 1;
  *a = (wl_arguments){.overrides.word = calloc(room, sizeof(char *)),
                      .assumptions.word = calloc(room, sizeof(char *))};
  if (!a->overrides.word || !a->assumptions.word) WL_FAIL(WL_ERROR_MEMORY, "out of memory");
  for (int i = 0; i < count; i++) {
    if (words[i][0] == '-' || !command->operand) {
      WL_TRY(parse_option(command, count, words, &i, a));
    } else if (a->config) {
      WL_FAIL(WL_ERROR_USAGE, "one configuration at a time: %s or %s?", a->config, words[i]);
    } else {
      a->config = words[i];
    }
  }
  if (command->operand && !a->config)
    WL_FAIL(WL_ERROR_USAGE, "widelimit %s needs a configuration file", command->name);
  return WL_OK;
}

const char *wl_command_nearest(const char *word) {
  wl_nearest nearest = wl_nearest_to(word, strlen(word));
  for (int i = 0; i < WL_COMMAND_COUNT; i++)
    wl_nearest_try(&nearest, wl_commands[i].name, strlen(wl_commands[i].name), false);
  return nearest.best;
}

/* Appends a word; a quote in it leaves the quotes for a moment. */
static char *join_word(char *at, const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+=:,@%^";
  if (*word && word[strspn(word, plain)] == 0) return stpcpy(at, word);
  *at++ = '\'';
  for (; *word; word++) at = *word == '\'' ? stpcpy(at, "'\\''") : (*at = *word, at + 1);
  return stpcpy(at, "'");
}

char *wl_arguments_join(int count, char *const *words) {
  size_t room = 1;
  for (int i = 0; i < count; i++) room += 4 * strlen(words[i]) + 3;
  char *line = malloc(room), *at = line;
  for (int i = 0; line && i < count; i++) {
    if (i > 0) *at++ = ' ';
    at = join_word(at, words[i]);
  }
  return line;
}

void wl_arguments_clear(wl_arguments *a) {
  free(a->line);
  a->line = NULL;
  free(a->overrides.word);
  free(a->assumptions.word);
  a->overrides.word = a->assumptions.word = NULL;
}
