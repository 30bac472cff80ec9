#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stream/sink.hpp"
#include "util/clock.hpp"

namespace bkp::physical {

/// POSIX tar (IEEE 1003.1-2001, "ustar" and "pax" interchange formats): regular files and
/// directories.
struct TarEntry {
  enum class Type { file, directory };
  std::string path;
  Type type = Type::file;
  std::uint64_t bytes = 0;
  unsigned mode = 0600;
  util::Time modified = {};
};

/// Writes entries one after the other to a sink, which stays the caller's to finish.
class TarWriter {
 public:
  explicit TarWriter(stream::Sink& sink) : m_sink{sink} {}

  /// Then exactly `entry.bytes` through write().
  void begin(const TarEntry& entry);
  void write(std::span<const std::byte> data);
  /// Pads the file. Throws Error{internal} when it has not its size.
  void end();
  /// The two blocks of zeroes behind the last entry.
  void finish();

 private:
  void write_header(const std::string& name, char type, std::uint64_t bytes, const TarEntry& entry);
  void pad(std::uint64_t bytes);

  stream::Sink& m_sink;
  std::uint64_t m_left = 0;   ///< of the file that is being written
  std::uint64_t m_bytes = 0;  ///< of all of it
};

/// Takes a tar apart. Throws Error{damaged} for what is none, for one that is cut, and for entries
/// of other types. Paths are as they stand there: whoever uses them must check them.
class TarReader final : public stream::Sink {
 public:
  /// Called for each entry; returns where its bytes go, which is finished when all have come; null
  /// for a directory, and to pass over them.
  using Open = std::function<std::unique_ptr<stream::Sink>(const TarEntry& entry)>;

  explicit TarReader(Open open);
  ~TarReader() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

 private:
  void take_header();
  void take_extension();
  void begin_entry(const TarEntry& entry);
  void end_entry();

  Open m_open;
  std::vector<std::byte> m_block;      ///< a header as far as it has come
  std::string m_extension;             ///< a pax header's records
  std::uint64_t m_extension_left = 0;  ///< bytes
  std::string m_long_path;             ///< of the next entry
  std::optional<std::uint64_t> m_long_size;
  std::unique_ptr<stream::Sink> m_file;
  std::uint64_t m_left = 0;     ///< bytes of the file
  std::uint64_t m_padding = 0;  ///< bytes to pass over
  bool m_in_file = false;
  int m_zero_blocks = 0;
};

}  // namespace bkp::physical
