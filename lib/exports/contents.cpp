#include "exports/contents.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "stream/hash.hpp"

namespace bkp::exports {

namespace {

constexpr std::array<std::string_view, 4> types{"rows", "file", "output", "directory"};
constexpr std::array<std::string_view, 5> kinds{"sql", "tables", "files", "server", "command"};

std::string sha256(std::string_view text) {
  return stream::digests_of(text).sha256;
}

}  // namespace

std::string_view to_text(EntryType type) {
  return types.at(static_cast<std::size_t>(type));
}

std::string_view to_text(SectionKind kind) {
  return kinds.at(static_cast<std::size_t>(kind));
}

SectionKind kind_of(const config::ExportSection& section) {
  if (!section.sql.empty()) return SectionKind::sql;
  if (!section.tables.empty()) return SectionKind::tables;
  if (!section.files.empty()) return SectionKind::files;
  return section.server ? SectionKind::server : SectionKind::command;
}

std::string Entry::digest() const {
  return sha256(contents);
}

std::string Section::digest() const {
  // No field holds a zero byte but the contents, which are there as their digest.
  std::string all;
  const auto add = [&](std::string_view text) {
    all += text;
    all += '\0';
  };
  add(name);
  add(to_text(kind));
  add(config::to_text(secret));
  add(error);
  for (const auto& one : entries) {
    add(one.path);
    add(to_text(one.type));
    add(one.origin);
    add(fmt::format("{:o}", one.mode));
    add(one.owner);
    add(one.group);
    add(one.digest());
  }
  return sha256(all);
}

const Entry* Section::entry(std::string_view path) const {
  const auto found = std::ranges::find(entries, path, &Entry::path);
  return found == entries.end() ? nullptr : &*found;
}

std::string Contents::digest() const {
  std::string all;
  for (const auto& one : sections) all += one.digest();
  return sha256(all);
}

const Section* Contents::section(std::string_view name) const {
  const auto found = std::ranges::find(sections, name, &Section::name);
  return found == sections.end() ? nullptr : &*found;
}

std::string harmless_name(std::string_view name) {
  std::string result{name};
  for (auto& c : result) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool other = (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!letter && !other) c = '_';
  }
  return result.empty() || result.front() == '.' ? "_" + result : result;
}

}  // namespace bkp::exports
