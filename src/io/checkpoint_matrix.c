/*
 * The triangle in strips, each read or written by all ranks in one collective call of bounded size.
 */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "io/checkpoint_file.h"

/* ---- strips --------------------------------------------------------------------------------------------------- */

/* A thirty-second of the columns, so that little of the other triangle is stored; of 4 MiB to 512 MiB over all ranks. */
static int64_t strip_width(int64_t n) {
  const int64_t share = (n + 31) / 32, least = ((int64_t)1 << 19) / n + 1,
                most = larger(((int64_t)1 << 26) / n, 1);
  return smaller(n, smaller(larger(share, least), most));
}

int64_t wl_strip_count(int64_t n) { return (n + strip_width(n) - 1) / strip_width(n); }

wl_strip wl_strip_at(int64_t n, wl_triangle triangle, int64_t s) {
  const int64_t width = strip_width(n), column = s * width, end = smaller(n, column + width);
  if (triangle == WL_TRIANGLE_LOWER) return (wl_strip){column, end - column, column, n - column};
  return (wl_strip){column, end - column, 0, end};
}

double wl_checkpoint_matrix_bytes(int64_t n) {
  double numbers = 0.0;
  for (int64_t s = 0; s < wl_strip_count(n); s++) {
    const wl_strip strip = wl_strip_at(n, WL_TRIANGLE_LOWER, s);
    numbers += (double)strip.columns * (double)strip.rows;
  }
  return 8.0 * numbers;
}

/* ---- this rank's share ---------------------------------------------------------------------------------------- */

/* Local indices of a strip's rows and columns on this rank, and their values, column-major; zero beyond the triangle. */
typedef struct share {
  int64_t row, rows, column, columns;
  double *values;
} share;

static share share_of(const wl_matrix *a, const wl_strip *s, double *values) {
  const int64_t row = wl_matrix_local_row(a, s->row), column = wl_matrix_local_column(a, s->column);
  return (share){.row = row,
                 .rows = wl_matrix_local_row(a, s->row + s->rows) - row,
                 .column = column,
                 .columns = wl_matrix_local_column(a, s->column + s->columns) - column,
                 .values = values};
}

/* The triangle's part of a column of the share: rows begin … end − 1, counted within the share. */
static void reach_of(const wl_matrix *a, const share *h, wl_triangle triangle, int64_t j, int64_t *begin,
                     int64_t *end) {
  const int64_t below = wl_matrix_local_row(a, triangle == WL_TRIANGLE_LOWER ? j : j + 1) - h->row;
  const int64_t split = smaller(larger(below, 0), h->rows);
  *begin = triangle == WL_TRIANGLE_LOWER ? split : 0;
  *end = triangle == WL_TRIANGLE_LOWER ? h->rows : split;
}

static void pack(const wl_matrix *a, wl_triangle triangle, const share *h) {
  memset(h->values, 0, sizeof(double) * (size_t)(h->rows * h->columns));
  for (int64_t jl = 0; jl < h->columns; jl++) {
    int64_t begin, end;
    reach_of(a, h, triangle, wl_matrix_global_column(a, h->column + jl), &begin, &end);
    if (begin < end)
      memcpy(h->values + begin + jl * h->rows, a->data + h->row + begin + (h->column + jl) * a->ld,
             sizeof(double) * (size_t)(end - begin));
  }
}

static void unpack(const share *h, wl_triangle triangle, wl_matrix *a) {
  for (int64_t jl = 0; jl < h->columns; jl++) {
    int64_t begin, end;
    reach_of(a, h, triangle, wl_matrix_global_column(a, h->column + jl), &begin, &end);
    if (begin < end)
      memcpy(a->data + h->row + begin + (h->column + jl) * a->ld, h->values + begin + jl * h->rows,
             sizeof(double) * (size_t)(end - begin));
  }
}

/* One to one in the bits for every place, so that a change of one number always shows in the sum. */
static uint64_t mix(uint64_t bits, uint64_t place) {
  bits = (bits + place) * 0x9e3779b97f4a7c15ULL;
  bits = (bits ^ bits >> 29) * 0xbf58476d1ce4e5b9ULL;
  return bits ^ bits >> 32;
}

