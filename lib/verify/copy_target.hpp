#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bkp::verify {

/// The table and columns of a dump's COPY statement, as written there (quoted where needed).
struct CopyTarget {
  std::string table;    ///< "public.\"my table\""
  std::string columns;  ///< "a, \"b c\""; empty for a table without columns
};

/// Takes "COPY public.t (a, b) FROM stdin;" apart; nullopt for anything else.
std::optional<CopyTarget> parse_copy_statement(std::string_view statement);

/// What reads the same rows back: "COPY public.t (a, b) TO STDOUT".
std::string copy_out_statement(const CopyTarget& target);

/// The same through a query, for what COPY alone does not read: a partitioned table, or only the
/// rows of an extension's configuration table that are the user's (`condition`: "WHERE …").
std::string copy_out_query(const CopyTarget& target, std::string_view condition);

}  // namespace bkp::verify
