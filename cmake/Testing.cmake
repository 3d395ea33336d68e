# Functions to add tests. Every test runs in the same surroundings: one BLAS thread per rank, more ranks than cores
# allowed (ranks then yield while they wait), root allowed, and no shared-memory tricks that containers forbid.
set(WL_TEST_ENVIRONMENT
  OPENBLAS_NUM_THREADS=1
  OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1
  OMPI_MCA_btl_vader_single_copy_mechanism=none MPIR_CVAR_REDUCE_DEVICE_COLLECTIVE=0
  "LSAN_OPTIONS=suppressions=${CMAKE_CURRENT_SOURCE_DIR}/lsan.supp:print_suppressions=0"
  ASAN_OPTIONS=detect_stack_use_after_return=1:fast_unwind_on_malloc=0:verify_asan_link_order=0
  UBSAN_OPTIONS=print_stacktrace=1)
set(WL_TEST_RANKS 1 2 3 4 6)

# wl_add_test_program(NAME SOURCE...): a program with the library and CMocka, not yet a test.
function(wl_add_test_program name)
  add_executable(${name} ${ARGN})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE
    widelimit_internal PkgConfig::cmocka PkgConfig::openblas PkgConfig::jansson PkgConfig::gsl PkgConfig::sleef PkgConfig::zlib
    PkgConfig::libzip wl_hdf5
    wl_scalapack wl_random123 m widelimit_options)
endfunction()

# wl_add_unit_test(NAME SOURCE... [TIMEOUT SECONDS]): a CMocka program, run as one process.
function(wl_add_unit_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "")
  wl_add_test_program(${name} ${arg_UNPARSED_ARGUMENTS})
  wl_add_test(${name} TIMEOUT ${arg_TIMEOUT} LABELS unit COMMAND ${name})
endfunction()

# wl_add_mpi_test(NAME [RANKS N...] [TIMEOUT SECONDS] COMMAND PROGRAM ARGUMENT...): the tests NAME.N, on N ranks each;
# `ctest -L ranks3` runs those on 3 ranks.
function(wl_add_mpi_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "RANKS;COMMAND")
  if(NOT arg_RANKS)
    set(arg_RANKS ${WL_TEST_RANKS})
  endif()
  list(POP_FRONT arg_COMMAND program)
  if(TARGET ${program})
    set(program ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:${program}>)
  endif()
  foreach(ranks IN LISTS arg_RANKS)
    wl_add_test(${name}.${ranks} RANKS ${ranks} TIMEOUT ${arg_TIMEOUT} LABELS mpi COMMAND
      ${MPIEXEC_EXECUTABLE} ${MPIEXEC_PREFLAGS} ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${program} ${MPIEXEC_POSTFLAGS}
      ${arg_COMMAND})
  endforeach()
endfunction()

# wl_add_script_test(NAME SCRIPT [RANKS N...] [TIMEOUT SECONDS] [ARGUMENTS ARGUMENT...]): the tests NAME.N: the shell script
# with the program, the launcher with its flag for the number of ranks, N and the arguments, in an empty folder of its own.
function(wl_add_script_test name script)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "TIMEOUT" "RANKS;ARGUMENTS")
  if(NOT arg_RANKS)
    set(arg_RANKS ${WL_TEST_RANKS})
  endif()
  foreach(ranks IN LISTS arg_RANKS)
    wl_add_test(${name}.${ranks} RANKS ${ranks} TIMEOUT ${arg_TIMEOUT} LABELS system
      FOLDER ${CMAKE_CURRENT_BINARY_DIR}/${name}.${ranks} COMMAND
      ${CMAKE_CURRENT_SOURCE_DIR}/${script} $<TARGET_FILE:widelimit> "${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG}"
      ${ranks} ${arg_ARGUMENTS})
  endforeach()
endfunction()

# What the functions above share: limits (against hangs, so many times what a test takes on an idle machine), surroundings, labels, and as many processors as ranks.
function(wl_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "RANKS;TIMEOUT;LABELS;FOLDER" "COMMAND")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 600)
  endif()
  if(WIDELIMIT_SANITIZE OR CMAKE_CROSSCOMPILING_EMULATOR)
    math(EXPR arg_TIMEOUT "5 * ${arg_TIMEOUT}")
  endif()
  if(NOT arg_RANKS)
    set(arg_RANKS 1)
  endif()
  if(NOT arg_FOLDER)
    set(arg_FOLDER ${CMAKE_CURRENT_BINARY_DIR})
  endif()
  set(surroundings ${WL_TEST_ENVIRONMENT})
  if(arg_RANKS EQUAL 1) # mpirun need not give the other ranks two seconds to end after a failure
    list(APPEND surroundings OMPI_MCA_odls_base_sigkill_timeout=0)
  endif()
  file(MAKE_DIRECTORY ${arg_FOLDER})
  add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${arg_FOLDER})
  set_tests_properties(${name} PROPERTIES
    TIMEOUT ${arg_TIMEOUT} PROCESSORS ${arg_RANKS} ENVIRONMENT "${surroundings}"
    LABELS "${arg_LABELS};ranks${arg_RANKS}")
endfunction()
