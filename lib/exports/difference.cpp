#include "exports/difference.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "exports/text_diff.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using nlohmann::json;

namespace {

constexpr std::size_t longest_value = 200;

std::vector<FieldChange> attribute_changes(const Entry& before, const Entry& after) {
  std::vector<FieldChange> changes;
  const auto add = [&](std::string name, std::string one, std::string other) {
    if (one == other) return;
    changes.push_back({std::move(name), std::move(one), std::move(other)});
  };
  add("mode", fmt::format("{:04o}", before.mode), fmt::format("{:04o}", after.mode));
  add("owner", before.owner, after.owner);
  add("group", before.group, after.group);
  return changes;
}

ChangedRow describe(const RowChange& change, const RowSet& set, bool hidden) {
  const bool gone = change.change == Change::removed;
  ChangedRow row{change.change, set.describe(gone ? change.before : change.after), {}};
  // Without a key that is all of the row.
  if (hidden && set.key.empty()) row.row = "(sealed)";
  for (std::size_t i = 0; i < set.columns.size(); ++i) {
    const bool differs = change.change != Change::changed ||
                         std::ranges::find(change.columns, i) != change.columns.end();
    if (!differs) continue;
    row.fields.push_back({set.columns[i].name,
                          change.before.empty() ? std::nullopt : change.before[i],
                          change.after.empty() ? std::nullopt : change.after[i]});
  }
  return row;
}

std::vector<ChangedRow> row_changes(const Entry* before, const Entry* after, bool hidden) {
  auto new_rows = after != nullptr ? parse_rows(after->contents, after->path) : RowSet{};
  auto old_rows = before != nullptr ? parse_rows(before->contents, before->path) : RowSet{};
  if (after == nullptr) {
    new_rows.columns = old_rows.columns;
    new_rows.key = old_rows.key;
  }
  std::vector<ChangedRow> changes;
  for (const auto& change : compare_rows(old_rows, new_rows))
    changes.push_back(describe(change, new_rows, hidden));
  return changes;
}

void hide(EntryChange& change) {
  change.diff.clear();
  for (auto& row : change.rows) {
    for (auto& field : row.fields) field.before = field.after = std::nullopt;
  }
}

SectionChange compare_sections(const Section* before, const Section* after, bool reveal) {
  const auto& either = after != nullptr ? *after : *before;
  SectionChange result{either.name};
  if (before == nullptr) result.change = Change::added;
  if (after == nullptr) result.change = Change::removed;
  const auto sealed = [](const Section* one) {
    return one != nullptr && one->secret == config::SecretMode::seal;
  };
  result.hidden = !reveal && (sealed(before) || sealed(after));
  if (after != nullptr && !after->error.empty()) {
    result.note = "it could not be exported: " + after->error;
    return result;
  }
  if (before != nullptr && !before->error.empty())
    result.note = "it could not be exported before: " + before->error;
  std::vector<std::string> paths;
  if (after != nullptr) {
    for (const auto& entry : after->entries) paths.push_back(entry.path);
  }
  if (before != nullptr) {
    for (const auto& entry : before->entries) {
      if (after == nullptr || after->entry(entry.path) == nullptr) paths.push_back(entry.path);
    }
  }
  for (const auto& path : paths) {
    auto change = compare_entries(before != nullptr ? before->entry(path) : nullptr,
                                  after != nullptr ? after->entry(path) : nullptr, result.hidden);
    if (change) result.entries.push_back(std::move(*change));
  }
  return result;
}

std::string value_text(const std::optional<std::string>& value) {
  if (!value) return "null";
  auto text = util::printable(*value);
  if (text.size() <= longest_value) return fmt::format("\"{}\"", text);
  text.resize(longest_value);
  // Not within a character.
  while (!util::is_valid_utf8(text)) text.pop_back();
  return fmt::format("\"{}…\"", text);
}

std::string field_text(const FieldChange& field, Change change, bool hidden) {
  const auto name = util::printable(field.name);
  if (hidden) return fmt::format("      {}: (sealed)\n", name);
  if (change == Change::added) return fmt::format("      {}: {}\n", name, value_text(field.after));
  if (change == Change::removed)
    return fmt::format("      {}: {}\n", name, value_text(field.before));
  return fmt::format("      {}: {} → {}\n", name, value_text(field.before),
                     value_text(field.after));
}

std::string entry_text(const EntryChange& entry, bool hidden) {
  std::string text = fmt::format("  {} {}\n", util::printable(entry.what), to_text(entry.change));
  for (const auto& field : entry.attributes) text += field_text(field, Change::changed, false);
  for (const auto& row : entry.rows) {
    text += fmt::format("    row {} {}\n", util::printable(row.row), to_text(row.change));
    for (const auto& field : row.fields) text += field_text(field, row.change, hidden);
  }
  for (const auto line : util::split_lines(entry.diff)) text += fmt::format("    {}\n", line);
  return text;
}

json to_json(const FieldChange& field, bool hidden) {
  json object{{"name", util::printable(field.name)}};
  if (hidden) return object;
  const auto value = [](const std::optional<std::string>& text) {
    return text ? json(util::printable(*text)) : json(nullptr);
  };
  object["before"] = value(field.before);
  object["after"] = value(field.after);
  return object;
}

json to_json(const EntryChange& entry, bool hidden) {
  json rows = json::array();
  for (const auto& row : entry.rows) {
    json fields = json::array();
    for (const auto& field : row.fields) fields.push_back(to_json(field, hidden));
    rows.push_back({{"row", util::printable(row.row)},
                    {"change", to_text(row.change)},
                    {"fields", std::move(fields)}});
  }
  json attributes = json::array();
  for (const auto& field : entry.attributes) attributes.push_back(to_json(field, false));
  return {{"what", util::printable(entry.what)},
          {"change", to_text(entry.change)},
          {"rows", std::move(rows)},
          {"attributes", std::move(attributes)},
          {"diff", entry.diff}};
}

}  // namespace

