#include "cost/capacity.h"

#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "cost/memory.h"
#include "dist/matrix.h"

/* OpenBLAS maps this much for itself at its first product, and tries for ever where it cannot. */
static const double blas_bytes = 160.0 * 1048576.0;

static wl_error check_address_space(MPI_Comm comm, const wl_node *node, double bytes) {
  const double wanted = bytes + blas_bytes;
  wl_error error = WL_OK;
  char need[32], left[32];
  if (wanted > node->address_space)
    error = wl_error_set(
        WL_ERROR_CAPACITY,
        "this rank needs %s of address space, its limit (ulimit -v) leaves %s; raise the limit or use "
        "more ranks",
        wl_format_bytes(wanted, need, sizeof need), wl_format_bytes(node->address_space, left, sizeof left));
  return wl_error_agree(comm, error);
}

wl_error wl_job_check_capacity(const wl_job *job, const wl_node *node) {
  const wl_grid *g = job->grid;
  const int64_t n = wl_job_order(job), share = wl_job_largest_share(job),
                more = g->size * (share / INT32_MAX + 1), /* by what is not n × n */
      ranks = wl_job_wants_eigenvectors(job->config) || wl_job_is_iterative(job->config)
                  ? larger(more, wl_matrix_ranks_needed(n))
                  : wl_matrix_ranks_needed(n);
  if (n > INT32_MAX || share > INT32_MAX)
    WL_FAIL(WL_ERROR_CAPACITY,
            "%lld points on a %d x %d grid give a rank %lld matrix entries, more than 32-bit local indices "
            "reach (2147483647); use %lld ranks or more, that is mpirun -n %lld",
            (long long)n, g->rows, g->columns, (long long)share, (long long)ranks, (long long)ranks);

  const wl_memory memory = wl_job_memory(job);
  double total = wl_memory_sum(&memory), available = node->memory_available / node->ranks;
  WL_TRY(check_address_space(g->comm, node, total));
  MPI_Allreduce(MPI_IN_PLACE, &total, 1, MPI_DOUBLE, MPI_SUM, g->comm);
  MPI_Allreduce(MPI_IN_PLACE, &available, 1, MPI_DOUBLE, MPI_SUM, g->comm);
  if (available <= 0.0 || total <= available) return WL_OK;
  char wanted[32], there[32];
  const long long needed = (long long)((double)g->size * total / available) + 1;
  WL_FAIL(WL_ERROR_CAPACITY,
          "%lld points need %s of memory, the %d node(s) of this run have %s left; use about %lld ranks at "
          "the same memory a rank, that is %lld node(s)",
          (long long)larger(n, job->shape->train), wl_format_bytes(total, wanted, sizeof wanted), node->nodes,
          wl_format_bytes(available, there, sizeof there), needed, (needed + node->ranks - 1) / node->ranks);
}

wl_estimate wl_job_estimate(const wl_job *job, const wl_node *node) {
  const wl_speeds speeds = wl_speeds_default();
  const wl_work work = wl_job_work(job->config, job->shape, job->batch);
  const wl_layout layout = {.rows = job->grid->rows,
                            .columns = job->grid->columns,
                            .block = job->grid->block,
                            .ranks_per_node = node->ranks,
                            .cores_per_node = (int)sysconf(_SC_NPROCESSORS_ONLN),
                            .threads = wl_blas_threads(),
                            .measured_threads = 1};
  return wl_estimate_run(&speeds, &layout, &work);
}
