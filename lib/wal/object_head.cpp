#include "wal/object_head.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "util/error.hpp"

namespace bkp::wal {

namespace {

constexpr auto stanza_type = "bkp-wal";
constexpr std::uint32_t frame_magic = 0x184D2A57;
constexpr std::size_t frame_begin = 2 * sizeof(std::uint32_t);

util::Error no_head(const char* why) {
  return {util::ErrorKind::damaged, why};
}

void append(std::string& text, std::uint32_t number) {
  for (std::size_t i = 0; i < sizeof number; ++i)
    text += static_cast<char>(number >> 8 * i & 0xFFU);
}

std::uint32_t number_at(std::string_view text, std::size_t offset) {
  std::uint32_t number = 0;
  std::memcpy(&number, text.data() + offset, sizeof number);
  return number;
}

std::optional<ObjectHead> parse_frame(std::string_view begin) {
  if (begin.size() < frame_begin) return std::nullopt;
  const std::size_t length = number_at(begin, sizeof frame_magic);
  if (number_at(begin, 0) != frame_magic || length > largest_head - frame_begin)
    throw no_head("it does not begin as archived WAL does");
  if (begin.size() < frame_begin + length) return std::nullopt;
  return ObjectHead{frame_begin + length, std::string{begin.substr(frame_begin, length)}};
}

std::optional<ObjectHead> parse_sealed(std::string_view begin) {
  const auto known = std::min(begin.size(), seal::intent.size());
  if (begin.substr(0, known) != seal::intent.substr(0, known))
    throw no_head("it does not begin as an age file does");
  const auto end = seal::end_of_header(begin);
  if (!end && begin.size() < largest_head) return std::nullopt;
  if (!end) throw no_head("its age header has no end");
  const auto header = seal::parse_header(begin.substr(0, *end));
  const auto found = std::ranges::find(header.stanzas, stanza_type, &seal::Stanza::type);
  if (found == header.stanzas.end()) throw no_head("its age header says nothing of archived WAL");
  const auto& body = found->body;
  return ObjectHead{*end, {reinterpret_cast<const char*>(body.data()), body.size()}};
}

}  // namespace

seal::Stanza description_stanza(std::string_view text) {
  const auto bytes = std::as_bytes(std::span{text});
  return {stanza_type, {}, {bytes.begin(), bytes.end()}};
}

std::string description_frame(std::string_view text) {
  std::string frame;
  append(frame, frame_magic);
  append(frame, static_cast<std::uint32_t>(text.size()));
  return frame.append(text);
}

std::optional<ObjectHead> parse_object_head(std::string_view begin, Sealing sealing) {
  return sealing == Sealing::age ? parse_sealed(begin) : parse_frame(begin);
}

}  // namespace bkp::wal
