#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plan.h"

static wl_error parse_count(const char *option, const char *text, int64_t most, int64_t *value) {
  char *end;
  errno = 0;
  const long long number = strtoll(text, &end, 10);
  if (errno || end == text || *end || number < 1 || number > most)
    WL_FAIL(WL_ERROR_USAGE, "%s needs a whole number from 1 to %lld after it, not '%s'", option, (long long)most,
            text);
  *value = number;
  return WL_OK;
}

/* A number with K, M, G or T (times 1024), as Slurm writes memory; GiB and GB are the same. */
static wl_error parse_bytes(const char *option, const char *text, double *bytes) {
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
    WL_FAIL(WL_ERROR_USAGE, "%s needs memory with its unit after it, such as 256G, not '%s'", option, text);
  *bytes = number * scale;
  return WL_OK;
}

typedef struct counted {
  const char *option;
  int64_t most, *value;
} counted;

typedef struct named {
  const char *option, **value;
} named;

/* The option's value is words[*i + 1] or follows '='; NULL: the word is not this option. */
static wl_error value_of(const char *option, int count, char *const *words, int *i, const char **value) {
  const size_t length = strlen(option);
  *value = NULL;
  if (strncmp(words[*i], option, length) != 0) return WL_OK;
  if (words[*i][length] == '=') {
    *value = words[*i] + length + 1;
  } else if (words[*i][length] == 0) {
    if (*i + 1 == count) WL_FAIL(WL_ERROR_USAGE, "%s needs a value after it; see widelimit plan --help", option);
    *value = words[++*i];
  }
  return WL_OK;
}

static wl_error parse_option(int count, char *const *words, int *i, wl_plan_options *o) {
  const char *word = words[*i], *value;
  const counted counts[] = {{"--train", INT32_MAX, &o->train},
                            {"--test", INT32_MAX, &o->test},
                            {"--dimension", INT32_MAX, &o->dimension},
                            {"--outputs", 1000000, &o->outputs},
                            {"--ranks", 1 << 24, &o->ranks},
                            {"--nodes", 1 << 20, &o->nodes},
                            {"--cores-per-node", 4096, &o->cores_per_node},
                            {"--threads", 4096, &o->threads}};
  const named names[] = {{"--calibration", &o->calibration}, {"--json", &o->json}, {"--sbatch", &o->sbatch}};
  for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
    WL_TRY(value_of(counts[k].option, count, words, i, &value));
    if (value) return parse_count(counts[k].option, value, counts[k].most, counts[k].value);
  }
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    WL_TRY(value_of(names[k].option, count, words, i, &value));
    if (value && !*value) WL_FAIL(WL_ERROR_USAGE, "%s needs a file after it", names[k].option);
    if (value) {
      *names[k].value = value;
      return WL_OK;
    }
  }
  WL_TRY(value_of("--memory-per-node", count, words, i, &value));
  if (value) return parse_bytes("--memory-per-node", value, &o->memory_per_node);
  WL_TRY(value_of("--set", count, words, i, &value));
  if (value) {
    o->overrides[o->override_count++] = value;
    return WL_OK;
  }
  WL_TRY(value_of("--assume", count, words, i, &value));
  if (value) {
    o->assumptions[o->assumption_count++] = value;
    return WL_OK;
  }
  WL_FAIL(WL_ERROR_USAGE, "unknown option %s; see widelimit plan --help", word);
}

static wl_error check(const wl_plan_options *o) {
  if (!o->config) WL_FAIL(WL_ERROR_USAGE, "widelimit plan needs a configuration file");
  if (o->ranks && o->nodes) WL_FAIL(WL_ERROR_USAGE, "--ranks and --nodes say the same: give one of them");
  if (o->threads && o->cores_per_node && o->threads > o->cores_per_node)
    WL_FAIL(WL_ERROR_USAGE, "--threads %lld is more than --cores-per-node %lld", (long long)o->threads,
            (long long)o->cores_per_node);
  return WL_OK;
}

wl_error wl_plan_options_parse(int count, char *const *words, wl_plan_options *o) {
  *o = (wl_plan_options){.overrides = calloc((size_t)count + 1, sizeof(char *)),
                         .assumptions = calloc((size_t)count + 1, sizeof(char *))};
  if (!o->overrides || !o->assumptions) WL_FAIL(WL_ERROR_MEMORY, "out of memory");
  for (int i = 0; i < count; i++) {
    if (words[i][0] == '-') {
      WL_TRY(parse_option(count, words, &i, o));
    } else if (o->config) {
      WL_FAIL(WL_ERROR_USAGE, "one configuration at a time: %s or %s?", o->config, words[i]);
    } else {
      o->config = words[i];
    }
  }
  return check(o);
}

void wl_plan_options_clear(wl_plan_options *o) {
  free(o->overrides);
  free(o->assumptions);
  o->overrides = o->assumptions = NULL;
}
