/*
 * check_case WANT STATUS: whether a case (tests/system/cases.sh) ended as its file WANT says, in the folder of the case,
 * where `log` and `err` hold what it said. One check a line:
 *
 *   status N                 exit status of the last command
 *   stderr REGEX             a line of `err` matches (extended)
 *   silent REGEX             none does
 *   stdout REGEX             a line of `log` matches
 *   messages N               `err` has so many lines "widelimit: error: "
 *   /DATASET [NUMBER...]     out/results.h5 holds it: these numbers, to 1e-10 of the largest of them
 *   within condition PRIOR   instead of 1e-10, from here on, eps times the condition of that prior's matrix as out/summary.json
 *                            estimates it: how far rounding the matrix alone moves what is solved with it
 *   sd /DATASET NUMBER...    the same of the square roots of what it holds
 *   affine A B FILE /DATASET what it holds is A + B times what FILE's of that name holds
 *   without /DATASET         out/results.h5 holds no such dataset
 *   summary KEY VALUE        out/summary.json holds it (dots between levels, numbers from 0 into lists): a number to 1e-10 of its
 *                            size, a text or null
 *   same FILE FILE           two files are equal to the bit
 *   equal FILE FILE          two files of results have the same datasets, equal to the bit
 *   near FILE FILE           two files of results have the same means and variances, to 1e-10 of the largest
 *   file PATH, no file PATH  is there, is not there
 *   results PATH             the file for datasets, instead of out/results.h5, from here on
 *   # remark
 */
#include <float.h>
#include <hdf5.h>
#include <jansson.h>
#include <math.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 1 << 14, MOST_NUMBERS = 1024 };

static char results[256] = "out/results.h5";
static double tolerance = 1e-10;

static bool any_line_matches(const char *path, const char *pattern) {
  regex_t regex;
  if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0) return false;
  FILE *file = fopen(path, "r");
  static char line[LINE_SIZE];
  bool found = false;
  while (file && !found && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = '\0';
    found = regexec(&regex, line, 0, NULL, 0) == 0;
  }
  if (file) fclose(file);
  regfree(&regex);
  return found;
}

static int count_messages(void) {
  static char line[LINE_SIZE];
  FILE *file = fopen("err", "r");
  int count = 0;
  while (file && fgets(line, sizeof line, file)) count += strncmp(line, "widelimit: error: ", 18) == 0;
  if (file) fclose(file);
  return count;
}

