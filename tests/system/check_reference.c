/*
 * The reference cases of tests/reference through the program's files.
 *
 *   check_reference write CASE.json FOLDER      the case as FOLDER/{X,Y,T}.csv and FOLDER/case.yaml
 *   check_reference compare CASE.json RESULTS   RESULTS/results.h5 and RESULTS/summary.json against the case
 *   check_reference write-target CASE.json FOLDER, compare-target CASE.json RESULTS
 *                                               the same of rnd alone, with the target network that the case has
 *
 * compare passes where  max |result − reference| ≤ 1e-10 · max |reference|  for every quantity that the case has, and says for
 * each that does not which entry is the worst.
 */
#include <hdf5.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double tolerance = 1e-10;

typedef struct matrix {
  size_t rows, columns;
  double *values; /* row-major, owned */
} matrix;

/* What the results file holds, and the member of the case that it must equal; "section.member" is one of an object in it. */
static const struct comparison {
  const char *dataset, *member;
  int diagonal; /* the dataset is the diagonal of the member */
} comparisons[] =
    {
        {"/mean/ntk", "mean", 0},
        {"/mean/nngp", "nngp_mean", 0},
        {"/variance/ensemble", "ensemble_covariance", 1},
        {"/variance/rnd", "rnd_covariance", 1},
        {"/variance/bayesian_rnd", "bayesian_rnd_covariance", 1},
        {"/variance/ntk_gp", "ntk_gp_covariance", 1},
        {"/variance/nngp", "nngp_covariance", 1},
        {"/covariance/ensemble", "ensemble_covariance", 0},
        {"/covariance/rnd", "rnd_covariance", 0},
        {"/covariance/bayesian_rnd", "bayesian_rnd_covariance", 0},
        {"/covariance/ntk_gp", "ntk_gp_covariance", 0},
        {"/covariance/nngp", "nngp_covariance", 0},
        {"/kernel/kappa_XX", "kappa_XX", 0},
        {"/kernel/theta_XX", "theta_XX", 0},
        {"/kernel/kappa_TX", "kappa_TX", 0},
        {"/kernel/theta_TX", "theta_TX", 0},
        {"/kernel/kappa_TT", "kappa_TT", 0},
        {"/kernel/theta_TT", "theta_TT", 0},
        {"/loo/mean/ntk", "loo.ntk_mean", 0},
        {"/loo/mean/nngp", "loo.nngp_mean", 0},
        {"/loo/variance/ensemble", "loo.ensemble", 0},
        {"/loo/variance/rnd", "loo.rnd", 0},
        {"/loo/variance/bayesian_rnd", "loo.ntk_gp", 0},
        {"/loo/variance/ntk_gp", "loo.ntk_gp", 0},
        {"/loo/variance/nngp", "loo.nngp", 0},
},
  of_target[] = {
      {"/variance/rnd", "rnd_other_target_covariance", 1},
      {"/covariance/rnd", "rnd_other_target_covariance", 0},
};

static void *checked(void *pointer, const char *what) {
  if (!pointer) {
    fprintf(stderr, "check_reference: %s\n", what);
    exit(2);
  }
  return pointer;
}

static json_t *load(const char *path) {
  json_error_t error;
  json_t *root = json_load_file(path, 0, &error);
  if (!root) fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
  return checked(root, "no such case or summary");
}

/* A matrix from an array of rows; an array of numbers is one row. */
static matrix from_json(const json_t *array, const char *what) {
  if (!json_is_array(array)) checked(NULL, what);
  const json_t *first = json_array_get(array, 0);
  const int flat = !json_is_array(first);
  matrix m = {flat ? 1 : json_array_size(array), json_array_size(flat ? array : first), NULL};
  m.values = checked(calloc(m.rows * m.columns + 1, sizeof *m.values), "out of memory");
  for (size_t i = 0; i < m.rows; i++) {
    const json_t *row = flat ? array : json_array_get(array, i);
    for (size_t j = 0; j < m.columns; j++) m.values[i * m.columns + j] = json_number_value(json_array_get(row, j));
  }
  return m;
}

