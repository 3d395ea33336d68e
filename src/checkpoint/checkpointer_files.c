/*
 * Names and lists of checkpoint files: NAME.000001.h5, NAME.000002.h5, … in checkpoint.directory. All on rank 0.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/writable.h"
#include "checkpoint/checkpointer_private.h"

enum { DIGITS = 6 };
static const char ending[] = ".h5", partial[] = ".h5.partial";

void wl_checkpointer_path(const wl_checkpointer *k, const char *name, char *path, size_t size) {
  if (snprintf(path, size, "%s/%s", k->options.directory, name) >= (int)size) path[0] = 0;
}

void wl_checkpointer_name(const wl_checkpointer *k, int64_t number, char *name, size_t size) {
  if (snprintf(name, size, "%s.%0*lld%s", k->options.name, DIGITS, (long long)number, ending) >= (int)size)
    name[0] = 0;
}

/* The number in NAME.NUMBER + tail; -1 where the file is another. */
static int64_t number_in(const char *name, const char *file, const char *tail) {
  const size_t length = strlen(name);
  if (strncmp(file, name, length) != 0 || file[length] != '.') return -1;
  char *end;
  const char *digits = file + length + 1;
  const long long number = strtoll(digits, &end, 10);
  return end - digits == DIGITS && number > 0 && strcmp(end, tail) == 0 ? (int64_t)number : -1;
}

static int64_t number_of(const wl_checkpointer *k, const char *file, const char *tail) {
  return number_in(k->options.name, file, tail);
}

bool wl_checkpointer_owns(const char *name, const char *file) {
  char lock[WL_PATH_SIZE];
  snprintf(lock, sizeof lock, ".%s.lock", name);
  return number_in(name, file, ending) > 0 || number_in(name, file, partial) > 0 || strcmp(file, lock) == 0;
}

