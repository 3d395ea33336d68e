# cmake -D SOURCE=… -D HEADER=… -P Commit.cmake: the commit of a working copy, "-dirty" behind it where files differ from it,
# as a macro in a header; "unknown" in an unpacked archive. The header keeps its date where nothing changed.
cmake_minimum_required(VERSION 3.21)
set(commit unknown)
find_package(Git QUIET)
if(Git_FOUND AND EXISTS ${SOURCE}/.git)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env GIT_OPTIONAL_LOCKS=0
    ${GIT_EXECUTABLE} -c safe.directory=${SOURCE} -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
    OUTPUT_VARIABLE found RESULT_VARIABLE status ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(status EQUAL 0)
    set(commit ${found})
  endif()
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define WL_BUILD_COMMIT \"@commit@\"\n" @ONLY)
