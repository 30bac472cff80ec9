#pragma once

#include <string>
#include <vector>

#include "pg/connection.hpp"
#include "run/context.hpp"

namespace bkp::recover {

/// Who is connected to a database.
struct ClientGroup {
  std::string user;
  std::string application;
  int connections = 0;
};
std::vector<ClientGroup> clients_of(pg::Connection& connection, const std::string& database);

/// Throws Error{refused} for what ending connections does not solve: prepared transactions,
/// subscriptions that would keep writing to it, a template, rights that are missing.
void require_swappable(pg::Connection& connection, const std::string& database);

/// Renames `database` to `kept_as` and `restored` to `database` in one transaction, and gives the
/// restored one what the old one had beside its content: owner, privileges, settings, comment,
/// connection limit (see DatabaseSettings).
///
/// The rename takes PostgreSQL's exclusive lock on the old database: from then on new connections
/// to it wait, while a second session ends those that are there. If they do not all end in a few
/// seconds PostgreSQL gives up and everything is as it was; the same holds when this process dies
/// at any point, because nothing is committed before. That is why ALLOW_CONNECTIONS is not touched:
/// it would have to be committed first, and a crash would leave a database that nobody can use.
/// (src/backend/commands/dbcommands.c, RenameDatabase; src/backend/utils/init/postinit.c,
/// InitPostgres.)
///
/// Not ended by a signal. Throws Error{refused} when connections do not end, DatabaseError
/// otherwise. Without an old database, `restored` only takes the name.
void swap_databases(run::Context& context, const pg::Conninfo& maintenance,
                    const std::string& database, const std::string& restored,
                    const std::string& kept_as);

}  // namespace bkp::recover
