#include "physical/data_file.hpp"

#include <catch2/catch.hpp>

using namespace bkp::physical;

TEST_CASE("files of relations are told by their names") {
  CHECK(parse_relation_file("base/5/1259") == RelationFile{"base/5", 1259, Fork::main, 0, false});
  CHECK(parse_relation_file("global/1260_vm") == RelationFile{"global", 1260, Fork::vm, 0, false});
  CHECK(parse_relation_file("base/16384/16385_fsm.3") ==
        RelationFile{"base/16384", 16385, Fork::fsm, 3, false});
  CHECK(parse_relation_file("pg_tblspc/16400/PG_15_202209061/5/7.12") ==
        RelationFile{"pg_tblspc/16400/PG_15_202209061/5", 7, Fork::main, 12, false});
  CHECK(parse_relation_file("base/5/t3_16390") ==
        RelationFile{"base/5", 16390, Fork::main, 0, true});
  for (const auto* path :
       {"PG_VERSION", "base/5/PG_VERSION", "base/5/pg_filenode.map", "global/pg_control", "base/5/",
        "base/5/12x", "base/5/12.", "base/5/12.x", "base/5/12_foo", "base/x/12", "pg_xact/0000",
        "pg_tblspc/16400/5", "pg_tblspc/16400/PG_15_202209061/5/6/7"}) {
    CAPTURE(path);
    CHECK_FALSE(parse_relation_file(path));
  }
}

TEST_CASE("what PostgreSQL leaves out of base backups is left out") {
  for (const auto* path : {"postmaster.pid", "backup_label", "base/5/pgsql_tmp", "base/5/t3_16390",
                           "global/pg_internal.init", "base/5/pg_internal.init.123",
                           "recovery.signal", "pgsql_tmp1"}) {
    CAPTURE(path);
    CHECK(is_excluded(path));
  }
  for (const auto* path : {"postgresql.conf", "postgresql.auto.conf", "base/5/1259",
                           "pg_logical/mappings", "sub/backup_label"}) {
    CAPTURE(path);
    CHECK_FALSE(is_excluded(path));
  }
  CHECK(is_emptied_directory("pg_wal"));
  CHECK(is_emptied_directory("pg_replslot"));
  CHECK_FALSE(is_emptied_directory("pg_xact"));
}
