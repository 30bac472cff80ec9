#pragma once

/// The SQLSTATEs that decide something here; source: PostgreSQL's src/backend/utils/errcodes.txt.
namespace bkp::pg::sqlstate {

inline constexpr auto unique_violation = "23505";
inline constexpr auto invalid_password = "28P01";
inline constexpr auto insufficient_privilege = "42501";
inline constexpr auto duplicate_object = "42710";
inline constexpr auto duplicate_database = "42P04";

}  // namespace bkp::pg::sqlstate
