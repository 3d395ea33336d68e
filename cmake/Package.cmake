# `cmake --install`: the library, its headers, a CMake package (find_package(widelimit)) and a pkg-config file.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/widelimit)

install(TARGETS widelimit_lib EXPORT widelimitTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/widelimit DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY doc/examples DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(EXPORT widelimitTargets NAMESPACE widelimit:: DESTINATION ${package_dir})

configure_package_config_file(cmake/widelimitConfig.cmake.in widelimitConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(widelimitConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/widelimitConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/widelimitConfigVersion.cmake
  cmake/Dependencies.cmake
  DESTINATION ${package_dir})

# pkg-config knows Open MPI as ompi-c, MPICH as mpich; with neither, the reader compiles with mpicc.
if(WL_MPI STREQUAL openmpi)
  pkg_search_module(wl_mpi QUIET ompi-c)
elseif(WL_MPI STREQUAL mpich)
  pkg_search_module(wl_mpi QUIET mpich)
endif()
set(pc_requires "${wl_mpi_MODULE_NAME}")
set(pc_private "openblas yaml-0.1 jansson gsl sleef zlib libzip")
set(pc_libs_private "-lm -ldl")
if(OpenMP_C_FOUND)
  string(PREPEND pc_libs_private "${OpenMP_C_FLAGS} ")
endif()
if(WL_HDF5_MODULE)
  string(PREPEND pc_private "${WL_HDF5_MODULE} ")
else()
  string(JOIN " " hdf5_libs ${HDF5_C_LIBRARIES})
  string(PREPEND pc_libs_private "${hdf5_libs} ")
endif()
string(JOIN " " scalapack_libs ${SCALAPACK_LIBRARY})
string(PREPEND pc_libs_private "${scalapack_libs} ")
# pkg-config adds what is private only under --static, which a reader of a static-only installation need not know.
if(BUILD_SHARED_LIBS)
  set(pc_libs "")
else()
  string(STRIP "${pc_requires} ${pc_private}" pc_requires)
  set(pc_private "")
  set(pc_libs " ${pc_libs_private}")
  set(pc_libs_private "")
endif()
# Relative to the file itself, so that the installed tree can be moved.
foreach(dir LIBDIR INCLUDEDIR)
  cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_${dir} BASE_DIRECTORY "\${prefix}" OUTPUT_VARIABLE pc_${dir})
endforeach()
file(RELATIVE_PATH pc_up ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/widelimit.pc.in widelimit.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/widelimit.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
