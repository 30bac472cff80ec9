#pragma once

#include <cstdint>
#include <optional>

#include "util/fd.hpp"

/// Sockets on 127.0.0.1. What throws throws std::system_error.
namespace bkp::test {

/// A listening socket; port 0 means one that is free.
util::Fd listen_on_loopback(std::uint16_t port = 0);

/// The port a socket is bound to.
std::uint16_t port_of(const util::Fd& socket);

/// nullopt when the connection is refused.
std::optional<util::Fd> connect_to_loopback(std::uint16_t port);

/// Closes with a reset (RST): the other end loses what it has not read yet.
void close_with_reset(util::Fd& socket) noexcept;

}  // namespace bkp::test
