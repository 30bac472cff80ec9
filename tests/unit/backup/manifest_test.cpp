#include "backup/manifest.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "example_manifest.hpp"
#include "support/error_of.hpp"
#include "util/error.hpp"

using namespace bkp;
using Catch::Matchers::Contains;

namespace {

backup::Manifest parse(const std::string& text) {
  return backup::parse_manifest(text, "studio/backups/L/manifest.json", "studio",
                                "20261121T020000Z-full-x121");
}

std::string changed(const std::function<void(nlohmann::json&)>& change) {
  auto json = nlohmann::json::parse(backup::to_text(example_manifest()));
  change(json);
  return json.dump();
}

util::Error parse_error(const std::string& text) {
  return test::error_of([&] { parse(text); });
}

}  // namespace

TEST_CASE("a manifest says the same after a round trip") {
  const auto before = example_manifest();
  const auto after = parse(backup::to_text(before));
  CHECK(backup::to_text(after) == backup::to_text(before));
  CHECK(after.database.name == "x121");
  CHECK(after.parts.size() == 2);
  REQUIRE(after.fingerprint);
  CHECK(after.fingerprint->tables.at(0).table == "caf\xe9");
  CHECK(after.fingerprint->tables.at(0).rows == 7);
  CHECK(after.fingerprint->header.version.minor_version == 14);
  CHECK(after.started_at == before.started_at);
}

TEST_CASE("a manifest without fingerprint keeps the reason") {
  auto before = example_manifest();
  before.fingerprint.reset();
  before.fingerprint_missing_reason = "archive version 1.99 is newer than known";
  const auto after = parse(backup::to_text(before));
  CHECK_FALSE(after.fingerprint);
  CHECK(after.fingerprint_missing_reason == before.fingerprint_missing_reason);
}

TEST_CASE("unknown keys are ignored") {
  CHECK_NOTHROW(parse(changed([](auto& json) { json["colour"] = "green"; })));
}

TEST_CASE("a newer format is refused and says to update") {
  const auto error = parse_error(changed([](auto& json) { json["format_version"] = 2; }));
  CHECK(error.kind() == util::ErrorKind::damaged);
  CHECK_THAT(error.hint(), Contains("update"));
}

TEST_CASE("a manifest moved from another backup is refused") {
  const auto error =
      parse_error(changed([](auto& json) { json["label"] = "20261120T020000Z-full-x121"; }));
  CHECK_THAT(error.message(), Contains("20261120T020000Z"));
}

TEST_CASE("a manifest cannot point outside its backup") {
  for (const char* name : {"../other/dump", "a/b", "", ".hidden"}) {
    CHECK(parse_error(changed([&](auto& json) { json["parts"][0]["name"] = name; })).kind() ==
          util::ErrorKind::damaged);
  }
}

TEST_CASE("every truncation of a manifest is damage") {
  const std::string text = backup::to_text(example_manifest());
  for (std::size_t length = 0; length + 2 < text.size(); length += 7) {
    CHECK(parse_error(text.substr(0, length)).kind() == util::ErrorKind::damaged);
  }
}

TEST_CASE("a wrong type in a manifest is damage") {
  for (const char* key :
       {"site", "parts", "database", "started_at", "server_version", "warnings"}) {
    CHECK(parse_error(changed([&](auto& json) {
            json[key] = nlohmann::json::array({1});
          })).kind() == util::ErrorKind::damaged);
    CHECK(parse_error(changed([&](auto& json) { json.erase(key); })).kind() ==
          util::ErrorKind::damaged);
  }
}

TEST_CASE("a number that is none of the wanted is damage, not converted") {
  for (const auto& number : {nlohmann::json(1.91e79), nlohmann::json(-1), nlohmann::json(0.5),
                             nlohmann::json(true), nlohmann::json("7")}) {
    CAPTURE(number);
    for (const auto* pointer :
         {"/parts/0/size_bytes", "/server_version", "/database/size_bytes", "/format_version",
          "/fingerprint/archive_bytes", "/fingerprint/tables/0/rows"}) {
      const auto error = parse_error(
          changed([&](auto& json) { json.at(nlohmann::json::json_pointer{pointer}) = number; }));
      CHECK(error.kind() == util::ErrorKind::damaged);
    }
  }
  CHECK_NOTHROW(parse(changed([](auto& json) { json["parts"][0]["size_bytes"] = 1ULL << 63U; })));
}
