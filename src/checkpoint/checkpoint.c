/*
 * Checkpoint files. Rank 0 makes the file with all datasets and reserves its room, so that a full disk is found by one
 * rank and before the ranks write together; all write the strips; rank 0 adds the header and the guard; all read back.
 */
#define _GNU_SOURCE
#include "checkpoint/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/hdf5_abandon.h"
#include "base/hdf5_errors.h"
#include "base/util.h"
#include "checkpoint/checkpoint_file.h"

enum { PIECE = 1 << 20 };

static wl_error cannot_write(const char *path) {
  WL_FAIL(WL_ERROR_IO, "%s: cannot be written: %s", path, errno ? strerror(errno) : "HDF5 refuses");
}

/* ---- rank 0: the file without the strips ---------------------------------------------------------------------- */

/* A dataset that has its room from the start; -1 on failure. */
static hid_t create_set(hid_t file, const char *name, hid_t type, int rank, const hsize_t *shape) {
  const hid_t space = H5Screate_simple(rank, shape, NULL);
  const hid_t create = H5Pcreate(H5P_DATASET_CREATE), link = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_layout(create, H5D_CONTIGUOUS);
  H5Pset_alloc_time(create, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(create, H5D_FILL_TIME_NEVER);
  H5Pset_obj_track_times(create, 0);
  H5Pset_create_intermediate_group(link, 1);
  const hid_t set = H5Dcreate2(file, name, type, space, link, create, H5P_DEFAULT);
  H5Pclose(link);
  H5Pclose(create);
  H5Sclose(space);
  return set;
}

static bool create_strips(hid_t file, int64_t n, wl_triangle triangle) {
  for (int64_t s = 0; s < wl_strip_count(n); s++) {
    const wl_strip strip = wl_strip_at(n, triangle, s);
    const hsize_t shape[2] = {(hsize_t)strip.columns, (hsize_t)strip.rows};
    char name[48];
    snprintf(name, sizeof name, "/matrix/%lld", (long long)s);
    const hid_t set = create_set(file, name, H5T_IEEE_F64LE, 2, shape);
    if (set < 0 || H5Dclose(set) < 0) return false;
  }
  return true;
}

static bool create_panels(hid_t file, int count, wl_matrix *const *panel) {
  for (int k = 0; k < count; k++) {
    const hsize_t shape[2] = {(hsize_t)panel[k]->rows, (hsize_t)panel[k]->columns};
    char name[32];
    snprintf(name, sizeof name, "/panel/%d", k);
    const hid_t set = create_set(file, name, H5T_IEEE_F64LE, 2, shape);
    if (set < 0 || H5Dclose(set) < 0) return false;
  }
  return true;
}

/* Moves `count` bytes between a dataset of bytes and a stream. */
static bool copy_bytes(hid_t set, FILE *stream, hsize_t count, bool write) {
  unsigned char *piece = malloc(PIECE);
  bool good = piece != NULL;
  const hid_t space = H5Dget_space(set);
  for (hsize_t done = 0; good && done < count;) {
    const hsize_t size = count - done < PIECE ? count - done : PIECE;
    const hid_t memory = H5Screate_simple(1, &size, NULL);
    good = H5Sselect_hyperslab(space, H5S_SELECT_SET, &done, NULL, &size, NULL) >= 0;
    if (write)
      good = good && fread(piece, 1, size, stream) == size &&
             H5Dwrite(set, H5T_NATIVE_UCHAR, memory, space, H5P_DEFAULT, piece) >= 0;
    else
      good = good && H5Dread(set, H5T_NATIVE_UCHAR, memory, space, H5P_DEFAULT, piece) >= 0 &&
             fwrite(piece, 1, size, stream) == size;
    H5Sclose(memory);
    done += size;
  }
  H5Sclose(space);
  free(piece);
  return good;
}

static bool add_results(hid_t file, const char *path) {
  struct stat status;
  FILE *in = fopen(path, "rb");
  if (!in) return false;
  bool good = fstat(fileno(in), &status) == 0;
  const hsize_t size = good ? (hsize_t)status.st_size : 0;
  const hid_t set = good && size > 0 ? create_set(file, "/results", H5T_STD_U8LE, 1, &size) : -1;
  good = set >= 0 && copy_bytes(set, in, size, true);
  if (set >= 0 && H5Dclose(set) < 0) good = false;
  fclose(in);
  return good;
}

static bool add_products(hid_t file, int64_t n, const double *products) {
  const hsize_t shape[2] = {WL_PROBES, (hsize_t)n};
  const hid_t set = create_set(file, "/products", H5T_IEEE_F64LE, 2, shape);
  bool good = set >= 0 && H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, products) >= 0;
  if (set >= 0 && H5Dclose(set) < 0) good = false;
  return good;
}

