#include <fmt/format.h>

#include "pg/connection.hpp"

namespace bkp::pg {

using util::Error;
using util::ErrorKind;

Transaction::Transaction(Connection& connection, std::string_view begin)
    : m_connection{connection} {
  m_connection.exec(std::string{begin});
}

Transaction::~Transaction() {
  if (m_open) m_connection.rollback();
}

void Transaction::commit() {
  // The server would answer such a COMMIT with a rollback that looks like success.
  if (m_connection.in_failed_transaction()) {
    throw Error{ErrorKind::internal, fmt::format("a transaction on {} that failed is committed",
                                                 m_connection.conninfo().describe())};
  }
  // Whatever COMMIT answers, there is nothing left to roll back.
  m_open = false;
  m_connection.exec("COMMIT");
}

}  // namespace bkp::pg
