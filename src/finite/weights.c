#include "finite/weights.h"

#include <cblas.h>

/* A factor of a product as it stands in memory, column-major. */
typedef struct operand {
  CBLAS_TRANSPOSE op;
  const double *at;
  int64_t ld;
} operand;

static operand plain(const double *at, int64_t ld) { return (operand){CblasNoTrans, at, ld}; }
static operand transposed(const double *at, int64_t ld) { return (operand){CblasTrans, at, ld}; }

/* Where a product goes: at ← beta · at + product */
typedef struct target {
  double beta, *at;
  int64_t ld;
} target;

/* c ← beta c + alpha a b, m × n, k the inner size */
static void multiply(int64_t m, int64_t n, int64_t k, double alpha, operand a, operand b, target c) {
  cblas_dgemm(CblasColMajor, a.op, b.op, (blasint)m, (blasint)n, (blasint)k, alpha, a.at, (blasint)a.ld, b.at,
              (blasint)b.ld, c.beta, c.at, (blasint)c.ld);
}

/* Where b starts, relative to W. */
static int64_t bias_of(const wl_weights *y) { return y->rows * y->cols; }

int64_t wl_weights_count(const wl_weights *y) { return bias_of(y) + y->rows; }

/* z ← s_b b in every column */
static void fill_bias(const wl_weights *y, const double *b, int64_t count, double *z) {
  for (int64_t j = 0; j < count; j++)
    for (int64_t i = 0; i < y->rows; i++) z[j * y->rows + i] = y->bias_scale * b[i];
}

void wl_weights_forward(const wl_weights *y, const double *w, int64_t count, const double *input, double *z) {
  fill_bias(y, w + bias_of(y), count, z);
  multiply(y->rows, count, y->cols, y->scale, plain(w, y->rows), plain(input, y->cols), (target){1.0, z, y->rows});
}

void wl_weights_tangent(const wl_weights *y, const double *w, const double *v, int64_t count, const double *input,
                        const double *below, double *t) {
  wl_weights_forward(y, v, count, input, t);
  if (below)
    multiply(y->rows, count, y->cols, y->scale, plain(w, y->rows), plain(below, y->cols),
             (target){1.0, t, y->rows});
}

/* Σ_j δ_ij */
static double row_sum(const wl_weights *y, int64_t count, const double *delta, int64_t i) {
  double sum = 0.0;
  for (int64_t j = 0; j < count; j++) sum += delta[j * y->rows + i];
  return sum;
}

void wl_weights_gradient(const wl_weights *y, int64_t count, const double *delta, const double *input,
                         double alpha, double beta, double *into) {
  multiply(y->rows, y->cols, count, alpha * y->scale, plain(delta, y->rows), transposed(input, y->cols),
           (target){beta, into, y->rows});
  double *b = into + bias_of(y);
  for (int64_t i = 0; i < y->rows; i++)
    b[i] = (beta == 0.0 ? 0.0 : beta * b[i]) + alpha * y->bias_scale * row_sum(y, count, delta, i);
}

void wl_weights_pull(const wl_weights *y, const double *w, int64_t count, const double *delta, double *next) {
  multiply(y->cols, count, y->rows, y->scale, transposed(w, y->rows), plain(delta, y->rows),
           (target){0.0, next, y->cols});
}

/* Columns of a layer whose weights and velocities together stay in a core's cache of half a megabyte. */
static int64_t panel_of(const wl_weights *y) {
  const int64_t columns = 24576 / y->rows;
  return columns < 8 ? 8 : columns < y->cols ? columns : y->cols;
}

void wl_weights_step(const wl_weights *y, int64_t count, const double *delta, const double *input, wl_pace pace,
                     double *w, double *v, double *next) {
  const int64_t panel = panel_of(y), bias = bias_of(y);
  for (int64_t c = 0; c < y->cols; c += panel) {
    const int64_t cols = y->cols - c < panel ? y->cols - c : panel;
    double *wc = w + c * y->rows, *vc = v + c * y->rows;
    if (next)
      multiply(cols, count, y->rows, y->scale, transposed(wc, y->rows), plain(delta, y->rows),
               (target){0.0, next + c, y->cols});
    multiply(y->rows, cols, count, -pace.step * y->scale, plain(delta, y->rows), transposed(input + c, y->cols),
             (target){pace.momentum, vc, y->rows});
    for (int64_t i = 0; i < cols * y->rows; i++) wc[i] += vc[i];
  }
  for (int64_t i = 0; i < y->rows; i++) {
    v[bias + i] = pace.momentum * v[bias + i] - pace.step * y->bias_scale * row_sum(y, count, delta, i);
    w[bias + i] += v[bias + i];
  }
}

void wl_weights_gram(const wl_weights *y, int64_t count, const double *input, double factor, double bias_factor,
                     double *gram) {
  multiply(count, count, y->cols, factor * factor, transposed(input, y->cols), plain(input, y->cols),
           (target){0.0, gram, count});
  for (int64_t i = 0; i < count * count; i++) gram[i] += bias_factor * bias_factor;
}
