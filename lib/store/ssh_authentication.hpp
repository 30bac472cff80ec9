#pragma once

#include <chrono>

#include "store/sftp_address.hpp"
#include "store/ssh_connection.hpp"
#include "store/ssh_login.hpp"

namespace bkp::store {

/// Logs in with the key file or, where none is named, with what the agent has, one after the other;
/// `limit` is for each answer of the server, the agent has the time it takes. Throws Error{key}
/// when there is nothing to log in with or it is refused, SftpConnectionLost.
void log_in(SshConnection& connection, const SftpAddress& address, const SshLogin& login,
            std::chrono::milliseconds limit);

}  // namespace bkp::store
