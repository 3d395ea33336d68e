/*
 * print_attribute FILE OBJECT NAME: a text of HDF5, as it is, of fixed or variable length. Status 1 where it is not there.
 */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  const hid_t file = H5Fopen(argv[1], H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t attribute = H5Aopen_by_name(file, argv[2], argv[3], H5P_DEFAULT, H5P_DEFAULT);
  if (attribute < 0) return 1;
  const hid_t type = H5Aget_type(attribute);
  char *text = NULL;
  herr_t status;
  if (H5Tis_variable_str(type) > 0) {
    status = H5Aread(attribute, type, &text);
  } else {
    text = calloc(H5Tget_size(type) + 1, 1);
    status = text ? H5Aread(attribute, type, text) : -1;
  }
  if (status >= 0) fputs(text, stdout);
  if (H5Tis_variable_str(type) > 0) {
    H5free_memory(text);
  } else {
    free(text);
  }
  return status < 0;
}
