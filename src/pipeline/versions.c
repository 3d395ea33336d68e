#include "pipeline/versions.h"

#include <hdf5.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>

#include "base/machine.h"
#include "build_commit.h"
#include "build_info.h"
#include "dist/scalapack.h"

const char wl_citation[] = "Zanger et al., UAI 2026, PMLR 337, arXiv 2602.19964";
const char wl_build_commit[] = WL_BUILD_COMMIT;
const char wl_build_compiler[] = WL_BUILD_COMPILER;
const char wl_build_flags[] = WL_BUILD_FLAGS;

const char *wl_mpi_version(void) {
  static char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length;
  MPI_Get_library_version(text, &length);
  text[strcspn(text, ",\n")] = 0;
  for (char *c = text; *c; c++)
    if (*c == '\t') *c = ' ';
  return text;
}

const char *wl_hdf5_version(void) {
  static char text[40];
  unsigned major, minor, release;
  H5get_libversion(&major, &minor, &release);
  snprintf(text, sizeof text, "%u.%u.%u", major, minor, release);
  return text;
}

void wl_print_version(void) {
  printf("widelimit %s\n", WIDELIMIT_VERSION);
  printf("  commit     %s\n", wl_build_commit);
  printf("  compiler   %s\n", wl_build_compiler);
  printf("  flags      %s\n", wl_build_flags);
  printf("  MPI        %s\n", wl_mpi_version());
  printf("  BLAS       %s\n", wl_blas_version());
  printf("  ScaLAPACK  %s, %s\n", WIDELIMIT_SCALAPACK_VERSION, wl_scalapack_library());
  printf("  HDF5       %s\n", wl_hdf5_version());
  printf("  cite       %s\n", wl_citation);
}