/* Takes the blocks of the whole file and of a header, as far as the file system can: what is full says so here. */
static wl_error reserve(const char *path) {
  struct stat status;
  const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0 || fstat(file, &status) != 0) {
    if (file >= 0) close(file);
    return cannot_write(path);
  }
  errno = 0;
  const int failed = fallocate(file, FALLOC_FL_KEEP_SIZE, 0, status.st_size + 65536) != 0 &&
                     (errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG);
  const int reason = errno;
  close(file);
  errno = reason;
  return failed ? cannot_write(path) : WL_OK;
}

static wl_error create_file(const char *path, const wl_checkpoint *c, const wl_checkpoint_content *content,
                            const double *products) {
  /* A file that HDF5 finds no room to make stays open in it, and the program ends in a crash. */
  WL_TRY(reserve(path));
  errno = 0;
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (file < 0) return cannot_write(path);
  bool good = !content->matrix || create_strips(file, c->rows, content->triangle);
  if (good) good = create_panels(file, content->panels, content->panel);
  if (good && content->products) good = add_products(file, c->rows, products);
  if (good && content->results) good = add_results(file, content->results);
  good = wl_hdf5_close_written(file, good);
  return good ? reserve(path) : cannot_write(path);
}

/* ---- rank 0: header and guard --------------------------------------------------------------------------------- */

static bool add_header(hid_t file, const char *text) {
  const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, strlen(text) + 1);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const hid_t set = H5Dcreate2(file, "/header", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  bool good = set >= 0 && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) >= 0;
  if (set >= 0 && H5Dclose(set) < 0) good = false;
  H5Sclose(space);
  H5Tclose(type);
  return good;
}

static wl_error finish_file(const char *path, const wl_checkpoint *c) {
  char *text = NULL;
  WL_TRY(wl_checkpoint_format(c, &text));
  wl_gap *gaps = malloc(sizeof *gaps * (size_t)(c->strips + 1));
  errno = 0;
  const hid_t file = gaps ? H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT) : -1;
  bool good = file >= 0 && add_header(file, text) && wl_strips_locate(file, c->strips, gaps);
  good = file >= 0 && wl_hdf5_close_written(file, good);
  wl_error error = good ? wl_guard_append(path, c->strips, gaps) : cannot_write(path);
  free(gaps);
  free(text);
  return error;
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

static wl_error gather_products(const wl_matrix *products, double **values) {
  if (!products) return WL_OK;
  wl_error error = WL_OK;
  if (products->grid->rank == 0) *values = malloc(sizeof(double) * (size_t)(products->rows * WL_PROBES));
  if (products->grid->rank == 0 && !*values)
    error = wl_error_set(WL_ERROR_MEMORY, "checkpoint: no memory for the probing vectors");
  WL_TRY(wl_error_agree(products->grid->comm, error));
  return wl_matrix_get(products, 0, 0, products->rows, WL_PROBES, *values);
}

static wl_error create_everywhere(const wl_grid *g, const char *path, const wl_checkpoint_content *content,
                                  const wl_checkpoint *c) {
  double *products = NULL;
  wl_error error = gather_products(content->products, &products);
  if (error == WL_OK) {
    if (g->rank == 0) error = create_file(path, c, content, products);
    error = wl_error_agree(g->comm, error);
  }
  free(products);
  return error;
}

