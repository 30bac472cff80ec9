#include "util/fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>

#include "util/error.hpp"

namespace bkp::util {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    m_fd = std::exchange(other.m_fd, -1);
  }
  return *this;
}

Fd::~Fd() {
  reset();
}

void Fd::close(std::string_view name) {
  const int fd = release();
  // After EINTR the descriptor is closed on Linux; retrying could close somebody else's.
  if (fd >= 0 && ::close(fd) != 0 && errno != EINTR) {
    throw Error::from_errno(ErrorKind::store, "cannot close " + std::string{name}, errno);
  }
}

void Fd::reset() noexcept {
  if (m_fd >= 0) ::close(release());
}

Pipe make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0)
    throw Error::from_errno(ErrorKind::internal, "cannot make a pipe", errno);
  return {Fd{fds[0]}, Fd{fds[1]}};
}

void write_all(int fd, std::span<const std::byte> data, std::string_view name) {
  // For a file, Linux takes memory in blocks as large as what is written at once, up to 2 MiB.
  // Large ones are rare, and in a virtual machine the host may have to give them first: pieces of 8
  // MiB were seen to take eight times as long as these.
  constexpr std::size_t piece_size = std::size_t{256} << 10U;
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), std::min(data.size(), piece_size));
    if (written < 0) {
      if (errno == EINTR) continue;
      throw Error::from_errno(ErrorKind::store, "cannot write " + std::string{name}, errno);
    }
    data = data.subspan(static_cast<std::size_t>(written));
  }
}

void write_for_reader(int fd, std::span<const std::byte> data, std::string_view name) {
  try {
    write_all(fd, data, name);
  } catch (const Error&) {
    ::pollfd end{fd, 0, 0};
    // Of a pipe or socket, once the other end is closed; a file or device never says so.
    if (::poll(&end, 1, 0) == 1 && (end.revents & (POLLERR | POLLHUP)) != 0)
      throw Error::interrupted(SIGPIPE);
    throw;
  }
}

std::optional<std::size_t> read_at(int fd, std::span<std::byte> data, std::uint64_t offset) {
  std::size_t filled = 0;
  while (filled < data.size()) {
    const auto got = ::pread(fd, data.data() + filled, data.size() - filled,
                             static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

std::size_t read_some(int fd, std::span<std::byte> data, std::string_view name) {
  for (;;) {
    const ssize_t got = ::read(fd, data.data(), data.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR)
      throw Error::from_errno(ErrorKind::store, "cannot read " + std::string{name}, errno);
  }
}

}  // namespace bkp::util
