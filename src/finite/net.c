/*
 * Networks of finite width: forward, backward, Jacobian-vector product and empirical kernels as matrix products over
 * a batch of points. Points are columns: a layer's values are rows × count, column-major.
 */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "finite/finite.h"
#include "finite/phi.h"

struct wl_tape {
  int64_t capacity, count;
  double *value, *slope;  /* φ(zˡ) and φ'(zˡ) of each hidden layer: width × capacity each */
  double *delta, *second; /* work: (width or heads) × capacity each */
};

typedef struct layer {
  int64_t rows, cols, bias; /* bias: where b starts, relative to W */
  double scale;             /* σ_w / √cols */
} layer;

static layer layer_of(const wl_net *net, int l) {
  const int64_t rows = l == net->network.depth - 1 ? net->heads : net->width;
  const int64_t cols = l == 0 ? net->dimension : net->width;
  return (layer){rows, cols, rows * cols, net->network.sigma_w / sqrt((double)cols)};
}

int64_t wl_net_offset(const wl_net *net, int end) {
  int64_t offset = 0;
  for (int l = 0; l < end; l++) {
    const layer y = layer_of(net, l);
    offset += y.bias + y.rows;
  }
  return offset;
}

int64_t wl_net_parameters(const wl_net *net) { return wl_net_offset(net, net->network.depth); }

double wl_net_flops(const wl_net *net, int64_t count) {
  double products = 0.0; /* forward, gradient, and backward but for the first layer */
  for (int l = 0; l < net->network.depth; l++) products += (double)layer_of(net, l).bias * (l > 0 ? 3.0 : 2.0);
  return 2.0 * products * (double)count;
}

/* One row of the last layer (a head: its weights, then its bias) at a time, so that heads have numbers of their own. */
static void draw_heads(const layer *y, uint64_t seed, wl_stream stream, uint64_t i, uint64_t j, bool repeat,
                       double *w) {
  double row[64];
  for (int64_t k = 0; k < y->rows; k++) {
    const uint64_t head = repeat && k == 1 ? 0 : (uint64_t)k;
    for (int64_t c = 0; c <= y->cols; c += 64) {
      const int64_t count = y->cols + 1 - c < 64 ? y->cols + 1 - c : 64;
      wl_random_normals(seed, stream, i, j | head << 32 | (uint64_t)(c / 64), count, row);
      for (int64_t e = 0; e < count; e++) w[(c + e) * y->rows + k] = row[e]; /* column `cols` is b */
    }
  }
}

void wl_net_draw(const wl_net *net, uint64_t seed, wl_stream stream, int64_t index, bool repeat_head,
                 double *parameters) {
  const uint64_t i = (uint64_t)net->width << 32 | (uint64_t)index;
  for (int l = 0; l < net->network.depth; l++) {
    const layer y = layer_of(net, l);
    double *w = parameters + wl_net_offset(net, l);
    const uint64_t j = (uint64_t)l << 52;
    if (l == net->network.depth - 1)
      draw_heads(&y, seed, stream, i, j, repeat_head, w);
    else
      wl_random_normals(seed, stream, i, j, y.bias + y.rows, w);
  }
}

wl_error wl_tape_create(const wl_net *net, int64_t count, wl_tape **result) {
  *result = NULL;
  wl_tape *tape = calloc(1, sizeof *tape);
  if (!tape) WL_FAIL(WL_ERROR_MEMORY, "finite networks: out of memory");
  const size_t hidden = (size_t)(net->network.depth - 1) * (size_t)(net->width * count) + 1;
  const size_t widest = (size_t)((net->width > net->heads ? net->width : net->heads) * count);
  tape->capacity = count;
  tape->value = malloc(sizeof(double) * hidden);
  tape->slope = malloc(sizeof(double) * hidden);
  tape->delta = malloc(sizeof(double) * widest);
  tape->second = malloc(sizeof(double) * widest);
  if (!tape->value || !tape->slope || !tape->delta || !tape->second) {
    wl_tape_destroy(&tape);
    WL_FAIL(WL_ERROR_MEMORY, "finite networks: no memory for width %lld", (long long)net->width);
  }
  *result = tape;
  return WL_OK;
}