/* Σ mix(value, place) over this rank's share, modulo 2⁶⁴: whoever holds a number, the total is the same. */
static uint64_t sum_of(const wl_matrix *a, const share *h) {
  const uint64_t row_step = 0xd1342543de82ef95ULL, column_step = 0xaf251af3b0f025b5ULL;
  uint64_t sum = 0;
  for (int64_t jl = 0; jl < h->columns; jl++) {
    const uint64_t column = (uint64_t)wl_matrix_global_column(a, h->column + jl) * column_step;
    const double *values = h->values + jl * h->rows;
    for (int64_t il = 0; il < h->rows;) {
      const int64_t block_end = ((h->row + il) / a->grid->block + 1) * a->grid->block - h->row;
      const int64_t end = smaller(block_end, h->rows);
      uint64_t place = column + (uint64_t)wl_matrix_global_row(a, h->row + il) * row_step;
      for (; il < end; il++, place += row_step) {
        uint64_t bits;
        memcpy(&bits, values + il, sizeof bits);
        sum += mix(bits, place);
      }
    }
  }
  return sum;
}

/* ---- hyperslabs ----------------------------------------------------------------------------------------------- */

/* Runs of indices: count blocks of `block` from `start`, `stride` apart. */
typedef struct run {
  hsize_t start, stride, count, block;
} run;

/* What process coordinate `me` of `count` owns of indices begin … end − 1, relative to begin: at most three runs. */
static int runs_of(int64_t begin, int64_t end, int64_t nb, int64_t me, int64_t count, run *runs) {
  const int64_t head = begin / nb, ceiling = (begin + nb - 1) / nb, whole = end / nb;
  const int64_t first = ceiling + ((me - ceiling) % count + count) % count;
  int found = 0;
  if (begin % nb != 0 && head % count == me)
    runs[found++] = (run){0, 1, 1, (hsize_t)(smaller(end, (head + 1) * nb) - begin)};
  if (first < whole)
    runs[found++] = (run){(hsize_t)(first * nb - begin), (hsize_t)(count * nb),
                          (hsize_t)((whole - first + count - 1) / count), (hsize_t)nb};
  if (end % nb != 0 && whole % count == me && whole * nb >= begin)
    runs[found++] = (run){(hsize_t)(whole * nb - begin), 1, 1, (hsize_t)(end % nb)};
  for (int r = 0; r < found; r++)
    if (runs[r].stride < runs[r].block) runs[r].stride = runs[r].block;
  return found;
}

static herr_t select_share(const wl_grid *g, const wl_strip *s, hid_t space) {
  run rows[3], columns[3];
  const int row_runs = runs_of(s->row, s->row + s->rows, g->block, g->row, g->rows, rows);
  const int column_runs = runs_of(s->column, s->column + s->columns, g->block, g->column, g->columns, columns);
  herr_t status = H5Sselect_none(space);
  H5S_seloper_t how = H5S_SELECT_SET;
  for (int c = 0; c < column_runs && status >= 0; c++)
    for (int r = 0; r < row_runs && status >= 0; r++, how = H5S_SELECT_OR) {
      const hsize_t start[2] = {columns[c].start, rows[r].start}, stride[2] = {columns[c].stride, rows[r].stride};
      const hsize_t count[2] = {columns[c].count, rows[r].count}, block[2] = {columns[c].block, rows[r].block};
      status = H5Sselect_hyperslab(space, how, start, stride, count, block);
    }
  return status;
}

/* One collective transfer of a strip. */
static herr_t transfer(hid_t file, const wl_grid *g, const wl_strip *s, int64_t number, const share *h,
                       bool write) {
  char name[48];
  snprintf(name, sizeof name, "/matrix/%lld", (long long)number);
  const hsize_t size = (hsize_t)(h->rows * h->columns), room = size > 0 ? size : 1;
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT), how = H5Pcreate(H5P_DATASET_XFER);
  const hid_t space = set >= 0 ? H5Dget_space(set) : -1, memory = H5Screate_simple(1, &room, NULL);
  herr_t status = H5Pset_dxpl_mpio(how, H5FD_MPIO_COLLECTIVE);
  if (size == 0 && status >= 0) status = H5Sselect_none(memory);
  if (status >= 0) status = space >= 0 ? select_share(g, s, space) : -1;
  if (status >= 0)
    status = write ? H5Dwrite(set, H5T_NATIVE_DOUBLE, memory, space, how, h->values)
                   : H5Dread(set, H5T_NATIVE_DOUBLE, memory, space, how, h->values);
  H5Sclose(memory);
  if (space >= 0) H5Sclose(space);
  H5Pclose(how);
  if (set >= 0) H5Dclose(set);
  return status;
}

