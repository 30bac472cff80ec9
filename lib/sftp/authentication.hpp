#pragma once

#include <chrono>

#include "sftp/address.hpp"
#include "sftp/connection.hpp"
#include "sftp/login.hpp"

namespace bkp::sftp {

/// Logs in with the key file or, where none is named, with what the agent has, one after the other;
/// `limit` is for each answer of the server, the agent has the time it takes. Throws Error{key}
/// when there is nothing to log in with or it is refused, ConnectionLost.
void log_in(Connection& connection, const Address& address, const Login& login,
            std::chrono::milliseconds limit);

}  // namespace bkp::sftp
