// What can go wrong with a local store: full disks, missing rights, crashes.

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "store/local_store.hpp"
#include "support/error_of.hpp"
#include "support/running_as_root.hpp"
#include "support/store_contract.hpp"
#include "support/temporary_directory.hpp"
#include "util/error.hpp"

using namespace bkp::store;
using namespace bkp::test;
using bkp::util::Error;

namespace fs = std::filesystem;

namespace {

/// Limits the size of every file this process writes, as a full disk would.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &m_limit_before);
    m_handler_before = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, m_limit_before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &m_limit_before);
    ::signal(SIGXFSZ, m_handler_before);
  }

 private:
  rlimit m_limit_before{};
  void (*m_handler_before)(int) = nullptr;
};

/// Gives up root's rights while it lives; does nothing for anybody else.
class Unprivileged {
 public:
  Unprivileged() {
    if (m_was_root) REQUIRE(::seteuid(65534) == 0);
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;
  ~Unprivileged() {
    if (m_was_root && ::seteuid(0) != 0) std::terminate();
  }

 private:
  bool m_was_root = ::geteuid() == 0;
};

std::size_t entries_below(const fs::path& path) {
  return static_cast<std::size_t>(
      std::distance(fs::recursive_directory_iterator{path}, fs::recursive_directory_iterator{}));
}

}  // namespace

TEST_CASE("a write that fails leaves no object and no temporary file") {
  const TemporaryDirectory directory;
  LocalStore store{directory / "root", true};
  {
    const FileSizeLimit limit{100'000};
    store_error_of(store, "studio/a/x", [&] { put(store, "studio/a/x", noise(1'000'000)); });
  }
  CHECK(entries_below(directory / "root") == 0);
  put(store, "studio/a/x", "now");
  CHECK(fetched(store, "studio/a/x") == "now");
}

TEST_CASE("a full disk is reported with what to do, and leaves nothing") {
  const TemporaryDirectory directory;
  const fs::path root = directory / "root";
  fs::create_directory(root);
  if (::mount("bkp-test", root.c_str(), "tmpfs", 0, "size=1m,mode=0700") != 0) {
    WARN("not allowed to mount a small file system; only the limit on file sizes is tested");
    return;
  }
  struct Unmount {
    const fs::path& path;
    ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
  } const unmount{root};

  LocalStore store{root, false};
  const Error error =
      store_error_of(store, "studio/a/x", [&] { put(store, "studio/a/x", noise(2'000'000)); });
  CHECK(error.message().find("No space left") != std::string::npos);
  CHECK(error.hint().find("space") != std::string::npos);
  CHECK(entries_below(root) == 0);
  CHECK(store.space()->capacity == std::uint64_t{1} << 20U);
}

TEST_CASE("a store without the right to write says so, and can be read") {
  const TemporaryDirectory directory;
  fs::permissions(directory.path(), fs::perms{0755});
  const fs::path root = directory / "root";
  fs::create_directories(root / "studio");
  write_text(root / "studio/a", "x");
  for (const fs::path& path : {root, root / "studio"}) fs::permissions(path, fs::perms{0555});
  fs::permissions(root / "studio/a", fs::perms{0444});
  {
    const Unprivileged unprivileged;
    LocalStore store{root, true};
    CHECK(fetched(store, "studio/a") == "x");
    CHECK(keys_below(store, "studio") == std::vector<std::string>{"studio/a"});
    for (const std::string key : {"studio/b", "new/b"}) {
      const Error error = store_error_of(store, key, [&] { put(store, key, "x"); });
      CHECK(error.message().find("Permission denied") != std::string::npos);
      CHECK(error.hint().find("permissions") != std::string::npos);
    }
    store_error_of(store, "studio/a", [&] { store.remove(Key{"studio/a"}); });
    CHECK(fetched(store, "studio/a") == "x");
  }
  fs::permissions(root, fs::perms{0755});
  fs::permissions(root / "studio", fs::perms{0755});
  CHECK(entries_below(root) == 2);
}

TEST_CASE("a directory that may not be read is an error, not an absence") {
  const TemporaryDirectory directory;
  fs::permissions(directory.path(), fs::perms{0755});
  const fs::path root = directory / "root";
  fs::create_directories(root / "studio/closed");
  fs::permissions(root, fs::perms{0755});
  fs::permissions(root / "studio", fs::perms{0755});
  fs::permissions(root / "studio/closed", fs::perms{0});
  {
    const Unprivileged unprivileged;
    LocalStore store{root, false};
    store_error_of(store, "studio", [&] { store.list(Key{"studio"}); });
    store_error_of(store, "studio/closed/x", [&] { store.stat(Key{"studio/closed/x"}); });
    store_error_of(store, "studio/closed/x", [&] { fetched(store, "studio/closed/x"); });
  }
  fs::permissions(root / "studio/closed", fs::perms{0700});
}

TEST_CASE("a crash leaves temporary files only, which the next run sweeps") {
  const TemporaryDirectory directory;
  const fs::path root = directory / "root";
  LocalStore store{root, true};
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    // No destructor runs: the process is gone in the middle of its work.
    const auto sink = store.create(Key{"studio/backups/a/dump"});
    sink->write(bytes_of(noise(100'000)));
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);

  CHECK(entries_below(root) == 4);
  CHECK(keys_below(store, "studio").empty());
  CHECK_FALSE(store.stat(Key{"studio/backups/a/dump"}));
  CHECK(store.remove_unfinished(Key{"studio"}, whenever).size() == 1);
  CHECK(entries_below(root) == 0);
}

TEST_CASE("a root that vanished is an error for a writer") {
  const TemporaryDirectory directory;
  const fs::path root = directory / "root";
  LocalStore store{root, true};
  fs::remove(root);
  const Error error = store_error_of(store, "studio/x", [&] { put(store, "studio/x", "x"); });
  CHECK(error.hint().find("mounted") != std::string::npos);
}

TEST_CASE("what root stores in another user's store is that user's") {
  // Giving away takes root.
  if (!running_as_root()) return;
  const TemporaryDirectory directory;
  REQUIRE(::chown(directory.path().c_str(), 65534, 65534) == 0);
  LocalStore store{directory.path(), false};
  put_text(store, Key{"studio/backups/x/part"}, "text");
  const Unprivileged now;
  CHECK(get_text(store, Key{"studio/backups/x/part"}) == "text");
  CHECK(store.remove(Key{"studio/backups/x/part"}));
  CHECK(fs::is_empty(directory.path()));
}

TEST_CASE("a directory that cannot be read is named when a store is walked") {
  const TemporaryDirectory directory;
  if (::geteuid() == 0) REQUIRE(::chown(directory.path().c_str(), 65534, 65534) == 0);
  const Unprivileged now;
  LocalStore store{directory.path(), false};
  put_text(store, Key{"studio/backups/closed/part"}, "text");
  put_text(store, Key{"studio/backups/open/part"}, "text");
  fs::permissions(directory / "studio/backups/closed", fs::perms::none);
  const auto error = error_of([&] { store.remove_unfinished(Key{"studio"}, whenever); });
  CHECK_THAT(error.message(),
             Catch::Contains("\"studio/backups/closed\"") && Catch::Contains("Permission denied"));
  CHECK_THAT(error.hint(), Catch::Contains("bkp check"));
  CHECK_THROWS_WITH(store.list(Key{"studio"}), Catch::Contains("\"studio/backups/closed\""));
  fs::permissions(directory / "studio/backups/closed", fs::perms::owner_all);
}
