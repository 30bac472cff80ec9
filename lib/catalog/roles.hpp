#pragma once

#include <string>
#include <vector>

#include "pg/connection.hpp"

namespace bkp::catalog {

inline constexpr auto owner_role = "bkp_owner";
inline constexpr auto writer_role = "bkp_writer";
inline constexpr auto reader_role = "bkp_reader";

/// Inside a transaction: makes the three roles (NOLOGIN) where they are missing. Returns notices
/// about those this user may not make.
std::vector<std::string> create_missing_roles(pg::Connection& connection);

/// Inside a transaction, as the owner of the schema that is first in search_path: gives writer and
/// reader what grants.sql says, if there are such roles.
void grant_to_roles(pg::Connection& connection, const std::string& schema);

}  // namespace bkp::catalog