/* Reads the dataset's numbers; -1 where it is absent. */
static int read_dataset(const char *name, double numbers[MOST_NUMBERS]) {
  int count = -1;
  const hid_t file = H5Fopen(results, H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t set = file < 0 ? -1 : H5Dopen2(file, name, H5P_DEFAULT);
  if (set >= 0) {
    const hid_t space = H5Dget_space(set);
    const hssize_t points = H5Sget_simple_extent_npoints(space);
    if (points <= MOST_NUMBERS && H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0)
      count = (int)points;
    H5Sclose(space);
    H5Dclose(set);
  }
  if (file >= 0) H5Fclose(file);
  return count;
}

/* Whether there are results, and not this one. */
static bool is_without(const char *name) {
  const hid_t file = H5Fopen(results, H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t set = file < 0 ? -1 : H5Dopen2(file, name, H5P_DEFAULT);
  const bool good = file >= 0 && set < 0;
  if (set >= 0) H5Dclose(set);
  if (file >= 0) H5Fclose(file);
  return good;
}

static bool near(const char *name, int count, const double *is, int given, const double *want) {
  double largest = 0;
  for (int i = 0; i < given; i++) largest = fmax(largest, fabs(want[i]));
  bool good = count == given;
  for (int i = 0; i < count && good; i++) good = fabs(is[i] - want[i]) <= tolerance * largest;
  if (!good) printf("  %s is", name);
  for (int i = 0; i < count && !good; i++) printf(" %.12g", is[i]);
  if (!good) printf("\n");
  return good;
}

static bool dataset_is(const char *name, const char *wanted, bool root) {
  static double is[MOST_NUMBERS], want[MOST_NUMBERS];
  const int count = read_dataset(name, is);
  int given = 0;
  for (char *end; given < MOST_NUMBERS; given++, wanted = end) {
    want[given] = strtod(wanted, &end);
    if (end == wanted) break;
  }
  if (count < 0) printf("  %s holds no %s\n", results, name);
  if (count < 0 || given == 0) return count >= 0;
  for (int i = 0; i < count && root; i++) is[i] = sqrt(is[i]);
  return near(name, count, is, given, want);
}

/* An affine function of another file's dataset. */
static bool dataset_is_affine(const char *text) {
  static double is[MOST_NUMBERS], want[MOST_NUMBERS];
  char file[sizeof results], name[128], here[sizeof results];
  double a, b;
  if (sscanf(text, "%lf %lf %255s %127s", &a, &b, file, name) != 4) return false;
  const int count = read_dataset(name, is);
  strcpy(here, results);
  strcpy(results, file);
  const int given = read_dataset(name, want);
  strcpy(results, here);
  for (int i = 0; i < given; i++) want[i] = a + b * want[i];
  return count > 0 && near(name, count, is, given, want);
}

static bool results_are_near(const char *pair) {
  static const char *const names[] = {"/mean/ntk",     "/mean/nngp",       "/variance/ensemble",
                                      "/variance/rnd", "/variance/ntk_gp", "/variance/nngp"};
  static double a[MOST_NUMBERS], b[MOST_NUMBERS];
  char one[sizeof results], two[sizeof results];
  if (sscanf(pair, "%255s %255s", one, two) != 2) return false;
  bool good = true;
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    strcpy(results, one);
    const int count = read_dataset(names[k], a);
    strcpy(results, two);
    const int other = read_dataset(names[k], b);
    good = count > 0 && near(names[k], other, b, count, a) && good;
  }
  return good;
}

typedef struct comparison {
  char other[sizeof results];
  int datasets;
} comparison;

/* An H5L_iterate_t, which goes on with 0: groups count as nothing. */
static herr_t compare_link(hid_t root, const char *name, const H5L_info_t *info, void *context) {
  static double a[MOST_NUMBERS], b[MOST_NUMBERS];
  comparison *c = context;
  char one[sizeof results];
  (void)root, (void)info;
  const int count = read_dataset(name, a);
  if (count < 0) return 0;
  strcpy(one, results);
  strcpy(results, c->other);
  const int other = read_dataset(name, b);
  strcpy(results, one);
  c->datasets++;
  if (count == other && memcmp(a, b, sizeof(double) * (size_t)count) == 0) return 0;
  printf("  %s differs\n", name);
  return 1;
}

/* Those of the one file in the other. */
static int compare_files(const char *one, const char *two) {
  comparison c = {.datasets = 0};
  strcpy(results, one);
  strcpy(c.other, two);
  const hid_t file = H5Fopen(one, H5F_ACC_RDONLY, H5P_DEFAULT);
  const bool equal = file >= 0 && H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, compare_link, &c) == 0;
  if (file >= 0) H5Fclose(file);
  return equal ? c.datasets : -1;
}

static bool results_are_equal(const char *pair) {
  char one[sizeof results], two[sizeof results];
  if (sscanf(pair, "%255s %255s", one, two) != 2) return false;
  return compare_files(one, two) > 0 && compare_files(two, one) > 0;
}

static bool summary_is(const char *key, const char *wanted) {
  json_t *root = json_load_file("out/summary.json", 0, NULL);
  const json_t *value = root;
  for (const char *at = key; value && *at;) {
    char name[128];
    const size_t length = strcspn(at, ".");
    snprintf(name, sizeof name, "%.*s", (int)length, at);
    value = json_is_array(value) ? json_array_get(value, (size_t)atoi(name)) : json_object_get(value, name);
    at += length + (at[length] == '.');
  }
  const double number = atof(wanted);
  const bool good = json_is_number(value)   ? fabs(json_number_value(value) - number) <= tolerance * fabs(number)
                    : json_is_string(value) ? strcmp(json_string_value(value), wanted) == 0
                                            : json_is_null(value) && strcmp(wanted, "null") == 0;
  char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
  if (!good) printf("  %s is %s\n", key, text ? text : "absent");
  free(text);
  json_decref(root);
  return good;
}

