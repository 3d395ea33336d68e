/*
 * check_brackets DENSE BRACKETS SLACK: whether every mean and variance of one results.h5 lies between the low and the high of the
 * other's /bracket, within SLACK times the largest entry of its dataset, which is how far the former may be off; and whether none is so
 * narrow that rounding has no room in it.
 * Prints "BRACKETS OUTSIDE WIDEST" (relative to that entry); status 1 where any is outside, or there is none.
 */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "values.h"

typedef struct tally {
  size_t brackets, outside;
  double widest;
} tally;

static void check(const char *name, const double *dense, const double *pairs, size_t count, double slack,
                  tally *t) {
  double largest = 0.0;
  for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(dense[i]));
  for (size_t i = 0; i < count; i++) {
    const double low = pairs[2 * i], high = pairs[2 * i + 1];
    t->brackets++;
    t->widest = fmax(t->widest, (high - low) / largest);
    if (isfinite(low) && isfinite(high) && (low < high || high == 0.0) && low - slack * largest <= dense[i] &&
        dense[i] <= high + slack * largest)
      continue;
    if (t->outside++ < 5)
      fprintf(stderr, "%s[%zu]: %.17g is not in %.17g ... %.17g\n", name, i, dense[i], low, high);
  }
}

int main(int argc, char **argv) {
  static const char *const names[] = {
      "mean/ntk",        "mean/nngp",    "variance/ensemble", "variance/rnd", "variance/bayesian_rnd",
      "variance/ntk_gp", "variance/nngp"};
  tally t = {0};
  if (argc != 4) return 2;
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  const hid_t dense = H5Fopen(argv[1], H5F_ACC_RDONLY, H5P_DEFAULT),
              other = H5Fopen(argv[2], H5F_ACC_RDONLY, H5P_DEFAULT);
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    char path[64];
    size_t count, pairs;
    snprintf(path, sizeof path, "/bracket/%s", names[k]);
    double *exact = values_of(dense, names[k], &count), *brackets = values_of(other, path, &pairs);
    if (exact && brackets && pairs == 2 * count)
      check(names[k], exact, brackets, count, atof(argv[3]), &t);
    else if (exact || brackets)
      t.outside++;
    free(exact);
    free(brackets);
  }
  H5Fclose(other);
  H5Fclose(dense);
  printf("%zu %zu %.2e\n", t.brackets, t.outside, t.widest);
  return t.brackets == 0 || t.outside > 0;
}