static int ascending(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

int64_t wl_checkpointer_list(const wl_checkpointer *k, int64_t most, int64_t *numbers) {
  DIR *folder = opendir(k->options.directory);
  int64_t count = 0;
  const struct dirent *entry;
  while (folder && (entry = readdir(folder))) {
    const int64_t number = number_of(k, entry->d_name, ending);
    if (number < 0) continue;
    if (count < most) {
      numbers[count++] = number;
    } else { /* the oldest gives way */
      qsort(numbers, (size_t)count, sizeof *numbers, ascending);
      if (number > numbers[0]) numbers[0] = number;
    }
  }
  if (folder) closedir(folder);
  qsort(numbers, (size_t)count, sizeof *numbers, ascending);
  return count;
}

static void remove_partial(const wl_checkpointer *k) {
  DIR *folder = opendir(k->options.directory);
  const struct dirent *entry;
  while (folder && (entry = readdir(folder))) {
    if (number_of(k, entry->d_name, partial) < 0) continue;
    char path[WL_PATH_SIZE];
    wl_checkpointer_path(k, entry->d_name, path, sizeof path);
    unlink(path);
  }
  if (folder) closedir(folder);
}

static void name_lock(const wl_checkpointer *k, char *path, size_t size) {
  char name[WL_PATH_SIZE];
  snprintf(name, sizeof name, ".%s.lock", k->options.name);
  wl_checkpointer_path(k, name, path, size);
}

static wl_error take_lock(wl_checkpointer *k) {
  char path[WL_PATH_SIZE];
  name_lock(k, path, sizeof path);
  return wl_checkpointer_take_lock(path, k->options.directory, k->options.name, &k->lock);
}

void wl_checkpointer_leave_folder(wl_checkpointer *k) {
  char path[WL_PATH_SIZE];
  name_lock(k, path, sizeof path);
  wl_checkpointer_drop_lock(path, &k->lock);
}

wl_error wl_checkpointer_make_folder(wl_checkpointer *k) {
  WL_TRY(wl_writable_folder(k->options.directory, "checkpoint.directory"));
  WL_TRY(take_lock(k));
  remove_partial(k);
  return WL_OK;
}

/* Whether any of these checkpoints takes a matrix from the file of that name. */
static bool is_needed(const wl_checkpointer *k, int64_t count, const int64_t *numbers, const char *name) {
  bool needed = false;
  for (int64_t i = 0; i < count && !needed; i++) {
    char own[WL_PATH_SIZE], path[WL_PATH_SIZE];
    wl_checkpoint c;
    wl_checkpointer_name(k, numbers[i], own, sizeof own);
    wl_checkpointer_path(k, own, path, sizeof path);
    if (wl_checkpoint_open(path, &c) != WL_OK) continue;
    needed = (c.matrix_file && strcmp(c.matrix_file, name) == 0) ||
             (c.draws.lower_file && strcmp(c.draws.lower_file, name) == 0);
    wl_checkpoint_clear(&c);
  }
  return needed;
}

void wl_checkpointer_prune(const wl_checkpointer *k, int64_t keep) {
  int64_t numbers[WL_CHECKPOINTER_MOST];
  const int64_t count = wl_checkpointer_list(k, WL_CHECKPOINTER_MOST, numbers), kept = keep < count ? keep : count;
  for (int64_t i = 0; i < count - kept; i++) {
    char name[WL_PATH_SIZE], path[WL_PATH_SIZE];
    wl_checkpointer_name(k, numbers[i], name, sizeof name);
    if (is_needed(k, kept, numbers + count - kept, name)) continue;
    wl_checkpointer_path(k, name, path, sizeof path);
    unlink(path);
  }
}

/* Part of a text. */
typedef struct span {
  const char *start;
  size_t length;
} span;

/* The value of a line "key: value", up to the line's end; "(not given)" where there is no such line. */
static span value_in(const char *text, const char *key, size_t length) {
  static const char *const none = "(not given)";
  for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
    if (strncmp(line, key, length) == 0 && line[length] == ':') {
      const char *start = line + length + 1 + (line[length + 1] == ' ');
      return (span){start, strcspn(start, "\n")};
    }
  return (span){none, strlen(none)};
}

/* The first key of `from` that has another value in `other`; false: none. */
static bool first_difference(const char *from, const char *other, char *key, size_t size) {
  for (const char *line = from; *line; line += strcspn(line, "\n"), line += *line == '\n') {
    const size_t length = strcspn(line, ":\n");
    const span a = value_in(from, line, length), b = value_in(other, line, length);
    if (a.length == b.length && memcmp(a.start, b.start, a.length) == 0) continue;
    snprintf(key, size, "%.*s", (int)length, line);
    return true;
  }
  return false;
}

/* The value, or of a long one what stands around the first character in which it differs from the other. */
static void show_difference(span value, span other, char *text, size_t size) {
  const size_t before = 60;
  size_t same = 0;
  while (same < value.length && same < other.length && value.start[same] == other.start[same]) same++;
  const size_t first = same > 2 * before ? same - before : 0;
  snprintf(text, size, "%s%.*s", first > 0 ? "... " : "", (int)(value.length - first), value.start + first);
}

wl_error wl_checkpointer_compare(const char *path, const char *then, const char *now) {
  char key[128], before[256], after[256];
  if (!then || strcmp(then, now) == 0) return WL_OK;
  if (!first_difference(now, then, key, sizeof key) && !first_difference(then, now, key, sizeof key)) return WL_OK;
  const span was = value_in(then, key, strlen(key)), is = value_in(now, key, strlen(key));
  show_difference(was, is, before, sizeof before);
  show_difference(is, was, after, sizeof after);
  if (strchr(key, ' '))
    WL_FAIL(WL_ERROR_DATA, "%s: was written with other data: the %s were %s and are now %s", path, key, before,
            after);
  WL_FAIL(WL_ERROR_CONFIG, "%s: was written with another configuration: %s was %s and is now %s", path, key,
          before, after);
}

void wl_checkpointer_factor_path(const char *file, wl_prior prior, char *path, size_t size) {
  const size_t length = strlen(file), tail = sizeof ending - 1;
  const bool ends = length > tail && strcmp(file + length - tail, ending) == 0;
  if (prior == WL_PRIOR_THETA)
    snprintf(path, size, "%s", file);
  else
    snprintf(path, size, "%.*s.kappa%s", (int)(ends ? length - tail : length), file, ends ? ending : "");
}
