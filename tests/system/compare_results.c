/*
 * compare_results A B TOLERANCE: whether two results.h5 hold the same datasets, each equal to within TOLERANCE times its
 * largest entry; 0: bit for bit, attributes too. Where they come from (/provenance) may differ. Silent when they do.
 */
#include <hdf5.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values.h"

typedef struct pair {
  hid_t other;
  double tolerance;
  int sets, failures;
} pair;

static void compare(pair *p, const char *path, const double *a, const double *b, size_t count) {
  if (memcmp(a, b, sizeof(double) * count) == 0) return; /* what is not finite too */
  double largest = 0.0, worst = 0.0;
  for (size_t i = 0; i < count; i++) {
    if (isfinite(a[i])) largest = fmax(largest, fabs(a[i]));
    if (a[i] == b[i] || (isnan(a[i]) && isnan(b[i]))) continue;
    const double apart = fabs(a[i] - b[i]);
    worst = fmax(worst, isnan(apart) ? INFINITY : apart);
  }
  if (p->tolerance > 0.0 && worst <= p->tolerance * largest) return;
  printf("%s differs by %g, its largest entry is %g\n", path, worst, largest);
  p->failures++;
}

/* The bytes of an attribute of fixed size; NULL: there is none. */
static char *attribute_of(hid_t file, const char *path, const char *name, size_t *size) {
  char *bytes = NULL;
  const hid_t attribute = H5Aopen_by_name(file, path, name, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute < 0) return NULL;
  const hid_t type = H5Aget_type(attribute);
  *size = (size_t)H5Aget_storage_size(attribute);
  if (H5Tis_variable_str(type) <= 0 && (bytes = malloc(*size + 1)) && H5Aread(attribute, type, bytes) < 0) {
    free(bytes);
    bytes = NULL;
  }
  H5Tclose(type);
  H5Aclose(attribute);
  return bytes;
}

typedef struct place {
  pair *p;
  hid_t file;
  const char *path;
} place;

static herr_t compare_attribute(hid_t object, const char *name, const H5A_info_t *info, void *context) {
  const place *at = context;
  size_t size = 0, other_size = 0;
  char *a = attribute_of(at->file, at->path, name, &size),
       *b = attribute_of(at->p->other, at->path, name, &other_size);
  (void)object, (void)info;
  if (!a || !b || size != other_size || memcmp(a, b, size) != 0) {
    printf("%s: attribute %s differs\n", at->path, name);
    at->p->failures++;
  }
  free(a);
  free(b);
  return 0;
}

static void compare_attributes(pair *p, hid_t file, const char *path) {
  const hid_t object = H5Oopen(file, path, H5P_DEFAULT);
  hsize_t from = 0;
  place at = {p, file, path};
  if (object < 0) return;
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &from, compare_attribute, &at);
  H5Oclose(object);
}

static herr_t visit(hid_t file, const char *name, const H5O_info_t *info, void *context) {
  pair *p = context;
  if (strncmp(name, "provenance", strlen("provenance")) == 0) return 0;
  const bool shared = strcmp(name, ".") == 0 || H5Lexists(p->other, name, H5P_DEFAULT) > 0;
  if (p->tolerance == 0.0 && shared) compare_attributes(p, file, name);
  if (info->type != H5O_TYPE_DATASET) {
    if (!shared) printf("%s is in one only\n", name);
    p->failures += !shared;
    return 0;
  }
  size_t count, other_count;
  double *a = values_of(file, name, &count), *b = values_of(p->other, name, &other_count);
  p->sets++;
  if (a && b && count == other_count && count > 0) {
    compare(p, name, a, b, count);
  } else {
    printf("%s: %zu entries in one, %zu in the other\n", name, count, other_count);
    p->failures++;
  }
  free(a);
  free(b);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  const hid_t a = H5Fopen(argv[1], H5F_ACC_RDONLY, H5P_DEFAULT), b = H5Fopen(argv[2], H5F_ACC_RDONLY, H5P_DEFAULT);
  if (a < 0 || b < 0) {
    printf("%s cannot be opened\n", argv[a < 0 ? 1 : 2]);
    return 1;
  }
  pair p = {.other = b, .tolerance = atof(argv[3])};
  H5Ovisit(a, H5_INDEX_NAME, H5_ITER_INC, visit, &p);
  const int sets = p.sets;
  p = (pair){.other = a, .tolerance = p.tolerance, .failures = p.failures};
  H5Ovisit(b, H5_INDEX_NAME, H5_ITER_INC, visit, &p);
  if (sets == 0 || sets != p.sets) printf("%d datasets in one, %d in the other\n", sets, p.sets);
  return sets == 0 || sets != p.sets || p.failures > 0;
}
