// A restore of the configuration that cannot be brought to its end leaves what was there.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "fault/own_disk.hpp"
#include "support/exporting_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

TEST_CASE("no room for what files were: they are as they were, and later they come back") {
  if (::geteuid() != 0) return;  // mounts
  constexpr int files = 60;
  const std::string exported = "exported\n";
  const std::string now(16'000, 'n');
  ExportingSite site;
  const auto file = [&](int i) { return site.studio() / "many" / std::to_string(100 + i); };
  const auto count = [&](const std::string& text) {
    int found = 0;
    for (int i = 0; i < files; ++i) found += read_text(file(i)) == text ? 1 : 0;
    return found;
  };
  site.write_config(site.base_config() + "config_export: {sections: [{name: one, files: [" +
                    (site.studio() / "many").string() + "]}]}\n");
  site.must({"init"});
  std::filesystem::create_directory(site.studio() / "many");
  for (int i = 0; i < files; ++i) write_text(file(i), exported);
  site.must({"config-export"});
  for (int i = 0; i < files; ++i) write_text(file(i), now);

  OwnDisk disk{site.spool().parent_path(), "512k"};
  const auto failed = site.run({"config-restore", "--yes", "studio"});
  CAPTURE(failed);
  CHECK(failed.exit_code == 6);
  CHECK_THAT(failed.err, Contains("No space left on device"));
  CHECK(count(now) == files);
  for (const auto& entry : std::filesystem::directory_iterator{site.studio() / "many"})
    CHECK_FALSE(entry.path().filename().string().starts_with("."));

  disk.resize("8m");
  site.must({"config-restore", "--yes", "studio"});
  CHECK(count(exported) == files);
  CHECK_THAT(site.run({"check"}).out, !Contains("half restored"));
}
