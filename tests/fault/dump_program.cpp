// A pg_dump that misbehaves: what it wrote is no backup, whatever it says of itself.
#include <fstream>

#include "fault/fault_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// A directory with PostgreSQL's programs, of which pg_dump is a script; "$real" is the real one.
class Programs {
 public:
  explicit Programs(FaultSite& site, const std::string& script = {})
      : m_directory{site.directory() / "programs"} {
    const auto& real = site.cluster().bin_directory();
    std::filesystem::create_directory(m_directory);
    for (const auto& entry : std::filesystem::directory_iterator{real}) {
      const auto name = entry.path().filename();
      if (name != "pg_dump") std::filesystem::create_symlink(entry.path(), m_directory / name);
    }
    if (script.empty()) return;
    const auto file = m_directory / "pg_dump";
    write_text(file, "#!/bin/bash\nreal=" + (real / "pg_dump").string() + "\n" + script + "\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all |
                                           std::filesystem::perms::group_exec |
                                           std::filesystem::perms::others_exec);
  }

  std::filesystem::path path() const { return m_directory; }

 private:
  std::filesystem::path m_directory;
};

/// Puts the programs' directory into the configuration.
void use(const FaultSite& site, const Programs& programs) {
  auto text = site.base_config();
  const std::string key = "bin_directory: ";
  const auto start = text.find(key) + key.size();
  text.replace(start, text.find('\n', start) - start, programs.path().string());
  site.write_config(text);
}

/// Only a dump is disturbed, not the question for the version.
std::string when_dumping(const std::string& script) {
  return "[[ $1 == --version ]] && exec \"$real\" --version\n" + script;
}

void check_nothing_looks_good(FaultSite& site) {
  CHECK(site.objects() == 0);
  CHECK(site.backups_with("failed") == "1");
  CHECK(site.last_run() == "failed");
  CHECK(site.cluster().psql("bkp", "select error_message <> '' from bkp.backups") == "t");
  site.check_recovery();
}

}  // namespace

TEST_CASE("no pg_dump: exit 5 before anything is begun, with what to install") {
  FaultSite site;
  use(site, Programs{site});
  const auto json = site.check_full_fails(5, "database", "no pg_dump was found");
  CHECK_THAT(json["error"]["hint"].get<std::string>(), Contains("postgresql-client-15"));
  CHECK(site.objects() == 0);
  site.check_recovery();
}

TEST_CASE("a pg_dump older than the server: exit 5, with its version and a hint") {
  FaultSite site;
  use(site, Programs{site, "echo 'pg_dump (PostgreSQL) 13.11'"});
  const auto json = site.check_full_fails(5, "database", "13.11");
  CHECK_THAT(json["error"]["hint"].get<std::string>(), Contains("cluster.bin_directory"));
  CHECK(site.objects() == 0);
  site.check_recovery();
}

TEST_CASE("pg_dump fails after half of the data") {
  FaultSite site;
  use(site, Programs{site, when_dumping("\"$real\" \"$@\" | head -c 5000000\n"
                                        "echo 'pg_dump: error: the disk went away' >&2\nexit 1")});
  site.check_full_fails(5, "database", "the disk went away");
  check_nothing_looks_good(site);
}

TEST_CASE("pg_dump is killed after half of the data") {
  FaultSite site;
  use(site, Programs{site, when_dumping("\"$real\" \"$@\" | head -c 5000000\nkill -KILL $$")});
  site.check_full_fails(5, "database", "killed by signal 9");
  check_nothing_looks_good(site);
}

TEST_CASE("pg_dump says it succeeded, and half of the data is missing") {
  FaultSite site;
  use(site, Programs{site, when_dumping("\"$real\" \"$@\" | head -c 5000000\nexit 0")});
  site.check_full_fails(8, "damaged", "the dump is damaged");
  check_nothing_looks_good(site);
}

TEST_CASE("pg_dump writes nothing at all and says it succeeded") {
  FaultSite site;
  use(site, Programs{site, when_dumping("exit 0")});
  site.check_full_fails(8, "damaged", "the dump is damaged");
  check_nothing_looks_good(site);
}

TEST_CASE("pg_dump goes on writing after its end") {
  FaultSite site;
  use(site, Programs{site, when_dumping("\"$real\" \"$@\" || exit\necho 'DEBUG: done'")});
  site.check_full_fails(8, "damaged", "the dump is damaged");
  check_nothing_looks_good(site);
}
