# What the tree holds beside the programs (apps/CMakeLists.txt). Everything is found relative to the
# running program, so the tree works wherever it is moved; nothing is written outside the prefix.
set_target_properties(bkp_core PROPERTIES
  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib/bkp
  INSTALL_RPATH "\$ORIGIN")
install(TARGETS bkp_core LIBRARY DESTINATION lib/bkp NAMELINK_SKIP)

foreach(section 1 5)
  file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.${section})
  install(FILES ${pages} DESTINATION share/man/man${section})
endforeach()

file(GLOB migrations CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/migrations/*.sql)
install(FILES ${migrations} DESTINATION share/bkp/migrations)
install(FILES ${PROJECT_SOURCE_DIR}/apps/bkp.bash-completion
  DESTINATION share/bash-completion/completions RENAME bkp)
install(FILES ${PROJECT_SOURCE_DIR}/cron/bkp DESTINATION share/bkp/cron)
install(FILES
  ${PROJECT_SOURCE_DIR}/LICENSE
  ${PROJECT_SOURCE_DIR}/config/bkp.example.yaml
  ${PROJECT_SOURCE_DIR}/config/alerts.yml
  ${PROJECT_SOURCE_DIR}/config/grafana-dashboard.json
  DESTINATION share/doc/bkp)
install(CODE "set(source \"${PROJECT_SOURCE_DIR}\")
  set(target \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/doc/bkp\")
  include(\"${CMAKE_CURRENT_LIST_DIR}/install_documents.cmake\")")
