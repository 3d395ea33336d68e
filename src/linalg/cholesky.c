#include "linalg/cholesky.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

#include "dist/scalapack.h"
#include "linalg/border.h"
#include "linalg/condition.h"
#include "linalg/factorize.h"
#include "linalg/probes.h"
#include "linalg/trsm.h"

const char *wl_engine_name(wl_engine engine) {
  static const char *const names[WL_ENGINE_COUNT] = {
#define ENTRY(NAME, name) #name,
      WL_ENGINE_LIST(ENTRY)
#undef ENTRY
  };
  return (unsigned)engine < WL_ENGINE_COUNT ? names[engine] : "unknown";
}

void wl_cholesky_multiply(const wl_cholesky *f, wl_matrix *x) {
  wl_trmm_left(f->triangle, wl_trans_of_upper(f->triangle), f->matrix, x);
  wl_trmm_left(f->triangle, wl_trans_of_lower(f->triangle), f->matrix, x);
}

/* Local. A ← A − B */
static void subtract(const wl_matrix *b, wl_matrix *a) {
  for (int64_t j = 0; j < a->local_columns; j++)
    for (int64_t i = 0; i < a->local_rows; i++) a->data[i + j * a->ld] -= b->data[i + j * b->ld];
}

/* What ‖S Z − L Lᵀ Z‖_F is measured by: n ε ‖S‖₁ ‖Z‖_F. */
static double residual_scale(const wl_cholesky *f, const wl_matrix *z) {
  return (double)z->rows * DBL_EPSILON * f->info.norm * wl_frobenius_norm(z);
}

/* residual = ‖S Z − L Lᵀ Z‖_F / (n ε ‖S‖₁ ‖Z‖_F), with S Z computed before the factorization. Consumes z and sz. */
static double residual(const wl_cholesky *f, wl_matrix *z, wl_matrix *sz) {
  const double scale = residual_scale(f, z);
  wl_cholesky_multiply(f, z);
  subtract(z, sz);
  return wl_frobenius_norm(sz) / scale;
}

static wl_error not_finite(const char *name) {
  WL_FAIL(WL_ERROR_NUMERICAL,
          "the kernel matrix %s has entries that are not finite, or too large to square: scale the inputs, or "
          "less noise",
          name);
}

/* ‖S‖₁ and S Z, while the triangle still holds S. */
static wl_error measure_before(wl_cholesky *f, const char *name, const wl_matrix *z, wl_matrix *sz) {
  WL_TRY(wl_norm1(f->matrix, f->triangle, &f->info.norm));
  wl_symm_left(f->triangle, 1.0, f->matrix, z, 0.0, sz);
  if (!isfinite(f->info.norm) ||
      !isfinite(wl_frobenius_norm(sz))) /* dpotrf lets NaN through, a product does not */
    return not_finite(name);
  return WL_OK;
}

static wl_error check_pivot(const wl_cholesky_options *options, int64_t pivot) {
  if (pivot < 0) return WL_OK;
  WL_FAIL(
      WL_ERROR_NUMERICAL,
      "the kernel matrix %s is not positive definite to rounding: its pivot at training row %lld (counted from "
      "1) vanishes, the rows before determine this one; add noise_variance or jitter, or remove rows that "
      "(nearly) repeat, or change the depth%s",
      options->name, (long long)pivot + 1, options->remedy ? options->remedy : "");
}

wl_error wl_check_residual(const wl_factor_info *info, const char *name, wl_engine engine) {
  if (info->residual < WL_RESIDUAL_LIMIT) return WL_OK;
  WL_FAIL(WL_ERROR_NUMERICAL,
          "residual of the Cholesky factor of %s: %.1e, FAILED: rounding gives less than 1, and %.0f is allowed; "
          "engine %s made a wrong factor: compare with engine: %s, and look at its library",
          name, info->residual, WL_RESIDUAL_LIMIT, wl_engine_name(engine),
          wl_engine_name(engine == WL_ENGINE_SCALAPACK ? WL_ENGINE_LOOKAHEAD : WL_ENGINE_SCALAPACK));
}

