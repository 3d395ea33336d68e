/*
 * The plan on the console and as JSON.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "base/log.h"
#include "pipeline/plan_report.h"

static const struct {
  const char *name, *json;
  size_t offset;
} arrays[] = {{"matrix", "matrix", offsetof(wl_memory, matrix)},
              {"eigenvectors", "eigenvectors", offsetof(wl_memory, eigenvectors)},
              {"panels", "panels", offsetof(wl_memory, panels)},
              {"inputs", "points", offsetof(wl_memory, points)},
              {"targets", "targets", offsetof(wl_memory, targets)},
              {"covariance", "square", offsetof(wl_memory, square)},
              {"solutions", "solutions", offsetof(wl_memory, solutions)},
              {"draws", "samples", offsetof(wl_memory, samples)},
              {"certificate", "certificate", offsetof(wl_memory, certificate)},
              {"libraries", "libraries", offsetof(wl_memory, libraries)}};
enum { ARRAYS = sizeof arrays / sizeof *arrays };

static double bytes_at(const wl_memory *m, int i) {
  double bytes;
  memcpy(&bytes, (const char *)m + arrays[i].offset, sizeof bytes);
  return bytes;
}

static const char *plural(int64_t count) { return count == 1 ? "" : "s"; }

/* ---- the console ------------------------------------------------------------------------------------------------ */

static void print_head(const wl_plan *plan) {
  const wl_data_shape *s = &plan->search.shape;
  const wl_calibration *c = &plan->calibration;
  const wl_plan_options *o = &plan->options;
  const wl_search_point *p = &plan->chosen;
  char memory[32];
  wl_log_line("widelimit %s   plan: %s", WIDELIMIT_VERSION, plan->config->name);
  wl_log_text(11, "  data     %lld training points, %lld test points, dimension %lld, %lld output%s",
              (long long)s->train, (long long)s->test, (long long)s->dimension, (long long)s->outputs,
              plural(s->outputs));
  if (plan->search.known > 0)
    wl_log_text(11, "  factor   of the first %lld training points, in %s", (long long)plan->search.known,
                o->factor);
  wl_log_text(11, "  nodes    of %d core%s%s and %s%s", plan->search.cores_per_node,
              plural(plan->search.cores_per_node), o->cores_per_node ? "" : " (as here)",
              wl_format_bytes(plan->search.memory_per_node, memory, sizeof memory),
              o->memory_per_node > 0.0 ? "" : " (free here now)");
  if (o->calibration)
    wl_log_text(11, "  rates    of %d rank%s on %d node%s, BLAS kernel %s, %d thread%s a rank", c->ranks,
                plural(c->ranks), c->nodes, plural(c->nodes), c->blas_kernel, c->threads, plural(c->threads));
  else
    wl_log_line("  rates    built in, not measured here (widelimit bench --calibrate does)");
  for (int i = 0; i < o->assumption_count; i++) wl_log_line("  assumed  %s", o->assumptions[i]);
  wl_log_text(
      11,
      "  ranks    %lld on %lld node%s, grid %d x %d, block %d, %lld test points at a time", /* as the run says it */
      (long long)p->ranks, (long long)p->nodes, plural(p->nodes), p->grid.rows, p->grid.columns, p->grid.block,
      (long long)p->batch);
  if ((int64_t)p->ranks_per_node * plan->search.threads > plan->search.cores_per_node)
    wl_log_line("           %d ranks of %d thread%s take turns on %d cores", p->ranks_per_node,
                plan->search.threads, plural(plan->search.threads), plan->search.cores_per_node);
}

