#include "certificate/bytes.h"

#include "dist/matrix.h"

static double bytes(const wl_grid *g, int64_t rows, int64_t columns) {
  return (double)wl_matrix_local_bytes(g, rows, columns);
}

/* Inner products of K heads and K + 1 members, and of K heads and K draws, on rank 0, with one piece on its way. */
static double pair_bytes(const wl_grid *g, double heads) {
  const double one = heads + 1.0;
  return 8.0 * (one * one / (double)(g->rows * g->columns) + (g->row + g->column == 0 ? 9.0 * one * one : 0.0));
}

double wl_certify_bytes(const wl_grid *g, int64_t n, int64_t m, int64_t replicates, int64_t heads) {
  const int64_t all = n + m;
  return 2.0 * bytes(g, all, m) + 5.0 * bytes(g, m, m) + (double)replicates * bytes(g, m, heads) +
         3.0 * bytes(g, all, heads + 1) + pair_bytes(g, (double)heads);
}
