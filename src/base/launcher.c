#define _GNU_SOURCE
#include "base/launcher.h"

#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What launchers say: Open MPI's, those with the process management interface of MPICH, MVAPICH2's, jsrun and Slurm's srun. */
static const struct {
  const char *size, *rank;
} launchers[] = {
    {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"}, {"PMI_SIZE", "PMI_RANK"},
    {"MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"},   {"JSM_NAMESPACE_SIZE", "JSM_NAMESPACE_RANK"},
    {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"},
};
enum { LAUNCHERS = sizeof launchers / sizeof *launchers, SECONDS_TO_SPEAK = 5 };

/* The first launcher that says a number above 1 to one that MPI leaves alone; LAUNCHERS: there is none, or one says 1. */
static int find_contradiction(int ranks) {
  int found = LAUNCHERS;
  for (int l = LAUNCHERS - 1; l >= 0 && ranks == 1; l--) {
    const char *size = getenv(launchers[l].size);
    if (size && atoi(size) == 1) return LAUNCHERS;
    if (size && atoi(size) > 1) found = l;
  }
  return found;
}

void wl_launcher_prepare(void) { setenv("MPIR_CVAR_REDUCE_DEVICE_COLLECTIVE", "0", 0); }

wl_error wl_launcher_check(int ranks) {
  const int l = find_contradiction(ranks);
  if (l == LAUNCHERS) return WL_OK;
  char library[MPI_MAX_LIBRARY_VERSION_STRING];
  int length;
  MPI_Get_library_version(library, &length);
  library[strcspn(library, ",\n")] = 0;
  for (char *c = library; *c; c++)
    if (*c == '\t') *c = ' ';
  const char *name = launchers[l].size, *size = getenv(name);
  WL_FAIL(WL_ERROR_USAGE,
          "%s is %s, but MPI sees one rank: each of %s processes would do the whole work. Start it with the "
          "launcher of the "
          "MPI that it is built with (%s), as in mpirun -n %s, or with srun --mpi=pmix or --mpi=pmi2, whichever "
          "that MPI knows; "
          "for one rank by hand: env -u %s widelimit",
          name, size, size, library, size, name);
}

bool wl_launcher_lets_speak(int ranks) {
  const int l = find_contradiction(ranks);
  const char *rank = l < LAUNCHERS ? getenv(launchers[l].rank) : NULL;
  if (!rank || atoi(rank) == 0) return true;
  sleep(SECONDS_TO_SPEAK);
  return false;
}
