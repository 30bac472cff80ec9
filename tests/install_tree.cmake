# Installs BUILD into PREFIX, which holds nothing else afterwards: a file that is no longer
# installed must not be found by a test.
file(REMOVE_RECURSE ${PREFIX})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX}
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
