#include "recover/swap.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>

#include <fmt/format.h>

#include "recover/database_settings.hpp"
#include "recover/new_database.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::string_view object_in_use = "55006";
constexpr int attempts = 3;

/// Ends the sessions of a database again and again, on a connection and a thread of its own.
class Terminator {
 public:
  /// By OID: after the swap another database has the name.
  Terminator(const pg::Conninfo& maintenance, const util::Interrupt& calm, std::string database_oid)
      : m_connection{pg::Connection::open(maintenance, calm)},
        m_database_oid{std::move(database_oid)},
        m_thread{[this](const std::stop_token& stop) { work(stop); }} {}

  /// Why it could not; empty when there was no trouble.
  std::exception_ptr stop() {
    m_thread.request_stop();
    m_thread.join();
    return m_failure;
  }

 private:
  void work(const std::stop_token& stop) {
    using namespace std::chrono_literals;
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock{mutex};
    try {
      while (!stop.stop_requested()) {
        m_connection.exec(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity "
            "WHERE datid = $1::oid AND pid <> pg_catalog.pg_backend_pid()",
            {m_database_oid});
        wake.wait_for(lock, stop, 50ms, [] { return false; });
      }
    } catch (...) {
      m_failure = std::current_exception();
    }
  }

  pg::Connection m_connection;
  std::string m_database_oid;
  std::exception_ptr m_failure;
  std::jthread m_thread;
};

std::string rename(const pg::Connection& connection, const std::string& from,
                   const std::string& to) {
  return fmt::format("ALTER DATABASE {} RENAME TO {}", connection.identifier(from),
                     connection.identifier(to));
}

/// Of what the old database has, what the backup says nothing about.
void apply_from_old(pg::Connection& connection, const std::string& old, const std::string& restored,
                    const SwapProperties& properties) {
  auto settings = read_database_settings(connection, old);
  const auto restored_settings = read_database_settings(connection, restored);
  if (!settings || !restored_settings) return;
  if (restored_settings->owner == properties.owner) settings->owner = properties.owner;
  if (properties.held.has_privileges()) settings->has_privileges = false;
  apply_database_settings(connection, restored, *settings);
}

std::vector<std::string> rename_both(pg::Connection& connection, const std::string& database,
                                     const std::string& restored, const std::string& kept_as,
                                     const SwapProperties& properties) {
  pg::Transaction transaction{connection};
  connection.exec(rename(connection, database, kept_as));
  apply_from_old(connection, kept_as, restored, properties);
  connection.exec(rename(connection, restored, database));
  auto problems = apply_held_properties(connection, database, properties.held, properties.no_owner);
  transaction.commit();
  return problems;
}

std::vector<std::string> rename_one(pg::Connection& connection, const std::string& database,
                                    const std::string& restored, const SwapProperties& properties) {
  pg::Transaction transaction{connection};
  connection.exec(rename(connection, restored, database));
  connection.exec(fmt::format("COMMENT ON DATABASE {} IS {}", connection.identifier(database),
                              connection.literal(properties.comment)));
  auto problems = apply_held_properties(connection, database, properties.held, properties.no_owner);
  transaction.commit();
  return problems;
}

void require_none(pg::Connection& connection, const std::string& database, const std::string& sql,
                  std::string_view what, std::string hint) {
  const auto count = connection.exec(sql, {database}).integer(0, 0);
  if (count == 0) return;
  throw Error{ErrorKind::refused,
              fmt::format("database {} has {} {}", util::quoted(database), count, what),
              std::move(hint)};
}

}  // namespace

std::vector<ClientGroup> clients_of(pg::Connection& connection, const std::string& database) {
  const auto rows = connection.exec(
      "SELECT coalesce(usename, ''), coalesce(application_name, ''), count(*) "
      "FROM pg_catalog.pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend' "
      "AND pid <> pg_catalog.pg_backend_pid() GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
      {database});
  std::vector<ClientGroup> clients;
  for (int i = 0; i < rows.rows(); ++i) {
    clients.push_back({std::string{rows.text(i, 0)}, std::string{rows.text(i, 1)},
                       static_cast<int>(rows.integer(i, 2))});
  }
  return clients;
}

void require_swappable(pg::Connection& connection, const std::string& database) {
  require_none(connection, database,
               "SELECT count(*) FROM pg_catalog.pg_prepared_xacts WHERE database = $1",
               "prepared transactions, so it cannot be renamed",
               "COMMIT PREPARED or ROLLBACK PREPARED each of pg_prepared_xacts first");
  require_none(connection, database,
               "SELECT count(*) FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d "
               "ON d.oid = s.subdbid WHERE d.datname = $1 AND s.subenabled",
               "enabled subscriptions, whose workers would keep it busy",
               "ALTER SUBSCRIPTION … DISABLE first");
  const auto may = connection.exec(
      "SELECT datname IN ('template0', 'template1'), pg_catalog.pg_has_role(datdba, 'USAGE') "
      "FROM pg_catalog.pg_database WHERE datname = $1",
      {database});
  if (may.rows() > 0 && may.boolean(0, 0)) {
    throw Error{ErrorKind::refused,
                fmt::format("{} is a template of PostgreSQL's own", util::quoted(database)),
                "restore it beside, without --swap"};
  }
  if (may.rows() > 0 && !may.boolean(0, 1)) {
    throw Error{ErrorKind::refused,
                fmt::format("this role may not rename database {}", util::quoted(database)),
                "connect as its owner (with CREATEDB) or as a superuser"};
  }
}

std::vector<std::string> swap_databases(run::Context& context, const pg::Conninfo& maintenance,
                                        const std::string& database, const std::string& restored,
                                        const std::string& kept_as,
                                        const SwapProperties& properties) {
  const util::Interrupt calm;
  auto connection = pg::Connection::open(maintenance, calm);
  const auto old =
      connection.exec("SELECT oid FROM pg_catalog.pg_database WHERE datname = $1", {database});
  if (old.rows() == 0) return rename_one(connection, database, restored, properties);
  for (int attempt = 1;; ++attempt) {
    Terminator terminator{maintenance, calm, std::string{old.single()}};
    try {
      return rename_both(connection, database, restored, kept_as, properties);
    } catch (const pg::DatabaseError& error) {
      const auto why_not_ended = terminator.stop();
      if (error.sqlstate() != object_in_use) throw;
      if (why_not_ended) std::rethrow_exception(why_not_ended);
      if (attempt == attempts) {
        throw Error{ErrorKind::refused,
                    fmt::format("the connections to {} do not end ({}); it stays as it was",
                                util::quoted(database), error.message()),
                    "stop the application or its connection pool and run the command again"};
      }
      context.log.info("the connections to {} have not ended yet; trying again",
                       util::quoted(database));
    }
  }
}

}  // namespace bkp::recover
