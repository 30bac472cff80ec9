# Makes the tree that `cmake --install` wrote into one that Debian's policy wants. CPack runs this
# between staging and packing (CPACK_PRE_BUILD_SCRIPTS, lib/package.cmake).
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(documents ${root}/usr/share/doc/bkp)

function(put file target)
  execute_process(COMMAND install -D -m 0644 ${file} ${root}/${target}
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(compress)
  execute_process(COMMAND gzip -9n ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# dpkg keeps /etc/cron.d/bkp when the package is removed; without the programs its lines must then
# be silent (policy 9.5), whereas in a tree of one's own a missing program is worth a mail.
function(put_cron_file)
  file(READ ${CMAKE_CURRENT_LIST_DIR}/../../cron/bkp text)
  set(guard "test -e /etc/bkp/bkp.yaml ||")
  string(REPLACE "${guard}" "test -x /usr/bin/bkp && ${guard}" guarded "${text}")
  if(guarded STREQUAL text)
    message(FATAL_ERROR "cron/bkp does not guard its lines with \"${guard}\" any more")
  endif()
  file(WRITE ${root}/cron "${guarded}")
  put(${root}/cron etc/cron.d/bkp)
  file(REMOVE ${root}/cron)
endfunction()

function(put_changelog)
  set(changelog ${CMAKE_CURRENT_LIST_DIR}/changelog)
  file(STRINGS ${changelog} first LIMIT_COUNT 1)
  string(FIND "${first}" "bkp (${CPACK_PACKAGE_VERSION}-" at)
  if(NOT at EQUAL 0)
    message(FATAL_ERROR "${changelog} begins with \"${first}\": "
      "write an entry for ${CPACK_PACKAGE_VERSION} above it")
  endif()
  put(${changelog} usr/share/doc/bkp/changelog.Debian)
  compress(${documents}/changelog.Debian)
endfunction()

file(GLOB pages ${root}/usr/share/man/man*/*)
compress(${pages})
put_cron_file()
put_changelog()
put(${CMAKE_CURRENT_LIST_DIR}/copyright usr/share/doc/bkp/copyright)
put(${CMAKE_CURRENT_LIST_DIR}/lintian-overrides usr/share/lintian/overrides/bkp)
# It is among /usr/share/common-licenses, and copyright says so.
file(REMOVE ${documents}/LICENSE)