void wl_tape_destroy(wl_tape **pointer) {
  wl_tape *tape = *pointer;
  if (!tape) return;
  free(tape->value);
  free(tape->slope);
  free(tape->delta);
  free(tape->second);
  free(tape);
  *pointer = NULL;
}

static size_t place(const wl_net *net, const wl_tape *tape, int l) {
  return (size_t)l * (size_t)(net->width * tape->capacity);
}

/* What layer l reads: the points, or the values of the hidden layer below. */
static const double *input_of(const wl_net *net, const wl_tape *tape, int l, const double *x) {
  return l == 0 ? x : tape->value + place(net, tape, l - 1);
}

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

static void multiply_elements(int64_t count, const double *by, double *values) {
  for (int64_t i = 0; i < count; i++) values[i] *= by[i];
}

/* z ← σ_b b in every column */
static void fill_bias(const layer *y, double sigma_b, const double *b, int64_t count, double *z) {
  for (int64_t j = 0; j < count; j++)
    for (int64_t i = 0; i < y->rows; i++) z[j * y->rows + i] = sigma_b * b[i];
}

void wl_net_forward(const wl_net *net, const double *parameters, int64_t count, const double *x, wl_tape *tape,
                    double *out) {
  tape->count = count;
  const int last = net->network.depth - 1;
  for (int l = 0; l <= last; l++) {
    const layer y = layer_of(net, l);
    const double *w = parameters + wl_net_offset(net, l);
    double *z = l == last ? out : tape->value + place(net, tape, l);
    fill_bias(&y, net->network.sigma_b, w + y.bias, count, z);
    /* z ← σ_w/√n W φ(z of the layer below) + z */
    multiply(y.rows, count, y.cols, y.scale, plain(w, y.rows), plain(input_of(net, tape, l, x), y.cols),
             (target){1.0, z, y.rows});
    if (l < last) wl_phi_apply(&net->network, y.rows * count, z, tape->slope + place(net, tape, l));
  }
}

/* Gradient of one layer: into ← beta · into + alpha · (σ_w/√n δ aᵀ, σ_b Σ δ) */
static void layer_gradient(const layer *y, double sigma_b, int64_t count, const double *delta, const double *input,
                           double alpha, double beta, double *into) {
  multiply(y->rows, y->cols, count, alpha * y->scale, plain(delta, y->rows), transposed(input, y->cols),
           (target){beta, into, y->rows});
  double *b = into + y->bias;
  for (int64_t i = 0; i < y->rows; i++) {
    double sum = 0.0;
    for (int64_t j = 0; j < count; j++) sum += delta[j * y->rows + i];
    b[i] = (beta == 0.0 ? 0.0 : beta * b[i]) + alpha * sigma_b * sum;
  }
}

void wl_net_backward(const wl_net *net, const double *parameters, const double *x, wl_tape *tape,
                     const double *cotangent, double alpha, double beta, double *into) {
  const double *delta = cotangent;
  double *next = tape->delta, *spare = tape->second;
  for (int l = net->network.depth - 1; l >= 0; l--) {
    const layer y = layer_of(net, l);
    const int64_t offset = wl_net_offset(net, l);
    layer_gradient(&y, net->network.sigma_b, tape->count, delta, input_of(net, tape, l, x), alpha, beta,
                   into + offset);
    if (l == 0) break;
    /* δ of the layer below: σ_w/√n Wᵀ δ ∘ φ' */
    multiply(y.cols, tape->count, y.rows, y.scale, transposed(parameters + offset, y.rows), plain(delta, y.rows),
             (target){0.0, next, y.cols});
    multiply_elements(y.cols * tape->count, tape->slope + place(net, tape, l - 1), next);
    delta = next;
    next = spare;
    spare = (double *)delta;
  }
}

