#include "kernel/network.h"

#include <cblas.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernel/block.h"
#include "kernel/points.h"

enum { DEPTH_LIMIT = 1000, ALIGNMENT = 64 / sizeof(double) };

wl_network wl_network_default(void) {
  return (wl_network){
      .depth = 3, .activation = WL_ACTIVATION_RELU, .slope = 0.01, .sigma_w = 1.4142135623730951, .sigma_b = 0.1};
}

wl_error wl_network_check(const wl_network *network) {
  if (network->depth < 1) WL_FAIL(WL_ERROR_CONFIG, "network.depth is %d; it must be at least 1", network->depth);
  if (network->depth > DEPTH_LIMIT)
    WL_FAIL(WL_ERROR_CONFIG, "network.depth is %d; it must be at most %d", network->depth, DEPTH_LIMIT);
  if ((unsigned)network->activation >= WL_ACTIVATION_COUNT)
    WL_FAIL(WL_ERROR_CONFIG, "network.activation is unknown (%d)", (int)network->activation);
  if (!(network->sigma_w > 0.0) || !isfinite(network->sigma_w))
    WL_FAIL(WL_ERROR_CONFIG, "network.sigma_w is %g; it must be above 0 and finite", network->sigma_w);
  if (!(network->sigma_b >= 0.0) || !isfinite(network->sigma_b))
    WL_FAIL(WL_ERROR_CONFIG, "network.sigma_b is %g; it must be at least 0 and finite", network->sigma_b);
  if (!(network->slope >= 0.0 && network->slope < 1.0))
    WL_FAIL(WL_ERROR_CONFIG, "network.slope is %g; it must be at least 0 and below 1", network->slope);
  return WL_OK;
}

static int64_t padded(int64_t rows) { return (rows + WL_PAD - 1) / WL_PAD * WL_PAD; }

/* The rows of one strip in vector order, zero where padded. */
typedef struct row_strip {
  int64_t first; /* point of a */
  int count;
  double inverse_root[WL_STRIP];
  double *field;                                /* [hidden layer][field][WL_STRIP] */
  double *series;                               /* [hidden layer][WL_SERIES_TERMS][WL_STRIP] */
  int terms[DEPTH_LIMIT - 1][WL_SERIES_LEVELS]; /* the largest of any row */
} row_strip;

/* Doubles in `field` and `series` of a strip. */
static size_t strip_fields(const wl_network *network) {
  return (size_t)(network->depth - 1) * (size_t)wl_activation_get(network->activation)->fields * WL_STRIP;
}

static size_t strip_series(const wl_network *network) {
  const bool logistic = wl_activation_get(network->activation)->kernel == WL_KERNEL_logistic;
  return logistic ? (size_t)(network->depth - 1) * WL_SERIES_TERMS * WL_STRIP : 0;
}

size_t wl_network_tile_work(const wl_network *network, int64_t rows, int64_t cols) {
  return ALIGNMENT + (size_t)padded(rows) * (size_t)cols + strip_fields(network) + strip_series(network);
}

static void pack_series(const wl_kernel_points *a, int h, row_strip *strip) {
  int *terms = strip->terms[h];
  memset(terms, 0, WL_SERIES_LEVELS * sizeof *terms);
  for (int i = 0; i < strip->count; i++) {
    const int *own = a->series_terms[wl_kernel_points_at(a, h, strip->first + i)];
    for (int g = 0; g < WL_SERIES_LEVELS; g++) terms[g] = own[g] > terms[g] ? own[g] : terms[g];
  }
  const int kept = terms[WL_SERIES_LEVELS - 1];
  double *series = strip->series + (size_t)h * WL_SERIES_TERMS * WL_STRIP;
  memset(series, 0, (size_t)kept * WL_STRIP * sizeof *series);
  for (int i = 0; i < strip->count; i++) {
    const int64_t at = wl_kernel_points_at(a, h, strip->first + i);
    const double *own = a->series + a->series_start[at];
    for (int m = 0; m < a->series_terms[at][WL_SERIES_LEVELS - 1]; m++) series[m * WL_STRIP + i] = own[m];
  }
}

