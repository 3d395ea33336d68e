/*
 * Measures the rates of plan.h: each kernel in the shape in which the program runs it, on all ranks at once. The
 * median of several samples counts (of messages the fastest), and of the ranks the slowest.
 */
#define _GNU_SOURCE
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/machine.h"
#include "base/random.h"
#include "base/util.h"
#include "cost/plan.h"
#include "dist/scalapack.h"

enum {
  SAMPLES = 7,
  GEMM = 1024,      /* order of the large products */
  ROWS = 2048,      /* of a panel */
  NRHS = 512,       /* right-hand sides: test points on a rank */
  MESSAGE = 1 << 21 /* bytes of a long message */
};
static const int64_t room = 1 << 24;       /* doubles: more than any cache of one core holds */
static const double enough = 0.02;         /* seconds a sample */
static const int blocks[] = {32, 96, 192}; /* block widths that the rates are fitted to */
enum { BLOCKS = sizeof blocks / sizeof *blocks };

typedef struct bench {
  MPI_Comm comm;
  wl_node node;
  int rank, ranks;
  double *memory;     /* `room` numbers */
  int64_t turn;       /* products walk through the memory, as the program does */
  int width, partner; /* block; distance of the rank to talk to */
  int64_t bytes;
  wl_kernel_points *points;
  double *work;
  bool want_theta;
} bench;

typedef void (*kernel)(bench *);

static double processor_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/*
 * Seconds of one call, the median: a processor keeps up its best for moments, a run lasts. BLAS with threads goes by the
 * clock on the wall.
 */
static double time_kernel(bench *b, kernel call) {
  double taken[SAMPLES];
  const bool wall = wl_blas_threads() > 1;
  call(b);
  int64_t calls = 1;
  for (int sample = 0; sample < SAMPLES;) {
    MPI_Barrier(b->comm);
    const double began = wall ? MPI_Wtime() : processor_seconds();
    for (int64_t i = 0; i < calls; i++) call(b);
    double seconds = (wall ? MPI_Wtime() : processor_seconds()) - began;
    MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, b->comm);
    if (seconds < enough && calls < 1 << 20) {
      calls *= 2;
      continue;
    }
    taken[sample++] = seconds / (double)calls;
  }
  qsort(taken, SAMPLES, sizeof *taken, compare);
  return taken[SAMPLES / 2];
}

/* ---- products ------------------------------------------------------------------------------------------------- */

/* Where the next C of so many numbers goes: not what the cache holds from the last time. */
static double *next_place(bench *b, int64_t size) {
  const int64_t first = room / 2, slots = (room - first) / size;
  return b->memory + first + b->turn++ % slots * size;
}

static void gemm(bench *b) {
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, GEMM, GEMM, GEMM, -1.0, b->memory, GEMM,
              b->memory + GEMM * GEMM, GEMM, 1.0, next_place(b, GEMM * GEMM), GEMM);
}

/* C − X Yᵀ with as many columns as the factorization's update takes at once */
static void update(bench *b) {
  const int n = 8 * b->width;
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, ROWS, n, b->width, -1.0, b->memory, ROWS,
              b->memory + ROWS * b->width, n, 1.0, next_place(b, (int64_t)ROWS * n), ROWS);
}

/* The same for the triangle where those columns meet the diagonal: by halves, down to the tiles. */
static void triangle(const double *x, double *c, int count, int width, int ld) {
  const int half = count / 2 * width;
  if (count == 1) {
    cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, width, width, -1.0, x, ld, 1.0, c, ld);
    return;
  }
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, half, half, width, -1.0, x + half, ld, x, ld, 1.0, c + half,
              ld);
  triangle(x, c, count / 2, width, ld);
  triangle(x + half, c + half + (int64_t)half * ld, count / 2, width, ld);
}

static void corner(bench *b) {
  const int ld = 8 * b->width;
  triangle(b->memory, next_place(b, (int64_t)ld * ld), 8, b->width, ld);
}

