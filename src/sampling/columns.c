#include "sampling/columns.h"

#include <string.h>

uint64_t wl_draw_number(const wl_joint_options *options, wl_draw_numbers numbers, int64_t column) {
  if (options->fault == WL_FAULT_SHARED_STREAM) column &= ~(int64_t)1;
  return (uint64_t)(numbers.first + numbers.stride * column);
}

void wl_fill_normal(const wl_joint_options *options, wl_stream stream, wl_draw_numbers numbers, int64_t offset,
                    int64_t first, int64_t last, wl_matrix *f) {
  for (int64_t jl = 0; jl < f->local_columns; jl++) {
    const uint64_t draw = wl_draw_number(options, numbers, wl_matrix_global_column(f, jl));
    for (int64_t il = first; il < last; il++)
      f->data[il + jl * f->ld] =
          wl_random_normal(options->seed, stream, draw, (uint64_t)(offset + wl_matrix_global_row(f, il)));
  }
}

void wl_spread_columns(const wl_matrix *y, double *all) {
  const int64_t rows = y->local_rows;
  memset(all, 0, sizeof(double) * (size_t)(rows * y->columns));
  for (int64_t jl = 0; jl < y->local_columns; jl++)
    if (rows > 0)
      memcpy(all + wl_matrix_global_column(y, jl) * rows, y->data + jl * y->ld, sizeof(double) * (size_t)rows);
  for (int64_t k = 0; k < y->columns; k++)
    MPI_Allreduce(MPI_IN_PLACE, all + k * rows, (int)rows, MPI_DOUBLE, MPI_SUM, y->grid->row_comm);
}

void wl_add_outputs(const double *all, int64_t rows, int64_t outputs, wl_draw_numbers numbers, wl_matrix *f) {
  for (int64_t jl = 0; jl < f->local_columns; jl++) {
    const double *column = wl_output_column(all, rows, outputs, numbers, wl_matrix_global_column(f, jl));
    for (int64_t il = 0; il < rows; il++) f->data[il + jl * f->ld] += column[il];
  }
}
