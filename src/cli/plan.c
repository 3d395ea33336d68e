/*
 * `widelimit plan`: memory, grid and time of a run before it starts, on these nodes and on others.
 */
#include "cli/plan.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "pipeline/run.h"

static const int64_t most_nodes = 1 << 16;
static const double knee_efficiency = 0.5;

/* ---- one layout ------------------------------------------------------------------------------------------------- */

static wl_error choose_grid(const wl_plan *plan, int64_t ranks, wl_grid *grid) {
  const wl_config *c = plan->config;
  int rows = c->grid.rows, columns = c->grid.columns;
  WL_TRY(wl_grid_choose_shape((int)ranks, &rows, &columns));
  const int block = c->grid.block > 0 ? c->grid.block : wl_grid_choose_block(plan->shape.train, (int)ranks);
  *grid = (wl_grid){.size = (int)ranks, .rows = rows, .columns = columns, .block = block, .column_block = block};
  return WL_OK;
}

static void add(wl_memory *sum, const wl_memory *m) {
  sum->matrix += m->matrix;
  sum->panels += m->panels;
  sum->points += m->points;
  sum->targets += m->targets;
  sum->square += m->square;
  sum->solutions += m->solutions;
  sum->samples += m->samples;
  sum->certificate += m->certificate;
  sum->libraries += m->libraries;
}

/* Grid, memory and limits; the time is another matter. */
static wl_error lay_out(const wl_plan *plan, int64_t ranks, int ranks_per_node, wl_plan_point *p) {
  *p = (wl_plan_point){.ranks = ranks,
                       .ranks_per_node = (int)smaller(ranks, ranks_per_node),
                       .nodes = (ranks + ranks_per_node - 1) / ranks_per_node};
  WL_TRY(choose_grid(plan, ranks, &p->grid));
  p->batch = wl_job_choose_batch(plan->config, &plan->shape, &p->grid);
  const wl_job first = {plan->config, &plan->shape, &p->grid, p->batch};
  p->rank = wl_job_memory(&first);
  p->largest_share = wl_job_largest_share(&first);
  p->fits_indices = wl_job_order(&first) <= INT32_MAX && p->largest_share <= INT32_MAX;
  for (int r = 0; r < p->ranks_per_node; r++) { /* the first node: low coordinates have most */
    wl_grid at = p->grid;
    at.rank = r;
    at.row = r / at.columns;
    at.column = r % at.columns;
    const wl_job job = {plan->config, &plan->shape, &at, p->batch};
    const wl_memory memory = wl_job_memory(&job);
    add(&p->node, &memory);
  }
  p->fits_memory = wl_memory_sum(&p->node) <= plan->memory_per_node;
  return WL_OK;
}

static double result_bytes(const wl_plan *plan) {
  const wl_config *c = plan->config;
  const double n = (double)plan->shape.train, m = (double)plan->shape.test;
  double numbers = c->output_covariance ? 5.0 * m * m : 0.0;
  if (c->output_kernels) numbers += 2.0 * (n * n + n * m + m * m);
  for (int d = 0; d < WL_DRAW_COUNT; d++)
    numbers += (double)c->samples[d] * m * (double)wl_job_outputs(&plan->shape, (wl_draw)d);
  return 8.0 * numbers;
}

static wl_work work_of(const wl_plan *plan, int64_t batch) {
  const wl_config *c = plan->config;
  const wl_model_options options = wl_run_model_options(c);
  wl_work work = {.train = plan->shape.train,
                  .test = plan->shape.test,
                  .dimension = plan->shape.dimension,
                  .outputs = plan->shape.outputs,
                  .batch = batch,
                  .network = c->network,
                  .theta = wl_model_needs(&options, WL_PRIOR_THETA),
                  .ensemble = c->quantity[WL_QUANTITY_ENSEMBLE] || c->quantity[WL_QUANTITY_RND],
                  .kappa = wl_model_needs(&options, WL_PRIOR_KAPPA),
                  .mixed = c->precision == WL_PRECISION_MIXED,
                  .tiles = wl_job_has_square(c) && c->precision != WL_PRECISION_MIXED,
                  .certify_draws = c->certify.wanted ? c->certify.replicates * c->certify.heads : 0,
                  .file_bytes = result_bytes(plan)};
  memcpy(work.samples, c->samples, sizeof work.samples);
  work.checkpoint_bytes = wl_checkpointer_checkpoint_bytes(c, &plan->shape);
  if (c->checkpoint.directory) work.checkpoint_seconds = 60.0 * fmax(c->checkpoint.every_minutes, 0.1);
  return work;
}

