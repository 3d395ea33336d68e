#include "app/sample.h"
#include "base/util.h"
#include "widelimit/log.h"

/* Whether there will be an m × m matrix over all test points. */
static bool has_square(const wl_config *config) {
  return config->output_covariance || config->output_kernels || config->certify.wanted;
}

int64_t wl_run_choose_batch(const wl_config *config, const wl_data_shape *shape, const wl_grid *grid) {
  if (has_square(config)) return shape->test;
  const int64_t stride = (int64_t)grid->block * grid->columns; /* a whole number of tiles on every rank */
  const int64_t wanted = larger(larger(1024, shape->train / 20), stride);
  return smaller(shape->test, (wanted + stride - 1) / stride * stride);
}

static bool has_joint(const wl_run *run) { return wl_run_has_samples(run->config) || run->config->certify.wanted; }

/* Inner products of K heads and K + 1 members, and of K heads and K draws, on rank 0, with one piece on its way. */
static double pair_bytes(const wl_grid *g, double heads) {
  const double one = heads + 1.0;
  return 8.0 * (one * one / (double)(g->rows * g->columns) + (g->rank == 0 ? 9.0 * one * one : 0.0));
}

/* What the certificate holds beside the joint array: two N × m panels, four m × m matrices, heads in halves. */
static double certify_bytes(const wl_run *run) {
  const wl_grid *g = run->grid;
  const int64_t m = run->shape.test, all = run->shape.train + m, heads = run->config->certify.heads;
  if (!run->config->certify.wanted) return 0.0;
  return 2.0 * (double)wl_matrix_local_bytes(g, all, m) + 4.0 * (double)wl_matrix_local_bytes(g, m, m) +
         (double)run->config->certify.replicates * (double)wl_matrix_local_bytes(g, m, heads) +
         3.0 * (double)wl_matrix_local_bytes(g, all, heads + 1) + pair_bytes(g, (double)heads);
}

/* The joint array of X and T, two panels, the points, the loop's panels and the half-made Bayesian heads. */
static double joint_bytes(const wl_run *run) {
  const wl_grid *g = run->grid;
  const int64_t m = run->shape.test, all = run->shape.train + m, d = run->shape.dimension;
  if (!has_joint(run)) return 0.0;
  const double rows = (double)wl_grid_owned(all, g->block, g->row, g->rows),
               columns = (double)wl_grid_owned(all, g->block, g->column, g->columns);
  const double panels = 3.0 * (double)wl_matrix_local_bytes(g, all, wl_run_panel_width(run, run->shape.outputs));
  const double loop = 8.0 * (double)g->block * (2.0 * rows + 3.0 * columns);
  return (double)wl_matrix_local_bytes(g, all, all) + (panels > loop ? panels : loop) + certify_bytes(run) +
         8.0 * (rows + columns) * (double)d +
         (double)wl_matrix_local_bytes(g, m, run->config->samples[WL_DRAW_BAYESIAN_RND]);
}

/*
 * Bytes that this rank will hold at its peak: the array, two test panels with two block columns on their way, the
 * points and targets, the panels of the factorization.
 */
static double bytes_of_rank(const wl_run *run) {
  const wl_grid *g = run->grid;
  const int64_t n = run->shape.train, w = run->batch, d = run->shape.dimension, m = run->shape.test;
  const int64_t rows = wl_grid_owned(n, g->block, g->row, g->rows);
  const int64_t columns = wl_grid_owned(n, g->block, g->column, g->columns);
  const double array = (double)wl_matrix_local_bytes(g, n, n);
  const double panels = 2.0 * ((double)wl_matrix_local_bytes(g, n, w) + 8.0 * (double)g->block * (double)rows);
  const double points = 8.0 * (double)(rows + columns + 2 * w) * (double)d;
  const double loop = 8.0 * (double)g->block * (double)(2 * rows + 3 * columns);
  const double targets = 2.0 * (double)wl_matrix_local_bytes(g, n, run->shape.outputs);
  const double square = has_square(run->config) ? (double)wl_matrix_local_bytes(g, m, m) : 0.0;
  const double predict = array + square + points + targets + (panels > loop ? panels : loop),
               joint = points + joint_bytes(run);
  return (predict > joint ? predict : joint) + 48.0 * 1048576.0; /* libraries, messages */
}

/* OpenBLAS maps this much for itself at its first product, and tries for ever where it cannot. */
static const double blas_bytes = 160.0 * 1048576.0;

static wl_error check_address_space(const wl_run *run) {
  const double wanted = bytes_of_rank(run) + blas_bytes;
  wl_error error = WL_OK;
  char need[32], left[32];
  if (wanted > run->node.address_space)
    error = wl_error_set(
        WL_ERROR_CAPACITY,
        "this rank needs %s of address space, its limit (ulimit -v) leaves %s; raise the limit or use "
        "more ranks",
        wl_format_bytes(wanted, need, sizeof need), wl_format_bytes(run->node.address_space, left, sizeof left));
  return wl_error_agree(run->comm, error);
}

wl_error wl_run_check_capacity(const wl_run *run) {
  const wl_grid *g = run->grid;
  const int64_t m = has_square(run->config) ? run->shape.test : 0;
  const int64_t n = larger(run->shape.train + (has_joint(run) ? run->shape.test : 0), m);
  const int64_t ranks = wl_matrix_ranks_needed(n);
  const int64_t share = wl_grid_owned(n, g->block, 0, g->rows) * wl_grid_owned(n, g->block, 0, g->columns);
  if (n > INT32_MAX || share > INT32_MAX)
    WL_FAIL(WL_ERROR_CAPACITY,
            "%lld points on a %d x %d grid give a rank %lld matrix entries, more than 32-bit local indices "
            "reach (2147483647); use %lld ranks or more, that is mpirun -n %lld",
            (long long)n, g->rows, g->columns, (long long)share, (long long)ranks, (long long)ranks);

  WL_TRY(check_address_space(run));
  double total = bytes_of_rank(run), available = run->node.memory_available / run->node.ranks;
  MPI_Allreduce(MPI_IN_PLACE, &total, 1, MPI_DOUBLE, MPI_SUM, g->comm);
  MPI_Allreduce(MPI_IN_PLACE, &available, 1, MPI_DOUBLE, MPI_SUM, g->comm);
  if (available <= 0.0 || total <= available) return WL_OK;
  char wanted[32], there[32];
  const long long needed = (long long)((double)g->size * total / available) + 1;
  WL_FAIL(WL_ERROR_CAPACITY,
          "%lld points need %s of memory, the %d node(s) of this run have %s left; use about %lld ranks at "
          "the same memory a rank, that is %lld node(s)",
          (long long)n, wl_format_bytes(total, wanted, sizeof wanted), run->node.nodes,
          wl_format_bytes(available, there, sizeof there), needed,
          (needed + run->node.ranks - 1) / run->node.ranks);
}
