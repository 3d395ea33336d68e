/*
 * The draws. A panel F has N rows: F(X) and below it F(T).
 */
#include <math.h>

#include "dist/scalapack.h"
#include "sampling/columns.h"
#include "sampling/joint_array.h"

/* F ← L z, in the array Uᵀ z: functions drawn from the kernel of this stage, jointly over X and T. */
static wl_error draw_functions(wl_joint *j, wl_stream stream, wl_draw_numbers numbers, wl_matrix *f) {
  wl_fill_normal(&j->options, stream, numbers, 0, 0, f->local_rows, f);
  if (j->rfp) return wl_rfp_multiply(j->rfp, f);
  wl_joint_use_upper(j);
  wl_trmm_left(WL_TRIANGLE_UPPER, WL_TRANS, j->gram, f);
  return WL_OK;
}

/* F(T) ← F(T) + L₂₁ L₁₁⁻¹ F(X), or by A itself. */
void wl_joint_train(wl_joint *j, wl_matrix *f) {
  if (j->rfp) {
    wl_gemm_border_transposed(j->train, j->solution, f);
    return;
  }
  wl_joint_use_lower(j);
  wl_trsm_leading(WL_TRIANGLE_LOWER, WL_NO_TRANS, j->train, j->gram, f);
  wl_gemm_border(WL_TRIANGLE_LOWER, j->train, j->gram, f);
}

static wl_error create_panel(const wl_joint *j, const wl_matrix *out, wl_matrix **f) {
  return wl_matrix_create(j->points->grid, j->train + j->test, out->columns, f);
}

/* Local rows first … last − 1 of F ← − themselves. */
static void negate(int64_t first, int64_t last, wl_matrix *f) {
  for (int64_t jl = 0; jl < f->local_columns; jl++)
    for (int64_t il = first; il < last; il++) f->data[il + jl * f->ld] *= -1.0;
}

/* Column of Y that belongs to a draw, on this rank's training rows. */
static const double *target_column(const wl_joint *j, wl_draw_numbers numbers, int64_t column) {
  return wl_output_column(j->targets, wl_joint_local_train(j), j->outputs, numbers, column);
}

/* A Y + L₂₂ z, as the lower half of L [L₁₁⁻¹ Y; z]. */
wl_error wl_joint_draw_posterior(wl_joint *j, wl_draw_numbers numbers, wl_matrix *out) {
  wl_matrix *f = NULL;
  WL_TRY(create_panel(j, out, &f));
  const int64_t train = wl_joint_local_train(j);
  wl_fill_normal(&j->options, WL_STREAM_POSTERIOR, numbers, 0, train, f->local_rows, f);
  for (int64_t jl = 0; jl < f->local_columns; jl++) {
    const double *y = target_column(j, numbers, wl_matrix_global_column(f, jl));
    for (int64_t il = 0; il < train; il++) f->data[il + jl * f->ld] = y[il];
  }
  wl_joint_use_lower(j);
  wl_trsm_leading(WL_TRIANGLE_LOWER, WL_NO_TRANS, j->train, j->gram, f);
  wl_trmm_left(WL_TRIANGLE_LOWER, WL_NO_TRANS, j->gram, f);
  wl_rows_from(j->train, f, out);
  wl_matrix_destroy(&f);
  return WL_OK;
}

/* f₀(T) + A (Y − f₀(X)); where A Y is known, f₀(T) − A f₀(X) + A Y */
wl_error wl_joint_draw_ensemble(wl_joint *j, wl_draw_numbers numbers, wl_matrix *out) {
  wl_matrix *f = NULL;
  WL_TRY(create_panel(j, out, &f));
  const wl_error error = draw_functions(j, WL_STREAM_ENSEMBLE, numbers, f);
  if (error == WL_OK) {
    const int64_t train = wl_joint_local_train(j);
    negate(0, train, f);
    if (j->targets) wl_add_outputs(j->targets, train, j->outputs, numbers, f);
    wl_joint_train(j, f);
    wl_rows_from(j->train, f, out);
    if (j->mean) wl_add_outputs(j->mean, out->local_rows, j->outputs, numbers, out);
  }
  wl_matrix_destroy(&f);
  return error;
}

