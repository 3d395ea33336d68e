# The libraries that widelimit stands on. On Debian each name below is a package; on a cluster, load the modules
# and point CMAKE_PREFIX_PATH and PKG_CONFIG_PATH at them. The installed CMake package includes this file too, for a
# static libwidelimit needs the same libraries again where it is linked.
include_guard()
find_package(MPI REQUIRED COMPONENTS C)
find_package(OpenMP COMPONENTS C) # one thread a rank assembles without it
find_package(PkgConfig REQUIRED)
pkg_check_modules(openblas REQUIRED IMPORTED_TARGET openblas)
pkg_check_modules(jansson REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(gsl REQUIRED IMPORTED_TARGET gsl)
pkg_check_modules(sleef REQUIRED IMPORTED_TARGET sleef)

# ScaLAPACK carries the MPI's name on Debian and none elsewhere.
find_library(SCALAPACK_LIBRARY NAMES scalapack-openmpi scalapack scalapack-mpich REQUIRED)
add_library(wl_scalapack INTERFACE IMPORTED)
target_link_libraries(wl_scalapack INTERFACE ${SCALAPACK_LIBRARY})
get_filename_component(SCALAPACK_NAME ${SCALAPACK_LIBRARY} NAME_WE)
string(REGEX REPLACE "^lib" "" SCALAPACK_NAME ${SCALAPACK_NAME})
pkg_check_modules(scalapack QUIET ${SCALAPACK_NAME})
set(SCALAPACK_VERSION ${scalapack_VERSION})
if(NOT SCALAPACK_VERSION)
  set(SCALAPACK_VERSION unknown) # it has no call that would tell
endif()

# Parallel HDF5: Debian's pkg-config file names it outright; elsewhere HDF5_ROOT or the h5pcc in the path says where.
# An HDF5_ROOT of the caller goes first.
add_library(wl_hdf5 INTERFACE IMPORTED)
if(NOT HDF5_ROOT AND NOT DEFINED ENV{HDF5_ROOT})
  pkg_check_modules(hdf5_openmpi QUIET IMPORTED_TARGET hdf5-openmpi)
endif()
if(hdf5_openmpi_FOUND)
  target_link_libraries(wl_hdf5 INTERFACE PkgConfig::hdf5_openmpi)
else()
  set(HDF5_PREFER_PARALLEL ON)
  find_package(HDF5 REQUIRED COMPONENTS C)
  if(NOT HDF5_IS_PARALLEL)
    message(FATAL_ERROR "This HDF5 was built without MPI; widelimit needs the parallel one (Debian: libhdf5-openmpi-dev).")
  endif()
  target_include_directories(wl_hdf5 INTERFACE ${HDF5_C_INCLUDE_DIRS})
  target_link_libraries(wl_hdf5 INTERFACE ${HDF5_C_LIBRARIES})
endif()

find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)
add_library(wl_random123 INTERFACE IMPORTED)
target_include_directories(wl_random123 SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})
