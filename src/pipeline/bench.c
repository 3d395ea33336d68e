/*
 * `widelimit bench`: how fast each phase runs beside the matrix products of the same machine, in one run.
 *
 * The yardstick is the sum over all ranks of the DGEMM rate that each reaches while all of them multiply at once.
 */
#include "pipeline/bench.h"

#include <cblas.h>
#include <jansson.h>
#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/random.h"
#include "cost/calibration.h"
#include "cost/capacity.h"
#include "inference/model.h"

enum { GEMM_ORDER = 1536, GEMM_REPEATS = 7 };

/* Seconds of the phases of one whole run, and the work in them. */
typedef struct timing {
  double cholesky, assembly, factor_theta, predict_theta, factor_kappa, predict_kappa, run;
} timing;

typedef struct bench {
  MPI_Comm comm;
  int rank, ranks;
  wl_bench_options options;
  wl_node node;
  wl_grid *grid;
  wl_network network;
  int64_t n;
} bench;

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, compare);
  return count % 2 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
}

/* Gflop/s of all ranks together, each multiplying square matrices of its own at the same time. */
static wl_error dgemm_rate(const bench *b, double *gflops) {
  const int k = GEMM_ORDER;
  const size_t size = (size_t)k * (size_t)k;
  double *x = malloc(3 * size * sizeof(double)), seconds[GEMM_REPEATS];
  wl_error error = x ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "bench: out of memory");
  error = wl_error_agree(b->comm, error);
  for (size_t i = 0; error == WL_OK && i < 3 * size; i++) x[i] = 1.0 / (double)(i % 1000 + 1);
  for (int r = -1; error == WL_OK && r < GEMM_REPEATS; r++) { /* the first one warms up */
    MPI_Barrier(b->comm);
    const double began = MPI_Wtime();
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, k, k, k, 1.0, x, k, x + size, k, 0.0, x + 2 * size, k);
    if (r >= 0) seconds[r] = MPI_Wtime() - began;
  }
  free(x);
  if (error != WL_OK) return error;
  *gflops = 2.0 * (double)k * (double)k * (double)k / median(seconds, GEMM_REPEATS) / 1e9;
  MPI_Allreduce(MPI_IN_PLACE, gflops, 1, MPI_DOUBLE, MPI_SUM, b->comm);
  return WL_OK;
}

static wl_error read_random(void *context, int64_t first, int64_t count, double *rows) {
  const bench *b = context;
  for (int64_t i = 0; i < count; i++)
    for (int64_t k = 0; k < b->options.dimension; k++)
      rows[i * b->options.dimension + k] =
          wl_random_normal(0, WL_STREAM_SYNTHETIC_TRAIN, (uint64_t)(first + i), (uint64_t)k);
  return WL_OK;
}

static wl_error read_random_test(void *context, int64_t first, int64_t count, double *rows) {
  return read_random(context, first + ((int64_t)1 << 40), count, rows);
}

static double lap(MPI_Comm comm, double *since) {
  MPI_Barrier(comm);
  const double now = MPI_Wtime(), seconds = now - *since;
  *since = now;
  return seconds;
}

/* Points and targets of one size. */
typedef struct inputs {
  wl_points *train, *test;
  wl_matrix *targets;
} inputs;

static wl_error factor(wl_model *model, wl_prior prior) {
  const wl_error error = wl_model_factor(model, prior);
  malloc_trim(0);
  return error;
}

/* Assembles, factors and predicts everything once. */
static wl_error time_phases(bench *b, const inputs *in, wl_engine engine, timing *t) {
  wl_model *model = NULL;
  wl_prediction p = {0};
  wl_error error;
  wl_model_options all = {.engine = engine, .quantity = {true, true, true, true, true}};
  double since;
  MPI_Barrier(b->comm);
  const double began = since = MPI_Wtime();
  WL_GOTO(error, done, wl_model_create(&all, in->train, in->targets, &model));
  t->assembly = lap(b->comm, &since);
  WL_GOTO(error, done, factor(model, WL_PRIOR_THETA));
  t->factor_theta = lap(b->comm, &since);
  WL_GOTO(error, done, wl_model_predict_batch(model, in->test, 0, NULL, &p));
  wl_prediction_clear(&p);
  t->predict_theta = lap(b->comm, &since);
  WL_GOTO(error, done, factor(model, WL_PRIOR_KAPPA));
  t->factor_kappa = lap(b->comm, &since);
  t->cholesky = 0.5 * (wl_model_evidence(model, WL_PRIOR_THETA)->factor.seconds +
                       wl_model_evidence(model, WL_PRIOR_KAPPA)->factor.seconds);
  WL_GOTO(error, done, wl_model_predict_batch(model, in->test, 0, NULL, &p));
  t->predict_kappa = lap(b->comm, &since);
  t->run = since - began;
done:
  wl_prediction_clear(&p);
  wl_model_destroy(&model);
  return error;
}

