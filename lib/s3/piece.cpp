#include "s3/piece.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace bkp::s3 {

namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

}  // namespace

std::uint64_t range_end(const store::ByteRange& range) {
  return range.offset + std::min(range.length, ~std::uint64_t{0} - range.offset);
}

std::optional<ContentRange> parse_content_range(std::string_view value) {
  constexpr std::string_view unit = "bytes ";
  const auto dash = value.find('-');
  const auto slash = value.find('/');
  if (!value.starts_with(unit) || dash == value.npos || slash == value.npos || slash < dash)
    return std::nullopt;
  const auto first = number(value.substr(unit.size(), dash - unit.size()));
  const auto total = number(value.substr(slash + 1));
  if (!first || !total) return std::nullopt;
  return ContentRange{*first, *total};
}

Piece::Piece(Client& client, const Operation& operation, const std::string& bucket_key,
             std::string etag, std::stop_token stop)
    : m_client{client},
      m_operation{operation},
      m_bucket_key{bucket_key},
      m_etag{std::move(etag)},
      m_stop{std::move(stop)} {}

util::Error Piece::changed() const {
  return m_operation.failed("it was replaced or removed while it was read",
                            "objects never change; who else writes to this place?");
}

void Piece::read_head(const Response& head, std::uint64_t asked) {
  // Whoever ignores If-Match still says what it sends.
  if (!m_etag.empty() && head.header("etag") != m_etag) throw changed();
  m_etag = head.header("etag");
  if (head.status == 206) {
    const auto range = parse_content_range(head.header("content-range"));
    if (!range || range->first != asked)
      throw m_operation.failed("the server answers with another range than it was asked for");
    m_total = range->total;
    return;
  }
  // RFC 9110 lets a server ignore ranges.
  const auto total = number(head.header("content-length"));
  if (!total) throw m_operation.failed("the server does not tell how long it is");
  m_total = *total;
  m_skip = asked;
}

Response Piece::ask(std::uint64_t begin, std::uint64_t end, std::uint64_t limit, const Take& take) {
  Request request;
  request.key = m_bucket_key;
  request.stop = m_stop;
  request.headers = {{"range", fmt::format("bytes={}-{}", begin, end - 1)}};
  if (!m_etag.empty()) request.headers.emplace_back("if-match", m_etag);
  bool begun = false;
  auto position = begin;
  request.receive = [&](const Response& head, std::span<const std::byte> data) {
    if (!std::exchange(begun, true)) {
      m_skip = 0;
      read_head(head, begin);
      if (m_skip > 0 || head.status == 200) m_until = limit;
    }
    const auto skipped = std::min<std::uint64_t>(m_skip, data.size());
    m_skip -= skipped;
    data = data.subspan(skipped);
    data = data.first(std::min<std::uint64_t>(data.size(), m_until - position));
    if (data.empty()) return;
    take(data);
    position += data.size();
    m_taken += data.size();
  };
  m_until = end;
  return m_client.send_once(request);
}

Piece::Result Piece::read(std::uint64_t begin, std::uint64_t end, std::uint64_t limit,
                          const Take& take) {
  Request like;
  like.stop = m_stop;
  Retry retry{m_client, like};
  for (int attempt = 1;; ++attempt) {
    const auto before = m_taken;
    const bool known = !m_etag.empty();
    auto response = ask(begin + m_taken, end, limit, take);
    response.attempts = attempt;
    if (response.ok() || begin + m_taken >= end) return Result::done;
    if (!response.broken && (response.status == 412 || response.status == 404)) {
      if (response.status == 404 && !known && response.code() != "NoSuchBucket")
        return Result::absent;
      if (known) throw changed();
    }
    if (response.status == 416 && !response.broken && !known) return Result::past_end;
    if (m_taken > before) retry.progressed();
    if (!retry.again_after(response)) throw failure(m_operation, m_client, response);
  }
}

}  // namespace bkp::s3