/* Columns of a layer whose weights and velocities together stay in a core's cache of half a megabyte. */
static int64_t panel_of(const layer *y) {
  const int64_t columns = 24576 / y->rows;
  return columns < 8 ? 8 : columns < y->cols ? columns : y->cols;
}

/* v ← momentum v − step ∇ */
typedef struct pace {
  double step, momentum;
} pace;

/* δ of the layer below (next; NULL: none), then v and W of one layer: a panel of columns at a time, so that each panel
   comes from memory once for all three. */
static void step_layer(const layer *y, int64_t count, const double *delta, const double *input, pace at, double *w,
                       double *v, double *next) {
  const int64_t panel = panel_of(y);
  for (int64_t c = 0; c < y->cols; c += panel) {
    const int64_t cols = y->cols - c < panel ? y->cols - c : panel;
    double *wc = w + c * y->rows, *vc = v + c * y->rows;
    if (next)
      multiply(cols, count, y->rows, y->scale, transposed(wc, y->rows), plain(delta, y->rows),
               (target){0.0, next + c, y->cols});
    multiply(y->rows, cols, count, -at.step * y->scale, plain(delta, y->rows), transposed(input + c, y->cols),
             (target){at.momentum, vc, y->rows});
    for (int64_t i = 0; i < cols * y->rows; i++) wc[i] += vc[i];
  }
}

static void step_bias(const layer *y, double sigma_b, int64_t count, const double *delta, double step,
                      double momentum, double *w, double *v) {
  for (int64_t i = y->bias; i < y->bias + y->rows; i++) {
    double sum = 0.0;
    for (int64_t j = 0; j < count; j++) sum += delta[j * y->rows + i - y->bias];
    v[i] = momentum * v[i] - step * sigma_b * sum;
    w[i] += v[i];
  }
}

void wl_net_step(const wl_net *net, const double *x, wl_tape *tape, const double *cotangent, double step,
                 double momentum, double *parameters, double *velocity) {
  const double *delta = cotangent;
  double *next = tape->delta, *spare = tape->second;
  for (int l = net->network.depth - 1; l >= 0; l--) {
    const layer y = layer_of(net, l);
    const int64_t offset = wl_net_offset(net, l);
    double *w = parameters + offset, *v = velocity + offset;
    step_layer(&y, tape->count, delta, input_of(net, tape, l, x), (pace){step, momentum}, w, v,
               l > 0 ? next : NULL);
    step_bias(&y, net->network.sigma_b, tape->count, delta, step, momentum, w, v);
    if (l == 0) break;
    multiply_elements(y.cols * tape->count, tape->slope + place(net, tape, l - 1), next);
    delta = next;
    next = spare;
    spare = (double *)delta;
  }
}

void wl_net_jvp(const wl_net *net, const double *parameters, const double *direction, const double *x,
                wl_tape *tape, double *out) {
  const int last = net->network.depth - 1;
  const double *below = NULL; /* tangent of the values of the layer below */
  double *next = tape->delta, *spare = tape->second;
  for (int l = 0; l <= last; l++) {
    const layer y = layer_of(net, l);
    const double *w = parameters + wl_net_offset(net, l), *v = direction + wl_net_offset(net, l);
    double *t = l == last ? out : next;
    fill_bias(&y, net->network.sigma_b, v + y.bias, tape->count, t);
    /* ż ← σ_w/√n (Ẇ a + W ȧ) + σ_b ḃ, ȧ = φ' ∘ ż of the layer below */
    multiply(y.rows, tape->count, y.cols, y.scale, plain(v, y.rows), plain(input_of(net, tape, l, x), y.cols),
             (target){1.0, t, y.rows});
    if (l > 0)
      multiply(y.rows, tape->count, y.cols, y.scale, plain(w, y.rows), plain(below, y.cols),
               (target){1.0, t, y.rows});
    if (l == last) break;
    multiply_elements(y.rows * tape->count, tape->slope + place(net, tape, l), t);
    below = t;
    next = spare;
    spare = t;
  }
}

