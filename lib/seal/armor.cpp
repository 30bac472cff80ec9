#include "seal/armor.hpp"

#include <utility>

#include <fmt/format.h>

#include "util/base64.hpp"
#include "util/error.hpp"

namespace bkp::seal {

namespace {

constexpr std::string_view begin_line = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view end_line = "-----END AGE ENCRYPTED FILE-----";
constexpr std::string_view white_space = " \t\r\n";
constexpr std::size_t armor_columns = 64;
constexpr char binary_begin = 'a';  // of "age-encryption.org/"

util::Error malformed_armor(std::string_view why) {
  return {util::ErrorKind::damaged, fmt::format("the armor is malformed: {}", why),
          "an armored age file begins with " + std::string{begin_line}};
}

util::Error no_age_file() {
  return {util::ErrorKind::damaged,
          "this is no age file: it begins neither as a sealed one nor as an armored one",
          fmt::format("a sealed file begins with age-encryption.org/v1, an armored one with {}",
                      begin_line)};
}

bool is_space(char c) {
  return white_space.find(c) != white_space.npos;
}

}  // namespace

DearmorSink::~DearmorSink() {
  DearmorSink::abort();
}

void DearmorSink::write(std::span<const std::byte> data) {
  if (data.empty()) return;
  if (m_place == Place::start)
    m_place = static_cast<char>(data.front()) == binary_begin ? Place::binary : Place::before;
  if (m_place == Place::binary) {
    m_next.write(data);
    return;
  }
  for (const auto byte : data) take(static_cast<char>(byte));
}

void DearmorSink::take(char c) {
  if (m_place == Place::behind) {
    if (!is_space(c)) throw malformed_armor("something follows it");
    return;
  }
  if (m_place == Place::before && m_line.empty() && is_space(c)) return;
  if (c == '\n') {
    take_line();
    return;
  }
  if (m_line.size() > armor_columns + 1)
    throw m_place == Place::before ? no_age_file() : malformed_armor("a line is too long");
  m_line += c;
}

void DearmorSink::take_line() {
  if (m_line.ends_with('\r')) m_line.pop_back();
  if (m_place == Place::before) {
    if (m_line != begin_line) throw no_age_file();
    m_place = Place::body;
  } else if (m_line == end_line) {
    m_place = Place::behind;
  } else if (m_place == Place::last_line) {
    throw malformed_armor("a line follows a short one");
  } else {
    take_body_line();
  }
  m_line.clear();
}

void DearmorSink::take_body_line() {
  if (m_line.empty() || m_line.size() > armor_columns)
    throw malformed_armor("a line has a wrong length");
  const auto data = util::from_base64(m_line, util::Base64Padding::present);
  if (!data) throw malformed_armor("a line is no base 64");
  if (m_line.size() < armor_columns || m_line.ends_with('=')) m_place = Place::last_line;
  m_next.write(*data);
}

void DearmorSink::finish() {
  if (!m_line.empty()) take_line();
  // Where nothing came, the next stage says so.
  if (m_place == Place::body || m_place == Place::last_line)
    throw malformed_armor("its last line is missing");
  m_next.finish();
  m_ended = true;
}

void DearmorSink::abort() noexcept {
  if (!std::exchange(m_ended, true)) m_next.abort();
}

}  // namespace bkp::seal
