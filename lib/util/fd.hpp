#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace bkp::util {

/// A file descriptor with one owner. `close()` reports failure (a full disk may show only there);
/// the destructor closes silently.
class Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int fd) noexcept : m_fd{fd} {}
  Fd(Fd&& other) noexcept : m_fd{std::exchange(other.m_fd, -1)} {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  int get() const noexcept { return m_fd; }
  explicit operator bool() const noexcept { return m_fd >= 0; }
  /// Throws Error{store}, in which `name` is named, if the kernel reports a failure. The descriptor
  /// is gone either way.
  void close(std::string_view name);
  void reset() noexcept;
  int release() noexcept { return std::exchange(m_fd, -1); }

 private:
  int m_fd = -1;
};

struct Pipe {
  Fd read;
  Fd write;
};

/// A pipe with close-on-exec set on both ends.
Pipe make_pipe();

/// Writes all of `data`, continuing after EINTR and short writes. `name` is named in the
/// Error{store}.
void write_all(int fd, std::span<const std::byte> data, std::string_view name);

/// The same for standard output: when its reader has gone away it is Error::interrupted(SIGPIPE),
/// as for programs that this signal ends.
void write_for_reader(int fd, std::span<const std::byte> data, std::string_view name);

/// Reads at `offset` until `data` is full or the file ends; returns how many bytes there were.
/// Continues after EINTR. nullopt when they cannot be read: errno says why.
std::optional<std::size_t> read_at(int fd, std::span<std::byte> data, std::uint64_t offset);

/// Reads up to data.size() bytes; 0 means end of file. Continues after EINTR. Throws Error{store}.
std::size_t read_some(int fd, std::span<std::byte> data, std::string_view name);

}  // namespace bkp::util
