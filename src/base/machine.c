#define _GNU_SOURCE
#include "base/machine.h"

#include <cblas.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/control_group.h"

/* "NAME: 123 kB" of /proc/meminfo in bytes; 0 if it is not there. */
static double meminfo(const char *name) {
  FILE *file = fopen("/proc/meminfo", "r");
  if (!file) return 0.0;
  char line[128];
  double kilobytes = 0.0;
  while (fgets(line, sizeof line, file))
    if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
      kilobytes = atof(line + strlen(name) + 1);
  fclose(file);
  return 1024.0 * kilobytes;
}

/* 0: unknown, which a group that is full is not. */
static double memory_available(void) {
  const double of_node = meminfo("MemAvailable"), of_groups = wl_control_group_memory_left("");
  if (of_node <= 0.0) return isinf(of_groups) ? 0.0 : fmax(of_groups, 1.0);
  return fmax(fmin(of_node, of_groups), 1.0);
}

/* What RLIMIT_AS leaves to this process. */
static double address_space_left(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return HUGE_VAL;
  double pages = 0.0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file) {
    if (fscanf(file, "%lf", &pages) != 1) pages = 0.0;
    fclose(file);
  }
  return (double)limit.rlim_cur - pages * (double)sysconf(_SC_PAGESIZE);
}

wl_node wl_node_find(MPI_Comm comm) {
  MPI_Comm shared;
  wl_node node = {0};
  int rank;
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &shared);
  MPI_Comm_size(shared, &node.ranks);
  MPI_Comm_rank(shared, &rank);
  node.nodes = rank == 0;
  MPI_Allreduce(MPI_IN_PLACE, &node.nodes, 1, MPI_INT, MPI_SUM, comm);
  node.memory_available = memory_available();
  node.address_space = address_space_left();
  MPI_Bcast(&node.memory_available, 1, MPI_DOUBLE, 0, shared); /* all ranks of a node judge by one reading */
  MPI_Comm_free(&shared);
  return node;
}

double wl_machine_peak_memory(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return 1024.0 * (double)usage.ru_maxrss;
}

const char *wl_blas_kernel(void) { return openblas_get_corename(); }
const char *wl_blas_version(void) { return openblas_get_config(); }
int wl_blas_threads(void) { return openblas_get_num_threads(); }

void wl_blas_choose_threads(const wl_node *node) {
  if (getenv("OPENBLAS_NUM_THREADS") || getenv("OMP_NUM_THREADS")) return;
  cpu_set_t mask;
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  int cores = sched_getaffinity(0, sizeof mask, &mask) == 0 ? CPU_COUNT(&mask) : 1;
  const int share = (int)(online / node->ranks); /* ranks that are not bound see every core */
  if (share < cores) cores = share;
  openblas_set_num_threads(cores > 1 ? cores : 1);
}

void wl_blas_set_threads(int threads) { openblas_set_num_threads(threads); }

int wl_machine_threads(void) {
#ifdef _OPENMP
  return wl_blas_threads();
#else
  return 1;
#endif
}

#if defined __x86_64__ || defined __i386__
static bool starts_with_any(const char *name, const char *const *beginnings, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0) return true;
  return false;
}

const char *wl_blas_advice(void) {
  static const char *const old[] = {"Prescott", "Core2",       "Penryn", "Dunnington",
                                    "Nehalem",  "Sandybridge", "Generic"};
  static const char *const avx512[] = {"SkylakeX", "Cooperlake", "Sapphire"};
  const char *kernel = wl_blas_kernel();
  __builtin_cpu_init();
  const int halved = __builtin_cpu_is("amdfam19h"); /* Zen 4 does AVX-512 in two halves: AVX2 is as fast */
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && !halved &&
      !starts_with_any(kernel, avx512, sizeof avx512 / sizeof *avx512) && getenv("OPENBLAS_CORETYPE"))
    return "this processor has AVX-512, but OPENBLAS_CORETYPE forces an older BLAS kernel; unset it to run "
           "faster";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      starts_with_any(kernel, old, sizeof old / sizeof *old))
    return "this processor has AVX2, but BLAS runs a kernel without it; unset OPENBLAS_CORETYPE or set it to "
           "Haswell";
  return NULL;
}
#else
const char *wl_blas_advice(void) { return NULL; }
#endif
