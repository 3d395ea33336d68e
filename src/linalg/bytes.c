#include "linalg/bytes.h"

#include "base/util.h"
#include "dist/matrix.h"
#include "dist/scalapack.h"
#include "linalg/rfp.h"
#include "linalg/trsm.h"

double wl_factorize_bytes(const wl_grid *g, int64_t n) {
  const double rows = (double)wl_grid_owned(n, g->block, g->row, g->rows),
               columns = (double)wl_grid_owned(n, g->block, g->column, g->columns);
  return 8.0 * (double)g->block * (2.0 * rows + 3.0 * columns);
}

double wl_trsm_bytes(const wl_grid *g, int64_t n) {
  return 8.0 * (double)g->block * (double)wl_grid_owned(n, g->block, g->row, g->rows);
}

double wl_solve_mixed_bytes(const wl_grid *g, int64_t n, int64_t columns) {
  const double width = (double)(columns <= WL_SOLVE_FEW ? columns : g->block);
  return 8.0 * width * (double)wl_grid_owned(n, g->block, g->row, g->rows);
}

/* PBLAS's copies of panels of an operand with `rows` rows and one with `columns` columns, as wide as the program has it work; the heap keeps
   them for the next call (src/cli/pblas.c). One of each at a time (measured; n = 2,500 and 4,000, blocks of 48 to 128, 2 and 4 ranks: within
   2 %). */
static double pblas_bytes(const wl_grid *g, int64_t rows, int64_t columns) {
  return 8.0 * 256.0 *
         (double)(wl_grid_owned(rows, g->block, g->row, g->rows) +
                  wl_grid_owned(columns, g->column_block, g->column, g->columns));
}

/* The update of the factorization took larger copies than the product does, or the panel is wider; one rank copies one operand (measured). */
double wl_rfp_multiply_bytes(const wl_grid *g, int64_t n, int64_t width) {
  const int64_t first = wl_rfp_first(n), last = n - first;
  return (double)wl_matrix_local_bytes(g, last, width) + wl_rows_to_bytes(g, last, width) +
         pblas_bytes(g, g->size == 1 ? 0 : first, larger(first, width));
}

double wl_eigen_bytes(const wl_grid *g, int64_t n, bool vectors) {
  wl_tridiagonal t;
  wl_tridiagonal_work(g, n, vectors, &t);
  const double panels = g->size == 1 ? 0.0 : pblas_bytes(g, n, n);
  return 8.0 * ((double)t.work_size + 3.0 * (double)n) + 4.0 * (double)t.integers_size + panels +
         (vectors ? (double)wl_matrix_local_bytes(g, n, n) : 0.0);
}
