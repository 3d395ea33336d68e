/*
 * check_samples equal A.h5 B.h5 TOLERANCE: whether both hold the same draws, as far as the shorter one goes: every
 *   difference at most TOLERANCE times the largest entry.
 * check_samples moments FILE.h5: whether the draws have the means and variances that the file says: at each point
 *   D s²/σ² ~ χ²(D) and √D (mean − µ)/σ ~ N(0, 1), Bonferroni over points, outputs and kinds at 1e-6.
 */
#include <gsl/gsl_cdf.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 4 };
static const struct {
  const char *path, *variance;
  int has_mean;
} kinds[KINDS] = {{"/samples/posterior", "/variance/ntk_gp", 1},
                  {"/samples/ensemble", "/variance/ensemble", 1},
                  {"/samples/rnd", "/variance/rnd", 0},
                  {"/samples/bayesian_rnd", "/variance/bayesian_rnd", 0}};

typedef struct array {
  hsize_t shape[3];
  double *values;
} array;

/* Reads a dataset of up to three dimensions; exits where it cannot. */
static array read_array(const char *file_name, const char *path) {
  array a = {{1, 1, 1}, NULL};
  const hid_t file = H5Fopen(file_name, H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t set = file < 0 ? -1 : H5Dopen2(file, path, H5P_DEFAULT);
  if (set < 0) {
    fprintf(stderr, "%s: no %s\n", file_name, path);
    exit(2);
  }
  const hid_t space = H5Dget_space(set);
  H5Sget_simple_extent_dims(space, a.shape, NULL);
  a.values = malloc(sizeof(double) * a.shape[0] * a.shape[1] * a.shape[2]);
  H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, a.values);
  H5Sclose(space);
  H5Dclose(set);
  H5Fclose(file);
  return a;
}

static int compare(const char *a_name, const char *b_name, double tolerance) {
  int failures = 0;
  for (int k = 0; k < KINDS; k++) {
    const array a = read_array(a_name, kinds[k].path), b = read_array(b_name, kinds[k].path);
    const hsize_t draws = a.shape[0] < b.shape[0] ? a.shape[0] : b.shape[0];
    double worst = 0.0, largest = 0.0;
    for (hsize_t i = 0; i < draws * a.shape[1] * a.shape[2]; i++) {
      const double apart = fabs(a.values[i] - b.values[i]);
      worst = fmax(worst, isnan(apart) ? INFINITY : apart);
      largest = fmax(largest, fabs(a.values[i]));
    }
    if (!(worst <= tolerance * largest) || a.shape[1] != b.shape[1] || a.shape[2] != b.shape[2]) {
      fprintf(stderr, "%s: %s and %s differ by %g of %g\n", kinds[k].path, a_name, b_name, worst, largest);
      failures++;
    }
    free(a.values);
    free(b.values);
  }
  return failures > 0;
}

static int check_moments(const char *name) {
  int failures = 0;
  const array mean = read_array(name, "/mean/ntk");
  for (int k = 0; k < KINDS; k++) {
    const array draws = read_array(name, kinds[k].path), variance = read_array(name, kinds[k].variance);
    const hsize_t count = draws.shape[0], m = draws.shape[1], c = draws.shape[2];
    double least = 1.0;
    for (hsize_t i = 0; i < m * c; i++) {
      const double v = variance.values[i / c] + 1e-9, mu = kinds[k].has_mean ? mean.values[i] : 0.0;
      double sum = 0.0, square = 0.0;
      if (!(v > 0.0)) least = 0.0; /* fmin would pass NaN over */
      for (hsize_t s = 0; s < count; s++) {
        const double x = draws.values[s * m * c + i] - mu;
        if (!isfinite(x)) least = 0.0;
        sum += x;
        square += x * x;
      }
      const double d = (double)count, z = fabs(sum) / sqrt(d * v);
      least = fmin(least, 2.0 * gsl_cdf_ugaussian_Q(z));
      least = fmin(least, 2.0 * fmin(gsl_cdf_chisq_P(square / v, d), gsl_cdf_chisq_Q(square / v, d)));
    }
    if (!(least * (double)(2 * m * c * KINDS) >= 1e-6)) {
      fprintf(stderr, "%s: moments are not those of %s: p = %g\n", kinds[k].path, kinds[k].variance, least);
      failures++;
    }
    free(draws.values);
    free(variance.values);
  }
  free(mean.values);
  return failures > 0;
}

int main(int argc, char **argv) {
  if (argc == 5 && strcmp(argv[1], "equal") == 0) return compare(argv[2], argv[3], atof(argv[4]));
  if (argc == 3 && strcmp(argv[1], "moments") == 0) return check_moments(argv[2]);
  fprintf(stderr, "usage: check_samples equal A.h5 B.h5 TOLERANCE | moments FILE.h5\n");
  return 2;
}
