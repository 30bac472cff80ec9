#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/key.hpp"

namespace bkp::wal {

/// Where the files that the server archives stand in a store:
///   SITE/wal/TIMELINE/PREFIX/NAME.zst[.age]     segments, .partial and .backup
///   SITE/wal/TIMELINE/NAME.history.zst[.age]
/// TIMELINE is the first 8 digits of the name, PREFIX the next 8: at most 4 GiB of WAL stand
/// together.

/// How an archived file is stored; WAL is always compressed, since a segment that archive_timeout
/// has ended is mostly zeroes.
enum class Sealing { none, age };

store::Key archive_root(const std::string& site);
/// SITE/wal/0000000B
store::Key timeline_key(const std::string& site, std::string_view timeline);
/// `name` is one that pg::parse_wal_name() knows.
store::Key archive_key(const std::string& site, std::string_view name, Sealing sealing);

struct ArchivedName {
  std::string name;  ///< as the server has it
  Sealing sealing = Sealing::none;
  bool operator==(const ArchivedName&) const = default;
};

/// The last part of a key, "000000010000000A000000FF.zst.age"; nullopt for what archive_key() does
/// not make.
std::optional<ArchivedName> parse_archived_name(std::string_view text);

}  // namespace bkp::wal