static bool same_files(const char *pair) {
  char a[256], b[256];
  if (sscanf(pair, "%255s %255s", a, b) != 2) return false;
  FILE *first = fopen(a, "rb"), *second = fopen(b, "rb");
  bool good = first && second;
  for (int c = 0; good && c != EOF;) good = (c = getc(first)) == getc(second);
  if (first) fclose(first);
  if (second) fclose(second);
  return good;
}

static bool within(const char *rule) {
  char prior[32];
  if (sscanf(rule, "condition %31s", prior) != 1) return false;
  json_t *root = json_load_file("out/summary.json", 0, NULL);
  const json_t *factor = json_object_get(json_object_get(root, "factor"), prior);
  tolerance = DBL_EPSILON * json_number_value(json_object_get(factor, "condition_estimate"));
  json_decref(root);
  return tolerance > 0.0;
}

/* Cuts the first word off; returns what follows. */
static char *rest_of(char *line) {
  line += strcspn(line, " ");
  if (*line != '\0') *line++ = '\0';
  return line + strspn(line, " ");
}

/* Of what the program said and left. */
static bool is_outcome(const char *word, char *rest, int status, bool *good) {
  if (strcmp(word, "status") == 0) return *good = status == atoi(rest), true;
  if (strcmp(word, "messages") == 0) return *good = count_messages() == atoi(rest), true;
  if (strcmp(word, "stderr") == 0) return *good = any_line_matches("err", rest), true;
  if (strcmp(word, "silent") == 0) return *good = !any_line_matches("err", rest), true;
  if (strcmp(word, "stdout") == 0) return *good = any_line_matches("log", rest), true;
  if (strcmp(word, "same") == 0) return *good = same_files(rest), true;
  if (strcmp(word, "file") == 0) return *good = access(rest, F_OK) == 0, true;
  if (strcmp(word, "no") == 0) return *good = access(rest_of(rest), F_OK) != 0, true;
  return false;
}

/* Of the numbers in the results. */
static bool holds_number(const char *word, char *rest) {
  if (strcmp(word, "within") == 0) return within(rest);
  if (strcmp(word, "equal") == 0) return results_are_equal(rest);
  if (strcmp(word, "near") == 0) return results_are_near(rest);
  if (strcmp(word, "affine") == 0) return dataset_is_affine(rest);
  if (word[0] == '/') return dataset_is(word, rest, false);
  if (strcmp(word, "results") == 0) return snprintf(results, sizeof results, "%s", rest) > 0;
  if (strcmp(word, "without") == 0) return is_without(rest);
  char *value = rest_of(rest);
  if (strcmp(word, "sd") == 0) return dataset_is(rest, value, true);
  return strcmp(word, "summary") == 0 && summary_is(rest, value);
}

static bool holds(char *word, int status) {
  char *rest = rest_of(word);
  bool good = false;
  return is_outcome(word, rest, status, &good) ? good : holds_number(word, rest);
}

int main(int argc, char **argv) {
  FILE *file = argc == 3 ? fopen(argv[1], "r") : NULL;
  if (!file) {
    fprintf(stderr, "usage: check_case WANT STATUS\n");
    return 2;
  }
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  static char line[LINE_SIZE], copy[LINE_SIZE];
  int checks = 0, failures = 0;
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '\0' || line[0] == '#') continue;
    strcpy(copy, line);
    checks++;
    if (holds(copy, atoi(argv[2]))) continue;
    failures++;
    printf("  not so: %s (exit status %s)\n", line, argv[2]);
  }
  fclose(file);
  if (checks == 0) printf("  %s checks nothing\n", argv[1]);
  return failures > 0 || checks == 0;
}
