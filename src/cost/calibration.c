#include "cost/calibration.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json_file.h"
#include "base/log.h"

static const char kind[] = "widelimit calibration";

wl_calibration wl_calibration_default(void) {
  return (wl_calibration){.speeds = wl_speeds_default(), .threads = 1, .blas_kernel = ""};
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static json_t *pair(const wl_entry_cost *cost) { return json_pack("[f, f]", cost->first, cost->layer); }

static json_t *entries_object(const wl_speeds *speeds) {
  json_t *o = json_object();
  for (int a = 0; a < WL_ACTIVATION_COUNT; a++)
    json_object_set_new(
        o, wl_activation_name((wl_activation)a),
        json_pack("{s:o, s:o}", "kappa", pair(&speeds->kappa[a]), "theta", pair(&speeds->theta[a])));
  return o;
}

static wl_error write_file(const wl_calibration *c, const char *path) {
  json_t *rates = json_object();
  wl_speeds speeds = c->speeds;
  for (int i = 0; i < wl_speed_count(); i++)
    json_object_set_new(rates, wl_speed_name(i), json_real(*wl_speed_at(&speeds, i)));
  json_t *root =
      json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:s, s:b, s:b, s:o, s:o}", "kind", kind, "version",
                WIDELIMIT_VERSION, "ranks", c->ranks, "nodes", c->nodes, "cores_per_node", c->cores_per_node,
                "threads", c->threads, "blas_kernel", c->blas_kernel, "measured_local", c->local,
                "measured_network", c->network, "speeds", rates, "entry_ns", entries_object(&c->speeds));
  const wl_error error = wl_json_file_write(root, path, 4);
  json_decref(root);
  return error;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static wl_error read_number(const char *path, const json_t *o, const char *name, double least, double *value) {
  const json_t *number = json_object_get(o, name);
  if (!number) return WL_OK;
  if (!json_is_number(number) || !(json_number_value(number) >= least))
    WL_FAIL(WL_ERROR_DATA, "%s: %s must be a number of at least %g", path, name, least);
  *value = json_number_value(number);
  return WL_OK;
}

static wl_error read_count(const char *path, const json_t *o, const char *name, int *count) {
  double value = *count;
  WL_TRY(read_number(path, o, name, 0.0, &value));
  if (value > 1e9 || value != (int)value) WL_FAIL(WL_ERROR_DATA, "%s: %s must be a whole number", path, name);
  *count = (int)value;
  return WL_OK;
}

static wl_error read_pair(const char *path, const char *name, const json_t *array, wl_entry_cost *cost) {
  if (!array) return WL_OK;
  double *const to[2] = {&cost->first, &cost->layer};
  for (size_t i = 0; i < 2; i++) {
    const json_t *number = json_array_get(array, i);
    if (!json_is_number(number) || json_number_value(number) < 0.0)
      WL_FAIL(WL_ERROR_DATA, "%s: entry_ns of %s must be two numbers of at least 0", path, name);
    *to[i] = json_number_value(number);
  }
  return WL_OK;
}

static wl_error read_root(const char *path, const json_t *root, wl_calibration *c) {
  const char *text = json_string_value(json_object_get(root, "kind"));
  if (!text || strcmp(text, kind) != 0)
    WL_FAIL(WL_ERROR_DATA, "%s is not a calibration; make one with widelimit bench --calibrate --json FILE", path);
  WL_TRY(read_count(path, root, "ranks", &c->ranks));
  WL_TRY(read_count(path, root, "nodes", &c->nodes));
  WL_TRY(read_count(path, root, "threads", &c->threads));
  WL_TRY(read_count(path, root, "cores_per_node", &c->cores_per_node));
  c->local = json_is_true(json_object_get(root, "measured_local"));
  c->network = json_is_true(json_object_get(root, "measured_network"));
  text = json_string_value(json_object_get(root, "blas_kernel"));
  snprintf(c->blas_kernel, sizeof c->blas_kernel, "%s", text ? text : "");
  const json_t *rates = json_object_get(root, "speeds"), *entries = json_object_get(root, "entry_ns");
  for (int i = 0; i < wl_speed_count(); i++)
    WL_TRY(read_number(path, rates, wl_speed_name(i), 0.0, wl_speed_at(&c->speeds, i)));
  for (int a = 0; a < WL_ACTIVATION_COUNT; a++) {
    const char *name = wl_activation_name((wl_activation)a);
    const json_t *one = json_object_get(entries, name);
    WL_TRY(read_pair(path, name, json_object_get(one, "kappa"), &c->speeds.kappa[a]));
    WL_TRY(read_pair(path, name, json_object_get(one, "theta"), &c->speeds.theta[a]));
  }
  return wl_speeds_check(&c->speeds, path);
}