static void push(bench *b) {
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, ROWS, NRHS, b->width, -1.0, b->memory, ROWS,
              b->memory + ROWS * b->width, b->width, 1.0, next_place(b, ROWS * NRHS), ROWS);
}

static void pull(bench *b) {
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, b->width, NRHS, ROWS, 1.0, b->memory, ROWS,
              next_place(b, ROWS * NRHS), ROWS, 1.0, b->memory + ROWS * b->width, b->width);
}

/* S L⁻ᵀ with the unit matrix for L: the same work, and no number grows. */
static void set_unit(bench *b, double *tile) {
  for (int j = 0; j < b->width; j++)
    for (int i = 0; i < b->width; i++) tile[i + j * b->width] = i == j;
}

static void panel(bench *b) {
  cblas_dtrsm(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, ROWS, b->width, 1.0, b->memory,
              b->width, next_place(b, (int64_t)ROWS * b->width), ROWS);
}

static void tile(bench *b) { wl_potrf_tile(WL_TRIANGLE_LOWER, b->width, b->memory, b->width); }

/* r∞ and h of r(b) = r∞ b / (b + h), that is 1/r = 1/r∞ + (h/r∞)/b, by least squares of the relative error. */
static void fit(const double *rate, double *gflops, double *half) {
  double s = 0.0, sx = 0.0, sxx = 0.0, sy = 0.0, sxy = 0.0;
  for (int i = 0; i < BLOCKS; i++) {
    const double x = 1.0 / blocks[i], y = 1.0 / rate[i], weight = rate[i] * rate[i];
    s += weight;
    sx += weight * x;
    sxx += weight * x * x;
    sy += weight * y;
    sxy += weight * x * y;
  }
  const double slope = fmax(0.0, (s * sxy - sx * sy) / (s * sxx - sx * sx)), start = (sy - slope * sx) / s;
  const double fastest = fmax(rate[0], fmax(rate[1], rate[2]));
  *gflops = start > 0.5 / fastest ? 1.0 / start : 2.0 * fastest; /* a slope of noise must not promise wonders */
  *half = slope * *gflops;
}

static void measure_blocked(bench *b, kernel call, double (*flops)(double), double *gflops, double *half) {
  double rate[BLOCKS];
  for (int i = 0; i < BLOCKS; i++) {
    b->width = blocks[i];
    set_unit(b, b->memory);
    rate[i] = 1e-9 * flops(b->width) / time_kernel(b, call);
  }
  fit(rate, gflops, half);
}

static double update_flops(double w) { return 2.0 * ROWS * 8.0 * w * w; }
static double corner_flops(double w) { return 8.0 * w * (8.0 * w + 1.0) * w; }
static double panel_product_flops(double w) { return 2.0 * ROWS * NRHS * w; }
static double panel_flops(double w) { return ROWS * w * w; }
static double tile_flops(double w) { return w * w * w / 3.0; }

/* ---- memory --------------------------------------------------------------------------------------------------- */

static void read_memory(bench *b) {
  const int rows = 4096, columns = (int)(room / rows / 2);
  cblas_dgemv(CblasColMajor, CblasNoTrans, rows, columns, 1e-300, b->memory, rows, b->memory + room / 2, 1, 1.0,
              b->memory + room / 2 + columns, 1);
}

static void copy_memory(bench *b) { memcpy(b->memory, b->memory + room / 2, sizeof(double) * (size_t)(room / 2)); }

/* Pages that the system must first provide, huge ones where it has them. */
static void touch_memory(bench *b) {
  double *fresh = aligned_numbers(room / 4);
  if (!fresh) return;
  for (int64_t i = 0; i < room / 4; i += 8) fresh[i] = 1.0;
  b->memory[0] += fresh[room / 8];
  free(fresh);
}

static void inputs(bench *b) {
  for (int i = 0; i < 1000; i++)
    b->memory[i] = wl_random_normal(0, WL_STREAM_SYNTHETIC_TRAIN, (uint64_t)b->turn++, (uint64_t)i);
}

