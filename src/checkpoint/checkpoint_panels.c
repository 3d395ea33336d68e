/*
 * Panels in a checkpoint file: [row][column], a piece of rows at a time between the ranks and rank 0, which alone has the file open.
 */
#include <errno.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hdf5_abandon.h"
#include "base/hdf5_errors.h"
#include "base/util.h"
#include "checkpoint/checkpoint_file.h"

/* Numbers of a piece: 16 MiB. */
enum { PIECE = 1 << 21 };

typedef struct piece {
  double *rows;    /* [row][column], on rank 0 where it is written */
  double *columns; /* [column][row], likewise */
  int64_t height;  /* rows at a time */
} piece;

static void piece_destroy(piece *p) {
  free(p->rows);
  free(p->columns);
}

/* On every rank: what is read goes to all of them. */
static wl_error piece_create(const wl_matrix *panel, piece *p) {
  p->height = smaller(panel->rows, larger(1, PIECE / larger(1, panel->columns)));
  const size_t size = sizeof(double) * (size_t)(p->height * panel->columns + 1);
  p->rows = malloc(size);
  p->columns = malloc(size);
  const wl_error error = p->rows && p->columns
                             ? WL_OK
                             : wl_error_set(WL_ERROR_MEMORY, "checkpoint: no memory for a piece of a panel");
  return wl_error_agree(panel->grid->comm, error);
}

double wl_checkpoint_panel_bytes(const wl_checkpoint_content *content) {
  double numbers = 0.0;
  for (int k = 0; k < content->panels; k++)
    numbers += (double)content->panel[k]->rows * (double)content->panel[k]->columns;
  return 8.0 * numbers;
}

/* Root. The panel's dataset; negative where there is none of that shape. */
static hid_t open_panel(hid_t file, int number, const wl_matrix *panel) {
  hsize_t shape[2] = {0, 0};
  char name[32];
  snprintf(name, sizeof name, "/panel/%d", number);
  const hid_t set = file >= 0 ? H5Dopen2(file, name, H5P_DEFAULT) : -1;
  if (set < 0) return -1;
  const hid_t space = H5Dget_space(set);
  const bool fits = H5Sget_simple_extent_ndims(space) == 2 && H5Sget_simple_extent_dims(space, shape, NULL) == 2 &&
                    shape[0] == (hsize_t)panel->rows && shape[1] == (hsize_t)panel->columns;
  H5Sclose(space);
  if (fits) return set;
  H5Dclose(set);
  return -1;
}

/* Root. `rows` rows from `row` on, between the file and `values`. */
static bool move_rows(hid_t set, const wl_matrix *panel, int64_t row, int64_t rows, double *values, bool write) {
  const hsize_t start[2] = {(hsize_t)row, 0}, count[2] = {(hsize_t)rows, (hsize_t)panel->columns};
  const hid_t space = H5Dget_space(set), memory = H5Screate_simple(2, count, NULL);
  bool good = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0;
  if (good)
    good = (write ? H5Dwrite(set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values)
                  : H5Dread(set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values)) >= 0;
  H5Sclose(memory);
  H5Sclose(space);
  return good;
}

/* What rank 0 cannot write it is still sent: the ranks agree when the panel is through. */
static wl_error write_panel(const wl_matrix *panel, hid_t set, const char *path) {
  const bool root = panel->grid->rank == 0;
  const int64_t columns = panel->columns;
  piece p = {0};
  bool good = !root || set >= 0;
  wl_error error = piece_create(panel, &p);
  for (int64_t row = 0, rows; row < panel->rows && error == WL_OK; row += rows) {
    rows = smaller(p.height, panel->rows - row);
    error = wl_matrix_get(panel, row, 0, rows, columns, p.columns);
    if (!root || !good || error != WL_OK) continue;
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < columns; j++) p.rows[i * columns + j] = p.columns[i + j * rows];
    good = move_rows(set, panel, row, rows, p.rows, true);
  }
  piece_destroy(&p);
  if (error == WL_OK && !good)
    error = wl_error_set(WL_ERROR_IO, "%s: cannot be written: %s", path, errno ? strerror(errno) : "HDF5 refuses");
  return wl_error_agree(panel->grid->comm, error);
}

wl_error wl_panels_write(const char *path, int count, wl_matrix *const *panel) {
  wl_error error = WL_OK;
  const bool root = panel[0]->grid->rank == 0;
  errno = 0;
  const hid_t file = root ? H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT) : -1;
  for (int k = 0; k < count && error == WL_OK; k++) {
    const hid_t set = root ? open_panel(file, k, panel[k]) : -1;
    error = write_panel(panel[k], set, path);
    if (set >= 0) H5Dclose(set);
  }
  if (root && file >= 0 && !wl_hdf5_close_written(file, error == WL_OK) && error == WL_OK)
    error = wl_error_set(WL_ERROR_IO, "%s: cannot be written: %s", path, errno ? strerror(errno) : "HDF5 refuses");
  return wl_error_agree(panel[0]->grid->comm, error);
}

/* All pieces, from the dataset to all ranks. */
static wl_error read_rows(hid_t set, const char *path, wl_matrix *panel) {
  const wl_grid *g = panel->grid;
  piece p = {0};
  wl_error error = piece_create(panel, &p);
  for (int64_t row = 0, rows; row < panel->rows && error == WL_OK; row += rows) {
    rows = smaller(p.height, panel->rows - row);
    if (g->rank == 0 && !move_rows(set, panel, row, rows, p.rows, false))
      error = wl_error_set(WL_ERROR_IO, "%s: a panel cannot be read", path);
    error = wl_error_agree(g->comm, error);
    if (error == WL_OK) wl_matrix_set_rows(panel, row, rows, p.rows);
  }
  piece_destroy(&p);
  return error;
}

wl_error wl_checkpoint_read_panel(const char *path, int number, wl_matrix *panel) {
  WL_HDF5_QUIET;
  const bool root = panel->grid->rank == 0;
  const hid_t file = root ? H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT) : -1, set = open_panel(file, number, panel);
  wl_error error = WL_OK;
  if (root && set < 0)
    error = wl_error_set(WL_ERROR_DATA, "%s: is damaged: it has no panel %d of %lld x %lld", path, number,
                         (long long)panel->rows, (long long)panel->columns);
  error = wl_error_agree(panel->grid->comm, error);
  if (error == WL_OK) error = read_rows(set, path, panel);
  if (set >= 0) H5Dclose(set);
  if (file >= 0) H5Fclose(file);
  return error;
}
