/*
 * check_summary SUMMARY.json [KEY VALUE TOLERANCE]...: whether the numbers at these keys (dots between levels, numbers from 0 into
 * lists), or what A*B/C+D-E… makes of them from the left, have these values; says which have not.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const json_t *find(const json_t *root, const char *key) {
  while (root && *key) {
    const size_t length = strcspn(key, ".");
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)length, key);
    root = json_is_array(root) ? json_array_get(root, (size_t)atoi(name)) : json_object_get(root, name);
    key += length + (key[length] == '.');
  }
  return root;
}

static double apply(char operator, double a, double b) {
  switch (operator) {
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '-':
      return a - b;
    default:
      return a + b;
  }
}

/* A number, or several with operators between, from the left: A-B-C, A*B. NaN where one is missing. */
static double evaluate(const json_t *root, const char *expression) {
  double result = 0.0;
  for (char operator= '+'; operator;) {
    const size_t length = strcspn(expression, "*/+-");
    char key[256];
    snprintf(key, sizeof key, "%.*s", (int)length, expression);
    const json_t *value = find(root, key);
    const double number = json_is_number(value) ? json_number_value(value) : NAN;
    result = apply(operator, result, number);
    operator= expression[length];
    expression += length + (operator!= 0);
  }
  return result;
}

int main(int argc, char **argv) {
  json_error_t error;
  json_t *summary = argc > 1 ? json_load_file(argv[1], 0, &error) : NULL;
  if (!summary || argc % 3 != 2) {
    fprintf(stderr, "usage: check_summary SUMMARY.json [KEY VALUE TOLERANCE]...\n");
    return 2;
  }
  int failures = 0;
  for (int k = 2; k < argc; k += 3) {
    const double is = evaluate(summary, argv[k]);
    if (fabs(is - atof(argv[k + 1])) <= atof(argv[k + 2])) continue;
    fprintf(stderr, "%s: %s is %.10g, expected %s within %s\n", argv[1], argv[k], is, argv[k + 1], argv[k + 2]);
    failures++;
  }
  json_decref(summary);
  return failures > 0;
}