/* ---- all strips ----------------------------------------------------------------------------------------------- */

static hid_t open_file(const char *path, const wl_grid *g, bool write) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5Pset_fapl_mpio(access, g->comm, MPI_INFO_NULL);
  H5Pset_all_coll_metadata_ops(access, 1);
  const hid_t file = H5Fopen(path, write ? H5F_ACC_RDWR : H5F_ACC_RDONLY, access);
  H5Pclose(access);
  return file;
}

static wl_error create_values(const wl_matrix *a, wl_triangle triangle, double **values) {
  int64_t most = 1;
  for (int64_t s = 0; s < wl_strip_count(a->rows); s++) {
    const wl_strip strip = wl_strip_at(a->rows, triangle, s);
    const share h = share_of(a, &strip, NULL);
    most = larger(most, h.rows * h.columns);
  }
  *values = malloc(sizeof(double) * (size_t)most);
  wl_error error = *values ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "checkpoint: no memory for a strip");
  error = wl_error_agree(a->grid->comm, error);
  if (error != WL_OK) free(*values);
  return error;
}

/* What one pass over all strips does: from `matrix` to the file, or from the file to `target` where there is one. */
typedef struct pass {
  const char *path;
  const wl_matrix *matrix;
  wl_matrix *target;
  wl_triangle triangle;
  bool write;
  uint64_t *checksums;
} pass;

static wl_error pass_strip(const pass *p, hid_t file, int64_t s, double *values) {
  const wl_matrix *a = p->matrix;
  const wl_strip strip = wl_strip_at(a->rows, p->triangle, s);
  const share h = share_of(a, &strip, values);
  wl_error error = WL_OK;
  if (p->write) pack(a, p->triangle, &h);
  if (transfer(file, a->grid, &strip, s, &h, p->write) < 0)
    error =
        wl_error_set(WL_ERROR_IO, "%s: cannot %s strip %lld", p->path, p->write ? "write" : "read", (long long)s);
  WL_TRY(wl_error_agree(a->grid->comm, error));
  p->checksums[s] = sum_of(a, &h);
  if (p->target) unpack(&h, p->triangle, p->target);
  return WL_OK;
}

static wl_error pass_over(const pass *p) {
  const wl_grid *g = p->matrix->grid;
  const int64_t strips = wl_strip_count(p->matrix->rows);
  double *values;
  WL_TRY(create_values(p->matrix, p->triangle, &values));
  const hid_t file = open_file(p->path, g, p->write);
  wl_error error = file >= 0 ? WL_OK : wl_error_set(WL_ERROR_IO, "%s: cannot be opened by all ranks", p->path);
  error = wl_error_agree(g->comm, error);
  for (int64_t s = 0; s < strips && error == WL_OK; s++) error = pass_strip(p, file, s, values);
  free(values);
  herr_t status = 0;
  if (file >= 0 && p->write) status = H5Fflush(file, H5F_SCOPE_GLOBAL);
  if (file >= 0 && H5Fclose(file) < 0) status = -1;
  if (status < 0 && error == WL_OK) error = wl_error_set(WL_ERROR_IO, "%s: cannot be written to the end", p->path);
  WL_TRY(wl_error_agree(g->comm, error));
  MPI_Allreduce(MPI_IN_PLACE, p->checksums, (int)strips, MPI_UINT64_T, MPI_SUM, g->comm);
  return WL_OK;
}

wl_error wl_strips_write(const char *path, const wl_matrix *matrix, wl_triangle triangle, uint64_t *checksums) {
  const pass p = {path, matrix, NULL, triangle, true, checksums};
  return pass_over(&p);
}

wl_error wl_strips_read(const char *path, const wl_matrix *shape, wl_triangle triangle, wl_matrix *matrix,
                        uint64_t *checksums) {
  const pass p = {path, shape, matrix, triangle, false, checksums};
  return pass_over(&p);
}
