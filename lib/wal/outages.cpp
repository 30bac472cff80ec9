#include "wal/outages.hpp"

#include <fcntl.h>

#include <chrono>

#include "util/error.hpp"
#include "util/files.hpp"

namespace bkp::wal {

namespace {

constexpr std::chrono::minutes memory{1};

}  // namespace

std::filesystem::path Outages::note(const std::string& store) const {
  return m_state / (store + ".away");
}

bool Outages::recent(const std::string& store) const noexcept {
  try {
    const auto text = util::read_file(note(store), 64);
    if (!text) return false;
    const auto since = m_clock.now() - util::parse_time(*text);
    return since >= std::chrono::seconds{-1} && since < memory;
  } catch (const std::exception&) {
    return false;
  }
}

void Outages::begin(const std::string& store) const noexcept {
  try {
    const auto text = util::format_rfc3339(m_clock.now());
    const auto file = util::open_file(note(store), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    util::write_all(file.get(), std::as_bytes(std::span{text}), store);
  } catch (const std::exception&) {
    // See the header.
  }
}

void Outages::end(const std::string& store) const noexcept {
  try {
    std::error_code ignored;
    std::filesystem::remove(note(store), ignored);
  } catch (const std::exception&) {
    // See the header.
  }
}

}  // namespace bkp::wal
