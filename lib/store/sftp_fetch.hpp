#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/sftp_pool.hpp"
#include "stream/sink.hpp"

namespace bkp::store {

/// One fetch of an object, over as many connections as it takes: after one that breaks it goes on
/// where it was, if the object still has the size and the time it had.
class SftpFetch {
 public:
  /// What the views of `operation` show must outlive the fetch.
  SftpFetch(SftpPool& pool, SftpOperation operation, std::string path,
            std::optional<ByteRange> range);

  /// As Store::fetch(); once.
  bool run(stream::Sink& sink);

 private:
  std::span<const std::byte> next_piece();
  void open();

  SftpPool& m_pool;
  SftpOperation m_operation;
  SftpPool::Attempts m_attempts;
  std::string m_path;
  std::optional<ByteRange> m_range;
  std::optional<SftpStatus> m_status;  ///< as it was when it was first opened
  bool m_absent = false;
  std::uint64_t m_at = 0;  ///< of the next byte to come
  std::uint64_t m_end = 0;
  std::vector<std::byte> m_buffer;
  std::optional<SftpPool::Lease> m_lease;
  std::unique_ptr<SftpFile> m_file;
};

}  // namespace bkp::store