wl_error wl_calibration_read(const char *path, wl_calibration *calibration) {
  json_error_t problem;
  if (access(path, R_OK) != 0) WL_FAIL(WL_ERROR_IO, "%s: cannot read: %s", path, strerror(errno));
  json_t *root = json_load_file(path, 0, &problem);
  if (!root) WL_FAIL(WL_ERROR_DATA, "%s:%d: not JSON: %s", path, problem.line, problem.text);
  *calibration = wl_calibration_default();
  const wl_error error = read_root(path, root, calibration);
  json_decref(root);
  return error;
}

/* ---- measuring -------------------------------------------------------------------------------------------------- */

static bool is_measured(const wl_calibration *c, const char *name) {
  if (strncmp(name, "file_", 5) == 0) return false;
  if (strncmp(name, "local_", 6) == 0) return c->local;
  return strncmp(name, "network_", 8) == 0 ? c->network : true;
}

static void print(const wl_calibration *c) {
  wl_speeds speeds = c->speeds;
  for (int i = 0; i < wl_speed_count(); i++) {
    const char *name = wl_speed_name(i);
    wl_log_line("  %-19s %9.4g  %s%s", name, *wl_speed_at(&speeds, i),
                is_measured(c, name) ? "" : "ASSUMED: ", wl_speed_text(i));
  }
  wl_log_line("\n  ns an entry       first layer  each further    theta: first  each further");
  for (int a = 0; a < WL_ACTIVATION_COUNT; a++)
    wl_log_line("  %-10s kappa %12.4g %13.4g %15.4g %13.4g", wl_activation_name((wl_activation)a),
                speeds.kappa[a].first, speeds.kappa[a].layer, speeds.theta[a].first, speeds.theta[a].layer);
}

wl_error wl_calibrate(MPI_Comm comm, const wl_node *node, const char *path) {
  wl_calibration c = wl_calibration_default();
  int rank;
  MPI_Comm_size(comm, &c.ranks);
  MPI_Comm_rank(comm, &rank);
  WL_TRY(wl_error_agree(comm, rank == 0 && path ? wl_json_file_try(path, "entry_ns") : WL_OK));
  c.nodes = node->nodes;
  c.threads = wl_blas_threads();
  c.cores_per_node = (int)sysconf(_SC_NPROCESSORS_ONLN);
  snprintf(c.blas_kernel, sizeof c.blas_kernel, "%s", wl_blas_kernel());
  wl_log_line("widelimit %s   bench: the rates of this machine", WIDELIMIT_VERSION);
  wl_log_text(2, "  %d rank%s on %d node%s of %d cores, BLAS kernel %s, %d thread%s a rank\n", c.ranks,
              c.ranks == 1 ? "" : "s", c.nodes, c.nodes == 1 ? "" : "s", c.cores_per_node, c.blas_kernel,
              c.threads, c.threads == 1 ? "" : "s");
  if ((long long)node->ranks * c.threads > c.cores_per_node)
    wl_log_warning(
        "%d ranks with %d thread(s) share %d cores: these are not the rates of a rank with a core of its own",
        node->ranks, c.threads, c.cores_per_node);
  WL_TRY(wl_speeds_measure(comm, &c.speeds, &c.local, &c.network));
  print(&c);
  wl_error error = WL_OK;
  if (rank == 0 && path) error = write_file(&c, path);
  return wl_error_agree(comm, error);
}
