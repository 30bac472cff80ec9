#include "exports/archive.hpp"

#include <catch2/catch.hpp>

#include "stream/sinks.hpp"
#include "support/error_of.hpp"

using namespace bkp;
using namespace bkp::exports;
using Catch::Matchers::Contains;

namespace {

Contents sample() {
  Contents contents;
  contents.version = 7;
  contents.site = "studio";
  contents.collected_at = util::parse_time("2026-11-28T02:00:00Z");
  Section hooks{.name = "hooks", .kind = SectionKind::files};
  hooks.entries.push_back({.path = "hooks/files/srv/hooks/" + std::string(200, 'a'),
                           .type = EntryType::file,
                           .contents = std::string("\0binary", 7),
                           .origin = "/srv/hooks/" + std::string(200, 'a'),
                           .mode = 0750,
                           .owner = "studio",
                           .group = "studio",
                           .modified = util::parse_time("2026-01-01T00:00:00Z")});
  hooks.notes.emplace_back("a link was passed over");
  contents.sections.push_back(std::move(hooks));
  contents.sections.push_back({.name = "gone", .kind = SectionKind::sql, .error = "no table"});
  contents.sections.push_back({.name = "tools",
                               .kind = SectionKind::command,
                               .secret = config::SecretMode::seal,
                               .entries = {{.path = "tools/output", .contents = ""}}});
  return contents;
}

std::string tar_of(const Contents& contents) {
  stream::StringSink sink;
  write_archive(contents, sink);
  return sink.text();
}

util::Error error_of_reading(const std::string& tar) {
  return test::error_of([&] { read_archive(tar); });
}

}  // namespace

TEST_CASE("what is written is read again") {
  const auto contents = sample();
  const auto again = read_archive(tar_of(contents));
  CHECK(again.version == 7);
  CHECK(again.digest() == contents.digest());
  CHECK(manifest_text(again) == manifest_text(contents));
  REQUIRE(again.sections.size() == 3);
  CHECK(again.sections[0].entries[0].contents == std::string("\0binary", 7));
  CHECK(again.sections[0].entries[0].mode == 0750);
  CHECK(again.sections[0].notes == contents.sections[0].notes);
  CHECK(again.sections[1].error == "no table");
  CHECK(again.sections[2].secret == config::SecretMode::seal);
}

TEST_CASE("times are no content; contents, modes, owners and names are") {
  const auto digest = sample().digest();
  const auto changed = [&](const std::function<void(Contents&)>& change) {
    auto contents = sample();
    change(contents);
    return contents.digest() != digest;
  };
  CHECK_FALSE(changed([](Contents& c) { c.collected_at = {}; }));
  CHECK_FALSE(changed([](Contents& c) { c.version = 8; }));
  CHECK_FALSE(changed([](Contents& c) { c.sections[0].entries[0].modified = {}; }));
  CHECK(changed([](Contents& c) { c.sections[0].entries[0].contents += "x"; }));
  CHECK(changed([](Contents& c) { c.sections[0].entries[0].mode = 0640; }));
  CHECK(changed([](Contents& c) { c.sections[0].entries[0].owner = "root"; }));
  CHECK(changed([](Contents& c) { c.sections[0].name = "other"; }));
  CHECK(changed([](Contents& c) { c.sections[1].error = ""; }));
  CHECK(changed([](Contents& c) { c.sections[2].secret = config::SecretMode::keep; }));
  CHECK(changed([](Contents& c) { c.sections.pop_back(); }));
}

TEST_CASE("an archive that is not what it says is damaged") {
  const auto tar = tar_of(sample());
  CHECK(error_of_reading("").kind() == util::ErrorKind::damaged);
  CHECK(error_of_reading(tar.substr(0, tar.size() / 2)).kind() == util::ErrorKind::damaged);
  auto other = tar;
  other[other.find("binary")] = 'B';
  CHECK_THAT(error_of_reading(other).message(), Contains("is not what the manifest says it is"));
  // A mode in the manifest that is not the one that was hashed.
  other = tar;
  other.replace(other.find("\"0750\""), 6, "\"0777\"");
  CHECK_THAT(error_of_reading(other).message(), Contains("section \"hooks\" is not"));
  other = tar;
  other.replace(other.find("bkp-config-export"), 17, "bkp-config-expert");
  CHECK_THAT(error_of_reading(other).message(), Contains("another format"));
  other = tar;
  other.replace(other.find("\"format_version\": 1"), 19, "\"format_version\": 2");
  CHECK(error_of_reading(other).hint() == "update bkp");
}

TEST_CASE("names of tables become names of files") {
  CHECK(harmless_name("public.roles") == "public.roles");
  CHECK(harmless_name("\"a/b\"") == "_a_b_");
  CHECK(harmless_name("..") == "_..");
  CHECK(harmless_name("") == "_");
}
