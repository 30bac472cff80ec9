#pragma once

#include <array>
#include <string_view>

/// The SQLSTATEs that decide something here; source: PostgreSQL's src/backend/utils/errcodes.txt.
namespace bkp::pg::sqlstate {

inline constexpr auto foreign_key_violation = "23503";
inline constexpr auto unique_violation = "23505";
inline constexpr auto invalid_password = "28P01";
inline constexpr auto insufficient_privilege = "42501";
inline constexpr auto duplicate_object = "42710";
inline constexpr auto duplicate_database = "42P04";
inline constexpr auto query_canceled = "57014";
inline constexpr auto data_corrupted = "XX001";

/// Whether it tells of the server's own trouble and not of what it was asked to do: no connection
/// (class 08), no room or memory (53), an operator's intervention (57), the system's errors (58).
constexpr bool tells_of_server(std::string_view sqlstate) {
  constexpr std::array<std::string_view, 4> classes{"08", "53", "57", "58"};
  for (const auto one : classes) {
    if (sqlstate.starts_with(one)) return true;
  }
  return false;
}

}  // namespace bkp::pg::sqlstate