/* ---- messages ------------------------------------------------------------------------------------------------- */

/* All ranks send to a neighbour at once. */
static void message(bench *b) {
  const int to = (b->rank + b->partner) % b->ranks, from = (b->rank - b->partner + b->ranks) % b->ranks;
  MPI_Sendrecv(b->memory, (int)b->bytes, MPI_BYTE, to, 0, b->memory + room / 2, (int)b->bytes, MPI_BYTE, from, 0,
               b->comm, MPI_STATUS_IGNORE);
}

/* Seconds of one exchange: the fastest of many, each by itself, for on a busy machine both ranks are seldom there. */
static double time_exchange(bench *b, int64_t bytes, int tries) {
  double best = HUGE_VAL;
  b->bytes = bytes;
  message(b);
  for (int i = 0; i < tries; i++) {
    const double began = MPI_Wtime();
    message(b);
    best = fmin(best, MPI_Wtime() - began);
  }
  MPI_Allreduce(MPI_IN_PLACE, &best, 1, MPI_DOUBLE, MPI_MAX, b->comm);
  return best;
}

static void measure_messages(bench *b, int partner, double flows, double *latency_us, double *gbytes) {
  b->partner = partner;
  *latency_us = 1e6 * time_exchange(b, 8, 2000);
  *gbytes = 1e-9 * MESSAGE * flows / time_exchange(b, MESSAGE, 200); /* the latency in it is small */
}

/* ---- kernel entries ------------------------------------------------------------------------------------------- */

enum { TILE = 192, DIMENSION = 16 };

static void entries(bench *b) {
  double *place = next_place(b, TILE * TILE);
  wl_network_tile_split((wl_point_range){b->points, 0, TILE}, (wl_point_range){b->points, TILE, TILE},
                        (wl_tile){b->want_theta ? NULL : place, TILE},
                        (wl_tile){b->want_theta ? place : NULL, TILE}, b->work);
}

/* ns an entry of a network. */
static wl_error entry_ns(bench *b, const wl_network *network, bool theta, double *ns) {
  double x[2 * TILE * DIMENSION];
  for (int i = 0; i < 2 * TILE * DIMENSION; i++)
    x[i] = wl_random_normal(0, WL_STREAM_SYNTHETIC_TRAIN, (uint64_t)i, 0);
  b->want_theta = theta;
  b->work = malloc(sizeof(double) * wl_network_tile_work(network, TILE, TILE));
  wl_error error = wl_kernel_points_create(network, 2 * TILE, DIMENSION, x, NULL, &b->points);
  if (error == WL_OK && !b->work) error = wl_error_set(WL_ERROR_MEMORY, "calibration: out of memory");
  error = wl_error_agree(b->comm, error);
  if (error == WL_OK) *ns = 1e9 * time_kernel(b, entries) / (TILE * TILE);
  wl_kernel_points_destroy(&b->points);
  free(b->work);
  return error;
}

/* first + (L − 1) layer, from two depths */
static wl_error measure_entry(bench *b, wl_activation activation, bool theta, double products,
                              wl_entry_cost *cost) {
  const int shallow = 2, deep = 5;
  double low = 0.0, high = 0.0;
  wl_network network = wl_network_default();
  network.activation = activation;
  network.depth = shallow;
  WL_TRY(entry_ns(b, &network, theta, &low));
  network.depth = deep;
  WL_TRY(entry_ns(b, &network, theta, &high));
  cost->layer = fmax(0.0, (high - low) / (deep - shallow));
  cost->first = fmax(0.0, low - products - (shallow - 1) * cost->layer);
  return WL_OK;
}

/* ns an entry, κ and Θ, of dense, erf(z + c), dense. */
static wl_error shifted_ns(bench *b, double c, double *ns) {
  const wl_layer dense = {.kind = WL_LAYER_DENSE, .sigma_w = 1.4, .sigma_b = 0.1},
                 erf = {.kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_ERF, .c = c};
  wl_network network = wl_network_default();
  network.layer_count = 3;
  network.layer[0] = network.layer[2] = dense;
  network.layer[1] = erf;
  return entry_ns(b, &network, true, ns);
}

