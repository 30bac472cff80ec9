#include "wal/segment_sink.hpp"

#include "util/error.hpp"

namespace bkp::wal {

SegmentSink::SegmentSink(std::optional<pg::WalReader>& reader, pg::WalReader::Visit visit)
    : m_reader{reader}, m_visit{std::move(visit)} {
  if (!m_visit) m_visit = [](const pg::WalRecord&) {};
}

void SegmentSink::write(std::span<const std::byte> data) {
  if (m_header) {
    m_reader->write(data);
    return;
  }
  m_begin.insert(m_begin.end(), data.begin(), data.end());
  if (m_begin.size() < pg::wal_segment_header_size) return;
  m_header = pg::read_wal_segment_header(m_begin);
  if (!m_reader) m_reader.emplace(*m_header, m_visit);
  m_reader->write(m_begin);
}

void SegmentSink::finish() {
  if (m_header) return;
  throw util::Error{util::ErrorKind::damaged, "it has no header"};
}

}  // namespace bkp::wal
