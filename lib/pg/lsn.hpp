#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bkp::pg {

/// A place in the WAL: bytes since its beginning (XLogRecPtr; PostgreSQL's
/// src/include/access/xlogdefs.h).
struct Lsn {
  std::uint64_t value = 0;  ///< 0: none (InvalidXLogRecPtr)
  auto operator<=>(const Lsn&) const = default;
};

/// "16/B374D848", both halves hexadecimal in either case, as the type pg_lsn takes it; nullopt for
/// anything else.
std::optional<Lsn> parse_lsn(std::string_view text);
/// As pg_lsn prints it: upper case, no zeros in front.
std::string to_text(Lsn lsn);

}  // namespace bkp::pg