static void print_memory(const wl_plan *plan) {
  const wl_search_point *p = &plan->chosen;
  char rank[32], node[32];
  wl_log_line("\n  memory           a rank       a node");
  for (int i = 0; i < ARRAYS; i++)
    if (bytes_at(&p->rank, i) > 0.0)
      wl_log_line("  %-12s %10s  %11s", arrays[i].name, wl_format_bytes(bytes_at(&p->rank, i), rank, sizeof rank),
                  wl_format_bytes(bytes_at(&p->node, i), node, sizeof node));
  wl_log_line("  %-11s %11s  %11s  %s", "all", wl_format_bytes(wl_memory_sum(&p->rank), rank, sizeof rank),
              wl_format_bytes(wl_memory_sum(&p->node), node, sizeof node),
              p->fits_memory ? "fits" : "DOES NOT FIT");
  wl_log_line("  32-bit local indices: %lld of 2147483647 entries, %s", (long long)p->largest_share,
              p->fits_indices ? "fits" : "TOO MANY");
}

static void print_time(const wl_plan *plan) {
  const wl_search_point *p = &plan->chosen;
  char total[32];
  wl_log_line("\n  phase             seconds");
  for (int i = 0; i < WL_PHASE_COUNT; i++)
    if (p->estimate.seconds[i] > 0.0)
      wl_log_line("  %-14s %10.3f", wl_phase_name((wl_phase)i), p->estimate.seconds[i]);
  wl_log_line("  %-14s %10.3f  that is %s, at %.1f Gflop/s", "all", p->estimate.total,
              wl_format_seconds(p->estimate.total, total, sizeof total),
              1e-9 * p->estimate.flops / p->estimate.total);
  wl_log_text(
      2,
      "  saved if one cost nothing: compute %.0f %%, memory speed %.0f %%, bandwidth %.0f %%, latency %.0f %%, "
      "files %.0f %%",
      100.0 * p->share[WL_LIMIT_COMPUTE], 100.0 * p->share[WL_LIMIT_MEMORY_SPEED],
      100.0 * p->share[WL_LIMIT_BANDWIDTH], 100.0 * p->share[WL_LIMIT_LATENCY], 100.0 * p->share[WL_LIMIT_FILES]);
}

/* What the engines take, and the advice to change where that saves more than a tenth. */
static void print_engines(const wl_plan *plan) {
  if (wl_job_is_iterative(plan->config)) {
    const wl_work work = wl_job_work(plan->search.config, &plan->search.shape, plan->chosen.batch);
    wl_log_text(
        2,
        "  solver iterative, rank %lld: supposes %lld passes for each batch of %lld test points; time goes with "
        "them",
        (long long)work.rank, (long long)work.passes, (long long)plan->chosen.batch);
    return;
  }
  const double *seconds = plan->chosen.seconds_by;
  const wl_engine chosen = plan->config->engine,
                  other = chosen == WL_ENGINE_SCALAPACK ? WL_ENGINE_LOOKAHEAD : WL_ENGINE_SCALAPACK;
  char by[2][32];
  wl_log_line("  engine %s %s, %s %s%s%s", wl_engine_name(chosen),
              wl_format_seconds(seconds[chosen], by[0], sizeof by[0]), wl_engine_name(other),
              wl_format_seconds(seconds[other], by[1], sizeof by[1]),
              seconds[other] < 0.9 * seconds[chosen] ? ": set engine: " : "",
              seconds[other] < 0.9 * seconds[chosen] ? wl_engine_name(other) : "");
}

static void print_curve(const wl_plan *plan) {
  if (plan->curve.count == 0) return;
  wl_log_line("\n   nodes     ranks        grid   time         of ideal   node hours  waits for");
  for (int i = 0; i < plan->curve.count; i++) {
    const wl_search_point *p = &plan->curve.point[i];
    char time[32], shape[32];
    snprintf(shape, sizeof shape, "%d x %d", p->grid.rows, p->grid.columns);
    wl_log_line("  %6lld %9lld %11s   %-12s %6.0f %% %c %10.4g  %s", (long long)p->nodes, (long long)p->ranks,
                shape, wl_format_seconds(p->estimate.total, time, sizeof time), 100.0 * p->efficiency,
                i == plan->curve.knee ? '<' : ' ', (double)p->nodes * p->estimate.total / 3600.0,
                wl_limit_name(p->limit));
  }
  wl_log_text(2, "  smallest that fits: %lld node%s; more than %lld (<) cost over twice the node hours",
              (long long)plan->curve.smallest, plural(plan->curve.smallest),
              (long long)plan->curve.point[plan->curve.knee].nodes);
}