static matrix diagonal(matrix full) {
  matrix m = {1, full.rows, checked(calloc(full.rows, sizeof *m.values), "out of memory")};
  for (size_t i = 0; i < full.rows; i++) m.values[i] = full.values[i * full.columns + i];
  free(full.values);
  return m;
}

/* A dataset of rank 1 is one row. */
static matrix from_hdf5(hid_t file, const char *dataset) {
  matrix m = {0, 0, NULL};
  if (H5Lexists(file, dataset, H5P_DEFAULT) <= 0) return m;
  const hid_t set = H5Dopen2(file, dataset, H5P_DEFAULT), space = H5Dget_space(set);
  hsize_t shape[2] = {0, 0};
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank == 1 || rank == 2) {
    H5Sget_simple_extent_dims(space, shape, NULL);
    m.rows = rank == 1 ? 1 : shape[0];
    m.columns = shape[rank - 1];
    m.values = checked(calloc(m.rows * m.columns + 1, sizeof *m.values), "out of memory");
    if (H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, m.values) < 0) checked(NULL, dataset);
  }
  H5Sclose(space);
  H5Dclose(set);
  return m;
}

/* Plane k of a dataset of three dimensions, or row k of a matrix. */
static matrix plane_of(hid_t file, const char *dataset, size_t k) {
  matrix m = {0, 0, NULL};
  if (H5Lexists(file, dataset, H5P_DEFAULT) <= 0) return m;
  const hid_t set = H5Dopen2(file, dataset, H5P_DEFAULT), space = H5Dget_space(set);
  hsize_t shape[3] = {0, 1, 1};
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank == 2 || rank == 3) H5Sget_simple_extent_dims(space, shape, NULL);
  if (k < shape[0]) {
    const hsize_t start[3] = {k, 0, 0}, count[3] = {1, shape[1], shape[2]};
    const hid_t memory = H5Screate_simple(rank, count, NULL);
    m.rows = rank == 2 ? 1 : shape[1];
    m.columns = rank == 2 ? shape[1] : shape[2];
    m.values = checked(calloc(m.rows * m.columns + 1, sizeof *m.values), "out of memory");
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    if (H5Dread(set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, m.values) < 0) checked(NULL, dataset);
    H5Sclose(memory);
  }
  H5Sclose(space);
  H5Dclose(set);
  return m;
}

/* Returns 1, having said why, where the two disagree. Frees both. */
static int disagree(const char *name, matrix result, matrix reference) {
  int failed = 0;
  double largest = 0, worst = 0;
  size_t where = 0;
  if (!result.values || result.rows != reference.rows || result.columns != reference.columns) {
    fprintf(stderr, "%s: shape %zu x %zu, expected %zu x %zu\n", name, result.rows, result.columns, reference.rows,
            reference.columns);
    failed = 1;
  }
  for (size_t k = 0; !failed && k < reference.rows * reference.columns; k++) {
    const double difference = fabs(result.values[k] - reference.values[k]);
    largest = fmax(largest, fabs(reference.values[k]));
    if (isnan(difference) || difference > worst) worst = isnan(difference) ? INFINITY : difference, where = k;
  }
  if (!failed && !(worst <= tolerance * largest)) {
    fprintf(stderr, "%s (%zu, %zu): %.17g, expected %.17g: off by %.3g of the largest entry %.3g\n", name,
            where / reference.columns, where % reference.columns, result.values[where], reference.values[where],
            worst / largest, largest);
    failed = 1;
  }
  free(result.values);
  free(reference.values);
  return failed;
}

/* NULL where the case does not have it. */
static const json_t *find_member(const json_t *reference, const char *name) {
  const char *dot = strchr(name, '.');
  if (!dot) return json_object_get(reference, name);
  char section[64];
  snprintf(section, sizeof section, "%.*s", (int)(dot - name), name);
  return json_object_get(json_object_get(reference, section), dot + 1);
}

