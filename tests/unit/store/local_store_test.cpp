#include "store/local_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/store_contract.hpp"
#include "support/temporary_directory.hpp"
#include "util/clock.hpp"
#include "util/error.hpp"

using namespace bkp::store;
using namespace bkp::test;
using bkp::util::Error;

namespace fs = std::filesystem;

namespace {

struct Fixture {
  TemporaryDirectory directory;
  fs::path root = directory / "root";
  LocalStore store{root, true};

  /// Every path below the root, files and directories, temporary ones too.
  std::vector<std::string> paths() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator{root}) {
      found.push_back(fs::relative(entry.path(), root).string());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
};

using Paths = std::vector<std::string>;

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "files are 0600 and directories 0700, whatever the umask") {
  const mode_t mask = GENERATE(0000, 0022, 0277);
  const mode_t before = ::umask(mask);
  put(store, "studio/backups/x", "x");
  ::umask(before);
  CHECK(mode_of(root) == 0700);
  CHECK(mode_of(root / "studio") == 0700);
  CHECK(mode_of(root / "studio/backups") == 0700);
  CHECK(mode_of(root / "studio/backups/x") == 0600);
}

TEST_CASE_METHOD(Fixture, "an object is a file under its key, and nothing else remains") {
  put(store, "studio/backups/a/manifest.json", "{}");
  CHECK(read_text(root / "studio/backups/a/manifest.json") == "{}");
  CHECK(paths() ==
        Paths{"studio", "studio/backups", "studio/backups/a", "studio/backups/a/manifest.json"});
}

TEST_CASE_METHOD(Fixture, "an unfinished object is a temporary file in its directory") {
  auto sink = store.create(Key{"studio/x"});
  sink->write(bytes_of("half"));
  const Paths during = paths();
  REQUIRE(during.size() == 2);
  CHECK(during[1].starts_with("studio/.bkp-"));
  CHECK(mode_of(root / during[1]) == 0600);
  sink.reset();
  CHECK(paths().empty());
}

TEST_CASE_METHOD(Fixture, "a refused overwrite leaves no temporary file") {
  put(store, "studio/x", "first");
  CHECK_THROWS_AS(put(store, "studio/x", "second"), Error);
  CHECK(paths() == Paths{"studio", "studio/x"});
}

TEST_CASE_METHOD(Fixture, "empty directories go with their last object, the root stays") {
  put(store, "studio/a/b/1", "x");
  put(store, "studio/a/2", "x");
  store.remove(Key{"studio/a/b/1"});
  CHECK(paths() == Paths{"studio", "studio/a", "studio/a/2"});
  store.remove(Key{"studio/a/2"});
  CHECK(paths().empty());
  CHECK(fs::is_directory(root));
}

TEST_CASE_METHOD(Fixture, "a directory with an unfinished object is not removed") {
  put(store, "studio/a/1", "x");
  const auto sink = store.create(Key{"studio/a/2"});
  store.remove(Key{"studio/a/1"});
  sink->finish();
  CHECK(keys_below(store, "studio") == Paths{"studio/a/2"});
}

TEST_CASE_METHOD(Fixture, "what is not ours is neither listed nor touched") {
  put(store, "studio/a", "x");
  write_text(root / "studio/new\nline", "x");
  write_text(root / "studio/caf\xe9", "x");
  write_text(root / "studio/back\\slash", "x");
  REQUIRE(::mkfifo((root / "studio/pipe").c_str(), 0600) == 0);
  CHECK(keys_below(store, "studio") == Paths{"studio/a"});
  CHECK_FALSE(store.stat(Key{"studio/pipe"}));
  CHECK_FALSE(fetched(store, "studio/pipe"));
  CHECK_FALSE(store.remove(Key{"studio/pipe"}));
  CHECK(store.remove_unfinished(Key{"studio"}, whenever).empty());
  CHECK(paths().size() == 6);
}

