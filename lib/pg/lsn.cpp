#include "pg/lsn.hpp"

#include <charconv>

#include <fmt/format.h>

namespace bkp::pg {

namespace {

/// One to eight hexadecimal digits and nothing else.
std::optional<std::uint32_t> parse_half(std::string_view text) {
  constexpr std::size_t most_digits = 8;
  std::uint32_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value, 16);
  if (text.empty() || text.size() > most_digits || error != std::errc{} || stopped != end)
    return std::nullopt;
  return value;
}

}  // namespace

std::optional<Lsn> parse_lsn(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  const auto high = parse_half(text.substr(0, slash));
  const auto low = parse_half(text.substr(slash + 1));
  if (!high || !low) return std::nullopt;
  return Lsn{std::uint64_t{*high} << 32U | *low};
}

std::string to_text(Lsn lsn) {
  return fmt::format("{:X}/{:X}", lsn.value >> 32U, lsn.value & 0xFFFFFFFFU);
}

}  // namespace bkp::pg
