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
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)

# Which MPI it is decides which ScaLAPACK and HDF5: Debian's carry its name. Another family (of a vendor) has neither name.
include(CheckSymbolExists)
set(CMAKE_REQUIRED_LIBRARIES MPI::MPI_C)
check_symbol_exists(OPEN_MPI mpi.h WL_MPI_IS_OPENMPI)
check_symbol_exists(MPICH_VERSION mpi.h WL_MPI_IS_MPICH)
unset(CMAKE_REQUIRED_LIBRARIES)
set(WL_MPI mpi)
if(WL_MPI_IS_OPENMPI)
  set(WL_MPI openmpi)
elseif(WL_MPI_IS_MPICH)
  set(WL_MPI mpich)
endif()

# wl_read_elf(FILE TAG VARIABLE): the names that a shared library has under NEEDED or SONAME; empty where that cannot be read.
function(wl_read_elf file tag variable)
  set(dynamic "")
  if(CMAKE_READELF AND file MATCHES "[.]so")
    execute_process(COMMAND ${CMAKE_READELF} -d ${file} OUTPUT_VARIABLE dynamic ERROR_QUIET)
  endif()
  string(REGEX MATCHALL "\\(${tag}\\)[^\n]*\\[[^]]*\\]" lines "${dynamic}")
  list(TRANSFORM lines REPLACE ".*\\[(.*)\\]" "\\1")
  set(${variable} "${lines}" PARENT_SCOPE)
endfunction()

# wl_refuse_other_mpi(NAME LIBRARY...): two MPIs in one program end in a crash, or in wrong numbers.
function(wl_refuse_other_mpi name)
  foreach(library IN LISTS MPI_C_LIBRARIES)
    wl_read_elf(${library} SONAME soname)
    list(APPEND sonames ${soname})
  endforeach()
  foreach(library IN LISTS ARGN)
    wl_read_elf(${library} NEEDED needed)
    list(FILTER needed INCLUDE REGEX "^lib(mpi|mpich)[.]so")
    foreach(other IN LISTS needed)
      if(sonames AND NOT other IN_LIST sonames)
        message(FATAL_ERROR "${name} ${library} is linked with ${other}, but the MPI found is ${MPI_C_LIBRARIES} (${sonames}). "
          "Choose the MPI by -DMPI_C_COMPILER or, on Debian, -DMPI_EXECUTABLE_SUFFIX=.mpich or .openmpi; or another ${name} by "
          "-DSCALAPACK_LIBRARY, HDF5_ROOT.")
      endif()
    endforeach()
  endforeach()
endfunction()

# wl_check_scalapack(LIBRARY...): refuses one without doubles and floats, and one whose INTEGER has 64 bits (ILP64), which reads what it
# is given as other numbers: NUMROC then finds 2^32 + 10 rows where there are 10.
include(CheckFunctionExists)
include(CheckCSourceRuns)
function(wl_check_scalapack)
  string(MD5 which "${ARGN}")
  set(CMAKE_REQUIRED_QUIET ON)
  set(CMAKE_REQUIRED_LIBRARIES ${ARGN} PkgConfig::openblas MPI::MPI_C m)
  foreach(routine pdpotrf_ pspotrf_)
    check_function_exists(${routine} WL_HAS_${routine}${which})
    if(NOT WL_HAS_${routine}${which})
      message(FATAL_ERROR "ScaLAPACK ${ARGN} does not link, or has no ${routine}: double and single precision are both needed "
        "(${CMAKE_BINARY_DIR}/CMakeFiles has the linker's message). Choose another one by -DSCALAPACK_LIBRARY.")
    endif()
  endforeach()
  if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
    return()
  endif()
  check_c_source_runs("
    extern int numroc_(const long long *, const long long *, const long long *, const long long *, const long long *);
    int main(void) {
      const long long rows = (1LL << 32) + 10, block = 1, me = 0, first = 0, count = 2;
      return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && numroc_(&rows, &block, &me, &first, &count) != 5;
    }" WL_HAS_32_BITS_${which})
  if(NOT WL_HAS_32_BITS_${which})
    message(FATAL_ERROR "ScaLAPACK ${ARGN} counts with 64-bit integers (ILP64); widelimit needs one with 32-bit integers (LP64). "
      "Choose it by -DSCALAPACK_LIBRARY.")
  endif()
endfunction()

# One library, or a list of all that its link line names.
find_library(SCALAPACK_LIBRARY NAMES scalapack-${WL_MPI} scalapack REQUIRED)
wl_refuse_other_mpi(ScaLAPACK ${SCALAPACK_LIBRARY})
wl_check_scalapack(${SCALAPACK_LIBRARY})
add_library(wl_scalapack INTERFACE IMPORTED)
target_link_libraries(wl_scalapack INTERFACE ${SCALAPACK_LIBRARY})
list(GET SCALAPACK_LIBRARY 0 SCALAPACK_NAME)
get_filename_component(SCALAPACK_NAME ${SCALAPACK_NAME} NAME_WE)
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
  pkg_check_modules(wl_hdf5_of_mpi QUIET IMPORTED_TARGET hdf5-${WL_MPI})
endif()
if(wl_hdf5_of_mpi_FOUND)
  set(WL_HDF5_MODULE hdf5-${WL_MPI})
  wl_refuse_other_mpi(HDF5 ${wl_hdf5_of_mpi_LINK_LIBRARIES})
  target_link_libraries(wl_hdf5 INTERFACE PkgConfig::wl_hdf5_of_mpi)
else()
  set(HDF5_PREFER_PARALLEL ON)
  find_package(HDF5 REQUIRED COMPONENTS C)
  if(NOT HDF5_IS_PARALLEL)
    message(FATAL_ERROR "This HDF5 was built without MPI; widelimit needs the parallel one (Debian: libhdf5-${WL_MPI}-dev).")
  endif()
  wl_refuse_other_mpi(HDF5 ${HDF5_C_LIBRARIES})
  target_include_directories(wl_hdf5 INTERFACE ${HDF5_C_INCLUDE_DIRS})
  target_link_libraries(wl_hdf5 INTERFACE ${HDF5_C_LIBRARIES})
endif()

find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)
add_library(wl_random123 INTERFACE IMPORTED)
target_include_directories(wl_random123 SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})