/* h(T) − A h(X) with h from the kernel of this stage. */
static wl_error draw_untrained(wl_joint *j, wl_stream stream, wl_draw_numbers numbers, wl_matrix *out) {
  wl_matrix *h = NULL;
  WL_TRY(create_panel(j, out, &h));
  const wl_error error = draw_functions(j, stream, numbers, h);
  if (error == WL_OK) {
    negate(0, wl_joint_local_train(j), h);
    wl_joint_train(j, h);
    wl_rows_from(j->train, h, out);
  }
  wl_matrix_destroy(&h);
  return error;
}

/* u∞(T) = u₀(T) + A (g(X) − u₀(X)), and then u∞(T) − g(T); of another target network, by h = u₀ − g */
wl_error wl_joint_draw_rnd(wl_joint *j, wl_draw_numbers numbers, wl_matrix *out) {
  if (j->target) return draw_untrained(j, WL_STREAM_RND_FUNCTION, numbers, out);
  wl_matrix *u = NULL, *g = NULL;
  wl_error error = create_panel(j, out, &u);
  if (error == WL_OK) error = create_panel(j, out, &g);
  if (error == WL_OK) error = draw_functions(j, WL_STREAM_RND_FUNCTION, numbers, u);
  if (error == WL_OK) error = draw_functions(j, WL_STREAM_RND_TARGET, numbers, g);
  if (error == WL_OK) {
    const int64_t train = wl_joint_local_train(j);
    for (int64_t jl = 0; jl < u->local_columns; jl++)
      for (int64_t il = 0; il < train; il++)
        u->data[il + jl * u->ld] = g->data[il + jl * g->ld] - u->data[il + jl * u->ld];
    wl_joint_train(j, u);
    for (int64_t jl = 0; jl < u->local_columns; jl++)
      for (int64_t il = train; il < u->local_rows; il++) u->data[il + jl * u->ld] -= g->data[il + jl * g->ld];
    wl_rows_from(j->train, u, out);
  }
  wl_matrix_destroy(&g);
  wl_matrix_destroy(&u);
  return error;
}

wl_error wl_joint_begin_bayesian(wl_joint *j, wl_draw_numbers numbers, wl_matrix *out) {
  return draw_untrained(j, WL_STREAM_BAYESIAN_FUNCTION, numbers, out);
}

/* G(X) ← G(X) + η */
static void add_noise(const wl_joint *j, wl_draw_numbers numbers, wl_matrix *g) {
  const double deviation = sqrt(j->options.noise_variance + j->options.jitter);
  if (deviation == 0.0 || j->options.fault == WL_FAULT_NO_NOISE) return;
  const int64_t train = wl_joint_local_train(j);
  for (int64_t jl = 0; jl < g->local_columns; jl++) {
    const uint64_t draw = wl_draw_number(&j->options, numbers, wl_matrix_global_column(g, jl));
    for (int64_t il = 0; il < train; il++)
      g->data[il + jl * g->ld] += deviation * wl_random_normal(j->options.seed, WL_STREAM_BAYESIAN_NOISE, draw,
                                                               (uint64_t)wl_matrix_global_row(g, il));
  }
}

static wl_error draw_targets(wl_joint *j, wl_draw_numbers numbers, wl_matrix *g) {
  if (!wl_joint_target_is_zero(j)) return draw_functions(j, WL_STREAM_BAYESIAN_TARGET, numbers, g);
  for (int64_t k = 0; k < g->ld * g->local_columns; k++) g->data[k] = 0.0;
  return WL_OK;
}

wl_error wl_joint_end_bayesian(wl_joint *j, wl_draw_numbers numbers, wl_matrix *out) {
  wl_matrix *g = NULL, *response = NULL;
  wl_error error = create_panel(j, out, &g);
  if (error == WL_OK) error = wl_matrix_create(out->grid, out->rows, out->columns, &response);
  if (error == WL_OK) error = draw_targets(j, numbers, g);
  if (error == WL_OK) {
    add_noise(j, numbers, g);
    negate(wl_joint_local_train(j), g->local_rows, g);
    wl_joint_train(j, g);
    wl_rows_from(j->train, g, response);
    for (int64_t jl = 0; jl < out->local_columns; jl++)
      for (int64_t il = 0; il < out->local_rows; il++)
        out->data[il + jl * out->ld] += response->data[il + jl * response->ld];
  }
  wl_matrix_destroy(&response);
  wl_matrix_destroy(&g);
  return error;
}
