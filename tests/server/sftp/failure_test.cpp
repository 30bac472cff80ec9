// What a server refuses: full disks, missing rights, things in the way.

#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "bench.hpp"
#include "support/error_of.hpp"
#include "support/running_as_root.hpp"

using namespace bkp;
using namespace bkp::test;
using util::Error;

namespace fs = std::filesystem;

TEST_CASE("a full disk of an SFTP server is reported with what to do, and leaves nothing") {
  if (!running_as_root()) return;
  SftpBench bench;
  const fs::path root = bench.directory / "root";
  fs::create_directory(root);
  if (::mount("bkp-test", root.c_str(), "tmpfs", 0, "size=1m,mode=0700") != 0) {
    WARN("not allowed to mount a small file system: not tested");
    return;
  }
  struct Unmount {
    const fs::path& path;
    ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
  } const unmount{root};

  const auto store = bench.open();
  const Error error =
      store_error_of(*store, "studio/a/x", [&] { put(*store, "studio/a/x", noise(9'000'000)); });
  CHECK_THAT(error.message(), Catch::Contains("No space left"));
  CHECK_THAT(error.hint(), Catch::Contains("space"));
  CHECK(entries_below(root) == 0);
  CHECK(store->space()->capacity == std::uint64_t{1} << 20U);
  put(*store, "studio/a/x", "small");
}

TEST_CASE("an SFTP store without the right to write says so, and can be read") {
  SftpBench bench;
  const fs::path root = bench.directory / "root";
  fs::permissions(bench.directory.path(), fs::perms{0755});
  fs::create_directories(root / "studio/closed");
  write_text(root / "studio/a", "x");
  fs::permissions(root / "studio/a", fs::perms{0444});
  fs::permissions(root / "studio/closed", fs::perms{0});
  for (const fs::path& path : {root, root / "studio"}) fs::permissions(path, fs::perms{0555});

  // Root may everything; nobody may not.
  auto url = bench.sshd.url(root);
  if (::geteuid() == 0) url.replace(url.find("root@"), 4, "nobody");
  const auto store = bench.open_url(url, store::OpenMode::create);
  CHECK(fetched(*store, "studio/a") == "x");
  CHECK(store->names(store::Key{"studio"}) == std::vector<std::string>{"a", "closed"});
  for (const std::string key : {"studio/b", "new/b"}) {
    const Error error = store_error_of(*store, key, [&] { put(*store, key, "x"); });
    CHECK_THAT(error.message(), Catch::Contains("permission denied"));
    CHECK_THAT(error.hint(), Catch::Contains("permissions"));
  }
  store_error_of(*store, "studio/a", [&] { store->remove(store::Key{"studio/a"}); });
  store_error_of(*store, "studio", [&] { store->list(store::Key{"studio"}); });
  store_error_of(*store, "studio/closed/x", [&] { store->stat(store::Key{"studio/closed/x"}); });
  CHECK(fetched(*store, "studio/a") == "x");
  for (const fs::path& path : {root, root / "studio", root / "studio/closed"}) {
    fs::permissions(path, fs::perms{0755});
  }
  CHECK(entries_below(root) == 3);
}

TEST_CASE("a root that vanished from an SFTP server is an error for a writer, and not made anew") {
  SftpBench bench;
  const auto store = bench.open();
  fs::remove(bench.directory / "root");
  const Error error = store_error_of(*store, "studio/x", [&] { put(*store, "studio/x", "x"); });
  CHECK_THAT(error.hint(), Catch::Contains("mounted"));
  CHECK_FALSE(fs::exists(bench.directory / "root"));
}

TEST_CASE("a key below an object of an SFTP store cannot be created") {
  SftpBench bench;
  const auto store = bench.open();
  put(*store, "studio/a", "x");
  const Error error = store_error_of(*store, "studio/a/b", [&] { put(*store, "studio/a/b", "x"); });
  CHECK_THAT(error.message(), Catch::Contains("no directory"));
  CHECK(entries_below(bench.directory / "root") == 2);
}

TEST_CASE("a file on an SFTP server that was shortened is no whole object") {
  SftpBench bench;
  const auto store = bench.open();
  put(*store, "studio/a", noise(5'000'000));
  Recording recording;
  recording.on_write = [&] { fs::resize_file(bench.directory / "root/studio/a", 4'000'000); };
  RecordingSink sink{recording};
  const Error error = store_error_of(
      *store, "studio/a", [&] { store->fetch(store::Key{"studio/a"}, std::nullopt, sink); });
  CHECK_THAT(error.message(), Catch::Contains("ends before its end"));
}

TEST_CASE("a server that neither flushes nor measures can hold an SFTP store") {
  static const Sshd sshd{{.sftp = "internal-sftp -P fsync,statvfs"}};
  SftpBench bench{sshd};
  const auto store = bench.open();
  put(*store, "studio/a", "x");
  CHECK(fetched(*store, "studio/a") == "x");
  CHECK_FALSE(store->space());
}