static void pack_strip(const wl_kernel_points *a, row_strip *strip) {
  const int fields = a->activation->fields, hidden = a->model.network.depth - 1;
  memset(strip->inverse_root, 0, sizeof strip->inverse_root);
  memcpy(strip->inverse_root, a->inverse_root + strip->first, (size_t)strip->count * sizeof(double));
  memset(strip->field, 0, strip_fields(&a->model.network) * sizeof(double));
  for (int h = 0; h < hidden; h++) {
    const double *own = a->field + wl_kernel_points_at(a, h, strip->first) * fields;
    double *field = strip->field + (size_t)h * (size_t)fields * WL_STRIP;
    for (int i = 0; i < strip->count; i++)
      for (int f = 0; f < fields; f++) field[f * WL_STRIP + i] = own[i * fields + f];
    if (a->series_terms) pack_series(a, h, strip);
  }
}

/* Marks equal points and corrects a scaled state where points are nearly parallel (points.h). */
static void correct_near(const wl_kernel_points *a, const row_strip *strip, const wl_kernel_points *b, int64_t j0,
                         bool scaled, wl_state *state, bool (*equal)[WL_STRIP]) {
  for (int j = 0; j < state->cols; j++)
    for (int i = 0; i < strip->count; i++) {
      double e = state->kappa[j][i];
      if (!scaled) {
        const double c = e * strip->inverse_root[i] * b->inverse_root[j0 + j];
        e = copysign(fmax(1.0 - fabs(c), 0.0), c);
      }
      equal[j][i] = false;
      if (fabs(e) >= WL_NEAR) continue;
      equal[j][i] = wl_kernel_points_near(a, strip->first + i, b, j0 + j, &e);
      if (!scaled) continue;
      state->kappa[j][i] = e;
      state->theta[j][i] = copysign(1.0 - fabs(e), e);
    }
}

/* Layers 2 … L. */
static void recurse(const wl_kernel_points *a, const row_strip *strip, const wl_kernel_points *b, int64_t j0,
                    bool pair, wl_state *state) {
  const wl_activation_entry *activation = a->activation;
  const wl_layer_kernel kernel = a->model.block->layer[activation->kernel][pair];
  for (int h = 0; h < a->model.network.depth - 1; h++) {
    const wl_rows rows = {.field = strip->field + (size_t)h * (size_t)activation->fields * WL_STRIP,
                          .series = strip->series + (size_t)h * WL_SERIES_TERMS * WL_STRIP,
                          .terms = strip->terms[h]};
    wl_column columns[WL_GROUP];
    for (int j = 0; j < state->cols; j++) {
      const int64_t at = wl_kernel_points_at(b, h, j0 + j);
      columns[j] = (wl_column){.field = b->field + at * activation->fields};
      if (!b->series_terms) continue;
      columns[j].series = b->series + b->series_start[at];
      columns[j].terms = b->series_terms[at];
    }
    state->last = h == a->model.network.depth - 2;
    kernel(&a->model, &rows, columns, state);
  }
}

/* Where a tile of a kernel goes; data = NULL: nowhere. */
typedef struct target {
  double *data;
  int64_t ld;
  bool transposed, far; /* far: past the caches */
} target;

/* A block whose first entry is the tile's (i, j) to its place, the diagonal value where the points are equal
   (equal = NULL: nowhere). */
