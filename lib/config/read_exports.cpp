#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "config/sections.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

constexpr std::array<std::pair<std::string_view, SecretMode>, 3> modes{
    {{"keep", SecretMode::keep}, {"seal", SecretMode::seal}, {"redact", SecretMode::redact}}};

constexpr std::array<std::string_view, 5> contents{"sql", "tables", "files", "server", "command"};

/// Keys that belong to some contents only.
struct Companion {
  std::string_view key;
  std::array<std::string_view, 2> of;
  bool must = false;
};
constexpr std::array companions{Companion{"database", {"sql", "tables"}, true},
                                Companion{"key", {"sql", "sql"}},
                                Companion{"exclude", {"files", "files"}}};

/// The one key that says what is in the section.
std::string_view read_kind(const Section& section) {
  std::vector<std::string_view> given;
  for (const auto kind : contents) {
    if (section.find(kind)) given.push_back(kind);
  }
  if (given.size() != 1) {
    section.document().fail_at(
        section.line(),
        given.empty() ? fmt::format("{} does not say what is in it", section.path())
                      : fmt::format("{} has both {} and {}", section.path(), given[0], given[1]),
        fmt::format("give one of {}; make two sections of what is of two kinds",
                    fmt::join(contents, ", ")));
  }
  return given.front();
}

void check_companions(const Section& section, std::string_view kind) {
  for (const auto& companion : companions) {
    const auto value = section.find(companion.key);
    const bool fits = std::ranges::find(companion.of, kind) != companion.of.end();
    if (value && !fits) {
      value->fail(fmt::format("does not go with {}", kind),
                  fmt::format("remove it, or say {}", companion.of.front()));
    }
    if (fits && companion.must)
      section.require(companion.key,
                      fmt::format("say in which database: `{}: x121`", companion.key));
  }
}

/// A list in which nothing is empty and which is not.
std::vector<std::string> some_texts(const Value& value) {
  for (const auto& element : value.elements()) non_empty_text(element);
  auto texts = to_texts(value);
  if (texts.empty()) value.fail("is empty", "name something, or remove the section");
  return texts;
}

SecretMode read_secret(const Value& value, const Encryption& encryption) {
  const auto text = to_text(value);
  const auto* const found =
      std::ranges::find(modes, text, &std::pair<std::string_view, SecretMode>::first);
  if (found == modes.end()) {
    value.fail(fmt::format("must not be {}", util::quoted(text)), "write keep, seal or redact");
  }
  if (found->second == SecretMode::seal && encryption.recipients.empty()) {
    value.fail(
        "is seal, and nothing is sealed on this site",
        "name recipients (`encryption.recipients`; `bkp key generate --out FILE` makes a key, "
        "once this section is out of its way), or write `keep`, or `redact` for texts");
  }
  return found->second;
}

ExportSection read_section(const Section& section, const Encryption& encryption) {
  ExportSection result;
  result.line = section.line();
  result.name = read_plain_name(section, "name: workflows");
  const auto kind = read_kind(section);
  check_companions(section, kind);
  const auto value = *section.find(kind);
  if (kind == "sql") result.sql = non_empty_text(value);
  if (kind == "tables") result.tables = some_texts(value);
  if (kind == "files") {
    some_texts(value);
    result.files = to_paths(value);
  }
  if (kind == "server") {
    result.server = to_boolean(value);
    if (!result.server) value.fail("must be true", "or remove the section");
  }
  if (kind == "command") result.command = some_texts(value);
  if (const auto database = section.find("database")) result.database = non_empty_text(*database);
  if (const auto key = section.find("key")) result.key = some_texts(*key);
  if (const auto exclude = section.find("exclude")) result.exclude = some_texts(*exclude);
  if (const auto secret = section.find("secret")) result.secret = read_secret(*secret, encryption);
  return result;
}

}  // namespace

std::string_view to_text(SecretMode mode) {
  return std::ranges::find(modes, mode, &std::pair<std::string_view, SecretMode>::second)->first;
}

std::vector<ExportSection> read_export_sections(const Section& top, const Encryption& encryption) {
  std::vector<ExportSection> result;
  for (const auto& section : top.section("config_export").sections("sections")) {
    auto one = read_section(section, encryption);
    if (std::ranges::find(result, one.name, &ExportSection::name) != result.end()) {
      section.find("name")->fail(fmt::format("{} is used twice", util::quoted(one.name)),
                                 "give every section a name of its own");
    }
    result.push_back(std::move(one));
  }
  return result;
}

}  // namespace bkp::config
