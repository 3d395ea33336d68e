#include "pipeline/versions.h"

#include <hdf5.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
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
  char scalapack[128];
  snprintf(scalapack, sizeof scalapack, "%s, %s", WIDELIMIT_SCALAPACK_VERSION, wl_scalapack_library());
  const struct {
    const char *title, *text;
  } fields[] = {{"commit", wl_build_commit}, {"compiler", wl_build_compiler},
                {"flags", wl_build_flags},   {"MPI", wl_mpi_version()},
                {"BLAS", wl_blas_version()}, {"ScaLAPACK", scalapack},
                {"HDF5", wl_hdf5_version()}, {"cite", wl_citation}};
  wl_log_line("widelimit %s", WIDELIMIT_VERSION);
  for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) wl_log_field(9, fields[k].title, fields[k].text);
}