static void store(const wl_block *block, const row_strip *strip, int64_t i, int64_t j, int cols,
                  double (*from)[WL_STRIP], bool (*equal)[WL_STRIP], const double *diagonal, const target *t) {
  if (!t->data) return;
  for (int c = 0; equal && c < cols; c++)
    for (int r = 0; r < strip->count; r++)
      if (equal[c][r]) from[c][r] = diagonal[strip->first + r];
  if (t->transposed)
    block->transpose(from, strip->count, cols, t->data + j + i * t->ld, t->ld, t->far);
  else if (t->far)
    for (int c = 0; c < cols; c++) block->copy(from[c], strip->count, t->data + i + (j + c) * t->ld);
  else
    for (int c = 0; c < cols; c++)
      memcpy(t->data + i + (j + c) * t->ld, from[c], (size_t)strip->count * sizeof(double));
}

/* σ_w² x·x'/d for the tile, padded with zero rows. */
static void multiply(const wl_kernel_points *a, int64_t i0, int64_t rows, const wl_kernel_points *b, int64_t j0,
                     int64_t cols, double *gram, int64_t ld) {
  const int64_t d = a->dimension;
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, (blasint)rows, (blasint)cols, (blasint)d,
              a->model.weight / (double)d, a->x + i0 * d, (blasint)d, b->x + j0 * d, (blasint)d, 0.0, gram,
              (blasint)ld);
  for (int64_t j = 0; j < cols; j++) memset(gram + j * ld + rows, 0, (size_t)(ld - rows) * sizeof *gram);
}

static void evaluate(const wl_kernel_points *a, int64_t i0, int64_t rows, const wl_kernel_points *b, int64_t j0,
                     int64_t cols, const target *kappa, const target *theta, double *work) {
  if (rows <= 0 || cols <= 0) return;
  double *gram = (double *)(((uintptr_t)work + 63) & ~(uintptr_t)63);
  const int64_t ld = padded(rows);
  row_strip strip;
  strip.field = gram + ld * cols;
  strip.series = strip.field + strip_fields(&a->model.network);
  multiply(a, i0, rows, b, j0, cols, gram, ld);

  const bool scaled = a->activation->kernel == WL_KERNEL_rectifier && a->model.network.depth > 1;
  wl_state state;
  bool equal[WL_GROUP][WL_STRIP];
  for (int64_t i = 0; i < rows; i += WL_STRIP) {
    strip.first = i0 + i;
    strip.count = (int)(rows - i < WL_STRIP ? rows - i : WL_STRIP);
    state.rows = (int)padded(strip.count);
    pack_strip(a, &strip);
    for (int64_t j = 0; j < cols; j += WL_GROUP) {
      state.cols = (int)(cols - j < WL_GROUP ? cols - j : WL_GROUP);
      const bool near = a->model.block->start(a->model.bias, gram + j * ld + i, ld, strip.inverse_root,
                                              b->inverse_root + j0 + j, scaled, &state);
      if (near) correct_near(a, &strip, b, j0 + j, scaled, &state, equal);
      recurse(a, &strip, b, j0 + j, theta->data != NULL, &state);
      store(a->model.block, &strip, i, j, state.cols, state.kappa, near ? equal : NULL, a->kappa, kappa);
      store(a->model.block, &strip, i, j, state.cols, state.theta, near ? equal : NULL, a->theta, theta);
    }
  }
}

void wl_network_tile(const wl_kernel_points *a, int64_t i0, int64_t rows, const wl_kernel_points *b, int64_t j0,
                     int64_t cols, double *kappa, int64_t ldk, double *theta, int64_t ldt, double *work) {
  evaluate(a, i0, rows, b, j0, cols, &(target){kappa, ldk, false, false}, &(target){theta, ldt, false, false},
           work);
}

void wl_network_tile_split(const wl_kernel_points *a, int64_t i0, int64_t rows, const wl_kernel_points *b,
                           int64_t j0, int64_t cols, double *kappa_transposed, int64_t ldk, double *theta,
                           int64_t ldt, double *work) {
  evaluate(a, i0, rows, b, j0, cols, &(target){kappa_transposed, ldk, true, true},
           &(target){theta, ldt, false, true}, work);
  a->model.block->fence();
}
