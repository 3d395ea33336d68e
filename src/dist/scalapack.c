#define _GNU_SOURCE /* dladdr */
#include "dist/scalapack.h"

#include <cblas.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* Of BLACS and ScaLAPACK, no header is installed. */
extern int Csys2blacs_handle(MPI_Comm comm);
extern void Cfree_blacs_system_handle(int handle);
extern void Cblacs_gridinit(int *context, const char *order, int rows, int columns);
extern void Cblacs_gridexit(int context);
extern void Cblacs_set(int context, int what, int *value);

extern void descinit_(int *desc, const int *m, const int *n, const int *mb, const int *nb, const int *rsrc,
                      const int *csrc, const int *context, const int *lld, int *info);
extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
extern void spotrf_(const char *uplo, const int *n, float *a, const int *lda, int *info);
extern void pdpotrf_(const char *uplo, const int *n, double *a, const int *ia, const int *ja, const int *desca,
                     int *info);
extern void pspotrf_(const char *uplo, const int *n, float *a, const int *ia, const int *ja, const int *desca,
                     int *info);
extern void pstrsm_(const char *side, const char *uplo, const char *trans, const char *diag, const int *m,
                    const int *n, const float *alpha, const float *a, const int *ia, const int *ja,
                    const int *desca, float *b, const int *ib, const int *jb, const int *descb);
extern void pssyrk_(const char *uplo, const char *trans, const int *n, const int *k, const float *alpha,
                    const float *a, const int *ia, const int *ja, const int *desca, const float *beta, float *c,
                    const int *ic, const int *jc, const int *descc);
extern void pdtrsm_(const char *side, const char *uplo, const char *trans, const char *diag, const int *m,
                    const int *n, const double *alpha, const double *a, const int *ia, const int *ja,
                    const int *desca, double *b, const int *ib, const int *jb, const int *descb);
extern void pdtrsv_(const char *uplo, const char *trans, const char *diag, const int *n, const double *a,
                    const int *ia, const int *ja, const int *desca, double *x, const int *ix, const int *jx,
                    const int *descx, const int *incx);
extern void pdtrmm_(const char *side, const char *uplo, const char *trans, const char *diag, const int *m,
                    const int *n, const double *alpha, const double *a, const int *ia, const int *ja,
                    const int *desca, double *b, const int *ib, const int *jb, const int *descb);
extern void pdsyrk_(const char *uplo, const char *trans, const int *n, const int *k, const double *alpha,
                    const double *a, const int *ia, const int *ja, const int *desca, const double *beta, double *c,
                    const int *ic, const int *jc, const int *descc);
extern void pdtran_(const int *m, const int *n, const double *alpha, const double *a, const int *ia, const int *ja,
                    const int *desca, const double *beta, double *c, const int *ic, const int *jc,
                    const int *descc);
extern void pstran_(const int *m, const int *n, const float *alpha, const float *a, const int *ia, const int *ja,
                    const int *desca, const float *beta, float *c, const int *ic, const int *jc, const int *descc);
extern void pdsyr2k_(const char *uplo, const char *trans, const int *n, const int *k, const double *alpha,
                     const double *a, const int *ia, const int *ja, const int *desca, const double *b,
                     const int *ib, const int *jb, const int *descb, const double *beta, double *c, const int *ic,
                     const int *jc, const int *descc);
extern void pdsymm_(const char *side, const char *uplo, const int *m, const int *n, const double *alpha,
                    const double *a, const int *ia, const int *ja, const int *desca, const double *b,
                    const int *ib, const int *jb, const int *descb, const double *beta, double *c, const int *ic,
                    const int *jc, const int *descc);
extern void pdgemm_(const char *transa, const char *transb, const int *m, const int *n, const int *k,
                    const double *alpha, const double *a, const int *ia, const int *ja, const int *desca,
                    const double *b, const int *ib, const int *jb, const int *descb, const double *beta, double *c,
                    const int *ic, const int *jc, const int *descc);
