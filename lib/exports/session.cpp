#include "exports/session.hpp"

#include <fmt/format.h>

namespace bkp::exports {

Session::Session(run::Context& context, const std::string& database, std::string_view begin)
    : connection{pg::Connection::open(context.cluster().with_database(database),
                                      context.interrupt)},
      transaction{connection, begin} {
  settle_texts(connection);
  connection.exec(
      fmt::format("SET LOCAL lock_timeout = '{}s'", context.config.full.lock_timeout.count()));
}

}  // namespace bkp::exports
