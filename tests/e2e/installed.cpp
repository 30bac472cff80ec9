// The installed tree as such: complete, and working wherever it is moved.
#include "support/installed.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <regex>

#include "support/temporary_directory.hpp"

using namespace bkp::test;
namespace fs = std::filesystem;

TEST_CASE("the installed tree works where it was moved to") {
  const TemporaryDirectory directory;
  const fs::path moved = directory / "somewhere else";
  fs::copy(InstalledBkp::prefix(), moved,
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  const Outcome outcome =
      Program{{(moved / "bin" / "bkp").string(), "--version"}}.in_directory("/").run();
  CAPTURE(outcome);
  CHECK(outcome.succeeded());
  CHECK_THAT(outcome.out, Catch::StartsWith("bkp "));

  const std::string maps = output_of(Program{{"ldd", (moved / "libexec/bkp/bkp-full").string()}});
  CHECK_THAT(maps, Catch::Contains(moved.string() + "/libexec/bkp/../../lib/bkp/libbkp.so"));
}

TEST_CASE("the installed tree is complete") {
  const fs::path prefix = InstalledBkp::prefix();
  for (const char* file :
       {"bin/bkp", "libexec/bkp/bkp-full", "libexec/bkp/bkp-restore", "lib/bkp/libbkp.so.0",
        "share/man/man1/bkp.1", "share/man/man5/bkp.yaml.5",
        "share/bash-completion/completions/bkp", "share/bkp/cron/bkp", "share/doc/bkp/README.md",
        "share/doc/bkp/LICENSE", "share/doc/bkp/bkp.example.yaml"}) {
    CAPTURE(file);
    CHECK(fs::exists(prefix / file));
  }
  CHECK_FALSE(fs::is_empty(prefix / "share/bkp/migrations"));
  CHECK_FALSE(fs::exists(prefix / "etc"));
}

TEST_CASE("every link of the installed documents leads to a file of the installed tree") {
  const fs::path documents = InstalledBkp::prefix() / "share/doc/bkp";
  int links = 0;
  for (const auto& entry : fs::recursive_directory_iterator{documents}) {
    if (entry.path().extension() != ".md") continue;
    const auto text = read_text(entry.path());
    const std::regex link{R"(\]\(([^)#\s]+)(#[^)]*)?\))"};
    for (std::sregex_iterator match{text.begin(), text.end(), link}, end; match != end; ++match) {
      const auto target = (*match)[1].str();
      if (target.find("://") != std::string::npos) continue;
      INFO(entry.path() << " links to " << target);
      CHECK(fs::exists(entry.path().parent_path() / target));
      ++links;
    }
  }
  CHECK(links > 20);
}
