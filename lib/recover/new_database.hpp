#pragma once

#include <functional>
#include <string>

#include "backup/manifest.hpp"
#include "pg/connection.hpp"
#include "run/context.hpp"

namespace bkp::recover {

/// CREATE DATABASE `name` TEMPLATE template0 with the original's encoding, locale and provider,
/// owned by the original's owner when this role may do that. `more` is appended as it is
/// ("CONNECTION LIMIT 5"). Throws Error{refused} when the name is taken, DatabaseError with a hint
/// when the locale is not on this server.
void create_database_like(pg::Connection& connection, const backup::DatabaseProperties& original,
                          const std::string& name, const std::string& more = {});

/// A database being filled: dropped by the destructor, also after a signal, unless keep() was
/// called. It is made and dropped over a connection of its own to the maintenance database, whose
/// waits a signal does not end, so that nothing is left half done.
class NewDatabase {
 public:
  /// Creates it (see create_database_like) with the comment `comment`.
  NewDatabase(run::Context& context, const pg::Conninfo& maintenance,
              const backup::DatabaseProperties& original, std::string name,
              const std::string& comment, const std::string& more = {});
  /// The same of one that `make` creates, given the connection and the name.
  using Make = std::function<void(pg::Connection& connection, const std::string& name)>;
  NewDatabase(run::Context& context, const pg::Conninfo& maintenance, std::string name,
              const std::string& comment, const Make& make);
  ~NewDatabase();
  NewDatabase(const NewDatabase&) = delete;
  NewDatabase& operator=(const NewDatabase&) = delete;

  const std::string& name() const { return m_name; }
  pg::Conninfo conninfo() const { return m_connection.conninfo().with_database(m_name); }
  /// To the maintenance database.
  pg::Connection& connection() { return m_connection; }
  void set_comment(const std::string& comment);
  /// Lets the database live.
  void keep() { m_ours = false; }
  /// Drops it now; throws where the destructor would only warn.
  void drop();

 private:
  run::Context& m_context;
  util::Interrupt m_calm;
  pg::Connection m_connection;
  std::string m_name;
  bool m_ours = false;
};

/// Takes away the limits that a role or database may have set on how long statements run and
/// sessions idle, for this session.
void lift_timeouts(pg::Connection& connection);

/// True when the server has a database of this name.
bool database_exists(pg::Connection& connection, const std::string& name);

/// DROP DATABASE, ending whoever is connected to it.
void drop_database(pg::Connection& connection, const std::string& name);

}  // namespace bkp::recover