extern void pdsytrd_(const char *uplo, const int *n, double *a, const int *ia, const int *ja, const int *desca,
                     double *d, double *e, double *tau, double *work, const int *lwork, int *info);
extern void pdstedc_(const char *compz, const int *n, double *d, double *e, double *q, const int *iq,
                     const int *jq, const int *descq, double *work, const int *lwork, int *iwork,
                     const int *liwork, int *info);
extern void pdormtr_(const char *side, const char *uplo, const char *trans, const int *m, const int *n,
                     const double *a, const int *ia, const int *ja, const int *desca, const double *tau, double *c,
                     const int *ic, const int *jc, const int *descc, double *work, const int *lwork, int *info);
extern void dsterf_(const int *n, double *d, double *e, int *info);
extern void Cpdgemr2d(int m, int n, double *a, int ia, int ja, int *desca, double *b, int ib, int jb, int *descb,
                      int context);

/* All sizes fit an int: wl_matrix_create refuses more than 2³¹ − 1 rows or columns. */
static const int one = 1;
static const double unit = 1.0;

/* One rank has all of it, and the products of PBLAS with few columns take three to eight times as long as those of BLAS. */
static bool is_whole(const wl_matrix *a) { return a->grid->size == 1; }

/* UPLO and TRANS of LAPACK and PBLAS. */
static char uplo_letter(wl_triangle triangle) { return triangle == WL_TRIANGLE_LOWER ? 'L' : 'U'; }
static char trans_letter(wl_trans trans) { return trans == WL_TRANS ? 'T' : 'N'; }

static CBLAS_UPLO cblas_uplo(wl_triangle triangle) {
  return triangle == WL_TRIANGLE_LOWER ? CblasLower : CblasUpper;
}

const char *wl_scalapack_library(void) {
  Dl_info info;
  void *potrf;
  void (*const routine)(const char *, const int *, double *, const int *, const int *, const int *, int *) =
      pdpotrf_;
  memcpy(&potrf, &routine, sizeof potrf);
  if (!dladdr(potrf, &info) || !info.dli_fname) return "an unknown file";
  const char *slash = strrchr(info.dli_fname, '/');
  return slash ? slash + 1 : info.dli_fname;
}

void wl_blacs_open(wl_grid *grid) {
  grid->blacs_handle = Csys2blacs_handle(grid->comm);
  grid->blacs_context = grid->blacs_handle;
  Cblacs_gridinit(&grid->blacs_context, "Column", grid->rows, grid->columns);
  /* Sums in an order of their own, not in that in which messages come, and the same on all ranks: runs repeat to the bit. */
  int yes = 1;
  const int repeatable = 15, coherent = 16;
  Cblacs_set(grid->blacs_context, repeatable, &yes);
  Cblacs_set(grid->blacs_context, coherent, &yes);
}

void wl_blacs_close(wl_grid *grid) {
  Cblacs_gridexit(grid->blacs_context);
  Cfree_blacs_system_handle(grid->blacs_handle);
}

void wl_scalapack_describe(const wl_grid *g, int64_t rows, int64_t columns, int64_t ld, int descriptor[9]) {
  const int m = (int)rows, n = (int)columns, lld = (int)ld, zero = 0;
  int info;
  descinit_(descriptor, &m, &n, &g->block, &g->column_block, &zero, &zero, &g->blacs_context, &lld, &info);
}

int64_t wl_potrf_tile(wl_triangle triangle, int64_t n, double *a, int64_t ld) {
  const char ul = uplo_letter(triangle);
  const int order = (int)n, lda = (int)ld;
  int info;
  dpotrf_(&ul, &order, a, &lda, &info);
  return info > 0 ? info - 1 : -1;
}

int64_t wl_potrf_tile_single(wl_triangle triangle, int64_t n, float *a, int64_t ld) {
  const char ul = uplo_letter(triangle);
  const int order = (int)n, lda = (int)ld;
  int info;
  spotrf_(&ul, &order, a, &lda, &info);
  return info > 0 ? info - 1 : -1;
}