/* Repetitions by each engine in turn: times[engine][repetition]. */
static wl_error time_size(bench *b, timing times[WL_ENGINE_COUNT][WL_BENCH_REPEATS]) {
  const wl_bench_options *o = &b->options;
  const wl_grid panels = wl_grid_for_panels(b->grid, o->test);
  inputs in = {NULL, NULL, NULL};
  wl_error error;
  WL_GOTO(error, done, wl_points_read(b->grid, &b->network, b->n, o->dimension, read_random, b, &in.train));
  WL_GOTO(error, done, wl_points_read(&panels, &b->network, o->test, o->dimension, read_random_test, b, &in.test));
  WL_GOTO(error, done, wl_matrix_create(b->grid, b->n, 1, &in.targets));
  for (int64_t i = 0; i < in.targets->ld * in.targets->local_columns; i++) in.targets->data[i] = 1.0;
  for (int r = 0; r < o->repeats; r++)
    for (int e = 0; e < WL_ENGINE_COUNT; e++)
      if (o->engine[e]) WL_GOTO(error, done, time_phases(b, &in, (wl_engine)e, &times[e][r]));
done:
  wl_matrix_destroy(&in.targets);
  wl_points_destroy(&in.test);
  wl_points_destroy(&in.train);
  return error;
}

static double median_of(const timing *times, int count, size_t member) {
  double values[WL_BENCH_REPEATS];
  for (int r = 0; r < count; r++) memcpy(&values[r], (const char *)&times[r] + member, sizeof(double));
  return median(values, count);
}

static void print_rate(const char *what, double seconds, double gflop, double dgemm) {
  wl_log_line("  %-14s %10.3f  %8.1f   %7.1f %%", what, seconds, gflop / seconds, 100.0 * gflop / seconds / dgemm);
}

/* The medians, printed and as JSON. */
static json_t *report(const bench *b, wl_engine engine, const timing *times, double dgemm, double peak) {
  const int r = b->options.repeats;
  const double n = (double)b->n, m = (double)b->options.test, cholesky = n * n * n / 3e9;
#define WL_MEDIAN(member) median_of(times, r, offsetof(timing, member))
  const double assembly = WL_MEDIAN(assembly), theta = WL_MEDIAN(factor_theta), kappa = WL_MEDIAN(factor_kappa);
  const double predict_theta = WL_MEDIAN(predict_theta), predict_kappa = WL_MEDIAN(predict_kappa),
               run = WL_MEDIAN(run);
  const double factor = WL_MEDIAN(cholesky), work = 2.0 * cholesky + 5.0 * n * n * m / 1e9;
#undef WL_MEDIAN
  char bytes[32], matrix[32];
  wl_log_line("\n  engine %s, n = %lld, %lld test points, %d repetition%s (medians)", wl_engine_name(engine),
              (long long)b->n, (long long)b->options.test, r, r == 1 ? "" : "s");
  wl_log_line("  phase             seconds   Gflop/s   of DGEMM");
  wl_log_line("  %-14s %10s  %8.1f   %7.1f %%", "DGEMM", "", dgemm, 100.0);
  wl_log_line("  %-14s %10.3f         -   %7.1f %% of one Cholesky", "assembly", assembly,
              100.0 * assembly / factor);
  print_rate("Cholesky", factor, cholesky, dgemm);
  print_rate("factor theta", theta, cholesky, dgemm);
  print_rate("predict theta", predict_theta, 4.0 * n * n * m / 1e9, dgemm);
  print_rate("factor kappa", kappa, cholesky, dgemm);
  print_rate("predict kappa", predict_kappa, n * n * m / 1e9, dgemm);
  print_rate("whole run", run, work, dgemm);
  wl_log_line("  peak memory    %s over all ranks, the matrix %s", wl_format_bytes(peak, bytes, sizeof bytes),
              wl_format_bytes(8.0 * n * n, matrix, sizeof matrix));
  return json_pack("{s:s, s:I, s:I, s:I, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "engine",
                   wl_engine_name(engine), "n", (json_int_t)b->n, "test", (json_int_t)b->options.test, "dimension",
                   (json_int_t)b->options.dimension, "repeats", r, "dgemm_gflops", dgemm, "cholesky_gflops",
                   cholesky / factor, "cholesky_ratio", cholesky / factor / dgemm, "assembly_seconds", assembly,
                   "factor_seconds", factor, "predict_seconds", predict_theta + predict_kappa, "run_seconds", run,
                   "run_ratio", work / run / dgemm, "peak_rss_bytes_sum", peak, "matrix_bytes", 8.0 * n * n);
}

