#include "kernel/network.h"

#include <cblas.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "kernel/block.h"
#include "kernel/given.h"
#include "kernel/layers.h"
#include "kernel/points.h"

enum { DEPTH_LIMIT = 1000, ALIGNMENT = 64 / sizeof(double) };

wl_network wl_network_default(void) {
  return (wl_network){
      .depth = 3, .activation = WL_ACTIVATION_RELU, .slope = 0.01, .sigma_w = 1.4142135623730951, .sigma_b = 0.1};
}

/* The rules of a list, with the layer in the message. */
static wl_error check_list(const wl_network *network) {
  int at;
  const wl_error error = wl_layers_check(network, &at);
  return error == WL_OK ? WL_OK : wl_error_set(error, "network.layers[%d]: %s", at, wl_error_message());
}

/* Without a hidden layer there are no units to count. */
static wl_error check_parameterization(const wl_network *network) {
  if (network->parameterization == WL_PARAMETERIZATION_NTK) return WL_OK;
  if (network->parameterization != WL_PARAMETERIZATION_STANDARD)
    WL_FAIL(WL_ERROR_CONFIG, "network.parameterization is unknown (%d)", (int)network->parameterization);
  if (network->width < 1) WL_FAIL(WL_ERROR_CONFIG, "network.width is %d; it must be at least 1", network->width);
  if (!wl_network_has_lower(network))
    WL_FAIL(WL_ERROR_CONFIG,
            "network.parameterization is standard, but a network of one weight layer has no width");
  return WL_OK;
}

wl_error wl_network_check(const wl_network *network) {
  WL_REQUIRE(network);
  WL_TRY(check_parameterization(network));
  if (network->layer_count != 0) return check_list(network);
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

bool wl_network_same(const wl_network *a, const wl_network *b) {
  if (a->layer_count != b->layer_count || a->parameterization != b->parameterization) return false;
  if (a->parameterization == WL_PARAMETERIZATION_STANDARD && a->width != b->width) return false;
  for (int k = 0; k < a->layer_count; k++)
    if (!wl_layer_same(&a->layer[k], &b->layer[k])) return false;
  if (a->layer_count > 0) return true;
  return a->depth == b->depth && a->activation == b->activation && a->slope == b->slope &&
         a->sigma_w == b->sigma_w && a->sigma_b == b->sigma_b;
}

static int64_t padded(int64_t rows) { return (rows + WL_PAD - 1) / WL_PAD * WL_PAD; }

/* The rows of one strip in vector order, zero where padded. */
typedef struct row_strip {
  int64_t first; /* point of a */
  int count;
  double inverse_root[WL_STRIP];
  double *field;                                /* [step][field][WL_STRIP] */
  double *series;                               /* [step with a series][WL_SERIES_TERMS][WL_STRIP] */
  int terms[DEPTH_LIMIT - 1][WL_SERIES_LEVELS]; /* likewise: the largest of any row */
} row_strip;

enum { FRAME = sizeof(wl_frame) / sizeof(double) };

size_t wl_network_tile_work(const wl_network *network, int64_t rows, int64_t cols) {
  int fields, series, frames;
  wl_program_bounds(network, &fields, &series, &frames);
  return ALIGNMENT + (size_t)padded(rows) * (size_t)cols + (size_t)frames * FRAME +
         ((size_t)fields + (size_t)series * WL_SERIES_TERMS) * WL_STRIP;
}

static void pack_series(const wl_kernel_points *a, const wl_step *step, row_strip *strip) {
  int *terms = strip->terms[step->series];
  memset(terms, 0, WL_SERIES_LEVELS * sizeof *terms);
  for (int i = 0; i < strip->count; i++) {
    const int *own = a->series_terms[wl_kernel_points_series(a, step, strip->first + i)];
    for (int g = 0; g < WL_SERIES_LEVELS; g++) terms[g] = own[g] > terms[g] ? own[g] : terms[g];
  }
  const int kept = terms[WL_SERIES_LEVELS - 1];
  double *series = strip->series + (size_t)step->series * WL_SERIES_TERMS * WL_STRIP;
  memset(series, 0, (size_t)kept * WL_STRIP * sizeof *series);
  for (int i = 0; i < strip->count; i++) {
    const int64_t at = wl_kernel_points_series(a, step, strip->first + i);
    const double *own = a->series + a->series_start[at];
    for (int m = 0; m < a->series_terms[at][WL_SERIES_LEVELS - 1]; m++) series[m * WL_STRIP + i] = own[m];
  }
}

static void pack_strip(const wl_kernel_points *a, row_strip *strip) {
  memset(strip->inverse_root, 0, sizeof strip->inverse_root);
  memcpy(strip->inverse_root, a->inverse_root + strip->first, (size_t)strip->count * sizeof(double));
  memset(strip->field, 0, (size_t)a->program.fields * WL_STRIP * sizeof(double));
  for (int s = 0; s < a->program.count; s++) {
    const wl_step *step = &a->program.step[s];
    const int fields = step->fields;
    const double *own = wl_kernel_points_field(a, step, strip->first);
    double *field = strip->field + step->field * WL_STRIP;
    for (int i = 0; i < strip->count; i++)
      for (int f = 0; f < fields; f++) field[f * WL_STRIP + i] = own[i * fields + f];
    if (step->series >= 0) pack_series(a, step, strip);
  }
}

/* Marks equal points, which dropout has not, and corrects a scaled state where points are nearly parallel (points.h). */
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
      equal[j][i] = wl_kernel_points_near(a, strip->first + i, b, j0 + j, &e) && !a->program.dropout;
      if (!scaled) continue;
      state->kappa[j][i] = e;
      state->theta[j][i] = copysign(1.0 - fabs(e), e);
    }
}