/* What is left to do on S in the state given, and its log-determinant. */
static wl_error factor_from(wl_cholesky *f, const wl_cholesky_options *options, wl_factor_state *state) {
  const wl_factorize_options how = {options->engine, options->name, options->watch, state};
  int64_t pivot;
  WL_TRY(wl_factorize_with(f->matrix, f->triangle, &how, &pivot));
  WL_TRY(check_pivot(options, pivot));
  f->info.log_determinant = wl_log_determinant(f->matrix);
  return WL_OK;
}

/* The verdict on the residual, and the condition. */
static wl_error check_and_condition(wl_cholesky *f, const wl_cholesky_options *options) {
  if (!isfinite(f->info.residual) || !isfinite(f->info.log_determinant))
    WL_FAIL(WL_ERROR_NUMERICAL, "the Cholesky factor of %s is not finite", options->name);
  WL_TRY(wl_check_residual(&f->info, options->name, options->engine));
  double inverse_norm;
  WL_TRY(wl_inverse_norm1(f, &inverse_norm));
  f->info.reciprocal_condition = 1.0 / (f->info.norm * inverse_norm);
  return WL_OK;
}

static wl_error factor_and_measure(wl_cholesky *f, const wl_cholesky_options *options, wl_matrix *z,
                                   wl_matrix *sz) {
  const wl_factor_state *resume = options->resume;
  wl_factor_state state = {.products = sz};
  if (resume) {
    state.columns = resume->columns;
    state.diagonal = resume->diagonal;
    f->info.norm = resume->norm;
    wl_matrix_copy(resume->products, sz);
  } else {
    WL_TRY(measure_before(f, options->name, z, sz));
  }
  state.norm = f->info.norm;
  const double began = MPI_Wtime();
  WL_TRY(factor_from(f, options, &state));
  f->info.seconds = MPI_Wtime() - began;
  f->info.residual = residual(f, z, sz);
  return check_and_condition(f, options);
}

/* Probing vectors Z and room for S Z. */
static wl_error create_probes(const wl_matrix *matrix, uint64_t seed, wl_matrix **z, wl_matrix **sz) {
  WL_TRY(wl_matrix_create(matrix->grid, matrix->rows, WL_PROBES, z));
  WL_TRY(wl_matrix_create(matrix->grid, matrix->rows, WL_PROBES, sz));
  wl_fill_probes(*z, seed, 0);
  return WL_OK;
}

wl_error wl_cholesky_factor_with(wl_matrix *matrix, wl_triangle triangle, const wl_cholesky_options *options,
                                 wl_cholesky *factor) {
  *factor = (wl_cholesky){.matrix = matrix, .triangle = triangle};
  wl_matrix *z = NULL, *sz = NULL;
  wl_error error = create_probes(matrix, options->seed, &z, &sz);
  if (error == WL_OK) error = factor_and_measure(factor, options, z, sz);
  wl_matrix_destroy(&sz);
  wl_matrix_destroy(&z);
  return error;
}

/* Local. Rows begin … end − 1 of x, and all columns, become zero. */
static void clear_rows(wl_matrix *x, int64_t begin, int64_t end) {
  const int64_t first = wl_matrix_local_row(x, begin), past = wl_matrix_local_row(x, end);
  for (int64_t j = 0; j < x->local_columns; j++)
    for (int64_t i = first; i < past; i++) x->data[i + j * x->ld] = 0.0;
}

/*
 * Of S Z what the border has a part in, P = [S₂₁ᵀ Z₂; S₂₁ Z₁ + S₂₂ Z₂], and W = [L₁₁ᵀ Z₁; 0]; and ‖S‖₁ from below: that of S₁₁, or of S
 * without it.
 */
