/*
 * make_hdf5 FILE: datasets as the program's tests need them, good and bad.
 *   /x 6 × 3 double · /y 6 × 1 double · /class 6 int · /t 4 × 3 float · /nan 6 × 3 with NaN at row 5, column 2
 *   /cube of rank 3 · /text of strings · /none 0 × 3 · /group, which is no dataset
 */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>

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

int main(int argc, char **argv) {
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
  H5Gclose(H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  return H5Fclose(file) < 0;
}