/* The tables of a size, one for each engine. */
static void report_size(const bench *b, timing times[WL_ENGINE_COUNT][WL_BENCH_REPEATS], double dgemm, double peak,
                        json_t *all) {
  for (int e = 0; e < WL_ENGINE_COUNT; e++) {
    if (!b->options.engine[e]) continue;
    json_t *one = report(b, (wl_engine)e, times[e], dgemm, peak);
    json_object_set_new(one, "grid_rows", json_integer(b->grid->rows));
    json_object_set_new(one, "grid_columns", json_integer(b->grid->columns));
    json_object_set_new(one, "block", json_integer(b->grid->block));
    json_array_append_new(all, one);
  }
}

/* Before anything large is allocated: by what a run of these sizes takes. */
static wl_error check_room(const bench *b) {
  const wl_bench_options *o = &b->options;
  const wl_data_shape shape = {.train = b->n, .test = o->test, .dimension = o->dimension, .outputs = 1};
  char text[160];
  wl_config *config = NULL;
  snprintf(text, sizeof text, "synthetic: {train: %lld, test: %lld, dimension: %lld}\n", (long long)shape.train,
           (long long)shape.test, (long long)shape.dimension);
  wl_error error = wl_error_agree(b->comm, wl_config_parse(text, &config));
  const wl_job job = {.config = config, .shape = &shape, .grid = b->grid, .batch = shape.test};
  if (error == WL_OK) error = wl_job_check_capacity(&job, &b->node);
  wl_config_destroy(&config);
  return error;
}

static wl_error bench_size(bench *b, json_t *all) {
  const int block = b->options.block ? b->options.block : wl_grid_choose_block(b->n, b->ranks);
  timing times[WL_ENGINE_COUNT][WL_BENCH_REPEATS];
  double before, after, peak;
  WL_TRY(wl_grid_create(b->comm, 0, 0, block, &b->grid));
  wl_error error;
  WL_GOTO(error, done, check_room(b));
  WL_GOTO(error, done, dgemm_rate(b, &before));
  WL_GOTO(error, done, time_size(b, times));
  WL_GOTO(error, done, dgemm_rate(b, &after)); /* a machine that others use drifts: the better of both */
  peak = wl_machine_peak_memory();
  MPI_Allreduce(MPI_IN_PLACE, &peak, 1, MPI_DOUBLE, MPI_SUM, b->comm);
  wl_log_line("\n  grid %d x %d, block %d; DGEMM before %.1f and after %.1f Gflop/s", b->grid->rows,
              b->grid->columns, block, before, after);
  report_size(b, times, before > after ? before : after, peak, all);
done:
  wl_grid_destroy(&b->grid);
  return error;
}

static wl_error write_json(const bench *b, json_t *sizes) {
  json_t *root =
      json_pack("{s:s, s:i, s:i, s:s, s:i, s:O}", "version", WIDELIMIT_VERSION, "ranks", b->ranks, "nodes",
                b->node.nodes, "blas_kernel", wl_blas_kernel(), "blas_threads", wl_blas_threads(), "sizes", sizes);
  const wl_error error = wl_json_file_write(root, b->options.json, 17);
  json_decref(root);
  return error;
}

/* Before the work, and not after it. */
static wl_error try_json(const bench *b) {
  const bool here = b->rank == 0 && b->options.json;
  return wl_error_agree(b->comm, here ? wl_json_file_try(b->options.json, "blas_threads") : WL_OK);
}

wl_error wl_bench_run(const wl_bench_options *options) {
  bench b = {.comm = MPI_COMM_WORLD, .options = *options, .network = wl_network_default()};
  MPI_Comm_rank(b.comm, &b.rank);
  b.node = wl_node_find(b.comm);
  wl_blas_choose_threads(&b.node);
  MPI_Comm_size(b.comm, &b.ranks);
  if (b.options.calibrate) return wl_calibrate(b.comm, &b.node, b.options.json);
  WL_TRY(try_json(&b));
  wl_log_line("widelimit %s   bench: depth 3, relu, dimension %lld", WIDELIMIT_VERSION,
              (long long)b.options.dimension);
  wl_log_text(2, "  %d rank%s on %d node%s, BLAS kernel %s, %d thread%s a rank", b.ranks, b.ranks == 1 ? "" : "s",
              b.node.nodes, b.node.nodes == 1 ? "" : "s", wl_blas_kernel(), wl_blas_threads(),
              wl_blas_threads() == 1 ? "" : "s");
  if (wl_blas_advice()) wl_log_warning("%s", wl_blas_advice());
  json_t *sizes = json_array();
  wl_error error = WL_OK;
  for (int i = 0; i < b.options.count && error == WL_OK; i++) {
    b.n = b.options.n[i];
    error = bench_size(&b, sizes);
  }
  if (error == WL_OK && b.rank == 0 && b.options.json) error = write_json(&b, sizes);
  json_decref(sizes);
  return wl_error_agree(b.comm, error);
}
