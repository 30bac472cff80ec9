#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "pg/conninfo.hpp"
#include "util/fd.hpp"

namespace bkp::test {

/// A port of this host where the kernel accepts connections into its backlog, and nobody says
/// anything.
struct SilentServer {
  util::Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port = 0;

  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
    REQUIRE(::listen(socket.get(), 4) == 0);
    REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port = ntohs(address.sin_port);
  }

  /// Waits, a minute at most, until somebody is connected whom no accept(2) has taken.
  void wait_for_client() const {
    pollfd waiting{socket.get(), POLLIN, 0};
    ::poll(&waiting, 1, 60'000);
  }

  pg::Conninfo conninfo() const {
    return pg::Conninfo::parse(
               "host=127.0.0.1 user=postgres dbname=postgres sslmode=disable "
               "gssencmode=disable")
        .with("port", std::to_string(port));
  }
};

}  // namespace bkp::test