int64_t wl_syrk_room(wl_triangle triangle, const wl_grid *grid, int64_t n) {
  if (triangle == WL_TRIANGLE_LOWER || grid->columns == 1) return 0;
  return larger(1, wl_grid_owned(n, grid->block, grid->row, grid->rows)) * grid->block;
}

/* Rows first + width … n − 1, which begin with a block, of a block column on the owners of column `first`; its first row is row 1. */
static void describe_panel(const wl_grid *g, int64_t n, int64_t first, int64_t width, int descriptor[9]) {
  const int64_t below = first + width, rows = n - below,
                mine =
                    wl_grid_owned(n, g->block, g->row, g->rows) - wl_grid_owned(below, g->block, g->row, g->rows);
  const int m = (int)rows, w = (int)width, row = (int)(below / g->block % g->rows),
            column = (int)(first / g->block % g->columns), lld = (int)larger(1, mine);
  int info;
  descinit_(descriptor, &m, &w, &g->block, &g->block, &row, &column, &g->blacs_context, &lld, &info);
}

/* The steps of a Cholesky factorization, for doubles and for floats. */
#define CHOLESKY_STEPS(suffix, matrix, number, p)                                                              \
  int64_t wl_potrf##suffix(wl_triangle triangle, matrix *a) {                                                  \
    if (a->grid->size == 1) {                                                                                  \
      const int64_t failed = wl_potrf_tile##suffix(triangle, a->rows, a->data, a->ld);                         \
      return failed < 0 ? a->rows : failed;                                                                    \
    }                                                                                                          \
    const char ul = uplo_letter(triangle);                                                                     \
    const int n = (int)a->rows;                                                                                \
    int info;                                                                                                  \
    p##potrf_(&ul, &n, a->data, &one, &one, a->descriptor, &info);                                             \
    MPI_Allreduce(MPI_IN_PLACE, &info, 1, MPI_INT, MPI_MAX, a->grid->comm);                                    \
    return info > 0 ? info - 1 : a->rows;                                                                      \
  }                                                                                                            \
                                                                                                               \
  void wl_trsm_panel##suffix(wl_triangle triangle, int64_t first, int64_t width, matrix *a) {                  \
    const char ul = uplo_letter(triangle), *side = triangle == WL_TRIANGLE_LOWER ? "R" : "L";                  \
    const int at = (int)first + 1, below = (int)(first + width) + 1;                                           \
    const int w = (int)width, rest = (int)(a->rows - first - width);                                           \
    const number plus = 1;                                                                                     \
    p##trsm_(side, &ul, "T", "N", triangle == WL_TRIANGLE_LOWER ? &rest : &w,                                  \
             triangle == WL_TRIANGLE_LOWER ? &w : &rest, &plus, a->data, &at, &at, a->descriptor, a->data,     \
             triangle == WL_TRIANGLE_LOWER ? &below : &at, triangle == WL_TRIANGLE_LOWER ? &at : &below,       \
             a->descriptor);                                                                                   \
  }                                                                                                            \
                                                                                                               \
  void wl_syrk_trailing##suffix(wl_triangle triangle, int64_t first, int64_t width, number *room, matrix *a) { \
    const char ul = uplo_letter(triangle), *trans = triangle == WL_TRIANGLE_LOWER ? "N" : "T";                 \
    const int at = (int)first + 1, below = (int)(first + width) + 1;                                           \
    const int w = (int)width, rest = (int)(a->rows - first - width);                                           \
    const number plus = 1, minus = -1, zero = 0;                                                               \
    if (wl_syrk_room(triangle, a->grid, a->rows) == 0) {                                                       \
      p##syrk_(&ul, trans, &rest, &w, &minus, a->data, triangle == WL_TRIANGLE_LOWER ? &below : &at,           \
               triangle == WL_TRIANGLE_LOWER ? &at : &below, a->descriptor, &plus, a->data, &below, &below,    \
               a->descriptor);                                                                                 \
      return;                                                                                                  \
    }                                                                                                          \
    int panel[9];                                                                                              \
    describe_panel(a->grid, a->rows, first, width, panel);                                                     \
    p##tran_(&rest, &w, &plus, a->data, &at, &below, a->descriptor, &zero, room, &one, &one, panel);           \
    p##syrk_(&ul, "N", &rest, &w, &minus, room, &one, &one, panel, &plus, a->data, &below, &below,             \
             a->descriptor);                                                                                   \
  }

