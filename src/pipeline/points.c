#include "pipeline/points.h"

#include <stdlib.h>

#include "base/util.h"

static wl_error read_targets(const wl_setup *setup, wl_matrix **targets) {
  const int64_t n = setup->shape.train, c = setup->shape.outputs, room = ((int64_t)1 << 20) / c;
  const int64_t step = smaller(n, room < 1 ? 1 : room);
  WL_TRY(wl_matrix_create(setup->grid, n, c, targets));
  double *rows = malloc(sizeof(double) * (size_t)(step * c));
  wl_error error = rows ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "targets: out of memory");
  error = wl_error_agree(setup->comm, error);
  for (int64_t first = 0; first < n && error == WL_OK; first += step) {
    const int64_t count = smaller(step, n - first);
    if (setup->rank == 0) error = wl_data_train_targets(setup->data, first, count, rows);
    error = wl_error_agree(setup->comm, error);
    if (error == WL_OK) wl_matrix_set_rows(*targets, first, count, rows);
  }
  free(rows);
  return error;
}

/* Which inputs an error of the kernel's recursion speaks of; a file's own errors name the file. */
static wl_error name_inputs(wl_error error, const char *inputs, int64_t first) {
  if (error != WL_ERROR_NUMERICAL) return error;
  if (first > 0)
    return wl_error_set(error, "%s, counted from row %lld: %s", inputs, (long long)first + 1, wl_error_message());
  return wl_error_set(error, "%s: %s", inputs, wl_error_message());
}

wl_error wl_read_training(const wl_setup *setup, wl_points **points, wl_matrix **targets) {
  if (setup->kernels) {
    WL_TRY(wl_points_create_given(setup->grid, &setup->kernels->given, 0, setup->shape.train, points));
    return read_targets(setup, targets);
  }
  const wl_error error = wl_points_read(setup->grid, &setup->config->network, setup->shape.train,
                                        setup->shape.dimension, wl_data_train_inputs, setup->data, points);
  if (error != WL_OK) return name_inputs(error, "training inputs", 0);
  return read_targets(setup, targets);
}

/* Test points from `offset` on. */
typedef struct window {
  wl_data *data;
  int64_t offset;
} window;

static wl_error read_window(void *context, int64_t first, int64_t count, double *rows) {
  const window *w = context;
  return wl_data_test_inputs(w->data, w->offset + first, count, rows);
}

wl_error wl_read_test_points(const wl_setup *setup, int64_t first, int64_t count, wl_grid *panels,
                             wl_points **points) {
  window w = {setup->data, first};
  *panels = wl_job_test_grid(setup->config, setup->grid, count);
  if (setup->kernels)
    return wl_points_create_given(panels, &setup->kernels->given, setup->shape.train + first, count, points);
  const wl_error error =
      wl_points_read(panels, &setup->config->network, count, setup->shape.dimension, read_window, &w, points);
  return name_inputs(error, "test inputs", first);
}

typedef struct both {
  wl_data *data;
  int64_t train, offset;
} both;

/* Rows of X and then of T, counted from the offset. */
static wl_error read_both(void *context, int64_t first, int64_t count, double *rows) {
  const both *b = context;
  const wl_data_shape shape = wl_data_get_shape(b->data);
  first += b->offset;
  const int64_t train = first < b->train ? smaller(count, b->train - first) : 0;
  if (train > 0) WL_TRY(wl_data_train_inputs(b->data, first, train, rows));
  if (train == count) return WL_OK;
  return wl_data_test_inputs(b->data, first + train - b->train, count - train, rows + train * shape.dimension);
}

wl_error wl_read_joint_points(const wl_setup *setup, int64_t first, int64_t count, wl_points **points) {
  if (setup->kernels) return wl_points_create_given(setup->grid, &setup->kernels->given, first, count, points);
  both b = {setup->data, setup->shape.train, first};
  return wl_points_read(setup->grid, &setup->config->network, count, setup->shape.dimension, read_both, &b,
                        points);
}
