#include "run/stores.hpp"

#include <catch2/catch.hpp>

#include "support/error_of.hpp"
#include "support/no_programs.hpp"
#include "support/sshd.hpp"
#include "support/store_contract.hpp"
#include "support/temporary_directory.hpp"

using namespace bkp;
using namespace bkp::test;
using store::OpenMode;

namespace fs = std::filesystem;

TEST_CASE("open_store opens SFTP stores, an existing one and, on request, a new one") {
  const Sshd sshd;
  const TemporaryDirectory directory;
  const util::Environment environment;
  NoPrograms programs;
  const util::Interrupt interrupt;
  config::Store wanted;
  wanted.url = sshd.url(directory / "a b" / "störe");
  wanted.sftp.key_file = sshd.key();
  wanted.sftp.known_hosts_file = directory / "known_hosts";
  write_text(directory / "known_hosts", "[127.0.0.1]:* " + sshd.host_key() + "\n");
  const auto open = [&](OpenMode mode) {
    return run::open_store(wanted, mode, {environment, programs, interrupt});
  };

  const auto missing = error_of([&] { open(OpenMode::existing); });
  CHECK(missing.kind() == util::ErrorKind::store);
  CHECK(missing.message() == "there is no store at " + sshd.url(directory / "a%20b/st%C3%B6re"));
  CHECK_THAT(missing.hint(), Catch::Contains("mounted"));
  CHECK_FALSE(fs::exists(directory / "a b"));

  put(*open(OpenMode::create), "s/1", "x");
  CHECK(keys_below(*open(OpenMode::existing), "s") == std::vector<std::string>{"s/1"});
  CHECK(read_text(directory / "a b/störe/s/1") == "x");
}
