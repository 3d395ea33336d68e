/**
 * @file commands.h
 * The commands of the program and their options: one table, which the parser reads and from which --help is made, as are
 * man pages and the completion of a shell. commands.c holds data alone and links without the rest of the program.
 */
#ifndef WIDELIMIT_CLI_COMMANDS_H
#define WIDELIMIT_CLI_COMMANDS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** What follows an option, and the type of its member in wl_arguments. */
typedef enum wl_option_kind {
  WL_OPTION_HELP,     /**< nothing; prints the command's help and ends */
  WL_OPTION_FLAG,     /**< nothing: bool */
  WL_OPTION_COUNT,    /**< a whole number from 1 to `most`: int64_t */
  WL_OPTION_COUNTS,   /**< the same, several times: wl_counts */
  WL_OPTION_BYTES,    /**< a number with K, M, G or T: double, bytes */
  WL_OPTION_DURATION, /**< [D-]HH:MM:SS: double, seconds */
  WL_OPTION_FILE,     /**< a path: const char * */
  WL_OPTION_SETTINGS  /**< NAME=VALUE, several times: wl_words */
} wl_option_kind;

typedef struct wl_option {
  const char *name;     /**< with its dashes */
  const char *argument; /**< what stands after it, as help shows it; NULL: nothing does */
  const char *text;     /**< lines that say what it does; NULL: it shares those of the next option */
  wl_option_kind kind;
  size_t member;       /**< its place in wl_arguments */
  int64_t most;        /**< of a count */
  const char *heading; /**< where help begins a group of options: its name */
} wl_option;

typedef struct wl_command {
  const char *name, *operand; /**< operand: CONFIG, or NULL where the command takes none */
  const char *brief;          /**< as it stands in the list of commands */
  const char *summary;        /**< one line of that list */
  const char *usage[2];       /**< whole; lines; NULL: no other form */
  const char *text;           /**< paragraphs before the options */
  const char *notes;          /**< and after them; NULL: none */
  const wl_option *options;
  int option_count;
} wl_command;

enum wl_command_id {
  WL_COMMAND_RUN,
  WL_COMMAND_PREDICT,
  WL_COMMAND_CERTIFY,
  WL_COMMAND_SELECT,
  WL_COMMAND_TUNE,
  WL_COMMAND_FINITE,
  WL_COMMAND_BENCH,
  WL_COMMAND_PLAN,
  WL_COMMAND_COUNT
};

extern const wl_command wl_commands[WL_COMMAND_COUNT];

/** Paragraphs before and after the list of commands. */
extern const char wl_program_text[], wl_program_notes[];

/** The number of a command; -1: there is none of that name. */
int wl_command_find(const char *name);

/** Local. The text of --help; -1: that of the program. */
void wl_command_print_help(FILE *file, int command);

#endif