CHOLESKY_STEPS(, wl_matrix, double, pd)
CHOLESKY_STEPS(_single, wl_single, float, ps)

void wl_syrk_border(wl_triangle triangle, int64_t n, wl_matrix *a) {
  const char ul = uplo_letter(triangle), *trans = triangle == WL_TRIANGLE_LOWER ? "N" : "T";
  const int order = (int)n, below = (int)n + 1, rest = (int)(a->rows - n);
  const double minus = -1.0;
  pdsyrk_(&ul, trans, &rest, &order, &minus, a->data, triangle == WL_TRIANGLE_LOWER ? &below : &one,
          triangle == WL_TRIANGLE_LOWER ? &one : &below, a->descriptor, &unit, a->data, &below, &below,
          a->descriptor);
}

void wl_trsm_left(wl_triangle triangle, wl_trans trans, const wl_matrix *a, wl_matrix *b) {
  const char ul = uplo_letter(triangle), tr = trans_letter(trans);
  const int m = (int)b->rows, n = (int)b->columns;
  pdtrsm_("L", &ul, &tr, "N", &m, &n, &unit, a->data, &one, &one, a->descriptor, b->data, &one, &one,
          b->descriptor);
}

void wl_trsv(wl_triangle triangle, wl_trans trans, const wl_matrix *a, wl_matrix *x) {
  const char ul = uplo_letter(triangle), tr = trans_letter(trans);
  const int n = (int)a->rows;
  pdtrsv_(&ul, &tr, "N", &n, a->data, &one, &one, a->descriptor, x->data, &one, &one, x->descriptor, &one);
}

void wl_trmm_left(wl_triangle triangle, wl_trans trans, const wl_matrix *a, wl_matrix *b) {
  const char ul = uplo_letter(triangle), tr = trans_letter(trans);
  const int m = (int)b->rows, n = (int)b->columns;
  if (is_whole(a)) {
    cblas_dtrmm(CblasColMajor, CblasLeft, cblas_uplo(triangle), trans == WL_TRANS ? CblasTrans : CblasNoTrans,
                CblasNonUnit, m, n, 1.0, a->data, (int)a->ld, b->data, (int)b->ld);
    return;
  }
  pdtrmm_("L", &ul, &tr, "N", &m, &n, &unit, a->data, &one, &one, a->descriptor, b->data, &one, &one,
          b->descriptor);
}

void wl_syrk_transposed(wl_triangle triangle, const wl_matrix *a, wl_matrix *c) {
  const char ul = uplo_letter(triangle);
  const int n = (int)c->rows, k = (int)a->rows;
  const double minus = -1.0;
  pdsyrk_(&ul, "T", &n, &k, &minus, a->data, &one, &one, a->descriptor, &unit, c->data, &one, &one, c->descriptor);
}

void wl_syrk_add(wl_triangle triangle, const wl_matrix *a, wl_matrix *c) {
  const char ul = uplo_letter(triangle);
  const int n = (int)c->rows, k = (int)a->columns;
  pdsyrk_(&ul, "N", &n, &k, &unit, a->data, &one, &one, a->descriptor, &unit, c->data, &one, &one, c->descriptor);
}

void wl_syr2k_transposed(wl_triangle triangle, const wl_matrix *a, const wl_matrix *b, wl_matrix *c) {
  const char ul = uplo_letter(triangle);
  const int n = (int)c->rows, k = (int)a->rows;
  const double half = 0.5;
  pdsyr2k_(&ul, "T", &n, &k, &half, a->data, &one, &one, a->descriptor, b->data, &one, &one, b->descriptor, &unit,
           c->data, &one, &one, c->descriptor);
}

