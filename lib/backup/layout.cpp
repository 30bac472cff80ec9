#include "backup/layout.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "stream/hash.hpp"

namespace bkp::backup {

namespace {

constexpr std::size_t longest_name_in_label = 48;

/// The name as it may stand in a key, and whether that is still the whole name.
std::pair<std::string, bool> harmless(std::string_view name) {
  std::string result;
  bool same = true;
  for (const char c : name) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    const bool upper = c >= 'A' && c <= 'Z';
    result += kept ? c : upper ? static_cast<char>(c - 'A' + 'a') : '_';
    same = same && kept;
  }
  if (result.size() > longest_name_in_label) {
    result.resize(longest_name_in_label);
    same = false;
  }
  return {result, same};
}

}  // namespace

Layout::Layout(std::string site) : m_site{std::move(site)} {}

store::Key Layout::root() const {
  return store::Key{m_site};
}
store::Key Layout::site_file() const {
  return root() / "site.json";
}
store::Key Layout::backups() const {
  return root() / "backups";
}
store::Key Layout::backup(std::string_view label) const {
  return backups() / label;
}
store::Key Layout::part(std::string_view label, std::string_view name) const {
  return backup(label) / name;
}
store::Key Layout::manifest(std::string_view label) const {
  return part(label, "manifest.json");
}
store::Key Layout::signature(std::string_view label) const {
  return part(label, "manifest.json.sig");
}
store::Key Layout::marks(std::string_view label) const {
  return part(label, "marks");
}
store::Key Layout::runbook_directory() const {
  return root() / "runbook";
}
store::Key Layout::runbook() const {
  return runbook_directory() / "runbook.html";
}

std::string Layout::label_of(std::string_view key) const {
  const std::string prefix = backups().text() + "/";
  if (!key.starts_with(prefix)) return {};
  key.remove_prefix(prefix.size());
  return std::string{key.substr(0, key.find('/'))};
}

bool is_label(std::string_view text) {
  constexpr std::string_view shape = "ddddddddTddddddZ-";
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() <= shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 'd' ? !digit(text[i]) : text[i] != shape[i]) return false;
  }
  return std::ranges::all_of(text.substr(shape.size()), [&](char c) {
    return digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
  });
}

std::string make_label(util::Time time, std::string_view kind) {
  return fmt::format("{}-{}", util::format_compact(time), kind);
}

std::string make_label(util::Time time, std::string_view kind, std::string_view database) {
  auto [name, same] = harmless(database);
  if (!same) name += "-" + stream::digests_of(database).sha256.substr(0, 8);
  return fmt::format("{}-{}", make_label(time, kind), name);
}

util::Time label_time(std::string_view label) {
  return util::parse_time(label.substr(0, label.find('-')));
}

}  // namespace bkp::backup