void wl_plan_print(const wl_plan *plan) {
  print_head(plan);
  print_memory(plan);
  print_time(plan);
  print_engines(plan);
  print_curve(plan);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static json_t *memory_object(const wl_memory *m) {
  json_t *o = json_object();
  for (int i = 0; i < ARRAYS; i++) json_object_set_new(o, arrays[i].json, json_real(bytes_at(m, i)));
  json_object_set_new(o, "all", json_real(wl_memory_sum(m)));
  return o;
}

static json_t *point_object(const wl_search_point *p) {
  json_t *seconds = json_object(), *without = json_object(), *engines = json_object();
  for (int i = 0; i < WL_PHASE_COUNT; i++)
    if (p->estimate.seconds[i] > 0.0)
      json_object_set_new(seconds, wl_phase_name((wl_phase)i), json_real(p->estimate.seconds[i]));
  json_object_set_new(seconds, "wall", json_real(p->estimate.total));
  for (int i = 0; i < WL_LIMIT_COUNT; i++)
    json_object_set_new(without, wl_limit_name((wl_limit)i), json_real(p->share[i]));
  json_t *o = json_pack("{s:I, s:I, s:i, s:i, s:i, s:i, s:I, s:b, s:b, s:I}", "nodes", (json_int_t)p->nodes,
                        "ranks", (json_int_t)p->ranks, "ranks_per_node", p->ranks_per_node, "grid_rows",
                        p->grid.rows, "grid_columns", p->grid.columns, "block", p->grid.block, "test_batch",
                        (json_int_t)p->batch, "fits_memory", p->fits_memory, "fits_indices", p->fits_indices,
                        "largest_share", (json_int_t)p->largest_share);
  json_object_set_new(o, "bytes_rank", memory_object(&p->rank));
  json_object_set_new(o, "bytes_node", memory_object(&p->node));
  json_object_set_new(o, "seconds", seconds);
  json_object_set_new(o, "gflops", json_real(1e-9 * p->estimate.flops / p->estimate.total));
  for (int e = 0; e < WL_ENGINE_COUNT; e++)
    json_object_set_new(engines, wl_engine_name((wl_engine)e), json_real(p->seconds_by[e]));
  json_object_set_new(o, "seconds_by_engine", engines);
  json_object_set_new(o, "seconds_row_major", json_real(p->seconds_row_major));
  json_object_set_new(o, "limit", json_string(wl_limit_name(p->limit)));
  json_object_set_new(o, "saved_without", without);
  if (p->efficiency > 0.0) json_object_set_new(o, "efficiency", json_real(p->efficiency));
  return o;
}

wl_error wl_plan_write_json(const wl_plan *plan, const char *path) {
  json_t *curve = json_array();
  for (int i = 0; i < plan->curve.count; i++) json_array_append_new(curve, point_object(&plan->curve.point[i]));
  json_t *root = json_pack(
      "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:f, s:o, s:o, s:I, s:I}", "version", WIDELIMIT_VERSION,
      "name", plan->config->name, "train", (json_int_t)plan->search.shape.train, "test",
      (json_int_t)plan->search.shape.test, "dimension", (json_int_t)plan->search.shape.dimension, "outputs",
      (json_int_t)plan->search.shape.outputs, "known", (json_int_t)plan->search.known, "cores_per_node",
      plan->search.cores_per_node, "threads", plan->search.threads, "bytes_per_node", plan->search.memory_per_node,
      "plan", point_object(&plan->chosen), "curve", curve, "smallest_nodes", (json_int_t)plan->curve.smallest,
      "knee_nodes", (json_int_t)(plan->curve.count > 0 ? plan->curve.point[plan->curve.knee].nodes : 0));
  const wl_error error = wl_json_file_write(root, path, 6);
  json_decref(root);
  return error;
}