TEST_CASE_METHOD(Fixture, "symbolic links below the root are refused, not followed") {
  const fs::path outside = directory / "outside";
  fs::create_directory(outside);
  write_text(outside / "secret", "s");
  put(store, "studio/a", "x");

  SECTION("as a directory") {
    fs::create_directory_symlink(outside, root / "studio/link");
    const std::string key = "studio/link/secret";
    const auto check_refused = [&](auto body) {
      const Error error = store_error_of(store, key, body);
      CHECK(error.message().find("\"link\" is a symbolic link") != std::string::npos);
      CHECK_FALSE(error.hint().empty());
    };
    check_refused([&] { store.stat(Key{key}); });
    check_refused([&] { fetched(store, key); });
    check_refused([&] { store.remove(Key{key}); });
    check_refused([&] { store.list(Key{key}); });
    check_refused([&] { store.create(Key{key}); });
    CHECK_THROWS_AS(store.create(Key{"studio/link/new"}), Error);
    CHECK_THROWS_AS(store.list(Key{"studio"}), Error);
    CHECK_THROWS_AS(store.remove_unfinished(Key{"studio"}, whenever), Error);
  }
  SECTION("as an object") {
    fs::create_symlink(outside / "secret", root / "studio/link");
    const std::string key = "studio/link";
    store_error_of(store, key, [&] { store.stat(Key{key}); });
    store_error_of(store, key, [&] { fetched(store, key); });
    store_error_of(store, key, [&] { store.remove(Key{key}); });
    store_error_of(store, key, [&] { put(store, key, "x"); });
    CHECK_THROWS_AS(store.list(Key{"studio"}), Error);
  }
  SECTION("as an object that leads nowhere") {
    fs::create_symlink("nowhere", root / "studio/link");
    store_error_of(store, "studio/link", [&] { put(store, "studio/link", "x"); });
    CHECK_FALSE(fs::exists(root / "studio/nowhere"));
  }
  CHECK(read_text(outside / "secret") == "s");
  CHECK(std::distance(fs::directory_iterator{outside}, fs::directory_iterator{}) == 1);
}

TEST_CASE_METHOD(Fixture, "the root itself may be a symbolic link") {
  fs::create_directory_symlink(root, directory / "link");
  LocalStore linked{directory / "link", false};
  put(linked, "studio/a", "x");
  CHECK(keys_below(store, "studio") == Paths{"studio/a"});
}

TEST_CASE_METHOD(Fixture, "a key below an object cannot be created and is absent") {
  put(store, "studio/a", "x");
  const Error error = store_error_of(store, "studio/a/b", [&] { store.create(Key{"studio/a/b"}); });
  CHECK(error.message().find("Not a directory") != std::string::npos);
  CHECK(keys_below(store, "studio/a/b").empty());
  CHECK(paths() == Paths{"studio", "studio/a"});
}

TEST_CASE_METHOD(Fixture, "a directory is no object, and cannot become one") {
  put(store, "studio/a/b", "x");
  store_error_of(store, "studio/a", [&] { put(store, "studio/a", "x"); });
  CHECK(paths() == Paths{"studio", "studio/a", "studio/a/b"});
}

TEST_CASE_METHOD(Fixture, "unfinished objects are swept below the prefix, and only there") {
  put(store, "studio/backups/a/part", "x");
  put(store, "other/part", "x");
  write_text(root / "studio/backups/a/.bkp-0123456789abcdef", "debris");
  write_text(root / "other/.bkp-0123456789abcdef", "another site's");
  fs::create_directories(root / "studio/backups/crashed/deep");
  write_text(root / "studio/backups/crashed/deep/.bkp-0123456789abcdef", "debris");
  fs::create_directories(root / "studio/backups/empty");

  CHECK(keys_below(store, "studio") == Paths{"studio/backups/a/part"});
  CHECK(store.unfinished(Key{"studio"}, no_key, whenever).size() == 2);
  CHECK(store.unfinished(
            Key{"studio"}, [](auto key) { return key == "studio/backups/a"; }, whenever) ==
        Paths{"studio/backups/crashed/deep/.bkp-0123456789abcdef"});
  CHECK(store.remove_unfinished(Key{"studio"}, whenever).size() == 2);
  CHECK(paths() == Paths{"other", "other/.bkp-0123456789abcdef", "other/part", "studio",
                         "studio/backups", "studio/backups/a", "studio/backups/a/part"});
  CHECK(store.remove_unfinished(Key{"studio"}, whenever).empty());
  CHECK(store.remove_unfinished(Key{"none"}, whenever).empty());
}

TEST_CASE_METHOD(Fixture, "what is unfinished and young may be somebody's work") {
  const auto sink = store.create(Key{"studio/a/x"});
  const auto now = bkp::util::SystemClock{}.now();
  CHECK(store.unfinished(Key{"studio"}, no_key, now - std::chrono::hours{1}).empty());
  CHECK(store.remove_unfinished(Key{"studio"}, now - std::chrono::hours{1}).empty());
  sink->write(bytes_of("x"));
  sink->finish();
  CHECK(keys_below(store, "studio") == Paths{"studio/a/x"});
}

TEST_CASE_METHOD(Fixture, "a sink whose file was swept away does not finish") {
  const auto sink = store.create(Key{"studio/a/x"});
  sink->write(bytes_of("x"));
  CHECK(store.remove_unfinished(Key{"studio"}, whenever).size() == 1);
  store_error_of(store, "studio/a/x", [&] { sink->finish(); });
  sink->abort();
  CHECK(paths().empty());
}

TEST_CASE_METHOD(Fixture, "the space is that of the root's file system") {
  const auto space = store.space();
  REQUIRE(space);
  CHECK(space->capacity > 0);

  // What has taken the root's place, a mount point without its mount perhaps, is not asked.
  fs::rename(root, directory / "moved");
  REQUIRE(store.space());
  CHECK(store.space()->capacity == space->capacity);
}
