#include "pipeline/sample_output.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"

/* Error heads have one number a point, which serves all outputs until they have units of their own. */
static bool is_error(wl_draw draw) { return draw == WL_DRAW_RND || draw == WL_DRAW_BAYESIAN_RND; }

wl_error wl_sample_declare(const wl_setup *setup, wl_results *results) {
  static const char other_target[] =
      "h(T) - A h(X), h = u0 - g ~ GP(0, kappa + kappa of the target network rnd.target)";
  static const char *const formula[WL_DRAW_COUNT] = {
      [WL_DRAW_POSTERIOR] = "A Y + L22 z: i.i.d. draws of the posterior with covariance theta_TT - A theta_XT",
      [WL_DRAW_ENSEMBLE] = "f0(T) + A (Y - f0(X)), f0 ~ GP(0, kappa)",
      [WL_DRAW_RND] = "u0(T) + A (g(X) - u0(X)) - g(T), u0 and g ~ GP(0, kappa)",
      [WL_DRAW_BAYESIAN_RND] =
          ("u0(T) + A (h(X) + eta - u0(X)) - h(T), u0 ~ GP(0, kappa), h ~ GP(0, theta - kappa), "
           "eta ~ N(0, (noise_variance + jitter) I)")};
  char path[64];
  for (int d = 0; d < WL_DRAW_COUNT; d++) {
    const int64_t count = setup->config->samples[d], m = setup->shape.test, c = setup->shape.outputs;
    if (count == 0) continue;
    const bool other = d == WL_DRAW_RND && wl_job_rnd_target(setup->config);
    snprintf(path, sizeof path, "/samples/%s", wl_draw_name((wl_draw)d));
    if (!is_error((wl_draw)d) || setup->units.columns > 1)
      WL_TRY(wl_results_add_cube(results, path, count, m, c, formula[d], "target units"));
    else
      WL_TRY(wl_results_add(results, path, count, m, other ? other_target : formula[d], "target units"));
  }
  return WL_OK;
}

/* Rows of a panel, and where they go. */
typedef struct piece {
  char path[64];
  wl_draw kind;
  int64_t draw, outputs, row, rows;
} piece;

/* A panel's columns (draw · c + output) to [draw][point][output], in target units. */
static void order(const wl_units *u, const piece *p, int64_t draws, const double *columns, double *ordered) {
  const int64_t c = p->outputs, width = larger(c, u->columns);
  for (int64_t s = 0; s < draws; s++)
    for (int64_t i = 0; i < p->rows; i++)
      for (int64_t k = 0; k < width; k++) {
        const double value = columns[i + (s * c + (c > 1 ? k : 0)) * p->rows];
        ordered[(s * p->rows + i) * width + k] = (is_error(p->kind) ? 0.0 : u->location[k]) + u->scale[k] * value;
      }
}

/* On rank 0 to the file. */
static wl_error write_piece(const wl_setup *setup, wl_results *results, const wl_matrix *panel, const piece *p,
                            double *columns, double *ordered) {
  WL_TRY(wl_matrix_get(panel, p->row, 0, p->rows, panel->columns, columns));
  wl_error error = WL_OK;
  if (setup->rank == 0) {
    const int64_t draws = panel->columns / p->outputs;
    order(&setup->units, p, draws, columns, ordered);
    error = wl_results_put_cube(results, p->path, p->draw, p->row, draws, p->rows, ordered);
  }
  return wl_error_agree(setup->comm, error);
}

/* At most 64 MiB at once. */
wl_error wl_sample_write(const wl_setup *setup, const wl_services *services, wl_draw draw, int64_t first,
                         const wl_matrix *panel) {
  const wl_phase before = wl_timer_enter(services->timer, WL_PHASE_WRITE);
  const int64_t columns = panel->columns * (is_error(draw) ? setup->units.columns : 1);
  const int64_t step = larger(1, smaller(panel->rows, ((int64_t)1 << 23) / columns));
  piece p = {.kind = draw, .draw = first, .outputs = wl_job_outputs(&setup->shape, draw)};
  snprintf(p.path, sizeof p.path, "/samples/%s", wl_draw_name(draw));
  double *room = NULL;
  wl_error error = WL_OK;
  if (setup->rank == 0 && !(room = malloc(2 * sizeof(double) * (size_t)(step * columns))))
    error = wl_error_set(WL_ERROR_MEMORY, "%s: no memory for a piece", p.path);
  error = wl_error_agree(setup->comm, error);
  for (p.row = 0; p.row < panel->rows && error == WL_OK; p.row += step) {
    p.rows = smaller(step, panel->rows - p.row);
    error = write_piece(setup, services->results, panel, &p, room, room ? room + step * columns : NULL);
  }
  free(room);
  wl_timer_enter(services->timer, before);
  return error;
}

/* The first halves of Bayesian heads, from the file to a panel, in pieces of at most 64 MiB. */
wl_error wl_sample_read_first_halves(const wl_setup *setup, wl_results *results, int64_t first, wl_matrix *panel) {
  const int64_t heads = panel->columns, step = larger(1, smaller(panel->rows, ((int64_t)1 << 23) / heads));
  double *ordered = setup->rank == 0 ? malloc(sizeof(double) * (size_t)(step * heads)) : NULL;
  double *rows = malloc(sizeof(double) * (size_t)(step * heads));
  wl_error error = WL_OK;
  if (!rows || (setup->rank == 0 && !ordered))
    error = wl_error_set(WL_ERROR_MEMORY, "Bayesian RND: out of memory");
  error = wl_error_agree(setup->comm, error);
  for (int64_t row = 0; row < panel->rows && error == WL_OK; row += step) {
    const int64_t count = smaller(step, panel->rows - row);
    if (setup->rank == 0) {
      error = wl_results_get_piece(results, "/samples/bayesian_rnd", first, row, heads, count, ordered);
      for (int64_t i = 0; i < count && error == WL_OK; i++)
        for (int64_t s = 0; s < heads; s++) rows[i * heads + s] = ordered[s * count + i] / setup->units.scale[0];
    }
    error = wl_error_agree(setup->comm, error);
    if (error == WL_OK) wl_matrix_set_rows(panel, row, count, rows);
  }
  free(rows);
  free(ordered);
  return error;
}
