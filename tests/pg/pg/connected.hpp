#pragma once

#include "pg/connection.hpp"
#include "support/shared_cluster.hpp"

namespace bkp::test {

/// A session with database postgres of the cluster that the tests here share.
inline pg::Connection connect(const util::Interrupt& interrupt) {
  return pg::Connection::open(conninfo("postgres"), interrupt);
}

}  // namespace bkp::test
