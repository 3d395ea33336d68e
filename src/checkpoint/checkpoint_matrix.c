/*
 * The triangle in strips: where they lie in the file, and their way to it and back. The ranks hand their tiles over to
 * whole columns (checkpoint_exchange.c), which each writes and reads where HDF5 has laid the strip out, without MPI-IO: that
 * hangs for good where one rank cannot open the file (Open MPI 4.1), and takes many times longer for tiles.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "checkpoint/checkpoint_exchange.h"
#include "checkpoint/checkpoint_file.h"

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

/* A dataset of the strip's shape in one piece, in this machine's numbers. */
static bool locate(hid_t file, int64_t number, wl_gap *gap) {
  char name[48];
  snprintf(name, sizeof name, "/matrix/%lld", (long long)number);
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT), type = set >= 0 ? H5Dget_type(set) : -1;
  const bool plain = type >= 0 && H5Tequal(type, H5T_NATIVE_DOUBLE) > 0;
  if (plain) *gap = (wl_gap){H5Dget_offset(set), H5Dget_storage_size(set)};
  if (type >= 0) H5Tclose(type);
  if (set >= 0) H5Dclose(set);
  return plain && gap->offset != HADDR_UNDEF;
}

bool wl_strips_locate(hid_t file, int64_t strips, wl_gap *gaps) {
  for (int64_t s = 0; s < strips; s++)
    if (!locate(file, s, &gaps[s]) || (s > 0 && gaps[s].offset < gaps[s - 1].offset)) return false;
  return true;
}

/* ---- checksums ------------------------------------------------------------------------------------------------ */

/* One to one in the bits for every place, so that a change of one number always shows in the sum. */
static uint64_t mix(uint64_t bits, uint64_t place) {
  bits = (bits + place) * 0x9e3779b97f4a7c15ULL;
  bits = (bits ^ bits >> 29) * 0xbf58476d1ce4e5b9ULL;
  return bits ^ bits >> 32;
}

/* Σ mix(value, place) over the columns, modulo 2⁶⁴: whoever holds a number, the total is the same. */
static uint64_t sum_of(const wl_slab *s, const wl_slab_share *mine, const double *values) {
  const uint64_t row_step = 0xd1342543de82ef95ULL, column_step = 0xaf251af3b0f025b5ULL;
  uint64_t sum = 0;
  for (int64_t j = 0; j < mine->count; j++) {
    uint64_t place = (uint64_t)(mine->first + j) * column_step + (uint64_t)s->row * row_step;
    for (int64_t i = 0; i < s->rows; i++, place += row_step) {
      uint64_t bits;
      memcpy(&bits, values + i + j * s->rows, sizeof bits);
      sum += mix(bits, place);
    }
  }
  return sum;
}

/* ---- files ---------------------------------------------------------------------------------------------------- */

/* What one pass over all strips does: from `matrix` to the file, or from the file to `target` where there is one. */
typedef struct pass {
  const char *path;
  const wl_matrix *matrix;
  wl_matrix *target;
  wl_triangle triangle;
  bool write;
  int first; /* the rank that has the first columns of strip 0 */
  uint64_t *checksums;
  wl_gap *places; /* of the strips in the file */
  int file;
} pass;

static wl_error cannot(const pass *p) {
  WL_FAIL(WL_ERROR_IO, "%s: cannot be %s: %s", p->path, p->write ? "written" : "read", strerror(errno));
}

/* Has the disk begin while the next columns are on their way: less is left to wait for in the end. */
static wl_error put(const pass *p, const double *values, size_t bytes, uint64_t at) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t written = pwrite(p->file, (const char *)values + done, bytes - done, (off_t)(at + done));
    if (written < 0 && errno != EINTR) return cannot(p);
    if (written > 0) done += (size_t)written;
  }
  sync_file_range(p->file, (off_t)at, (off_t)bytes, SYNC_FILE_RANGE_WRITE);
  return WL_OK;
}

static wl_error get(const pass *p, double *values, size_t bytes, uint64_t at) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t got = pread(p->file, (char *)values + done, bytes - done, (off_t)(at + done));
    if (got < 0 && errno != EINTR) return cannot(p);
    if (got == 0) WL_FAIL(WL_ERROR_IO, "%s: is truncated", p->path);
    if (got > 0) done += (size_t)got;
  }
  return WL_OK;
}

/* ---- all strips ----------------------------------------------------------------------------------------------- */

