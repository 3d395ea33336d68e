#include "data/given_files.h"

#include <stdlib.h>

/* HDF5 is not made for several threads at once, and tiles are filled by as many as BLAS has. */
static wl_error read_block(void *context, wl_given_kernel kernel, wl_given_part part, int64_t row, int64_t rows,
                           int64_t column, int64_t columns, double *out) {
  wl_given_files *files = context;
  wl_error error = WL_OK;
  if (!files->source[kernel][part]) WL_FAIL(WL_ERROR_INTERNAL, "a kernel that is not given was asked for");
#pragma omp critical /* unnamed: a name would be a symbol of the library */
  error = wl_source_read_block(files->source[kernel][part], row, rows, column, columns, out);
  return error;
}

static wl_error open_kernel(const wl_config *config, wl_given_kernel kernel, wl_given_files *files) {
  for (int part = 0; part < WL_GIVEN_PARTS; part++) {
    const char *spec = config->kernels.source[kernel][part];
    files->name[kernel][part] = spec;
    WL_TRY(wl_source_open(spec, NULL, &files->source[kernel][part]));
    if (!wl_source_has_blocks(files->source[kernel][part]))
      WL_FAIL(WL_ERROR_DATA, "%s: kernels are read in tiles, which only HDF5 files allow", spec);
  }
  files->given.has[kernel] = true;
  return WL_OK;
}

static wl_error check_shape(const wl_source *source, int64_t rows, int64_t columns, const wl_source *like) {
  if (wl_source_rows(source) == rows && wl_source_cols(source) == columns) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s is %lld x %lld; it must be %lld x %lld, by %s", wl_source_spec(source),
          (long long)wl_source_rows(source), (long long)wl_source_cols(source), (long long)rows,
          (long long)columns, wl_source_spec(like));
}

/* XX is n × n, TX m × n, TT m × m or its diagonal. n and m are those of the first kernel. */
static wl_error check_kernel(wl_given_files *files, wl_given_kernel kernel) {
  wl_given *g = &files->given;
  wl_source *const *s = files->source[kernel];
  const int64_t n = wl_source_rows(s[WL_GIVEN_XX]), m = wl_source_rows(s[WL_GIVEN_TX]);
  WL_TRY(check_shape(s[WL_GIVEN_XX], n, n, s[WL_GIVEN_XX]));
  WL_TRY(check_shape(s[WL_GIVEN_TX], m, n, s[WL_GIVEN_XX]));
  g->full[kernel] = wl_source_cols(s[WL_GIVEN_TT]) != 1 || m == 1;
  WL_TRY(check_shape(s[WL_GIVEN_TT], m, g->full[kernel] ? m : 1, s[WL_GIVEN_TX]));
  if (g->count == 0) {
    g->train = n;
    g->count = n + m;
  }
  const wl_given_kernel first = g->has[WL_GIVEN_THETA] ? WL_GIVEN_THETA : WL_GIVEN_KAPPA;
  return check_shape(s[WL_GIVEN_TX], g->count - g->train, g->train, files->source[first][WL_GIVEN_TX]);
}

/* What needs all of TT, as the key that asks for it; NULL: nothing. */
static const char *needs_full(const wl_config *config) {
  for (int d = 0; d < WL_DRAW_COUNT; d++)
    if (config->samples[d] > 0) return "sampling";
  return config->certify.wanted      ? "certify"
         : config->output_covariance ? "output.covariance"
         : config->output_kernels    ? "output.kernels"
                                     : NULL;
}

static wl_error check_full(const wl_config *config, const wl_given_files *files) {
  const char *key = needs_full(config);
  for (int k = 0; k < WL_GIVEN_KERNELS; k++)
    if (key && files->given.has[k] && !files->given.full[k])
      WL_FAIL(WL_ERROR_DATA, "%s is a diagonal, but %s needs all pairs of test points: give the matrix",
              files->name[k][WL_GIVEN_TT], key);
  return WL_OK;
}

static wl_error open_all(const wl_config *config, wl_given_files *files) {
  wl_given *g = &files->given;
  g->read = read_block;
  g->context = files;
  for (int k = 0; k < WL_GIVEN_KERNELS; k++)
    if (config->kernels.source[k][WL_GIVEN_XX]) WL_TRY(open_kernel(config, (wl_given_kernel)k, files));
  for (int k = 0; k < WL_GIVEN_KERNELS; k++)
    if (g->has[k]) WL_TRY(check_kernel(files, (wl_given_kernel)k));
  WL_TRY(check_full(config, files));
  for (int k = 0; k < WL_GIVEN_KERNELS; k++) {
    g->diagonal[k] = calloc((size_t)g->count + 1, sizeof(double));
    if (!g->diagonal[k]) WL_FAIL(WL_ERROR_MEMORY, "given kernels: out of memory");
  }
  return WL_OK;
}

wl_error wl_given_files_open(const wl_config *config, wl_given_files **result) {
  *result = NULL;
  wl_given_files *files = calloc(1, sizeof *files);
  if (!files) WL_FAIL(WL_ERROR_MEMORY, "given kernels: out of memory");
  const wl_error error = open_all(config, files);
  if (error != WL_OK) wl_given_files_close(&files);
  *result = files;
  return error;
}

void wl_given_files_close(wl_given_files **pointer) {
  wl_given_files *files = *pointer;
  if (!files) return;
  for (int k = 0; k < WL_GIVEN_KERNELS; k++) {
    for (int part = 0; part < WL_GIVEN_PARTS; part++) wl_source_close(&files->source[k][part]);
    free(files->given.diagonal[k]);
  }
  free(files);
  *pointer = NULL;
}