static void predict_time(const wl_plan *plan, wl_plan_point *p) {
  const wl_work work = work_of(plan, p->batch);
  const wl_layout layout = {.rows = p->grid.rows,
                            .columns = p->grid.columns,
                            .block = p->grid.block,
                            .ranks_per_node = p->ranks_per_node,
                            .cores_per_node = plan->cores_per_node,
                            .threads = plan->threads,
                            .measured_threads = (int)larger(1, plan->calibration.threads)};
  p->estimate = wl_estimate_run(&plan->calibration.speeds, &layout, &work);
  p->limit = wl_estimate_limit(&plan->calibration.speeds, &layout, &work, p->share);
}

/* ---- all layouts ------------------------------------------------------------------------------------------------ */

static int ranks_per_node(const wl_plan *plan) { return (int)larger(1, plan->cores_per_node / plan->threads); }

static bool fits(const wl_plan *plan, int64_t nodes) {
  wl_plan_point p;
  return lay_out(plan, nodes * ranks_per_node(plan), ranks_per_node(plan), &p) == WL_OK && p.fits_indices &&
         p.fits_memory;
}

/* The smallest number of nodes that fits: not below what the matrix alone takes. 0: none. */
static int64_t find_smallest(const wl_plan *plan) {
  const double n = (double)plan->shape.train, number = plan->config->precision == WL_PRECISION_MIXED ? 4.0 : 8.0;
  const double matrix = fmin(number * n * n / plan->memory_per_node, (double)most_nodes + 1.0);
  const int64_t first = larger(1, (int64_t)matrix);
  for (int64_t nodes = first; nodes <= most_nodes; nodes += larger(1, nodes / 1024))
    if (fits(plan, nodes)) return nodes;
  return 0;
}

/* Twice as many nodes as long as they help, from the smallest number that fits. */
static void draw_curve(wl_plan *plan) {
  for (int64_t nodes = plan->smallest; nodes > 0 && nodes <= most_nodes && plan->curve_count < WL_PLAN_CURVE;
       nodes *= 2) {
    wl_plan_point *p = &plan->curve[plan->curve_count];
    if (lay_out(plan, nodes * ranks_per_node(plan), ranks_per_node(plan), p) != WL_OK || !p->fits_indices ||
        !p->fits_memory)
      continue;
    predict_time(plan, p);
    const wl_plan_point *one = &plan->curve[0];
    p->efficiency = (double)one->nodes * one->estimate.total / ((double)p->nodes * p->estimate.total);
    if (p->efficiency >= knee_efficiency) plan->knee = plan->curve_count;
    plan->curve_count++;
    if (p->efficiency < 0.5 * knee_efficiency) break;
  }
}

static wl_error choose(wl_plan *plan) {
  const wl_plan_options *o = &plan->options;
  const int each = ranks_per_node(plan);
  int64_t ranks = o->ranks ? o->ranks : o->nodes * each;
  int on_node = each;
  if (ranks == 0) ranks = larger(1, plan->smallest) * each;
  if (o->ranks && !o->cores_per_node) on_node = (int)ranks; /* this machine, however many ranks that is */
  if (ranks > INT_MAX / 2) WL_FAIL(WL_ERROR_USAGE, "%lld ranks are too many", (long long)ranks);
  WL_TRY(lay_out(plan, ranks, on_node, &plan->chosen));
  predict_time(plan, &plan->chosen);
  return WL_OK;
}

/* ---- what it is about ------------------------------------------------------------------------------------------- */

static wl_error find_sizes(wl_plan *plan) {
  const wl_plan_options *o = &plan->options;
  if (o->train && o->test && o->dimension)
    plan->shape = (wl_data_shape){.outputs = 1}; /* the data need not be here */
  else
    WL_TRY(wl_data_read_shape(plan->config, &plan->shape));
  if (o->train) plan->shape.train = o->train;
  if (o->test) plan->shape.test = o->test;
  if (o->dimension) plan->shape.dimension = o->dimension;
  if (o->outputs) plan->shape.outputs = o->outputs;
  return WL_OK;
}

static wl_error assume(wl_speeds *speeds, const char *text) {
  const char *equals = strchr(text, '=');
  char *end;
  for (int i = 0; equals && i < wl_speed_count(); i++) {
    const char *name = wl_speed_name(i);
    if (strlen(name) != (size_t)(equals - text) || strncmp(name, text, strlen(name)) != 0) continue;
    const double value = strtod(equals + 1, &end);
    if (end == equals + 1 || *end) WL_FAIL(WL_ERROR_USAGE, "--assume %s: not a number", text);
    *wl_speed_at(speeds, i) = value;
    return WL_OK;
  }
  WL_FAIL(WL_ERROR_USAGE, "--assume %s: it must be NAME=NUMBER with a name of widelimit plan --help", text);
}