/* The network's steps. */
static void recurse(const wl_kernel_points *a, const row_strip *strip, const wl_kernel_points *b, int64_t j0,
                    bool pair, wl_frame *frames, wl_state *state) {
  for (int s = 0; s < a->program.count; s++) {
    const wl_step *step = &a->program.step[s];
    wl_rows rows = {.field = strip->field + step->field * WL_STRIP};
    wl_column columns[WL_GROUP];
    for (int j = 0; j < state->cols; j++)
      columns[j] = (wl_column){.field = wl_kernel_points_field(b, step, j0 + j)};
    if (step->series >= 0) {
      rows.series = strip->series + (size_t)step->series * WL_SERIES_TERMS * WL_STRIP;
      rows.terms = strip->terms[step->series];
      for (int j = 0; j < state->cols; j++) {
        const int64_t at = wl_kernel_points_series(b, step, j0 + j);
        columns[j].series = b->series + b->series_start[at];
        columns[j].terms = b->series_terms[at];
      }
    }
    state->unscale = step->unscale;
    state->frame = frames + step->frame;
    a->program.block->layer[step->kernel][pair](step->model, &rows, columns, state);
  }
}

/* How a tile is stored. */
typedef struct target {
  wl_tile tile;
  bool transposed, far; /* far: past the caches */
} target;

/* A block of a tile: its first entry is the tile's (i, j). */
typedef struct place {
  const wl_block *block;
  const row_strip *strip;
  int64_t i, j;
  int cols;
  bool (*equal)[WL_STRIP]; /* entries of equal points, which get the diagonal value; NULL: none */
} place;