/* Reads the strips back and compares. */
static wl_error verify(const char *path, const wl_checkpoint_content *content, const wl_checkpoint *c) {
  uint64_t *again = calloc((size_t)c->strips + 1, sizeof *again);
  wl_error error = again ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "checkpoint: no memory to check it");
  error = wl_error_agree(content->matrix->grid->comm, error);
  if (error == WL_OK) error = wl_strips_read(path, content->matrix, content->triangle, NULL, again);
  if (error == WL_OK && memcmp(again, c->checksums, sizeof *again * (size_t)c->strips) != 0)
    error = wl_error_set(WL_ERROR_IO, "%s: does not read back as it was written", path);
  free(again);
  return error;
}

static wl_error write_strips(const wl_grid *g, const char *path, const wl_checkpoint_content *content,
                             wl_checkpoint *c) {
  free(c->checksums);
  c->strips = content->matrix ? wl_strip_count(c->rows) : 0;
  c->checksums = calloc((size_t)c->strips + 1, sizeof *c->checksums);
  wl_error error = c->checksums ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "checkpoint: no memory for checksums");
  WL_TRY(wl_error_agree(g->comm, error));
  if (!content->matrix) return WL_OK;
  const double began = MPI_Wtime();
  WL_TRY(wl_strips_write(path, content->matrix, content->triangle, c->checksums));
  c->bytes_per_second = wl_checkpoint_matrix_bytes(c->rows) / (MPI_Wtime() - began + 1e-6);
  free(c->matrix_file);
  c->matrix_file = strdup("");
  return WL_OK;
}

static wl_error write_panels(const char *path, const wl_checkpoint_content *content, wl_checkpoint *c) {
  const double began = MPI_Wtime();
  if (content->panels == 0) return WL_OK;
  WL_TRY(wl_panels_write(path, content->panels, content->panel));
  c->bytes_per_second = wl_checkpoint_panel_bytes(content) / (MPI_Wtime() - began + 1e-6);
  return WL_OK;
}

static wl_error write_partial(const wl_grid *g, const char *path, const wl_checkpoint_content *content,
                              wl_checkpoint *c) {
  WL_TRY(create_everywhere(g, path, content, c));
  WL_TRY(write_strips(g, path, content, c));
  WL_TRY(write_panels(path, content, c));
  wl_error error = WL_OK;
  if (g->rank == 0) error = finish_file(path, c);
  WL_TRY(wl_error_agree(g->comm, error));
  if (content->matrix) WL_TRY(verify(path, content, c));
  if (g->rank == 0) error = wl_guard_check(path);
  return wl_error_agree(g->comm, error);
}

wl_error wl_checkpoint_write(const wl_grid *g, const char *path, const wl_checkpoint_content *content,
                             wl_checkpoint *c) {
  WL_HDF5_QUIET;
  char partial[WL_PATH_SIZE];
  snprintf(partial, sizeof partial, "%s.partial", path);
  wl_error error = write_partial(g, partial, content, c);
  if (g->rank == 0) {
    if (error == WL_OK) error = wl_durable_rename(partial, path);
    if (error != WL_OK) unlink(partial);
  }
  return wl_error_agree(g->comm, error);
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

static wl_error read_header(const char *path, hid_t file, wl_checkpoint *c) {
  const hid_t set = H5Dopen2(file, "/header", H5P_DEFAULT), type = set >= 0 ? H5Dget_type(set) : -1;
  const size_t size =
      type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 ? H5Tget_size(type) : 0;
  const bool sound = size > 0 && size < (size_t)1 << 30;
  char *text = sound ? calloc(size + 1, 1) : NULL;
  wl_error error = sound && !text ? WL_ERROR_MEMORY : WL_ERROR_DATA;
  if (text && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) >= 0)
    error = wl_checkpoint_parse(text, strlen(text), c);
  if (error == WL_ERROR_DATA) wl_error_set(error, "%s: is damaged: it has no header", path);
  if (error == WL_ERROR_MEMORY) wl_error_set(error, "%s: no memory for its header", path);
  free(text);
  if (type >= 0) H5Tclose(type);
  if (set >= 0) H5Dclose(set);
  return error;
}

wl_error wl_checkpoint_open(const char *path, wl_checkpoint *c) {
  WL_HDF5_QUIET;
  *c = (wl_checkpoint){0};
  WL_TRY(wl_guard_check(path));
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) WL_FAIL(WL_ERROR_DATA, "%s: is damaged: it is no HDF5 file", path);
  const wl_error error = read_header(path, file, c);
  H5Fclose(file);
  return error;
}

