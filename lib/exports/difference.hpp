#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "exports/contents.hpp"
#include "exports/row_changes.hpp"

namespace bkp::exports {

/// Two exports, and what is different. Sections whose secrets are sealed tell what changed and not
/// the values, unless they are revealed.

/// A value that changed: of a row, or of what is known of a file beside its contents ("mode").
struct FieldChange {
  std::string name;
  std::optional<std::string> before;  ///< nullopt: null, or not there
  std::optional<std::string> after;
};

struct ChangedRow {
  Change change = Change::changed;
  std::string row;  ///< "id=3"
  std::vector<FieldChange> fields;
};

struct EntryChange {
  Change change = Change::changed;
  std::string what;  ///< the file's path on its host, else that in the archive
  std::vector<ChangedRow> rows = {};
  std::vector<FieldChange> attributes = {};
  std::string diff = {};  ///< of texts; see unified_diff()
};

struct SectionChange {
  std::string name;
  Change change = Change::changed;
  bool hidden = false;  ///< values are left out
  std::string note = {};
  std::vector<EntryChange> entries = {};
};

using Difference = std::vector<SectionChange>;

/// What makes of one entry the other; nullopt: nothing. Either may be null, not both.
std::optional<EntryChange> compare_entries(const Entry* before, const Entry* after, bool hidden);

/// In the order of `after`, sections that are gone behind them.
Difference compare(const Contents& before, const Contents& after, bool reveal);

/// For people; empty for no difference.
std::string to_text(const Difference& difference);
/// [{"section", "change", "hidden", "note", "entries": [{"what", "change", "rows": [{"row",
/// "change", "fields": [{"name", "before", "after"}]}], "attributes", "diff"}]}]; before and after
/// are missing where they are hidden.
nlohmann::json to_json(const Difference& difference);

}  // namespace bkp::exports
