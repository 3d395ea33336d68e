# Man pages and bash completion, from the table of commands (src/cli/commands.c); documents and examples beside them.
set(manual_dir ${CMAKE_CURRENT_BINARY_DIR}/manuals)
file(MAKE_DIRECTORY ${manual_dir})
add_executable(write_manuals src/cli/manuals.c src/cli/commands.c)
target_include_directories(write_manuals PRIVATE src include)
target_compile_definitions(write_manuals PRIVATE WIDELIMIT_VERSION="${PROJECT_VERSION}")
target_link_libraries(write_manuals PRIVATE MPI::MPI_C widelimit_options) # for types alone
add_custom_command(OUTPUT ${manual_dir}/widelimit.1 ${manual_dir}/widelimit.bash
  COMMAND write_manuals ${manual_dir} ${PROJECT_VERSION} DEPENDS write_manuals VERBATIM)
add_custom_target(make_manuals ALL DEPENDS ${manual_dir}/widelimit.1)

install(DIRECTORY ${manual_dir}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1")
install(FILES ${manual_dir}/widelimit.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME widelimit)
install(DIRECTORY doc/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN "*.png")
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY inputs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/inputs PATTERN "out" EXCLUDE PATTERN "data" EXCLUDE)
install(DIRECTORY jobs/slurm DESTINATION ${CMAKE_INSTALL_DATADIR}/widelimit)
install(PROGRAMS jobs/local.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/widelimit)
install(FILES jobs/widelimit.py DESTINATION ${CMAKE_INSTALL_DATADIR}/widelimit)