static int compare_likelihood(const json_t *reference, const char *results) {
  char path[4096];
  snprintf(path, sizeof path, "%s/summary.json", results);
  json_t *summary = load(path), *values = NULL;
  json_error_t error;
  if (json_unpack_ex(summary, &error, 0, "{s:{s:{s:o}}}", "factor", "theta", "log_marginal_likelihood", &values) !=
      0) {
    fprintf(stderr, "%s: %s\n", path, error.text);
    return 1;
  }
  const int failed = disagree("log_marginal_likelihood", from_json(values, path),
                              from_json(json_object_get(reference, "ntk_gp_log_marginal_likelihood"), "case"));
  json_decref(summary);
  return failed;
}

/* At each time what the case has of it; and after all others t = infinity, where the results are those without a time. */
static int compare_times(const json_t *reference, hid_t file) {
  static const char *const covariances[] = {"ensemble", "rnd", "bayesian_rnd"};
  const json_t *times = json_object_get(reference, "at_time");
  const size_t count = json_array_size(times);
  int failures = count > 0 ? disagree("/at_time/mean/ntk at infinity", plane_of(file, "/at_time/mean/ntk", count),
                                      from_hdf5(file, "/mean/ntk"))
                           : 0;
  for (size_t k = 0; k < count; k++)
    failures += disagree("/at_time/mean/ntk", plane_of(file, "/at_time/mean/ntk", k),
                         from_json(json_object_get(json_array_get(times, k), "mean"), "mean"));
  for (size_t q = 0; count > 0 && q < sizeof covariances / sizeof *covariances; q++) {
    char member[64], variance[64], covariance[64], path[64];
    snprintf(member, sizeof member, "%s_covariance", covariances[q]);
    snprintf(variance, sizeof variance, "/at_time/variance/%s", covariances[q]);
    snprintf(covariance, sizeof covariance, "/at_time/covariance/%s", covariances[q]);
    for (size_t k = 0; k < count; k++) {
      const json_t *expected = json_object_get(json_array_get(times, k), member);
      failures += disagree(variance, plane_of(file, variance, k), diagonal(from_json(expected, member)));
      failures += disagree(covariance, plane_of(file, covariance, k), from_json(expected, member));
    }
    snprintf(path, sizeof path, "/covariance/%s", covariances[q]);
    failures += disagree(covariance, plane_of(file, covariance, count), from_hdf5(file, path));
  }
  return failures;
}

/* A vector of one number a noise level. */
static int compare_noise_numbers(const json_t *path, hid_t file, const char *name) {
  char dataset[64];
  snprintf(dataset, sizeof dataset, "/noise_path/%s", name);
  matrix m = {1, json_array_size(path), NULL};
  m.values = checked(calloc(m.columns + 1, sizeof *m.values), "out of memory");
  for (size_t k = 0; k < m.columns; k++)
    m.values[k] = json_number_value(json_object_get(json_array_get(path, k), name));
  return disagree(dataset, from_hdf5(file, dataset), m);
}

/* Eigenvalues without noise, and the noise levels. */
static int compare_spectrum(const json_t *reference, hid_t file) {
  const json_t *path = json_object_get(reference, "noise_path");
  if (!path) return 0;
  matrix values = from_json(json_object_get(reference, "eigenvalues_S"), "eigenvalues_S");
  const double noise = json_number_value(json_object_get(reference, "noise_variance"));
  for (size_t k = 0; k < values.columns; k++) values.values[k] -= noise;
  int failures = disagree("/spectrum/theta", from_hdf5(file, "/spectrum/theta"), values);
  failures += compare_noise_numbers(path, file, "noise");
  failures += compare_noise_numbers(path, file, "effective_dimension");
  failures += compare_noise_numbers(path, file, "information_gain");
  for (size_t k = 0; k < json_array_size(path); k++)
    failures +=
        disagree("/noise_path/log_marginal_likelihood", plane_of(file, "/noise_path/log_marginal_likelihood", k),
                 from_json(json_object_get(json_array_get(path, k), "log_marginal_likelihood"), "case"));
  return failures;
}