/* Terms of its series grow with c, by as many each time. */
static wl_error measure_shift(bench *b, wl_speeds *s) {
  const double none = 0.0, small = 1.0, large = 6.0, least = 0.01;
  double ns[3];
  WL_TRY(shifted_ns(b, none, &ns[0]));
  WL_TRY(shifted_ns(b, small, &ns[1]));
  WL_TRY(shifted_ns(b, large, &ns[2]));
  s->shift_more_ns = fmax(least, (ns[2] - ns[1]) / (large - small));
  s->shift_ns = fmax(least, ns[1] - ns[0] - small * s->shift_more_ns);
  return WL_OK;
}

static wl_error measure_entries(bench *b, wl_speeds *s) {
  const double products = 2.0 * DIMENSION / s->gemm_gflops;
  for (int a = 0; a < WL_ACTIVATION_COUNT; a++) {
    WL_TRY(measure_entry(b, (wl_activation)a, false, products, &s->kappa[a]));
    WL_TRY(measure_entry(b, (wl_activation)a, true, products, &s->theta[a]));
  }
  return measure_shift(b, s);
}

/* ---- all -------------------------------------------------------------------------------------------------------- */

static void measure_rates(bench *b, wl_speeds *s) {
  const double half = sizeof(double) * (double)(room / 2);
  s->gemm_gflops = 2e-9 * GEMM * GEMM * GEMM / time_kernel(b, gemm);
  measure_blocked(b, update, update_flops, &s->update_gflops, &s->update_half);
  measure_blocked(b, corner, corner_flops, &s->corner_gflops, &s->corner_half);
  measure_blocked(b, push, panel_product_flops, &s->push_gflops, &s->push_half);
  measure_blocked(b, pull, panel_product_flops, &s->pull_gflops, &s->pull_half);
  measure_blocked(b, panel, panel_flops, &s->panel_gflops, &s->panel_half);
  measure_blocked(b, tile, tile_flops, &s->tile_gflops, &s->tile_half);
  s->read_gbytes = 1e-9 * half / time_kernel(b, read_memory);
  s->copy_gbytes = 2e-9 * half / time_kernel(b, copy_memory);
  s->touch_gbytes = 1e-9 * half / 2.0 / time_kernel(b, touch_memory);
  s->input_ns = 1e6 * time_kernel(b, inputs);
}

/* All nodes have as many ranks: only then has every rank a partner at the same distance. */
static bool are_even(const bench *b) {
  int most[2] = {b->node.ranks, -b->node.ranks};
  MPI_Allreduce(MPI_IN_PLACE, most, 2, MPI_INT, MPI_MAX, b->comm);
  return most[0] == -most[1];
}

wl_error wl_speeds_measure(MPI_Comm comm, wl_speeds *s, bool *measured_local, bool *measured_network) {
  bench b = {.comm = comm, .node = wl_node_find(comm), .memory = malloc(sizeof(double) * (size_t)room)};
  MPI_Comm_rank(comm, &b.rank);
  MPI_Comm_size(comm, &b.ranks);
  wl_error error = b.memory ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "calibration: out of memory");
  error = wl_error_agree(comm, error);
  const bool even = are_even(&b), local = even && b.node.ranks > 1, network = even && b.node.nodes > 1;
  if (error == WL_OK) {
    for (int64_t i = 0; i < room; i++) b.memory[i] = 1.0 / (double)(i % 1000 + 1);
    measure_rates(&b, s);
    if (local) measure_messages(&b, 1, 1.0, &s->local_latency_us, &s->local_gbytes);
    if (network) measure_messages(&b, b.node.ranks, b.node.ranks, &s->network_latency_us, &s->network_gbytes);
    error = measure_entries(&b, s);
  }
  if (measured_local) *measured_local = local;
  if (measured_network) *measured_network = network;
  free(b.memory);
  return error;
}
