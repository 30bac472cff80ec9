#include "physical/data_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace bkp::physical {

namespace {

std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Takes a number from the front.
template <class Integer>
std::optional<Integer> take_number(std::string_view& text) {
  Integer value = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// "global", "base/OID", or "pg_tblspc/OID/PG_…/OID"
bool is_relation_directory(std::string_view directory) {
  if (directory == "global") return true;
  if (directory.starts_with("base/")) return all_digits(directory.substr(5));
  constexpr std::string_view tablespaces = "pg_tblspc/";
  if (!directory.starts_with(tablespaces)) return false;
  directory.remove_prefix(tablespaces.size());
  const auto version = directory.find("/PG_");
  const auto last = directory.rfind('/');
  return version != directory.npos && last > version + 1 &&
         all_digits(directory.substr(0, version)) && all_digits(directory.substr(last + 1)) &&
         directory.find('/', version + 1) == last;
}

std::optional<Fork> take_fork(std::string_view& text) {
  if (!text.starts_with('_')) return Fork::main;
  text.remove_prefix(1);
  struct Name {
    std::string_view text;
    Fork fork;
  };
  constexpr std::array names{Name{"fsm", Fork::fsm}, Name{"vm", Fork::vm},
                             Name{"init", Fork::init}};
  for (const auto& name : names) {
    if (!text.starts_with(name.text)) continue;
    text.remove_prefix(name.text.size());
    return name.fork;
  }
  return std::nullopt;
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& names) {
  return std::ranges::find(names, text) != names.end();
}

}  // namespace

std::optional<RelationFile> parse_relation_file(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == path.npos || !is_relation_directory(path.substr(0, slash))) return std::nullopt;
  RelationFile file;
  file.directory = path.substr(0, slash);
  auto name = path.substr(slash + 1);
  if (name.starts_with('t')) {
    name.remove_prefix(1);
    if (!take_number<std::uint64_t>(name) || !name.starts_with('_')) return std::nullopt;
    name.remove_prefix(1);
    file.temporary = true;
  }
  const auto relation = take_number<std::uint64_t>(name);
  const auto fork = relation ? take_fork(name) : std::nullopt;
  if (!fork) return std::nullopt;
  file.relation = *relation;
  file.fork = *fork;
  if (name.empty()) return file;
  if (!name.starts_with('.')) return std::nullopt;
  name.remove_prefix(1);
  const auto segment = take_number<std::uint32_t>(name);
  if (!segment || !name.empty()) return std::nullopt;
  file.segment = *segment;
  return file;
}

bool is_emptied_directory(std::string_view path) {
  constexpr std::array<std::string_view, 8> names{"pg_wal",      "pg_dynshmem",  "pg_notify",
                                                  "pg_serial",   "pg_snapshots", "pg_stat_tmp",
                                                  "pg_subtrans", "pg_replslot"};
  return is_one_of(path, names);
}

bool is_excluded(std::string_view path) {
  constexpr std::array<std::string_view, 7> files{
      "backup_label",    "tablespace_map",       "backup_manifest",         "postmaster.pid",
      "postmaster.opts", "current_logfiles.tmp", "postgresql.auto.conf.tmp"};
  constexpr std::array<std::string_view, 4> of_recovery{"backup_label.old", "tablespace_map.old",
                                                        "recovery.signal", "standby.signal"};
  if (is_one_of(path, files) || is_one_of(path, of_recovery)) return true;
  const auto name = last_part(path);
  if (name.starts_with("pgsql_tmp") || name.starts_with("pg_internal.init")) return true;
  const auto relation = parse_relation_file(path);
  return relation && relation->temporary;
}

}  // namespace bkp::physical
