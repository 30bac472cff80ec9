#pragma once

#include <string>
#include <string_view>

#include "exports/rows.hpp"
#include "pg/connection.hpp"
#include "run/context.hpp"

namespace bkp::exports {

/// A transaction in a database of the cluster, with texts settled (rows.hpp). Neither waits for a
/// lock longer than `full.lock_timeout`.
struct Session {
  Session(run::Context& context, const std::string& database, std::string_view begin);

  pg::Connection connection;
  pg::Transaction transaction;
};

}  // namespace bkp::exports
