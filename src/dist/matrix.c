#include "dist/matrix.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/util.h"
#include "dist/scalapack.h"

static int64_t largest_share(int64_t n, int block, int ranks) {
  return wl_grid_owned(n, block, 0, ranks); /* process coordinate 0 has the most */
}

int64_t wl_matrix_ranks_needed(int64_t n) {
  int p = 1;
  while (largest_share(n, 192, p) * largest_share(n, 192, p) > INT32_MAX) p++;
  return (int64_t)p * p;
}

int64_t wl_matrix_local_bytes(const wl_grid *grid, int64_t rows, int64_t columns) {
  return (int64_t)sizeof(double) * wl_grid_owned(rows, grid->block, grid->row, grid->rows) *
         wl_grid_owned(columns, grid->column_block, grid->column, grid->columns);
}

wl_error wl_matrix_check_capacity(const wl_grid *grid, int64_t rows, int64_t columns) {
  const int64_t share =
      largest_share(rows, grid->block, grid->rows) * largest_share(columns, grid->column_block, grid->columns);
  const int64_t larger = rows > columns ? rows : columns;
  if (larger > INT32_MAX)
    WL_FAIL(WL_ERROR_CAPACITY, "%lld points are more than ScaLAPACK can count (2147483647)", (long long)larger);
  if (share > INT32_MAX)
    WL_FAIL(
        WL_ERROR_CAPACITY,
        "a %lld × %lld matrix on a %d × %d grid gives a rank %lld entries, more than 32-bit local indices reach; "
        "use at least %lld ranks (mpirun -n %lld)",
        (long long)rows, (long long)columns, grid->rows, grid->columns, (long long)share,
        (long long)wl_matrix_ranks_needed(larger), (long long)wl_matrix_ranks_needed(larger));
  return WL_OK;
}

wl_error wl_matrix_create(const wl_grid *grid, int64_t rows, int64_t columns, wl_matrix **result) {
  WL_REQUIRE(result);
  *result = NULL;
  WL_REQUIRE(grid);
  if (rows < 0 || columns < 0)
    WL_FAIL(WL_ERROR_USAGE, "%s: a matrix of %lld × %lld", __func__, (long long)rows, (long long)columns);
  WL_TRY(wl_matrix_check_capacity(grid, rows, columns));

  wl_error error = WL_OK;
  const int64_t bytes = wl_matrix_local_bytes(grid, rows, columns);
  wl_matrix *a = calloc(1, sizeof *a);
  double *data =
      aligned_numbers(larger(bytes / 8, wl_grid_owned(columns, grid->column_block, grid->column, grid->columns)));
  if (!a || !data) {
    char text[32];
    error = wl_error_set(WL_ERROR_MEMORY, "no memory for this rank's %s of a %lld × %lld matrix; use more nodes",
                         wl_format_bytes((double)bytes, text, sizeof text), (long long)rows, (long long)columns);
  }
  error = wl_error_agree(grid->comm, error);
  if (error != WL_OK) {
    free(data);
    free(a);
    return error;
  }
  a->grid = grid;
  a->rows = rows;
  a->columns = columns;
  a->local_rows = wl_grid_owned(rows, grid->block, grid->row, grid->rows);
  a->local_columns = wl_grid_owned(columns, grid->column_block, grid->column, grid->columns);
  a->ld = a->local_rows > 0 ? a->local_rows : 1;
  a->data = data;
  wl_scalapack_describe(grid, rows, columns, a->ld, a->descriptor);
  *result = a;
  return WL_OK;
}

void wl_matrix_destroy(wl_matrix **a) {
  if (!a || !*a) return;
  free((*a)->data);
  free(*a);
  *a = NULL;
}

/* The part of a piece that one rank owns: local rows il0 … il1, columns jl0 … jl1. */
typedef struct share {
  int64_t row_begin, row_end, column_begin, column_end;
} share;

static share share_of(const wl_matrix *a, int rank, int64_t i, int64_t j, int64_t rows, int64_t columns) {
  const wl_grid *g = a->grid;
  const int p = wl_grid_row_of(g, rank), q = wl_grid_column_of(g, rank);
  return (share){wl_grid_owned(i, g->block, p, g->rows), wl_grid_owned(i + rows, g->block, p, g->rows),
                 wl_grid_owned(j, g->column_block, q, g->columns),
                 wl_grid_owned(j + columns, g->column_block, q, g->columns)};
}