/* gram ← scale² aᵀ a + σ_b², N × N: what the parameters of one layer contribute, but for δ·δ' */
static void layer_gram(const layer *y, double sigma_b, int64_t count, const double *input, double *gram) {
  multiply(count, count, y->cols, y->scale * y->scale, transposed(input, y->cols), plain(input, y->cols),
           (target){0.0, gram, count});
  for (int64_t i = 0; i < count * count; i++) gram[i] += sigma_b * sigma_b;
}

/* δ of the last hidden layer for every head and point: σ_w/√n W[k, :] ∘ φ', columns k·N + j */
static void start_heads(const wl_net *net, const double *parameters, const wl_tape *tape, double *delta) {
  const int last = net->network.depth - 1;
  const layer y = layer_of(net, last);
  const double *w = parameters + wl_net_offset(net, last), *slope = tape->slope + place(net, tape, last - 1);
  for (int64_t k = 0; k < net->heads; k++)
    for (int64_t j = 0; j < tape->count; j++)
      for (int64_t i = 0; i < y.cols; i++)
        delta[(k * tape->count + j) * y.cols + i] = y.scale * w[i * y.rows + k] * slope[j * y.cols + i];
}

/* lower ← lower + (δᵀδ) ∘ (gram for every pair of heads) */
static void add_products(int64_t heads, int64_t count, const double *deltas, const double *gram, double *lower) {
  const int64_t size = heads * count;
  for (int64_t c = 0; c < size; c++)
    for (int64_t k = 0; k < heads; k++)
      for (int64_t j = 0; j < count; j++) {
        const int64_t at = c * size + k * count + j;
        lower[at] += deltas[at] * gram[c % count * count + j];
      }
}

/* The sum over the hidden layers, from the last to the first. Work: two times width × KN, KN × KN and N × N. */
static void sum_layers(const wl_net *net, const double *parameters, const double *x, const wl_tape *tape,
                       double *work, double *lower) {
  const int64_t N = tape->count, size = net->heads * N;
  double *delta = work, *next = delta + net->width * size, *deltas = next + net->width * size,
         *gram = deltas + size * size;
  memset(lower, 0, sizeof(double) * (size_t)(size * size));
  start_heads(net, parameters, tape, delta);
  for (int l = net->network.depth - 2; l >= 0; l--) {
    const layer y = layer_of(net, l);
    layer_gram(&y, net->network.sigma_b, N, input_of(net, tape, l, x), gram);
    multiply(size, size, y.rows, 1.0, transposed(delta, y.rows), plain(delta, y.rows),
             (target){0.0, deltas, size});
    add_products(net->heads, N, deltas, gram, lower);
    if (l == 0) break;
    multiply(y.cols, size, y.rows, y.scale, transposed(parameters + wl_net_offset(net, l), y.rows),
             plain(delta, y.rows), (target){0.0, next, y.cols});
    for (int64_t k = 0; k < net->heads; k++)
      multiply_elements(y.cols * N, tape->slope + place(net, tape, l - 1), next + k * y.cols * N);
    double *swap = delta;
    delta = next;
    next = swap;
  }
}

wl_error wl_net_kernels(const wl_net *net, const double *parameters, const double *x, wl_tape *tape, double *kappa,
                        double *lower) {
  const int last = net->network.depth - 1;
  const layer y = layer_of(net, last);
  layer_gram(&y, net->network.sigma_b, tape->count, input_of(net, tape, last, x), kappa);
  if (!lower) return WL_OK;
  const size_t N = (size_t)tape->count, size = (size_t)net->heads * N, rows = (size_t)net->width;
  double *work = malloc(sizeof(double) * (2 * rows * size + size * size + N * N));
  if (!work)
    WL_FAIL(WL_ERROR_MEMORY, "finite networks: no memory for the tangent kernel of %lld heads at %lld points",
            (long long)net->heads, (long long)tape->count);
  sum_layers(net, parameters, x, tape, work, lower);
  free(work);
  return WL_OK;
}