std::optional<EntryChange> compare_entries(const Entry* before, const Entry* after, bool hidden) {
  const auto& either = after != nullptr ? *after : *before;
  EntryChange change;
  change.what = either.origin.empty() ? either.path : either.origin;
  if (before == nullptr) change.change = Change::added;
  if (after == nullptr) change.change = Change::removed;
  const bool same = before != nullptr && after != nullptr && before->contents == after->contents;
  if (before != nullptr && after != nullptr && either.of_host())
    change.attributes = attribute_changes(*before, *after);
  if (same && change.attributes.empty()) return std::nullopt;
  if (!same && either.type == EntryType::rows) {
    change.rows = row_changes(before, after, hidden);
    if (change.rows.empty() && before != nullptr && after != nullptr)
      change.diff = "the same rows, in another order or with other columns\n";
  } else if (!same) {
    change.diff = unified_diff(before != nullptr ? before->contents : std::string{},
                               after != nullptr ? after->contents : std::string{});
  }
  if (hidden) hide(change);
  return change;
}

Difference compare(const Contents& before, const Contents& after, bool reveal) {
  Difference difference;
  const auto add = [&](const Section* one, const Section* other) {
    auto change = compare_sections(one, other, reveal);
    if (!change.entries.empty() || !change.note.empty() || change.change != Change::changed)
      difference.push_back(std::move(change));
  };
  for (const auto& section : after.sections) add(before.section(section.name), &section);
  for (const auto& section : before.sections) {
    if (after.section(section.name) == nullptr) add(&section, nullptr);
  }
  return difference;
}

std::string to_text(const Difference& difference) {
  std::string text;
  for (const auto& section : difference) {
    text += fmt::format("section {}{}\n", section.name,
                        section.change == Change::changed
                            ? std::string{}
                            : fmt::format(" {}", to_text(section.change)));
    if (!section.note.empty()) text += fmt::format("  {}\n", util::printable(section.note));
    for (const auto& entry : section.entries) text += entry_text(entry, section.hidden);
  }
  return text;
}

json to_json(const Difference& difference) {
  json sections = json::array();
  for (const auto& section : difference) {
    json entries = json::array();
    for (const auto& entry : section.entries) entries.push_back(to_json(entry, section.hidden));
    sections.push_back({{"section", section.name},
                        {"change", to_text(section.change)},
                        {"hidden", section.hidden},
                        {"note", util::printable(section.note)},
                        {"entries", std::move(entries)}});
  }
  return sections;
}

}  // namespace bkp::exports