void wl_symm_left(wl_triangle triangle, double alpha, const wl_matrix *a, const wl_matrix *b, double beta,
                  wl_matrix *c) {
  const char ul = uplo_letter(triangle);
  const int m = (int)c->rows, n = (int)c->columns;
  if (is_whole(a)) {
    cblas_dsymm(CblasColMajor, CblasLeft, cblas_uplo(triangle), m, n, alpha, a->data, (int)a->ld, b->data,
                (int)b->ld, beta, c->data, (int)c->ld);
    return;
  }
  pdsymm_("L", &ul, &m, &n, &alpha, a->data, &one, &one, a->descriptor, b->data, &one, &one, b->descriptor, &beta,
          c->data, &one, &one, c->descriptor);
}

static void gemm_transposed(const wl_matrix *a, const wl_matrix *b, double beta, wl_matrix *c) {
  const int m = (int)c->rows, n = (int)c->columns, k = (int)a->rows;
  pdgemm_("T", "N", &m, &n, &k, &unit, a->data, &one, &one, a->descriptor, b->data, &one, &one, b->descriptor,
          &beta, c->data, &one, &one, c->descriptor);
}

void wl_transpose(const wl_matrix *a, wl_matrix *b) {
  const int m = (int)b->rows, n = (int)b->columns;
  const double nothing = 0.0;
  pdtran_(&m, &n, &unit, a->data, &one, &one, a->descriptor, &nothing, b->data, &one, &one, b->descriptor);
}

void wl_gemm_transposed(const wl_matrix *a, const wl_matrix *b, wl_matrix *c) { gemm_transposed(a, b, 0.0, c); }

void wl_gemm_transposed_add(const wl_matrix *a, const wl_matrix *b, wl_matrix *c) {
  gemm_transposed(a, b, 1.0, c);
}

void wl_gemm(const wl_matrix *a, const wl_matrix *b, wl_matrix *c) {
  const int m = (int)c->rows, n = (int)c->columns, k = (int)a->columns;
  const double zero = 0.0;
  pdgemm_("N", "N", &m, &n, &k, &unit, a->data, &one, &one, a->descriptor, b->data, &one, &one, b->descriptor,
          &zero, c->data, &one, &one, c->descriptor);
}

void wl_trsm_leading(wl_triangle triangle, wl_trans trans, int64_t rows, const wl_matrix *a, wl_matrix *b) {
  const char ul = uplo_letter(triangle), tr = trans_letter(trans);
  const int m = (int)rows, n = (int)b->columns;
  pdtrsm_("L", &ul, &tr, "N", &m, &n, &unit, a->data, &one, &one, a->descriptor, b->data, &one, &one,
          b->descriptor);
}

void wl_gemm_border(wl_triangle triangle, int64_t n, const wl_matrix *a, wl_matrix *b) {
  const char *trans = triangle == WL_TRIANGLE_LOWER ? "N" : "T";
  const int k = (int)n, m = (int)(b->rows - n), columns = (int)b->columns, below = k + 1;
  const int i = triangle == WL_TRIANGLE_LOWER ? below : one, j = triangle == WL_TRIANGLE_LOWER ? one : below;
  pdgemm_(trans, "N", &m, &columns, &k, &unit, a->data, &i, &j, a->descriptor, b->data, &one, &one, b->descriptor,
          &unit, b->data, &below, &one, b->descriptor);
}

