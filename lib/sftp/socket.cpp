#include "sftp/socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "sftp/error.hpp"
#include "util/text.hpp"

namespace bkp::sftp {

using util::Error;
using util::ErrorKind;
using util::Fd;

namespace {

struct AddressesDeleter {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesDeleter>;

Addresses addresses_of(const Address& address) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const auto port = std::to_string(address.port);
  const int code = ::getaddrinfo(address.host.c_str(), port.c_str(), &wanted, &found);
  const auto message = [&] {
    return fmt::format("the address of host {} cannot be found: {}", util::quoted(address.host),
                       ::gai_strerror(code));
  };
  if (code == EAI_AGAIN || code == EAI_SYSTEM) throw ConnectionLost{message()};
  if (code != 0) {
    throw Error{ErrorKind::store, fmt::format("cannot open {}: {}", address.url(), message()),
                "check the host's name in the URL, and this machine's resolver"};
  }
  return Addresses{found};
}

/// 0, or what is wrong.
int error_of_connecting(int socket, std::chrono::milliseconds limit,
                        const util::Interrupt* interrupt) {
  using std::chrono::steady_clock;
  const auto deadline = steady_clock::now() + limit;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
    std::array<pollfd, 2> waiting{pollfd{socket, POLLOUT, 0},
                                  pollfd{interrupt != nullptr ? interrupt->fd() : -1, POLLIN, 0}};
    const int ready = left.count() <= 0
                          ? 0
                          : ::poll(waiting.data(), waiting.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return errno;
    if (interrupt != nullptr) interrupt->check();
    if (ready == 0) return ETIMEDOUT;
    if (waiting[0].revents == 0) continue;
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
    return error;
  }
}

void prepare(int socket) {
  // Requests are small and their answers awaited. The kernel's own probes keep alive what waits for
  // a slow producer, in the tables of the routers between.
  const int on = 1;
  const int idle_seconds = 60;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
}

}  // namespace

Fd connect_to_host(const Address& address, std::chrono::milliseconds limit,
                   const util::Interrupt* interrupt) {
  if (interrupt != nullptr) interrupt->check();
  const Addresses addresses = addresses_of(address);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
    Fd socket{::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!socket) {
      error = errno;
      continue;
    }
    error = ::connect(socket.get(), each->ai_addr, each->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) error = error_of_connecting(socket.get(), limit, interrupt);
    if (error != 0) continue;
    prepare(socket.get());
    return socket;
  }
  throw ConnectionLost{fmt::format("{} at port {}: {}", util::quoted(address.host), address.port,
                                   std::strerror(error))};
}

}  // namespace bkp::sftp
