#include "pipeline/plan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_file.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/util.h"
#include "checkpoint/checkpointer.h"
#include "pipeline/overwrite.h"
#include "pipeline/plan_report.h"
#include "pipeline/select.h"
#include "pipeline/setup.h"

static wl_error choose(wl_plan *plan) {
  const wl_plan_options *o = &plan->options;
  const int each = wl_search_ranks_per_node(&plan->search);
  int64_t ranks = o->ranks ? o->ranks : o->nodes * each;
  int on_node = each;
  if (ranks == 0) ranks = larger(1, plan->curve.smallest) * each;
  if (o->ranks && !o->cores_per_node) on_node = (int)ranks; /* this machine, however many ranks that is */
  if (ranks > INT_MAX / 2) WL_FAIL(WL_ERROR_USAGE, "%lld ranks are too many", (long long)ranks);
  return wl_search_point_at(&plan->search, ranks, on_node, &plan->chosen);
}

static wl_error find_sizes(wl_plan *plan) {
  const wl_plan_options *o = &plan->options;
  if (o->train && o->test && o->dimension)
    plan->search.shape = (wl_data_shape){.outputs = 1}; /* the data need not be here */
  else
    WL_TRY(wl_data_read_shape(plan->config, &plan->search.shape));
  if (o->train) plan->search.shape.train = o->train;
  if (o->test) plan->search.shape.test = o->test;
  if (o->dimension) plan->search.shape.dimension = o->dimension;
  if (o->outputs) plan->search.shape.outputs = o->outputs;
  return WL_OK;
}

/* The training points of the factor, which are the first of the run's: what else must be the same is checked when it runs. */
static wl_error find_factor(wl_plan *plan) {
  const char *factor = plan->options.factor;
  const int64_t train = plan->search.shape.train;
  if (!factor) return WL_OK;
  WL_TRY(wl_setup_check_factor(factor, plan->config));
  const wl_model_options options = wl_job_model_options(plan->config);
  char path[4096];
  wl_checkpointer_factor_path(factor, wl_model_needs(&options, WL_PRIOR_THETA) ? WL_PRIOR_THETA : WL_PRIOR_KAPPA,
                              path, sizeof path);
  wl_checkpoint c;
  WL_TRY(wl_checkpoint_open(path, &c));
  plan->search.known = c.rows;
  const bool factored = c.factored && c.strips > 0;
  wl_checkpoint_clear(&c);
  if (!factored) WL_FAIL(WL_ERROR_DATA, "%s: does not hold a factor", path);
  if (plan->search.known > train)
    WL_FAIL(WL_ERROR_DATA, "%s: has the factor of %lld training rows, but there are %lld", path,
            (long long)plan->search.known, (long long)train);
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
  plan->search.speeds = &plan->calibration.speeds;
  plan->search.measured_threads = (int)larger(1, plan->calibration.threads);
  plan->search.threads = o->threads ? (int)o->threads : 1;
  plan->search.cores_per_node = o->cores_per_node ? (int)o->cores_per_node : here;
  plan->search.memory_per_node = o->memory_per_node > 0.0 ? o->memory_per_node : node->memory_available;
  if (plan->search.threads > plan->search.cores_per_node)
    WL_FAIL(WL_ERROR_USAGE, "--threads %d is more than the %d cores of a node", plan->search.threads,
            plan->search.cores_per_node);
  return WL_OK;
}

/* Whether what was asked for can run; the plan is printed either way. */
static wl_error check_fit(const wl_plan *plan) {
  const wl_search_point *p = &plan->chosen;
  char need[32], there[32];
  if (p->fits_indices && p->fits_memory) return WL_OK;
  wl_format_bytes(wl_memory_sum(&p->node), need, sizeof need);
  wl_format_bytes(plan->search.memory_per_node, there, sizeof there);
  if (plan->curve.smallest == 0)
    WL_FAIL(
        WL_ERROR_CAPACITY,
        "this does not fit on %lld nodes of %s either: too much of it does not shrink with more ranks (inputs, "
        "libraries, panels); use nodes with more memory, fewer ranks a node (--threads) or narrower data",
        (long long)WL_SEARCH_NODES, there);
  if (!p->fits_memory)
    WL_FAIL(WL_ERROR_CAPACITY, "this does not fit: a node needs %s of %s; use %lld node(s) or more", need, there,
            (long long)plan->curve.smallest);
  WL_FAIL(
      WL_ERROR_CAPACITY,
      "this does not fit: a rank would have %lld matrix entries, more than 32-bit local indices reach; use %lld "
      "node(s) or more",
      (long long)p->largest_share, (long long)plan->curve.smallest);
}

static wl_error try_json(const wl_plan *plan) {
  const wl_plan_options *o = &plan->options;
  WL_TRY(wl_overwrite_check_option("--json", o->json, plan->config, o->calibration));
  WL_TRY(wl_overwrite_check_option("--json", o->json, plan->config, o->factor));
  return wl_json_file_try(o->json, "smallest_nodes");
}

static wl_error make(wl_plan *plan, const wl_node *node) {
  const wl_plan_options *o = &plan->options;
  WL_TRY(wl_config_read(o->config, o->override_count, o->overrides, &plan->config));
  if (o->select) WL_TRY(wl_select_prepare(plan->config));
  plan->config->select.active = o->select;
  plan->search.config = plan->config;
  if (o->json) WL_TRY(try_json(plan));
  WL_TRY(find_machine(plan, node));
  WL_TRY(find_sizes(plan));
  WL_TRY(find_factor(plan));
  wl_search_find(&plan->search, &plan->curve);
  WL_TRY(choose(plan));
  wl_plan_print(plan);
  if (o->json) WL_TRY(wl_plan_write_json(plan, o->json));
  WL_TRY(check_fit(plan));
  if (!o->sbatch) return WL_OK;
  WL_TRY(wl_plan_write_sbatch(plan, o->sbatch));
  wl_log_line("\n  sbatch %s", o->sbatch);
  return WL_OK;
}

wl_error wl_plan_run(const wl_plan_options *options) {
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const wl_node node = wl_node_find(MPI_COMM_WORLD);
  wl_plan *plan = rank == 0 ? calloc(1, sizeof *plan) : NULL;
  wl_error error = WL_OK;
  if (rank == 0) {
    if (plan) plan->options = *options;
    error = plan ? make(plan, &node) : wl_error_set(WL_ERROR_MEMORY, "out of memory");
    if (plan) wl_config_destroy(&plan->config);
    free(plan);
  }
  return wl_error_agree(MPI_COMM_WORLD, error);
}