void wl_symm_border(wl_triangle triangle, int64_t n, const wl_matrix *a, const wl_matrix *b, wl_matrix *c) {
  const char ul = uplo_letter(triangle), *down = triangle == WL_TRIANGLE_LOWER ? "N" : "T",
             *up = triangle == WL_TRIANGLE_LOWER ? "T" : "N";
  const int k = (int)n, m = (int)(b->rows - n), columns = (int)b->columns, below = k + 1;
  const int i = triangle == WL_TRIANGLE_LOWER ? below : one, j = triangle == WL_TRIANGLE_LOWER ? one : below;
  const double zero = 0.0;
  pdgemm_(up, "N", &k, &columns, &m, &unit, a->data, &i, &j, a->descriptor, b->data, &below, &one, b->descriptor,
          &zero, c->data, &one, &one, c->descriptor);
  pdsymm_("L", &ul, &m, &columns, &unit, a->data, &below, &below, a->descriptor, b->data, &below, &one,
          b->descriptor, &zero, c->data, &below, &one, c->descriptor);
  pdgemm_(down, "N", &m, &columns, &k, &unit, a->data, &i, &j, a->descriptor, b->data, &one, &one, b->descriptor,
          &unit, c->data, &below, &one, c->descriptor);
}

void wl_gemm_border_transposed(int64_t n, const wl_matrix *a, wl_matrix *b) {
  const int k = (int)n, m = (int)a->columns, columns = (int)b->columns, below = k + 1;
  pdgemm_("T", "N", &m, &columns, &k, &unit, a->data, &one, &one, a->descriptor, b->data, &one, &one,
          b->descriptor, &unit, b->data, &below, &one, b->descriptor);
}

void wl_tridiagonal_work(const wl_grid *g, int64_t n, bool vectors, wl_tridiagonal *t) {
  const int64_t nb = g->block, rows = wl_grid_owned(n, g->block, g->row, g->rows),
                columns = wl_grid_owned(n, g->block, g->column, g->columns);
  const int64_t reduce = larger(nb * larger(rows + 1, 3), n), divide = 6 * n + 2 * rows * columns,
                back = nb * (rows + columns + 4 * nb);
  t->work_size = vectors ? larger(reduce, larger(divide, back)) : reduce;
  t->integers_size = vectors ? 2 + 7 * n + 8 * g->columns : 0;
}

/* Entry j of `by_column` belongs to local column j, and all process rows have it: to all ranks, by global column, in place. */
static void spread_columns(const wl_matrix *a, double *by_column, double *work) {
  memcpy(work, by_column, sizeof(double) * (size_t)a->local_columns);
  memset(by_column, 0, sizeof(double) * (size_t)a->columns);
  if (a->grid->row == 0)
    for (int64_t jl = 0; jl < a->local_columns; jl++) by_column[wl_matrix_global_column(a, jl)] = work[jl];
  MPI_Allreduce(MPI_IN_PLACE, by_column, (int)a->columns, MPI_DOUBLE, MPI_SUM, a->grid->comm);
}

int wl_sytrd(wl_triangle triangle, wl_matrix *a, wl_tridiagonal *t) {
  const char ul = uplo_letter(triangle);
  const int n = (int)a->rows, size = (int)t->work_size;
  int info;
  pdsytrd_(&ul, &n, a->data, &one, &one, a->descriptor, t->diagonal, t->beside, t->tau, t->work, &size, &info);
  spread_columns(a, t->diagonal, t->work);
  spread_columns(a, t->beside, t->work);
  if (triangle == WL_TRIANGLE_UPPER)
    memmove(t->beside, t->beside + 1, sizeof(double) * (size_t)(n - 1)); /* it is in its column */
  return info;
}

int wl_stedc(wl_tridiagonal *t, wl_matrix *z) {
  const int n = (int)z->rows, size = (int)t->work_size, integers = (int)t->integers_size;
  int info;
  /* it takes zeros for granted outside the blocks that it begins with */
  memset(z->data, 0, sizeof(double) * (size_t)(z->ld * z->local_columns));
  pdstedc_("I", &n, t->diagonal, t->beside, z->data, &one, &one, z->descriptor, t->work, &size, t->integers,
           &integers, &info);
  MPI_Bcast(t->diagonal, n, MPI_DOUBLE, 0, z->grid->comm); /* of a single block only its owner has them */
  return info;
}

