/*
 * make_hdf5 FILE: datasets as the program's tests need them, good and bad.
 *   /x 6 × 3 double · /y 6 × 1 double · /class 6 int · /t 4 × 3 float · /nan 6 × 3 with NaN at row 5, column 2
 *   /cube of rank 3 · /text of strings · /none 0 × 3 · /group, which is no dataset
 *   6 × 3 double that are elsewhere: /link, a link to /x of away.h5 · /virtual, from there · /raw, of the bytes of away.bin
 * make_hdf5 kernels RESULTS FILE: of the kernels in RESULTS (output.kernels), those that no kernel is, and others
 *   /theta_diagonal, /kappa_diagonal of TT · theta_XX as /other_XX twice as large, /wide without its last column, /not_finite with NaN at
 *   row 5, column 3, /skew with another number at row 7, column 2, /negative at row 4 of the diagonal, /silent with zero there · /beyond: kappa_XX + ½ off
 *   the diagonal of its first two rows, of a variance that theta_XX has
 */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_set(hid_t file, const char *name, hid_t type, int rank, const hsize_t *shape,
                      const void *values) {
  const hid_t space = H5Screate_simple(rank, shape, NULL);
  const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(set);
  H5Sclose(space);
}

static void write_text(hid_t file) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, 2);
  write_set(file, "text", type, 1, (hsize_t[]){6}, "a\0b\0c\0d\0e\0f");
  H5Tclose(type);
}

static void write_away(hid_t file) {
  const hid_t space = H5Screate_simple(2, (hsize_t[]){6, 3}, NULL);
  const hid_t virtual = H5Pcreate(H5P_DATASET_CREATE), raw = H5Pcreate(H5P_DATASET_CREATE);
  H5Lcreate_external("away.h5", "/x", file, "link", H5P_DEFAULT, H5P_DEFAULT);
  H5Pset_virtual(virtual, space, "away.h5", "/x", space);
  H5Dclose(H5Dcreate2(file, "virtual", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, virtual, H5P_DEFAULT));
  H5Pset_external(raw, "away.bin", 0, 18 * sizeof(double));
  H5Dclose(H5Dcreate2(file, "raw", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, raw, H5P_DEFAULT));
  H5Pclose(raw);
  H5Pclose(virtual);
  H5Sclose(space);
}

/* A square dataset; *order rows and columns. */
static double *read_square(hid_t file, const char *path, hsize_t *order) {
  const hid_t set = H5Dopen2(file, path, H5P_DEFAULT), space = H5Dget_space(set);
  hsize_t shape[2] = {0, 0};
  H5Sget_simple_extent_dims(space, shape, NULL);
  double *values = malloc(sizeof(double) * (size_t)(shape[0] * shape[1] + 1));
  if (H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) shape[0] = 0;
  H5Sclose(space);
  H5Dclose(set);
  *order = shape[0];
  return values;
}

static void write_square(hid_t file, const char *name, hsize_t order, const double *values) {
  write_set(file, name, H5T_NATIVE_DOUBLE, 2, (hsize_t[]){order, order}, values);
}

static void write_diagonal(hid_t from, const char *path, hid_t to, const char *name) {
  hsize_t order;
  double *values = read_square(from, path, &order);
  for (hsize_t i = 0; i < order; i++) values[i] = values[i * (order + 1)];
  write_set(to, name, H5T_NATIVE_DOUBLE, 1, &order, values);
  free(values);
}

/* One entry changed while the matrix is written. */
static void write_changed(hid_t file, const char *name, hsize_t order, double *values, hsize_t row, hsize_t column,
                          double value) {
  double *at = &values[(row - 1) * order + column - 1], kept = *at;
  *at = value;
  write_square(file, name, order, values);
  *at = kept;
}

/* The kernel of functions that are 0 at the fourth point. */
static void write_silent(hid_t file, hsize_t order, const double *values) {
  double *silent = malloc(sizeof(double) * (size_t)(order * order));
  for (hsize_t k = 0; k < order * order; k++) silent[k] = k / order == 3 || k % order == 3 ? 0.0 : values[k];
  write_square(file, "silent", order, silent);
  free(silent);
}

static int make_kernels(const char *results, const char *path) {
  const hid_t from = H5Fopen(results, H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t to = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (from < 0 || to < 0) return 1;
  hsize_t n, order;
  double *theta = read_square(from, "/kernel/theta_XX", &n),
         *kappa = read_square(from, "/kernel/kappa_XX", &order);
  write_diagonal(from, "/kernel/theta_TT", to, "theta_diagonal");
  write_diagonal(from, "/kernel/kappa_TT", to, "kappa_diagonal");
  write_changed(to, "not_finite", n, theta, 5, 3, NAN);
  write_changed(to, "skew", n, theta, 7, 2, theta[6 * n + 1] + 1e-6);
  write_changed(to, "negative", n, theta, 4, 4, -1.0);
  write_silent(to, n, theta);
  for (hsize_t i = 0; i < n; i++) kappa[i * (n + 1)] = theta[i * (n + 1)];
  kappa[1] = kappa[n] = kappa[1] + 0.5; /* theta - kappa has a zero on the diagonal and something beside it */
  write_square(to, "beyond", n, kappa);
  write_set(to, "wide", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){n, n - 1}, theta);
  for (hsize_t k = 0; k < n * n; k++) theta[k] *= 2.0;
  write_square(to, "other_XX", n, theta);
  free(kappa);
  free(theta);
  H5Fclose(from);
  return H5Fclose(to) < 0;
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "kernels") == 0) return make_kernels(argv[2], argv[3]);
  if (argc != 2) return 2;
  double x[18], y[6], with_nan[18], cube[12] = {0};
  float t[12];
  const int class[] = {0, 1, 2, 0, 1, 2};
  for (int k = 0; k < 18; k++) with_nan[k] = x[k] = sin(1.0 + k * k);
  for (int k = 0; k < 6; k++) y[k] = cos(k);
  for (int k = 0; k < 12; k++) t[k] = (float)sin(100.0 + k * k);
  with_nan[4 * 3 + 1] = NAN;
  const hid_t file = H5Fcreate(argv[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (file < 0) return 1;
  write_set(file, "x", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){6, 3}, x);
  write_set(file, "y", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){6, 1}, y);
  write_set(file, "class", H5T_NATIVE_INT, 1, (hsize_t[]){6}, class);
  write_set(file, "t", H5T_NATIVE_FLOAT, 2, (hsize_t[]){4, 3}, t);
  write_set(file, "nan", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){6, 3}, with_nan);
  write_set(file, "cube", H5T_NATIVE_DOUBLE, 3, (hsize_t[]){6, 1, 2}, cube);
  write_set(file, "none", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){0, 3}, x);
  write_text(file);
  write_away(file);
  H5Gclose(H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  return H5Fclose(file) < 0;
}
