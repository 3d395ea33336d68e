# What the program knows of its own making (src/pipeline/versions.c): compiler and flags when configured; the commit at every
# build, in a header that is written again where it changed.
set(build_info_dir ${CMAKE_CURRENT_BINARY_DIR}/build_info)
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
set(WL_BUILD_FLAGS "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${build_type}}")
if(WIDELIMIT_SANITIZE)
  string(APPEND WL_BUILD_FLAGS " -fsanitize=address,undefined")
endif()
list(JOIN kernel_flags " " WL_BUILD_KERNEL_FLAGS)
string(REGEX REPLACE " +" " " WL_BUILD_FLAGS "${WL_BUILD_FLAGS}; kernels: ${WL_BUILD_KERNEL_FLAGS}")
string(STRIP "${WL_BUILD_FLAGS}" WL_BUILD_FLAGS)
string(REGEX REPLACE "([\\\"])" "\\\\\\1" WL_BUILD_FLAGS "${WL_BUILD_FLAGS}")
configure_file(cmake/build_info.h.in ${build_info_dir}/build_info.h @ONLY)

add_custom_target(find_commit
  COMMAND ${CMAKE_COMMAND} -D SOURCE=${CMAKE_CURRENT_SOURCE_DIR} -D HEADER=${build_info_dir}/build_commit.h
  -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/Commit.cmake
  BYPRODUCTS ${build_info_dir}/build_commit.h COMMENT "" VERBATIM)
add_dependencies(widelimit find_commit)
target_include_directories(widelimit PRIVATE ${build_info_dir})