static int64_t share_size(share s) { return (s.row_end - s.row_begin) * (s.column_end - s.column_begin); }

static void place(const wl_matrix *a, int rank, share s, int64_t i, int64_t j, int64_t rows, const double *packed,
                  double *out) {
  const wl_grid *g = a->grid;
  const int p = wl_grid_row_of(g, rank), q = wl_grid_column_of(g, rank);
  for (int64_t jl = s.column_begin; jl < s.column_end; jl++) {
    double *column = out + (wl_grid_global(jl, g->column_block, q, g->columns) - j) * rows;
    for (int64_t il = s.row_begin; il < s.row_end; il++)
      column[wl_grid_global(il, g->block, p, g->rows) - i] = *packed++;
  }
}

wl_error wl_matrix_get(const wl_matrix *a, int64_t i, int64_t j, int64_t rows, int64_t columns, double *out) {
  const wl_grid *g = a->grid;
  const share mine = share_of(a, g->rank, i, j, rows, columns);
  int64_t room = share_size(mine);
  if (g->rank == 0)
    for (int r = 1; r < g->size; r++) {
      const int64_t size = share_size(share_of(a, r, i, j, rows, columns));
      if (size > room) room = size;
    }
  double *packed = malloc(sizeof(double) * (size_t)(room + 1));
  wl_error error = WL_OK;
  if (!packed) error = wl_error_set(WL_ERROR_MEMORY, "no memory to collect a piece of a matrix");
  WL_GOTO(error, done, wl_error_agree(g->comm, error));

  double *next = packed;
  for (int64_t jl = mine.column_begin; jl < mine.column_end; jl++)
    for (int64_t il = mine.row_begin; il < mine.row_end; il++) *next++ = a->data[il + jl * a->ld];
  if (g->rank != 0) {
    if (share_size(mine) > 0) MPI_Send(packed, (int)share_size(mine), MPI_DOUBLE, 0, 0, g->comm);
    goto done;
  }
  place(a, 0, mine, i, j, rows, packed, out);
  for (int r = 1; r < g->size; r++) {
    const share s = share_of(a, r, i, j, rows, columns);
    if (share_size(s) == 0) continue;
    MPI_Recv(packed, (int)share_size(s), MPI_DOUBLE, r, 0, g->comm, MPI_STATUS_IGNORE);
    place(a, r, s, i, j, rows, packed, out);
  }
done:
  free(packed);
  return error;
}

void wl_matrix_set_rows(wl_matrix *a, int64_t i, int64_t rows, double *in) {
  MPI_Bcast(in, (int)(rows * a->columns), MPI_DOUBLE, 0, a->grid->comm);
  const share mine = share_of(a, a->grid->rank, i, 0, rows, a->columns);
  for (int64_t jl = mine.column_begin; jl < mine.column_end; jl++)
    for (int64_t il = mine.row_begin; il < mine.row_end; il++)
      a->data[il + jl * a->ld] =
          in[(wl_matrix_global_row(a, il) - i) * a->columns + wl_matrix_global_column(a, jl)];
}

void wl_matrix_shape(const wl_matrix *a, int64_t *rows, int64_t *columns) {
  *rows = a ? a->rows : 0;
  *columns = a ? a->columns : 0;
}

double *wl_matrix_local(wl_matrix *a, int64_t *rows, int64_t *columns, int64_t *ld) {
  *rows = a ? a->local_rows : 0;
  *columns = a ? a->local_columns : 0;
  *ld = a ? a->ld : 0;
  return a ? a->data : NULL;
}

void wl_matrix_local_to_global(const wl_matrix *a, int64_t il, int64_t jl, int64_t *i, int64_t *j) {
  *i = wl_matrix_global_row(a, il);
  *j = wl_matrix_global_column(a, jl);
}

/* Lines of `length` numbers that make a piece of at most 8 MiB. */
static int64_t lines_a_piece(int64_t length) { return larger(1, ((int64_t)1 << 20) / larger(1, length)); }

