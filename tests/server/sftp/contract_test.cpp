#include <sys/stat.h>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "bench.hpp"
#include "support/error_of.hpp"

using namespace bkp;
using namespace bkp::test;
using util::Error;
using util::ErrorKind;

namespace fs = std::filesystem;

TEST_CASE("an SFTP store keeps the contract of Store") {
  SftpBench bench;
  check_store_contract([&] { return bench.open(); });
}

TEST_CASE("a transfer outlives the exchange of new keys in its midst") {
  static Sshd sshd{{.configuration = "RekeyLimit 1M\nLogLevel DEBUG1\n"}};
  SftpBench bench{sshd};
  const auto exchanges = [] {
    const std::string log = sshd.log();
    int count = 0;
    constexpr std::string_view told = "SSH2_MSG_NEWKEYS received";
    for (auto at = log.find(told); at != log.npos; at = log.find(told, at + 1)) ++count;
    return count;
  };
  const auto store = bench.open();
  const std::string text = noise(9'000'000);
  const int first = exchanges();
  CHECK(first == 1);
  put(*store, "studio/large", text);
  const int after_upload = exchanges();
  CHECK(after_upload > first + 3);
  CHECK((fetched(*store, "studio/large") == text));
  CHECK(exchanges() > after_upload + 3);
}

TEST_CASE("a file is no SFTP store") {
  SftpBench bench;
  write_text(bench.directory / "file", "x");
  for (const auto mode : {store::OpenMode::existing, store::OpenMode::create}) {
    const Error error = error_of([&] { bench.open("file", {}, mode); });
    CHECK(error.kind() == ErrorKind::store);
    CHECK_THAT(error.message(), Catch::Contains("Not a directory"));
  }
}

TEST_CASE("objects on an SFTP server are private files, and directories come and go with them") {
  SftpBench bench;
  const auto store = bench.open();
  put(*store, "studio/backups/a/part", "x");
  const auto mode = [&](const std::string& name) {
    return fs::status(bench.directory / name).permissions();
  };
  CHECK(mode("root") == fs::perms{0700});
  CHECK(mode("root/studio/backups/a") == fs::perms{0700});
  CHECK(mode("root/studio/backups/a/part") == fs::perms{0600});
  CHECK(entries_below(bench.directory / "root") == 4);
  CHECK(store->remove(store::Key{"studio/backups/a/part"}));
  CHECK(fs::is_empty(bench.directory / "root"));
}

TEST_CASE("what is no object on an SFTP server stays untouched") {
  SftpBench bench;
  const auto store = bench.open();
  put(*store, "studio/a", "x");
  const fs::path studio = bench.directory / "root/studio";
  fs::create_symlink("a", studio / "link");
  REQUIRE(::mkfifo((studio / "pipe").c_str(), 0600) == 0);
  write_text(studio / "no\nkey", "x");
  CHECK(keys_below(*store, "studio") == std::vector<std::string>{"studio/a"});
  for (const std::string key : {"studio/link", "studio/pipe"}) {
    CHECK_FALSE(store->stat(store::Key{key}));
    CHECK_FALSE(fetched(*store, key));
    CHECK_FALSE(store->remove(store::Key{key}));
  }
  CHECK(entries_below(studio) == 4);
}

TEST_CASE("what crashed writers left on an SFTP server is swept") {
  SftpBench bench;
  const auto store = bench.open();
  put(*store, "studio/backups/b/part", "x");
  const fs::path backups = bench.directory / "root/studio/backups";
  fs::create_directories(backups / "a/deep");
  for (const std::string name : {"a/deep/.bkp-1", "a/.bkp-2", "b/.bkp-3"}) {
    write_text(backups / name, "x");
  }
  CHECK(store->unfinished(store::Key{"studio"}, store::no_key, store::whenever).size() == 3);
  CHECK(store->unfinished(
            store::Key{"studio"}, [](auto key) { return key == "studio/backups/a"; },
            store::whenever) == std::vector<std::string>{"studio/backups/b/.bkp-3"});
  CHECK(store->remove_unfinished(store::Key{"studio"}, store::whenever).size() == 3);
  CHECK_FALSE(fs::exists(backups / "a"));
  CHECK(fetched(*store, "studio/backups/b/part") == "x");
  CHECK(store->remove_unfinished(store::Key{"none"}, store::whenever).empty());
}

TEST_CASE("many objects of an SFTP store are listed, with sizes and times") {
  SftpBench bench;
  const auto store = bench.open();
  const fs::path wal = bench.directory / "root/studio/wal";
  fs::create_directories(wal);
  for (int i = 0; i < 2000; ++i) {
    write_text(wal / fmt::format("{:024}.zst.age", i), std::string(static_cast<unsigned>(i), 'x'));
  }
  const auto objects = store->list(store::Key{"studio"});
  REQUIRE(objects.size() == 2000);
  CHECK(objects.front().key == "studio/wal/000000000000000000000000.zst.age");
  CHECK(objects.back().key == "studio/wal/000000000000000000001999.zst.age");
  CHECK(objects.back().size == 1999);
  CHECK(objects.back().modified > std::chrono::system_clock::now() - std::chrono::hours{1});
  CHECK(store->names(store::Key{"studio/wal"}).size() == 2000);
}

TEST_CASE("an SFTP store knows the space there is") {
  SftpBench bench;
  const auto space = bench.open()->space();
  REQUIRE(space);
  CHECK(space->capacity == fs::space(bench.directory.path()).capacity);
}
