#include "sftp/fetch.hpp"

#include <algorithm>
#include <utility>

namespace bkp::sftp {

Fetch::Fetch(Pool& pool, Operation operation, std::string path,
             std::optional<store::ByteRange> range)
    : m_pool{pool},
      m_operation{operation},
      m_attempts{pool, m_operation},
      m_path{std::move(path)},
      m_range{range} {}

// The sink is called outside of all that looks for lost connections: it may be another store's, and
// lose one of its own.
bool Fetch::run(stream::Sink& sink) {
  for (;;) {
    const auto piece = next_piece();
    if (m_absent) return false;
    if (piece.empty()) return true;
    sink.write(piece);
  }
}

/// Empty at the end.
std::span<const std::byte> Fetch::next_piece() {
  for (;;) {
    try {
      if (!m_lease) m_lease.emplace(m_pool.lease());
      if (!m_file) open();
      if (m_absent || m_at == m_end) return {};
      const auto wanted = std::min<std::uint64_t>(m_buffer.size(), m_end - m_at);
      const std::size_t got = m_file->read(std::span{m_buffer}.first(wanted));
      if (got == 0) {
        throw m_operation.failed("it ends before its end",
                                 "somebody has shortened it; look who else writes there");
      }
      m_at += got;
      m_attempts.start_again();
      return std::span{m_buffer}.first(got);
    } catch (const ConnectionLost& lost) {
      const bool used_before = m_lease && m_lease->used_before();
      m_file.reset();
      m_lease.reset();
      m_attempts.after(lost, used_before);
    } catch (const Refusal& refusal) {
      throw m_operation.failed(refusal);
    }
  }
}

void Fetch::open() {
  auto& session = **m_lease;
  // Looked at first: opening a pipe would wait for its other end.
  const auto status = session.status(m_path);
  const bool is_file = status && status->type == FileType::file;
  if (!m_status && !is_file) {
    m_absent = true;
    return;
  }
  if (!m_status) {
    m_status = status;
    m_at = m_range ? std::min(m_range->offset, status->size) : 0;
    m_end = m_range ? m_at + std::min(m_range->length, status->size - m_at) : status->size;
    constexpr std::uint64_t largest_piece = std::uint64_t{512} << 10U;
    m_buffer.resize(std::min(largest_piece, m_end - m_at));
  } else if (!is_file || status->size != m_status->size || status->modified != m_status->modified) {
    throw m_operation.failed(
        "it was replaced or removed while it was read and the connection broke",
        "objects never change; look who else writes there");
  }
  if (m_at == m_end) return;
  m_file = session.open(m_path, Session::Access::read);
  m_file->seek(m_at);
}

}  // namespace bkp::sftp
