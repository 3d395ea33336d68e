/*
 * The texts of --help, from the table of commands.
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

enum { LONGEST = 19 }; /* characters of an entry that has its text beside it */

/* "  left  text", the text in a column of its own and, where `left` is too long for that, on lines of its own. */
static void print_entry(FILE *file, const char *left, const char *text, int column) {
  int at = fprintf(file, "  %s", left);
  for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
    if (line != text || at > column - 2) {
      fputc('\n', file);
      at = 0;
    }
    fprintf(file, "%*s%.*s", column - at, "", (int)strcspn(line, "\n"), line);
  }
  fputc('\n', file);
}

/* The options from `first` on that share a text, as one entry. Returns the one that has the text. */
static int join(const wl_command *c, int first, char *left, size_t size) {
  int i = first;
  for (size_t used = 0; i < c->option_count; i++) {
    const wl_option *o = &c->options[i];
    const int length = snprintf(left + used, size - used, "%s%s%s%s", i > first ? ", " : "", o->name,
                                o->argument ? " " : "", o->argument ? o->argument : "");
    used += (size_t)length;
    if (o->text) break;
  }
  return i;
}

static int column_of(const wl_command *c) {
  int longest = 0;
  char left[128];
  for (int i = 0; i < c->option_count; i++) {
    i = join(c, i, left, sizeof left);
    const int length = (int)strlen(left);
    if (length <= LONGEST && length > longest) longest = length;
  }
  return longest + 4;
}

static void print_options(FILE *file, const wl_command *c) {
  char left[128];
  for (int i = 0; i < c->option_count; i++) {
    const char *heading = c->options[i].heading;
    if (i == 0 || heading) fprintf(file, "\n%s:\n", heading ? heading : "options");
    i = join(c, i, left, sizeof left);
    print_entry(file, left, c->options[i].text, column_of(c));
  }
}

static void print_command(FILE *file, const wl_command *c) {
  for (int i = 0; i < 2 && c->usage[i]; i++) {
    const char *line = c->usage[i];
    fprintf(file, "%s%.*s\n", i == 0 ? "usage: " : "       ", (int)strcspn(line, "\n"), line);
    while ((line = strchr(line, '\n'))) {
      line++;
      fprintf(file, "       %.*s\n", (int)strcspn(line, "\n"), line);
    }
  }
  fprintf(file, "\n%s", c->text);
  print_options(file, c);
  if (c->notes) fprintf(file, "\n%s", c->notes);
}

void wl_command_print_help(FILE *file, int command) {
  if (command >= 0) {
    print_command(file, &wl_commands[command]);
    return;
  }
  fprintf(file, "%s\ncommands:\n", wl_program_text);
  for (int i = 0; i < WL_COMMAND_COUNT; i++) print_entry(file, wl_commands[i].brief, wl_commands[i].summary, 19);
  fprintf(file, "\n%s", wl_program_notes);
}