int wl_sterf(int64_t n, wl_tridiagonal *t) {
  const int order = (int)n;
  int info;
  dsterf_(&order, t->diagonal, t->beside, &info);
  return info;
}

int wl_ormtr(wl_triangle triangle, const wl_matrix *a, const wl_tridiagonal *t, wl_matrix *z) {
  const char ul = uplo_letter(triangle);
  const int n = (int)a->rows, size = (int)t->work_size;
  int info;
  pdormtr_("L", &ul, "N", &n, &n, a->data, &one, &one, a->descriptor, t->tau, z->data, &one, &one, z->descriptor,
           t->work, &size, &info);
  return info;
}

/* Where a part of a matrix begins. */
typedef struct corner {
  int64_t i, j;
} corner;

/* Of a matrix of so many rows, that are copied at a time: 8 MiB of a process row. */
static int64_t columns_at_a_time(const wl_grid *g, int64_t rows) {
  return larger(1, ((int64_t)1 << 20) / larger(1, wl_grid_owned(rows, g->block, 0, g->rows)));
}

/*
 * A part of B ← rows × columns of A, some columns at a time: Cpdgemr2d takes buffers as large as what it copies, and ends the
 * program where these reach 2 GiB.
 */
static void copy_part(int64_t rows, int64_t columns, const wl_matrix *a, corner from, wl_matrix *b, corner to) {
  const wl_grid *g = a->grid;
  const int64_t most = columns_at_a_time(g, a->rows);
  for (int64_t done = 0; done < columns; done += most) {
    const int count = (int)smaller(most, columns - done);
    /* it takes descriptors and the source by pointers to what it does not change */
    Cpdgemr2d((int)rows, count, a->data, (int)from.i + 1, (int)(from.j + done) + 1,
              (int *)(uintptr_t)a->descriptor, b->data, (int)to.i + 1, (int)(to.j + done) + 1, b->descriptor,
              g->blacs_context);
  }
}

void wl_rows_from(int64_t n, const wl_matrix *a, wl_matrix *b) {
  copy_part(b->rows, b->columns, a, (corner){n, 0}, b, (corner){0, 0});
}

void wl_rows_to(int64_t n, const wl_matrix *a, wl_matrix *b) {
  copy_part(a->rows, a->columns, a, (corner){0, 0}, b, (corner){n, 0});
}

double wl_rows_to_bytes(const wl_grid *g, int64_t rows, int64_t columns) {
  const int64_t some = smaller(columns, columns_at_a_time(g, rows));
  return 2.0 * 8.0 * (double)wl_grid_owned(rows, g->block, g->row, g->rows) *
         (double)wl_grid_owned(some, g->column_block, g->column, g->columns);
}

void wl_copy_columns(int64_t count, const wl_matrix *a, int64_t i, wl_matrix *b, int64_t j) {
  copy_part(b->rows, count, a, (corner){0, i}, b, (corner){0, j});
}

void wl_border_get(wl_triangle triangle, int64_t first, const wl_matrix *a, wl_matrix *panel) {
  const int n = (int)panel->rows, columns = (int)panel->columns, at = (int)first + 1;
  const double zero = 0.0;
  if (triangle == WL_TRIANGLE_UPPER)
    copy_part(panel->rows, panel->columns, a, (corner){0, first}, panel, (corner){0, 0});
  else
    pdtran_(&n, &columns, &unit, a->data, &at, &one, a->descriptor, &zero, panel->data, &one, &one,
            panel->descriptor);
}

void wl_border_put(wl_triangle triangle, int64_t first, const wl_matrix *panel, wl_matrix *a) {
  const int n = (int)panel->rows, columns = (int)panel->columns, at = (int)first + 1;
  const double zero = 0.0;
  if (triangle == WL_TRIANGLE_UPPER)
    copy_part(panel->rows, panel->columns, panel, (corner){0, 0}, a, (corner){0, first});
  else
    pdtran_(&columns, &n, &unit, panel->data, &one, &one, panel->descriptor, &zero, a->data, &at, &one,
            a->descriptor);
}
