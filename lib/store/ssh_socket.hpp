#pragma once

#include <chrono>

#include "store/sftp_address.hpp"
#include "util/fd.hpp"
#include "util/interrupt.hpp"

namespace bkp::store {

/// A connected socket that does not block. Each address of the host is tried for `limit`;
/// `interrupt` may be null. Throws SftpConnectionLost, Error{interrupted} and Error{store} for a
/// host there is none of.
util::Fd connect_to_host(const SftpAddress& address, std::chrono::milliseconds limit,
                         const util::Interrupt* interrupt);

}  // namespace bkp::store
