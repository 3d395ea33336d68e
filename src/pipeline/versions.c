#include "pipeline/versions.h"

#include <hdf5.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>

#include "base/machine.h"
#include "dist/scalapack.h"

const char *wl_mpi_version(void) {
  static char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length;
  MPI_Get_library_version(text, &length);
  text[strcspn(text, ",\n")] = 0;
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
  printf("widelimit %s\n%s\nScaLAPACK %s, %s\nHDF5 %s\n%s\n", WIDELIMIT_VERSION, wl_mpi_version(),
         WIDELIMIT_SCALAPACK_VERSION, wl_scalapack_library(), wl_hdf5_version(), wl_blas_version());
}