static wl_error measure_border(wl_cholesky *f, const wl_cholesky_options *options, const wl_factor_info *known,
                               const wl_matrix *z, wl_matrix *p, wl_matrix *w) {
  const int64_t n = options->resume->columns;
  WL_TRY(wl_border_norm1(f->matrix, f->triangle, n, &f->info.norm));
  wl_symm_border(f->triangle, n, f->matrix, z, p);
  if (!isfinite(f->info.norm) || !isfinite(wl_frobenius_norm(p))) return not_finite(options->name);
  f->info.norm = fmax(f->info.norm, known->norm);
  wl_matrix_copy(z, w);
  clear_rows(w, n, z->rows);
  wl_trmm_left(f->triangle, wl_trans_of_upper(f->triangle), f->matrix, w);
  return WL_OK;
}

/*
 * ‖P − L Lᵀ [0; Z₂] − [0; L₂₁ W₁]‖_F / (n ε ‖S‖₁ ‖Z‖_F). That is S Z − L Lᵀ Z without what is due to S₁₁ − L₁₁ L₁₁ᵀ, of which S₁₁ is no
 * longer there. Consumes all three.
 */
static double border_residual(const wl_cholesky *f, int64_t n, wl_matrix *z, wl_matrix *p, wl_matrix *w) {
  const double scale = residual_scale(f, z);
  wl_gemm_border(f->triangle, n, f->matrix, w);
  clear_rows(w, 0, n);
  subtract(w, p);
  clear_rows(z, 0, n);
  wl_cholesky_multiply(f, z);
  subtract(z, p);
  return wl_frobenius_norm(p) / scale;
}

static wl_error extend_and_measure(wl_cholesky *f, const wl_cholesky_options *options, const wl_factor_info *known,
                                   wl_matrix *z, wl_matrix *p, wl_matrix *w) {
  const int64_t n = options->resume->columns;
  wl_factor_state state = {.columns = n, .diagonal = options->resume->diagonal};
  WL_TRY(measure_border(f, options, known, z, p, w));
  const double began = MPI_Wtime();
  WL_TRY(wl_eliminate_border(f->matrix, f->triangle, n));
  WL_TRY(factor_from(f, options, &state));
  f->info.seconds = MPI_Wtime() - began;
  f->info.residual = known->residual + border_residual(f, n, z, p, w);
  return check_and_condition(f, options);
}

wl_error wl_cholesky_extend(wl_matrix *matrix, wl_triangle triangle, const wl_cholesky_options *options,
                            const wl_factor_info *known, wl_cholesky *factor) {
  *factor = (wl_cholesky){.matrix = matrix, .triangle = triangle};
  wl_matrix *z = NULL, *p = NULL, *w = NULL;
  wl_error error = create_probes(matrix, options->seed, &z, &p);
  if (error == WL_OK) error = wl_matrix_create(matrix->grid, matrix->rows, WL_PROBES, &w);
  if (error == WL_OK) error = extend_and_measure(factor, options, known, z, p, w);
  wl_matrix_destroy(&w);
  wl_matrix_destroy(&p);
  wl_matrix_destroy(&z);
  return error;
}

wl_error wl_cholesky_factor(wl_matrix *matrix, wl_triangle triangle, const char *name, uint64_t seed,
                            wl_cholesky *factor) {
  const wl_cholesky_options options = {.name = name, .seed = seed};
  return wl_cholesky_factor_with(matrix, triangle, &options, factor);
}

wl_error wl_cholesky_forward(const wl_cholesky *f, wl_matrix *b) {
  return wl_triangle_solve(f->matrix, f->triangle, wl_trans_of_lower(f->triangle), b);
}

wl_error wl_cholesky_backward(const wl_cholesky *f, wl_matrix *b) {
  return wl_triangle_solve(f->matrix, f->triangle, wl_trans_of_upper(f->triangle), b);
}
