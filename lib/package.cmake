# The Debian package: the installed tree under /usr, and what config/debian adds to it. `./dev package`.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME bkp)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "proven backups of PostgreSQL databases, and their restores")
set(CPACK_PACKAGE_DESCRIPTION
"bkp takes full backups of the databases of a PostgreSQL cluster, keeps copies
of them in several stores, and brings databases, schemas and tables back. A
backup counts as good only after a test restore whose every row was compared
with what was dumped.
.
It archives the server's write-ahead log as well. It is a handful of programs
without a daemon, run by cron, by the server or by hand. What they write can be
restored with zstd and pg_restore alone.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/config/debian/stage.cmake)

# Who builds a package for others answers for it, by the names that Debian's own tools read.
set(maintainer "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
if("$ENV{DEBFULLNAME}" STREQUAL "" OR "$ENV{DEBEMAIL}" STREQUAL "")
  set(maintainer "The maintainers of bkp <bkp@example.org>")
endif()
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${maintainer})
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

# libbkp is private to the package; what it needs of the system is found by dpkg-shlibdeps, but for
# the libraries it loads late.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/lib/bkp)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, libcurl4 (>= 7.85), libpq5, libssh2-1 (>= 1.9), zstd")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "postgresql-client, age, cron | cron-daemon")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "man-db, bash-completion")

set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/config/debian/conffiles
  ${PROJECT_SOURCE_DIR}/config/debian/postinst
  ${PROJECT_SOURCE_DIR}/config/debian/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
