#include "dist/collectives.h"

#include "base/util.h"

static const int64_t most = (int64_t)1 << 27; /* numbers at a time: 1 GiB */

void wl_broadcast(MPI_Comm comm, int root, int64_t count, double *values) {
  for (int64_t first = 0; first < count; first += most)
    MPI_Bcast(values + first, (int)smaller(most, count - first), MPI_DOUBLE, root, comm);
}

void wl_sum_on_all(MPI_Comm comm, int64_t count, double *values) {
  for (int64_t first = 0; first < count; first += most)
    MPI_Allreduce(MPI_IN_PLACE, values + first, (int)smaller(most, count - first), MPI_DOUBLE, MPI_SUM, comm);
}

void wl_sum_on_root(MPI_Comm comm, int root, int64_t count, double *values) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  for (int64_t first = 0; first < count; first += most) {
    const int step = (int)smaller(most, count - first);
    MPI_Reduce(rank == root ? MPI_IN_PLACE : values + first, values + first, step, MPI_DOUBLE, MPI_SUM, root,
               comm);
  }
}