static void store(const place *p, double (*from)[WL_STRIP], const double *diagonal, const target *t) {
  const int rows = p->strip->count;
  double *data = t->tile.data;
  const int64_t ld = t->tile.ld;
  if (!data) return;
  for (int c = 0; p->equal && c < p->cols; c++)
    for (int r = 0; r < rows; r++)
      if (p->equal[c][r]) from[c][r] = diagonal[p->strip->first + r];
  if (t->transposed)
    p->block->transpose(from, rows, p->cols, data + p->j + p->i * ld, ld, t->far);
  else if (t->far)
    for (int c = 0; c < p->cols; c++) p->block->copy(from[c], rows, data + p->i + (p->j + c) * ld);
  else
    for (int c = 0; c < p->cols; c++)
      memcpy(data + p->i + (p->j + c) * ld, from[c], (size_t)rows * sizeof(double));
}

/* σ_w² x·x'/d for the tile, padded with zero rows. */
static void multiply(const wl_point_range *a, const wl_point_range *b, double *gram, int64_t ld) {
  const int64_t d = a->points->dimension;
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, (blasint)a->count, (blasint)b->count, (blasint)d,
              a->points->program.weight / (double)d, a->points->x + a->first * d, (blasint)d,
              b->points->x + b->first * d, (blasint)d, 0.0, gram, (blasint)ld);
  for (int64_t j = 0; j < b->count; j++)
    memset(gram + j * ld + a->count, 0, (size_t)(ld - a->count) * sizeof *gram);
}

static void evaluate(wl_point_range rows, wl_point_range columns, const target *kappa, const target *theta,
                     double *work) {
  if (rows.count <= 0 || columns.count <= 0) return;
  const wl_kernel_points *a = rows.points, *b = columns.points;
  double *gram = (double *)(((uintptr_t)work + 63) & ~(uintptr_t)63);
  const int64_t ld = padded(rows.count);
  row_strip strip;
  wl_frame *frames = (wl_frame *)(gram + ld * columns.count);
  strip.field = (double *)(frames + a->program.frames);
  strip.series = strip.field + a->program.fields * WL_STRIP;
  multiply(&rows, &columns, gram, ld);

  const bool scaled = a->program.scaled;
  wl_state state;
  bool equal[WL_GROUP][WL_STRIP];
  for (int64_t i = 0; i < rows.count; i += WL_STRIP) {
    strip.first = rows.first + i;
    strip.count = (int)(rows.count - i < WL_STRIP ? rows.count - i : WL_STRIP);
    state.rows = (int)padded(strip.count);
    pack_strip(a, &strip);
    for (int64_t j = 0; j < columns.count; j += WL_GROUP) {
      const int64_t column = columns.first + j;
      state.cols = (int)(columns.count - j < WL_GROUP ? columns.count - j : WL_GROUP);
      const bool near = a->program.block->start(a->program.bias, gram + j * ld + i, ld, strip.inverse_root,
                                                b->inverse_root + column, scaled, &state);
      if (near) correct_near(a, &strip, b, column, scaled, &state, equal);
      recurse(a, &strip, b, column, theta->tile.data != NULL, frames, &state);
      store(&(place){a->program.block, &strip, i, j, state.cols, near ? equal : NULL}, state.kappa, a->kappa,
            kappa);
      store(&(place){a->program.block, &strip, i, j, state.cols, near ? equal : NULL}, state.theta, a->theta,
            theta);
    }
  }
}

void wl_network_tile(wl_point_range a, wl_point_range b, wl_tile kappa, wl_tile theta, double *work) {
  if (a.points->given) {
    wl_given_tile(a, b, kappa, theta);
    return;
  }
  evaluate(a, b, &(target){kappa, false, false}, &(target){theta, false, false}, work);
}

void wl_network_tile_split(wl_point_range a, wl_point_range b, wl_tile kappa_transposed, wl_tile theta,
                           double *work) {
  if (a.points->given) {
    wl_given_tile(b, a, kappa_transposed, (wl_tile){NULL, 0});
    wl_given_tile(a, b, (wl_tile){NULL, 0}, theta);
    return;
  }
  evaluate(a, b, &(target){kappa_transposed, true, true}, &(target){theta, false, true}, work);
  a.points->program.block->fence();
}
