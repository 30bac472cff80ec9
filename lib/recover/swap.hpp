#pragma once

#include <string>
#include <vector>

#include "pg/connection.hpp"
#include "recover/held_properties.hpp"
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

/// What the restored database gets beside its content.
struct SwapProperties {
  HeldProperties held;
  std::string owner;         ///< in the backup; empty: not to be restored
  bool no_owner = false;     ///< see apply_held_properties()
  std::string comment = {};  ///< where there is no old one; the backup's outranks it
};

/// Renames `database` to `kept_as` and `restored` to `database` in one transaction, and gives the
/// restored one, which was called unfinished until then, what belongs to it beside its content:
/// what the backup holds, and of what it does not hold (owner, privileges, settings, comment,
/// connection limit, see DatabaseSettings), what the old one had. Returns what of the backup could
/// not be applied, in words.
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
std::vector<std::string> swap_databases(run::Context& context, const pg::Conninfo& maintenance,
                                        const std::string& database, const std::string& restored,
                                        const std::string& kept_as,
                                        const SwapProperties& properties = {});

}  // namespace bkp::recover