wl_error wl_checkpoint_read_matrix(const char *path, const wl_checkpoint *c, wl_triangle triangle, wl_matrix *a) {
  WL_HDF5_QUIET;
  uint64_t *found = calloc((size_t)c->strips + 1, sizeof *found);
  wl_error error = found ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "checkpoint: no memory for checksums");
  error = wl_error_agree(a->grid->comm, error);
  if (error == WL_OK && (c->rows != a->rows || c->strips != wl_strip_count(a->rows)))
    error = wl_error_set(WL_ERROR_DATA, "%s: holds no matrix of this size", path);
  if (error == WL_OK) error = wl_strips_read(path, a, triangle, a, found);
  for (int64_t s = 0; s < c->strips && error == WL_OK; s++)
    if (found[s] != c->checksums[s])
      error = wl_error_set(WL_ERROR_DATA, "%s: is damaged: the checksum of matrix strip %lld is wrong", path,
                           (long long)s);
  free(found);
  return error;
}

/* Whether the dataset has WL_PROBES columns of n numbers: what is read goes to room for so many. */
static bool has_products(hid_t set, int64_t n) {
  hsize_t shape[2] = {0, 0};
  const hid_t space = H5Dget_space(set);
  const bool good = space >= 0 && H5Sget_simple_extent_ndims(space) == 2 &&
                    H5Sget_simple_extent_dims(space, shape, NULL) == 2 && shape[0] == WL_PROBES &&
                    shape[1] == (hsize_t)n;
  if (space >= 0) H5Sclose(space);
  return good;
}

/* Rank 0: reads S Z, stored by columns, as rows. */
static wl_error read_rows(const char *path, int64_t n, double *rows) {
  double *columns = malloc(sizeof(double) * (size_t)(n * WL_PROBES));
  const hid_t file = columns ? H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT) : -1;
  const hid_t set = file >= 0 ? H5Dopen2(file, "/products", H5P_DEFAULT) : -1;
  const bool fits = set < 0 || has_products(set, n);
  const bool good =
      set >= 0 && fits && H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, columns) >= 0;
  if (set >= 0) H5Dclose(set);
  if (file >= 0) H5Fclose(file);
  for (int64_t i = 0; good && i < n; i++)
    for (int64_t j = 0; j < WL_PROBES; j++) rows[i * WL_PROBES + j] = columns[i + j * n];
  free(columns);
  if (!fits) WL_FAIL(WL_ERROR_DATA, "%s: is damaged: /products is not %d x %lld", path, WL_PROBES, (long long)n);
  if (!good) WL_FAIL(WL_ERROR_IO, "%s: its probing vectors cannot be read", path);
  return WL_OK;
}

wl_error wl_checkpoint_read_products(const char *path, wl_matrix *products) {
  WL_HDF5_QUIET;
  const wl_grid *g = products->grid;
  double *rows = malloc(sizeof(double) * (size_t)(products->rows * WL_PROBES));
  wl_error error = rows ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "checkpoint: no memory for the probing vectors");
  error = wl_error_agree(g->comm, error);
  if (error == WL_OK) {
    if (g->rank == 0) error = read_rows(path, products->rows, rows);
    error = wl_error_agree(g->comm, error);
  }
  if (error == WL_OK) wl_matrix_set_rows(products, 0, products->rows, rows);
  free(rows);
  return error;
}

wl_error wl_checkpoint_extract_results(const char *path, const char *to) {
  WL_HDF5_QUIET;
  errno = 0;
  FILE *out = fopen(to, "wb");
  if (!out) return cannot_write(to);
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t set = file >= 0 ? H5Dopen2(file, "/results", H5P_DEFAULT) : -1;
  bool good = set >= 0 && copy_bytes(set, out, H5Dget_storage_size(set), false);
  if (fclose(out) != 0) good = false;
  const int reason = errno;
  if (set >= 0) H5Dclose(set);
  if (file >= 0) H5Fclose(file);
  errno = reason;
  return good ? WL_OK : cannot_write(to);
}