static int compare(const json_t *reference, const char *results, const struct comparison *list, size_t count) {
  char path[4096];
  snprintf(path, sizeof path, "%s/results.h5", results);
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) checked(NULL, path);
  int failures = 0, compared = 0;
  for (size_t k = 0; k < count; k++) {
    const struct comparison *c = &list[k];
    const json_t *member = find_member(reference, c->member);
    if (!member) continue;
    const matrix expected = from_json(member, c->member);
    failures += disagree(c->dataset, from_hdf5(file, c->dataset), c->diagonal ? diagonal(expected) : expected);
    compared++;
  }
  if (list == comparisons) failures += compare_times(reference, file) + compare_spectrum(reference, file);
  H5Fclose(file);
  if (compared == 0) checked(NULL, "the case has nothing to compare with");
  if (find_member(reference, "ntk_gp_log_marginal_likelihood")) failures += compare_likelihood(reference, results);
  return failures;
}

static FILE *create(const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return checked(fopen(path, "w"), path);
}

static void write_csv(const json_t *reference, const char *member, const char *folder) {
  char name[64];
  snprintf(name, sizeof name, "%s.csv", member);
  FILE *file = create(folder, name);
  const matrix m = from_json(json_object_get(reference, member), member);
  for (size_t k = 0; k < m.rows * m.columns; k++)
    fprintf(file, "%.17g%c", m.values[k], (k + 1) % m.columns == 0 ? '\n' : ',');
  free(m.values);
  fclose(file);
}

/* BEFORE a, b, … AFTER */
static void write_list(FILE *file, const char *before, const json_t *numbers, const char *after) {
  fputs(before, file);
  for (size_t k = 0; k < json_array_size(numbers); k++)
    fprintf(file, "%s%.17g", k > 0 ? ", " : "", json_number_value(json_array_get(numbers, k)));
  fprintf(file, "%s\n", after);
}

static void write_network(FILE *file, const json_t *network, const char *indent) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)network, key, value) {
    if (json_is_string(value))
      fprintf(file, "%s%s: %s\n", indent, key, json_string_value(value));
    else
      fprintf(file, "%s%s: %.17g\n", indent, key, json_number_value(value));
  }
}

static void write_case(const json_t *reference, const char *folder, int with_target) {
  write_csv(reference, "X", folder);
  write_csv(reference, "Y", folder);
  write_csv(reference, "T", folder);
  FILE *file = create(folder, "case.yaml");
  fprintf(file, "data:\n  train: {inputs: X.csv, targets: Y.csv}\n  test: {inputs: T.csv}\nnetwork:\n");
  write_network(file, json_object_get(reference, "network"), "  ");
  if (with_target) {
    fprintf(file, "rnd:\n  target:\n");
    write_network(file, json_object_get(reference, "target_network"), "    ");
  }
  fprintf(file, "noise_variance: %.17g\n", json_number_value(json_object_get(reference, "noise_variance")));
  if (find_member(reference, "loo") && !with_target) fprintf(file, "loo: true\n");
  if (find_member(reference, "at_time") && !with_target)
    write_list(file, "training: {times: [", json_object_get(reference, "times"), ", .inf]}");
  if (find_member(reference, "noise_path") && !with_target)
    write_list(file, "spectrum: true\nnoise_path: [", json_object_get(reference, "noises"), "]");
  fprintf(file, "grid: {block: 4}\noutput: {directory: out, covariance: true, kernels: true}\n");
  fclose(file);
}

int main(int argc, char **argv) {
  static const char *const modes[] = {"write", "compare", "write-target", "compare-target"};
  int mode = 0;
  while (mode < 4 && argc == 4 && strcmp(argv[1], modes[mode]) != 0) mode++;
  if (argc != 4 || mode == 4) {
    fprintf(stderr, "usage: check_reference write|compare|write-target|compare-target CASE.json FOLDER\n");
    return 2;
  }
  json_t *reference = load(argv[2]);
  int failures = 0;
  if (mode % 2 == 0)
    write_case(reference, argv[3], mode == 2);
  else if (mode == 1)
    failures = compare(reference, argv[3], comparisons, sizeof comparisons / sizeof *comparisons);
  else
    failures = compare(reference, argv[3], of_target, sizeof of_target / sizeof *of_target);
  json_decref(reference);
  return failures > 0;
}