static wl_error pass_slab(const pass *p, wl_exchange *exchange, const wl_slab *s, uint64_t at, uint64_t *sum) {
  const wl_grid *g = p->matrix->grid;
  const wl_slab_share mine = wl_slab_columns(s, g->rank);
  const size_t column_bytes = sizeof(double) * (size_t)s->rows, bytes = column_bytes * (size_t)mine.count;
  at += column_bytes * (uint64_t)(mine.first - s->strip_column);
  wl_error error = WL_OK;
  if (p->write) wl_exchange_collect(exchange, s);
  if (mine.count > 0)
    error = p->write ? put(p, exchange->columns, bytes, at) : get(p, exchange->columns, bytes, at);
  WL_TRY(wl_error_agree(g->comm, error));
  *sum += sum_of(s, &mine, exchange->columns);
  if (p->target) wl_exchange_spread(exchange, s, p->target);
  return WL_OK;
}

static wl_error pass_strips(const pass *p, wl_exchange *exchange) {
  for (int64_t s = 0; s < wl_strip_count(p->matrix->rows); s++) {
    const wl_strip strip = wl_strip_at(p->matrix->rows, p->triangle, s);
    p->checksums[s] = 0;
    for (int64_t done = 0; done < strip.columns;) {
      const wl_slab slab = wl_slab_at(p->matrix->grid, &strip, done, p->first + s);
      WL_TRY(pass_slab(p, exchange, &slab, p->places[s].offset, &p->checksums[s]));
      done += slab.columns;
    }
  }
  return WL_OK;
}

/* Root. Where the strips lie. The ranks go there by themselves, so it has to be right. */
static wl_error find_places(const pass *p) {
  const int64_t n = p->matrix->rows, strips = wl_strip_count(n);
  errno = 0;
  const hid_t file = H5Fopen(p->path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0)
    WL_FAIL(WL_ERROR_IO, "%s: cannot be opened: %s", p->path, errno ? strerror(errno) : "HDF5 refuses");
  bool good = wl_strips_locate(file, strips, p->places);
  for (int64_t s = 0; s < strips && good; s++) {
    const wl_strip strip = wl_strip_at(n, p->triangle, s);
    good = p->places[s].length == sizeof(double) * (uint64_t)(strip.rows * strip.columns);
  }
  H5Fclose(file);
  if (!good) WL_FAIL(WL_ERROR_DATA, "%s: holds no matrix of this size", p->path);
  return WL_OK;
}

/* Every rank knows the places and has the file open, or none has. */
static wl_error open_file(pass *p) {
  const wl_grid *g = p->matrix->grid;
  const int64_t strips = wl_strip_count(p->matrix->rows);
  p->places = malloc(sizeof *p->places * (size_t)strips);
  wl_error error = p->places ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "checkpoint: out of memory");
  WL_TRY(wl_error_agree(g->comm, error));
  if (g->rank == 0) error = find_places(p);
  WL_TRY(wl_error_agree(g->comm, error));
  MPI_Bcast(p->places, (int)(sizeof *p->places * (size_t)strips), MPI_BYTE, 0, g->comm);
  p->file = open(p->path, (p->write ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
  if (p->file < 0) error = wl_error_set(WL_ERROR_IO, "%s: cannot be opened: %s", p->path, strerror(errno));
  return wl_error_agree(g->comm, error);
}

static wl_error close_file(const pass *p, wl_error error) {
  bool good = true;
  if (p->file >= 0 && p->write && error == WL_OK) good = fsync(p->file) == 0;
  if (p->file >= 0 && close(p->file) != 0) good = false;
  return good || error != WL_OK ? error : cannot(p);
}

static wl_error pass_over(pass *p) {
  const wl_grid *g = p->matrix->grid;
  wl_exchange exchange = {0};
  p->file = -1;
  wl_error error = wl_exchange_create(p->matrix, p->triangle, &exchange);
  if (error == WL_OK) error = open_file(p);
  if (error == WL_OK) error = pass_strips(p, &exchange);
  error = wl_error_agree(g->comm, close_file(p, error));
  free(p->places);
  wl_exchange_destroy(&exchange);
  if (error == WL_OK)
    MPI_Allreduce(MPI_IN_PLACE, p->checksums, (int)wl_strip_count(p->matrix->rows), MPI_UINT64_T, MPI_SUM,
                  g->comm);
  return error;
}

wl_error wl_strips_write(const char *path, const wl_matrix *matrix, wl_triangle triangle, uint64_t *checksums) {
  pass p = {.path = path, .matrix = matrix, .triangle = triangle, .write = true, .checksums = checksums};
  return pass_over(&p);
}

wl_error wl_strips_read(const char *path, const wl_matrix *shape, wl_triangle triangle, wl_matrix *matrix,
                        uint64_t *checksums) {
  pass p = {
      .path = path, .matrix = shape, .target = matrix, .triangle = triangle, .first = 1, .checksums = checksums};
  return pass_over(&p);
}