/* Room for a piece, where this rank needs one; that rank 0 has `values`. */
static wl_error begin_transfer(const char *function, const wl_matrix *a, const double *values, int64_t room,
                               double **piece) {
  wl_error error = WL_OK;
  *piece = malloc(sizeof(double) * (size_t)(room + 1));
  if (!*piece) error = wl_error_set(WL_ERROR_MEMORY, "%s: no memory for a piece", function);
  if (a->grid->rank == 0 && !values && a->rows > 0 && a->columns > 0)
    error = wl_error_set(WL_ERROR_USAGE, "%s: values is NULL on rank 0", function);
  return wl_error_agree(a->grid->comm, error);
}

static wl_error scatter_rows(const char *function, wl_matrix *a, int64_t i, int64_t rows, const double *values) {
  const int64_t columns = a->columns, step = smaller(rows, lines_a_piece(columns));
  double *piece = NULL;
  const wl_error error = begin_transfer(function, a, values, step * columns, &piece);
  for (int64_t done = 0; done < rows && error == WL_OK; done += step) {
    const int64_t count = smaller(step, rows - done);
    if (a->grid->rank == 0) memcpy(piece, values + done * columns, sizeof(double) * (size_t)(count * columns));
    wl_matrix_set_rows(a, i + done, count, piece);
  }
  free(piece);
  return error;
}

wl_error wl_matrix_scatter_rows(wl_matrix *a, int64_t i, int64_t rows, const double *values) {
  return scatter_rows(__func__, a, i, rows, values);
}

wl_error wl_matrix_scatter(wl_matrix *matrix, const double *values) {
  WL_REQUIRE(matrix);
  return scatter_rows(__func__, matrix, 0, matrix->rows, values);
}

wl_error wl_matrix_gather(const wl_matrix *matrix, double *values) {
  WL_REQUIRE(matrix);
  const int64_t step = lines_a_piece(matrix->rows);
  const bool root = matrix->grid->rank == 0;
  double *piece = NULL;
  wl_error error =
      begin_transfer(__func__, matrix, values, root ? smaller(step, matrix->columns) * matrix->rows : 0, &piece);
  for (int64_t j = 0; j < matrix->columns && error == WL_OK; j += step) {
    const int64_t columns = smaller(step, matrix->columns - j);
    error = wl_matrix_get(matrix, 0, j, matrix->rows, columns, piece);
    for (int64_t k = 0; root && error == WL_OK && k < columns; k++)
      for (int64_t i = 0; i < matrix->rows; i++) values[i * matrix->columns + j + k] = piece[i + k * matrix->rows];
  }
  free(piece);
  return error;
}

wl_matrix wl_matrix_leading(const wl_matrix *a, int64_t rows, int64_t columns) {
  wl_matrix first = *a;
  first.rows = rows;
  first.columns = columns;
  first.local_rows = wl_matrix_local_row(a, rows);
  first.local_columns = wl_matrix_local_column(a, columns);
  wl_scalapack_describe(a->grid, rows, columns, a->ld, first.descriptor);
  return first;
}

wl_matrix wl_matrix_first_columns(const wl_matrix *a, int64_t columns) {
  return wl_matrix_leading(a, a->rows, columns);
}

void wl_matrix_copy(const wl_matrix *from, wl_matrix *to) {
  for (int64_t j = 0; j < from->local_columns; j++)
    memcpy(to->data + j * to->ld, from->data + j * from->ld, sizeof(double) * (size_t)from->local_rows);
}

double *wl_matrix_diagonal_at(const wl_matrix *a, int64_t il) {
  const int64_t i = wl_matrix_global_row(a, il), jl = wl_matrix_local_column(a, i);
  const bool owned = jl < a->local_columns && wl_matrix_global_column(a, jl) == i;
  return owned ? a->data + il + jl * a->ld : NULL;
}

void wl_matrix_get_diagonal(const wl_matrix *a, double *d) {
  for (int64_t il = 0; il < a->local_rows; il++) {
    const double *entry = wl_matrix_diagonal_at(a, il);
    if (entry) d[il] = *entry;
  }
}

void wl_matrix_set_diagonal(wl_matrix *a, const double *d) {
  for (int64_t il = 0; il < a->local_rows; il++) {
    double *entry = wl_matrix_diagonal_at(a, il);
    if (entry) *entry = d[il];
  }
}
