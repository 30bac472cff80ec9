#include "wal/content_check.hpp"

#include <fmt/format.h>

#include "pg/timeline_history.hpp"
#include "pg/wal_name.hpp"
#include "pg/wal_segment_header.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "wal/segment_sink.hpp"

namespace bkp::wal {

using util::Error;
using util::ErrorKind;

namespace {

bool follows(const std::string& before, const std::string& name, pg::WalSegmentSize size) {
  const auto a = pg::parse_wal_name(before, size);
  const auto b = pg::parse_wal_name(name, size);
  return a && b && a->timeline == b->timeline && a->number + 1 == b->number &&
         a->kind == pg::WalFileKind::segment;
}

}  // namespace

ContentCheck::ContentCheck(store::Store& store, std::string site, const ArchiveKeys& keys,
                           const util::Interrupt& interrupt)
    : m_store{store}, m_site{std::move(site)}, m_keys{keys}, m_interrupt{interrupt} {}

std::optional<std::string> ContentCheck::check(const ArchivedName& name) {
  m_interrupt.check();
  try {
    try {
      open(name);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::key) throw;
      m_opened = false;
      m_reader.reset();
      check_stored(m_store, m_site, name, m_keys);
    }
    return std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::damaged) throw;
    m_reader.reset();
    return error.message();
  }
}

void ContentCheck::open(const ArchivedName& name) {
  const auto kind = pg::parse_wal_name(name.name, pg::smallest_wal_segment)->kind;
  if (kind == pg::WalFileKind::history || kind == pg::WalFileKind::backup) {
    stream::StringSink text;
    fetch_file(m_store, m_site, name, m_keys, text);
    if (kind == pg::WalFileKind::history) pg::parse_timeline_history(text.text(), name.name);
    return;
  }
  // Whether it follows is known when its size is.
  auto before = std::move(m_reader);
  m_reader.reset();
  if (before && follows(m_before, name.name, before->segment_size())) {
    if (before->at_end()) {
      throw Error{ErrorKind::damaged,
                  fmt::format("the WAL ends in {}, before {}", m_before, name.name)};
    }
    m_reader = std::move(before);
  }
  SegmentSink segment{m_reader};
  const auto description = fetch_file(m_store, m_site, name, m_keys, segment);
  if (!description) throw Error{ErrorKind::damaged, fmt::format("{} has gone", name.name)};
  pg::require_wal_segment(segment.header(), name.name, std::stoull(description->system_identifier));
  m_before = name.name;
}

}  // namespace bkp::wal