static wl_error find_machine(wl_plan *plan, const wl_node *node) {
  const wl_plan_options *o = &plan->options;
  const int here = (int)sysconf(_SC_NPROCESSORS_ONLN);
  plan->calibration = wl_calibration_default();
  if (o->calibration) WL_TRY(wl_calibration_read(o->calibration, &plan->calibration));
  for (int i = 0; i < o->assumption_count; i++) WL_TRY(assume(&plan->calibration.speeds, o->assumptions[i]));
  if (o->assumption_count > 0) {
    const wl_error error = wl_speeds_check(&plan->calibration.speeds, "--assume");
    if (error != WL_OK) return wl_error_set(WL_ERROR_USAGE, "%s", wl_error_message());
  }
  plan->threads = o->threads ? (int)o->threads : 1;
  plan->cores_per_node = o->cores_per_node ? (int)o->cores_per_node : here;
  plan->memory_per_node = o->memory_per_node > 0.0 ? o->memory_per_node : node->memory_available;
  if (plan->threads > plan->cores_per_node)
    WL_FAIL(WL_ERROR_USAGE, "--threads %d is more than the %d cores of a node", plan->threads,
            plan->cores_per_node);
  return WL_OK;
}

/* Whether what was asked for can run; the plan is printed either way. */
static wl_error judge(const wl_plan *plan) {
  const wl_plan_point *p = &plan->chosen;
  char need[32], there[32];
  if (p->fits_indices && p->fits_memory) return WL_OK;
  wl_format_bytes(wl_memory_sum(&p->node), need, sizeof need);
  wl_format_bytes(plan->memory_per_node, there, sizeof there);
  if (plan->smallest == 0)
    WL_FAIL(
        WL_ERROR_CAPACITY,
        "this does not fit on %lld nodes of %s either: too much of it does not shrink with more ranks (inputs, "
        "libraries, panels); use nodes with more memory, fewer ranks a node (--threads) or narrower data",
        (long long)most_nodes, there);
  if (!p->fits_memory)
    WL_FAIL(WL_ERROR_CAPACITY, "this does not fit: a node needs %s of %s; use %lld node(s) or more", need, there,
            (long long)plan->smallest);
  WL_FAIL(
      WL_ERROR_CAPACITY,
      "this does not fit: a rank would have %lld matrix entries, more than 32-bit local indices reach; use %lld "
      "node(s) or more",
      (long long)p->largest_share, (long long)plan->smallest);
}

static wl_error make(wl_plan *plan, const wl_node *node) {
  const wl_plan_options *o = &plan->options;
  WL_TRY(wl_config_read(o->config, o->override_count, o->overrides, &plan->config));
  WL_TRY(find_machine(plan, node));
  WL_TRY(find_sizes(plan));
  plan->smallest = find_smallest(plan);
  draw_curve(plan);
  WL_TRY(choose(plan));
  wl_plan_print(plan);
  if (o->json) WL_TRY(wl_plan_write_json(plan, o->json));
  WL_TRY(judge(plan));
  if (!o->sbatch) return WL_OK;
  WL_TRY(wl_plan_write_sbatch(plan, o->sbatch));
  wl_log_line("\n  sbatch %s", o->sbatch);
  return WL_OK;
}

static wl_error set_options(const wl_arguments *a, wl_plan_options *o) {
  *o = (wl_plan_options){.config = a->config,
                         .calibration = a->calibration,
                         .json = a->json,
                         .sbatch = a->sbatch,
                         .overrides = a->overrides.word,
                         .override_count = a->overrides.count,
                         .assumptions = a->assumptions.word,
                         .assumption_count = a->assumptions.count,
                         .train = a->train,
                         .test = a->test,
                         .dimension = a->dimension,
                         .outputs = a->outputs,
                         .ranks = a->ranks,
                         .nodes = a->nodes,
                         .cores_per_node = a->cores_per_node,
                         .threads = a->threads,
                         .memory_per_node = a->memory_per_node};
  if (o->ranks && o->nodes) WL_FAIL(WL_ERROR_USAGE, "--ranks and --nodes say the same: give one of them");
  if (o->threads && o->cores_per_node && o->threads > o->cores_per_node)
    WL_FAIL(WL_ERROR_USAGE, "--threads %lld is more than --cores-per-node %lld", (long long)o->threads,
            (long long)o->cores_per_node);
  return WL_OK;
}

wl_error wl_command_plan(const wl_arguments *arguments) {
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const wl_node node = wl_node_find(MPI_COMM_WORLD);
  wl_plan *plan = rank == 0 ? calloc(1, sizeof *plan) : NULL;
  wl_error error = WL_OK;
  if (rank == 0) {
    error = plan ? set_options(arguments, &plan->options) : wl_error_set(WL_ERROR_MEMORY, "out of memory");
    if (error == WL_OK) error = make(plan, &node);
    if (plan) wl_config_destroy(&plan->config);
    free(plan);
  }
  return wl_error_agree(MPI_COMM_WORLD, error);
}
