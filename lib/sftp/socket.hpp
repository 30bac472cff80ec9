#pragma once

#include <chrono>

#include "sftp/address.hpp"
#include "util/fd.hpp"
#include "util/interrupt.hpp"

namespace bkp::sftp {

/// A connected socket that does not block. Each address of the host is tried for `limit`;
/// `interrupt` may be null. Throws ConnectionLost, Error{interrupted} and Error{store} for a
/// host there is none of.
util::Fd connect_to_host(const Address& address, std::chrono::milliseconds limit,
                         const util::Interrupt* interrupt);

}  // namespace bkp::sftp
