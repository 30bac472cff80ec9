#include "verify/scratch_database.hpp"

#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "util/error.hpp"
#include "util/host.hpp"
#include "util/text.hpp"

namespace bkp::verify {

using nlohmann::json;

namespace {

/// Large enough to limit nothing, odd enough to be nobody else's.
constexpr auto marking_limit = 1907351;

bool take_lock(pg::Connection& connection, const std::string& name) {
  return connection
      .exec("SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1, 0))",
            {"bkp verify " + name})
      .boolean(0, 0);
}

std::string marker(const run::Context& context) {
  return json{{"bkp", "verify"},
              {"site", context.config.site},
              {"host", util::host_name()},
              {"pid", ::getpid()},
              {"created", util::format_rfc3339(context.clock.now())}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

/// A name that is free, with its lock taken on `lock`, for as long as that session lives.
std::string choose_name(run::Context& context, pg::Connection& lock) {
  recover::lift_timeouts(lock);
  const auto base =
      context.config.verify.database_prefix + util::format_compact(context.clock.now());
  constexpr int tries = 100;
  for (int i = 1; i <= tries; ++i) {
    auto name = i == 1 ? base : fmt::format("{}_{}", base, i);
    if (!recover::database_exists(lock, name) && take_lock(lock, name)) return name;
  }
  throw util::Error{util::ErrorKind::locked,
                    fmt::format("no free name for a test database like {}", util::quoted(base)),
                    "other verifications seem to run; wait for them"};
}

/// Whether the comment, or its absence right after CREATE DATABASE, is this site's.
bool is_ours(const std::optional<std::string>& comment, const std::string& site) {
  if (!comment) return true;
  const json parsed = json::parse(*comment, nullptr, false);
  return parsed.is_object() && parsed.value("bkp", json{}) == "verify" &&
         parsed.value("site", json{}) == site;
}

}  // namespace

ScratchDatabase::ScratchDatabase(run::Context& context, const pg::Conninfo& maintenance,
                                 const backup::DatabaseProperties& original)
    : m_lock{pg::Connection::open(maintenance, m_calm)},
      m_database{context,         maintenance,
                 original,        choose_name(context, m_lock),
                 marker(context), fmt::format("CONNECTION LIMIT {}", marking_limit)} {
  protect();
}

ScratchDatabase::ScratchDatabase(run::Context& context, const pg::Conninfo& maintenance,
                                 const std::function<void(const std::string& name)>& make)
    : m_lock{pg::Connection::open(maintenance, m_calm)},
      m_database{context, maintenance, choose_name(context, m_lock), marker(context),
                 [&](pg::Connection& connection, const std::string& name) {
                   try {
                     make(name);
                     connection.exec(fmt::format("ALTER DATABASE {} CONNECTION LIMIT {}",
                                                 connection.identifier(name), marking_limit));
                   } catch (...) {
                     // The name was free, and its lock is held.
                     recover::drop_database(connection, name);
                     throw;
                   }
                 }} {
  protect();
}

void ScratchDatabase::protect() {
  // It holds what the original protects by more than its tables' privileges.
  auto& connection = m_database.connection();
  connection.exec(
      fmt::format("REVOKE ALL ON DATABASE {} FROM PUBLIC", connection.identifier(name())));
}

std::vector<std::string> drop_leftovers(run::Context& context, const pg::Conninfo& maintenance,
                                        bool dry_run) {
  const util::Interrupt calm;
  auto connection = pg::Connection::open(maintenance, calm);
  const auto candidates = connection.exec(
      "SELECT datname, pg_catalog.shobj_description(oid, 'pg_database') "
      "FROM pg_catalog.pg_database WHERE datconnlimit = $1 AND "
      "pg_catalog.starts_with(datname, $2) ORDER BY datname",
      {std::to_string(marking_limit), context.config.verify.database_prefix});
  std::vector<std::string> dropped;
  for (int i = 0; i < candidates.rows(); ++i) {
    const std::string name{candidates.text(i, 0)};
    if (!is_ours(candidates.optional_text(i, 1), context.config.site)) continue;
    if (!take_lock(connection, name)) continue;
    try {
      if (!dry_run) recover::drop_database(connection, name);
      dropped.push_back(name);
    } catch (const pg::DatabaseError& error) {
      if (error.connection_lost()) throw;
      context.warn(fmt::format("{}, left by a verification that died, cannot be dropped: {}",
                               util::quoted(name), error.message()));
    }
  }
  return dropped;
}

}  // namespace bkp::verify
