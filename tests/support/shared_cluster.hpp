#pragma once

#include <atomic>
#include <string>

#include "pg/conninfo.hpp"
#include "support/cluster.hpp"

namespace bkp::test {

/// One cluster for all tests of a binary that need a database, not a server, of their own.
inline Cluster& cluster() {
  static Cluster shared;
  return shared;
}

inline pg::Conninfo conninfo(const std::string& database) {
  return pg::Conninfo::parse(cluster().conninfo()).with_database(database);
}

/// A new, empty database; its name.
inline std::string fresh_database() {
  static std::atomic<int> count = 0;
  const auto name = "fresh_" + std::to_string(++count);
  cluster().create_database(name);
  return name;
}

}  // namespace bkp::test
