#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sftp/pool.hpp"
#include "stream/sink.hpp"

namespace bkp::sftp {

/// One fetch of an object, over as many connections as it takes: after one that breaks it goes on
/// where it was, if the object still has the size and the time it had.
class Fetch {
 public:
  /// What the views of `operation` show must outlive the fetch.
  Fetch(Pool& pool, Operation operation, std::string path, std::optional<store::ByteRange> range);

  /// As Store::fetch(); once.
  bool run(stream::Sink& sink);

 private:
  std::span<const std::byte> next_piece();
  void open();

  Pool& m_pool;
  Operation m_operation;
  Pool::Attempts m_attempts;
  std::string m_path;
  std::optional<store::ByteRange> m_range;
  std::optional<Status> m_status;  ///< as it was when it was first opened
  bool m_absent = false;
  std::uint64_t m_at = 0;  ///< of the next byte to come
  std::uint64_t m_end = 0;
  std::vector<std::byte> m_buffer;
  std::optional<Pool::Lease> m_lease;
  std::unique_ptr<File> m_file;
};

}  // namespace bkp::sftp
