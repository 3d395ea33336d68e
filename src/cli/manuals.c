/*
 * Writes the man pages and the completion of bash from the table of commands. A program of its own, run by the build:
 *   manuals FOLDER VERSION
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

/* Text as troff takes it: no line begins with a control character, a hyphen stays a minus, what is laid out stays so. */
static void put_text(FILE *file, const char *text) {
  for (const char *c = text; *c; c++) {
    if ((c == text || c[-1] == '\n') && (*c == '.' || *c == '\'')) fputs("\\&", file);
    if (*c == '-')
      fputs("\\-", file);
    else if (*c == '\\')
      fputs("\\e", file);
    else
      fputc(*c, file);
  }
}

/* As it stands in --help: lines kept. */
static void put_lines(FILE *file, const char *text) {
  fputs(".nf\n", file);
  put_text(file, text);
  if (text[0] == '\0' || text[strlen(text) - 1] != '\n') fputc('\n', file);
  fputs(".fi\n", file);
}

static void put_head(FILE *file, const char *page, const char *version, const char *summary) {
  fprintf(file, ".\\\" Made from src/cli/commands.c by src/cli/manuals.c.\n");
  fprintf(file, ".TH \"%s\" 1 \"\" \"widelimit %s\" \"User Commands\"\n.SH NAME\n", page, version);
  put_text(file, page);
  fputs(" \\- ", file);
  put_text(file, summary);
  fputs("\n.SH SYNOPSIS\n", file);
}

static void put_see_also(FILE *file, int except) {
  fputs(".SH SEE ALSO\n", file);
  if (except >= 0) fputs(".BR widelimit (1)", file);
  for (int i = 0, first = except < 0; i < WL_COMMAND_COUNT; i++) {
    if (i == except) continue;
    fprintf(file, "%s.BR widelimit\\-%s (1)", first ? "" : ",\n", wl_commands[i].name);
    first = 0;
  }
  fputc('\n', file);
}

static void put_options(FILE *file, const wl_command *c) {
  fputs(".SH OPTIONS\n", file);
  for (int i = 0; i < c->option_count; i++) {
    const wl_option *o = &c->options[i];
    const int shared = i > 0 && !c->options[i - 1].text; /* one paragraph for those that share a text */
    fputs(shared ? ".TQ\n\\fB" : ".TP\n\\fB", file);
    put_text(file, o->name);
    fputs("\\fR", file);
    if (o->argument) {
      fputs(" \\fI", file);
      put_text(file, o->argument);
      fputs("\\fR", file);
    }
    fputc('\n', file);
    if (o->text) put_lines(file, o->text);
  }
}

static void put_command(FILE *file, int number, const char *version) {
  const wl_command *c = &wl_commands[number];
  char page[64];
  snprintf(page, sizeof page, "widelimit-%s", c->name);
  put_head(file, page, version, c->summary);
  for (int i = 0; i < 2 && c->usage[i]; i++) put_lines(file, c->usage[i]);
  fputs(".SH DESCRIPTION\n", file);
  put_lines(file, c->text);
  put_options(file, c);
  if (c->notes) {
    fputs(".SH NOTES\n", file);
    put_lines(file, c->notes);
  }
  put_see_also(file, number);
}

static void put_program(FILE *file, const char *version) {
  put_head(file, "widelimit", version, "exact uncertainty of infinitely wide neural networks");
  fputs("[mpirun \\-n \\fIRANKS\\fR] \\fBwidelimit\\fR \\fICOMMAND\\fR ...\n.SH DESCRIPTION\n", file);
  put_lines(file, wl_program_text);
  fputs(".SH COMMANDS\n", file);
  for (int i = 0; i < WL_COMMAND_COUNT; i++) {
    fputs(".TP\n\\fB", file);
    put_text(file, wl_commands[i].brief);
    fputs("\\fR\n", file);
    put_text(file, wl_commands[i].summary);
    fputc('\n', file);
  }
  fputs(".SH NOTES\n", file);
  put_lines(file, wl_program_notes);
  put_see_also(file, -1);
}

/* Commands first; then the command's options, files after those that take a path. */
static void put_completion(FILE *file) {
  fputs(
      "# Made from src/cli/commands.c by src/cli/manuals.c.\n_widelimit() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} command='' i options='' files=''\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n    case ${COMP_WORDS[i]} in\n      ",
      file);
  for (int i = 0; i < WL_COMMAND_COUNT; i++) fprintf(file, "%s%s", i > 0 ? " | " : "", wl_commands[i].name);
  fputs(
      ")\n        command=${COMP_WORDS[i]}\n        break\n        ;;\n    esac\n  done\n  case $command in\n"
      "    '') options='--help --version",
      file);
  for (int i = 0; i < WL_COMMAND_COUNT; i++) fprintf(file, " %s", wl_commands[i].name);
  fputs("' ;;\n", file);
  for (int i = 0; i < WL_COMMAND_COUNT; i++) {
    const wl_command *c = &wl_commands[i];
    fprintf(file, "    %s)\n      options='", c->name);
    for (int k = 0; k < c->option_count; k++) fprintf(file, "%s%s", k > 0 ? " " : "", c->options[k].name);
    fputs("'\n      files='", file);
    for (int k = 0; k < c->option_count; k++)
      if (c->options[k].kind == WL_OPTION_FILE) fprintf(file, " %s ", c->options[k].name);
    fputs("'\n      ;;\n", file);
  }
  fputs(
      "  esac\n  COMPREPLY=()\n"
      "  if [[ $word != -* && -n $command || $files == *\" ${COMP_WORDS[COMP_CWORD - 1]} \"* ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n    compopt -o filenames 2>/dev/null\n"
      "  else\n    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n  fi\n}\n"
      "complete -F _widelimit widelimit\n",
      file);
}

static FILE *open_file(const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  if (!file) fprintf(stderr, "manuals: %s: %s\n", path, strerror(errno));
  return file;
}

static int close_file(FILE *file) {
  const int failed = ferror(file);
  return fclose(file) != 0 || failed;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fputs("usage: manuals FOLDER VERSION\n", stderr);
    return 2;
  }
  for (int i = -2; i < WL_COMMAND_COUNT; i++) {
    char name[64] = "widelimit.bash";
    if (i == -1) snprintf(name, sizeof name, "widelimit.1");
    if (i >= 0) snprintf(name, sizeof name, "widelimit-%s.1", wl_commands[i].name);
    FILE *file = open_file(argv[1], name);
    if (!file) return 5;
    if (i == -2) put_completion(file);
    if (i == -1) put_program(file, argv[2]);
    if (i >= 0) put_command(file, i, argv[2]);
    if (close_file(file)) return 5;
  }
  return 0;
}
