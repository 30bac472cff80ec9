#include "util/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/error_of.hpp"
#include "support/running_as_root.hpp"
#include "support/temporary_directory.hpp"
#include "util/error.hpp"

using namespace bkp::util;
using bkp::test::error_of;
using bkp::test::read_text;
using bkp::test::running_as_root;
using bkp::test::TemporaryDirectory;
using bkp::test::write_text;

namespace fs = std::filesystem;

namespace {

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

std::size_t entries_of(const fs::path& path) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator{path}, fs::directory_iterator{}));
}

/// Sets the umask while it lives.
class Umask {
 public:
  explicit Umask(mode_t mask) : m_before{::umask(mask)} {}
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  ~Umask() { ::umask(m_before); }

 private:
  mode_t m_before;
};

}  // namespace

TEST_CASE("a missing file is no error to read, and one to open") {
  const TemporaryDirectory directory;
  write_text(directory / "plain", "x");
  CHECK(read_file(directory / "none") == std::nullopt);
  CHECK(read_file(directory / "plain" / "below") == std::nullopt);
  const Error error = error_of([&] { open_file(directory / "no\nne", O_RDONLY); });
  CHECK(error.kind() == ErrorKind::store);
  CHECK(error.message().find("no\\x0ane\": No such file") != std::string::npos);
}

TEST_CASE("reading stops at the limit, not before") {
  const TemporaryDirectory directory;
  write_text(directory / "ten", "0123456789");
  CHECK(read_file(directory / "ten", 10) == "0123456789");
  CHECK(error_of([&] { read_file(directory / "ten", 9); }).kind() == ErrorKind::store);
  CHECK(error_of([&] { read_file(directory.path()); }).kind() == ErrorKind::store);
}

TEST_CASE("a file is replaced whole, with its mode, and nothing is left beside it") {
  const TemporaryDirectory directory;
  const Umask umask{0077};
  write_file_atomically(directory / "file", "first");
  CHECK(mode_of(directory / "file") == 0600);
  write_file_atomically(directory / "file", "second", 0644);
  CHECK(read_text(directory / "file") == "second");
  CHECK(mode_of(directory / "file") == 0644);
  CHECK(entries_of(directory.path()) == 1);
}

TEST_CASE("a symbolic link is replaced, not written through") {
  const TemporaryDirectory directory;
  write_text(directory / "target", "untouched");
  fs::create_symlink("target", directory / "link");
  write_file_atomically(directory / "link", "new");
  CHECK(read_text(directory / "target") == "untouched");
  CHECK(read_text(directory / "link") == "new");
  CHECK_FALSE(fs::is_symlink(directory / "link"));
}

TEST_CASE("a write that fails leaves what was there and no temporary file") {
  const TemporaryDirectory directory;
  fs::create_directory(directory / "taken");
  CHECK(error_of([&] { write_file_atomically(directory / "taken", "x"); }).kind() ==
        ErrorKind::store);
  CHECK(fs::is_directory(directory / "taken"));
  CHECK(entries_of(directory.path()) == 1);
}

TEST_CASE("whether a file can be written is known before, and names that file") {
  const TemporaryDirectory directory;
  require_writable(directory / "new");
  write_text(directory / "old", "stays");
  require_writable(directory / "old");
  CHECK(read_text(directory / "old") == "stays");
  CHECK(entries_of(directory.path()) == 1);
  const auto lost = directory / "gone" / "report.xml";
  for (const auto& error : {error_of([&] { require_writable(lost); }),
                            error_of([&] { write_file_atomically(lost, "x"); })}) {
    CHECK(error.kind() == ErrorKind::store);
    CHECK(error.message().find("cannot write \"" + lost.string() + "\"") == 0);
  }
  CHECK(error_of([] { require_writable("/dev/null"); }).kind() == ErrorKind::usage);
  CHECK(error_of([&] { require_writable(directory.path()); }).kind() == ErrorKind::usage);
}

TEST_CASE("directories are made private, parents included, and may exist") {
  const TemporaryDirectory directory;
  fs::permissions(directory.path(), fs::perms{0755});
  const Umask umask{0};
  make_private_directories(directory / "a" / "b" / "c" / "");
  make_private_directories(directory / "a" / "b");
  CHECK(mode_of(directory / "a") == 0700);
  CHECK(mode_of(directory / "a" / "b" / "c") == 0700);
  CHECK(mode_of(directory.path()) == 0755);

  write_text(directory / "file", "x");
  const Error error = error_of([&] { make_private_directories(directory / "file" / "d"); });
  CHECK(error.kind() == ErrorKind::store);
  CHECK(error.message().find("/file\"") != std::string::npos);
}

TEST_CASE("a secret's file must be private") {
  const TemporaryDirectory directory;
  const fs::path secret = directory / "secret";
  const auto check = [&] { require_private(secret, "identity file"); };
  CHECK(error_of(check).kind() == ErrorKind::key);

  write_text(secret, "x");
  for (const unsigned mode : {0600U, 0400U, 0640U, 0700U}) {
    fs::permissions(secret, fs::perms{mode});
    CHECK_NOTHROW(check());
  }
  for (const unsigned mode : {0604U, 0602U, 0644U}) {
    fs::permissions(secret, fs::perms{mode});
    const Error error = error_of(check);
    CHECK(error.kind() == ErrorKind::key);
    CHECK(error.message().find("identity file \"") == 0);
    CHECK(error.hint() == "run: chmod 600 " + secret.string());
  }
  fs::remove(secret);
  fs::create_directory(secret);
  CHECK(error_of(check).message().find("not a regular file") != std::string::npos);
}

TEST_CASE("a secret readable by a foreign group, or of a foreign owner, is refused") {
  if (!running_as_root()) return;  // only root can give files away
  const TemporaryDirectory directory;
  const fs::path secret = directory / "secret";
  write_text(secret, "x");
  REQUIRE(::chown(secret.c_str(), 0, 4242) == 0);
  fs::permissions(secret, fs::perms{0600});
  CHECK_NOTHROW(require_private(secret, "key"));
  fs::permissions(secret, fs::perms{0640});
  CHECK(error_of([&] { require_private(secret, "key"); }).kind() == ErrorKind::key);
  REQUIRE(::chown(secret.c_str(), 4242, 0) == 0);
  fs::permissions(secret, fs::perms{0600});
  CHECK(error_of([&] { require_private(secret, "key"); }).message().find("another user") !=
        std::string::npos);
}

TEST_CASE("a secret is read from the file that was checked, if it is one") {
  const TemporaryDirectory directory;
  CHECK_FALSE(read_private_file(directory / "none", "the key", 10));
  write_text(directory / "key", "secret");
  REQUIRE(::chmod((directory / "key").c_str(), 0600) == 0);
  CHECK(read_private_file(directory / "key", "the key", 10) == "secret");
  CHECK(error_of([&] { read_private_file(directory / "key", "the key", 5); }).kind() ==
        ErrorKind::store);
  REQUIRE(::chmod((directory / "key").c_str(), 0644) == 0);
  CHECK(error_of([&] { read_private_file(directory / "key", "the key", 10); }).kind() ==
        ErrorKind::key);
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  CHECK_THAT(error_of([&] { read_private_file(directory / "pipe", "the key", 10); }).message(),
             Catch::EndsWith("is not a regular file"));
}

TEST_CASE("an unnamed file can be reopened by number and leaves nothing") {
  const TemporaryDirectory directory;
  Fd fd = open_unnamed_file(directory.path());
  write_all(fd.get(), std::as_bytes(std::span{"contents", 8}), "it");
  CHECK(read_file("/dev/fd/" + std::to_string(fd.get())) == "contents");
  CHECK(entries_of(directory.path()) == 0);
  CHECK(error_of([&] { open_unnamed_file(directory / "none"); }).kind() == ErrorKind::store);
}

TEST_CASE("the space of a file system adds up") {
  const TemporaryDirectory directory;
  const Space space = file_system_space(directory.path());
  CHECK(space.capacity > 0);
  CHECK(space.used <= space.capacity);
  CHECK(space.available <= space.capacity - space.used);
  CHECK(error_of([&] { file_system_space(directory / "none"); }).kind() == ErrorKind::store);
}

TEST_CASE("the executable's directory holds this test") {
  CHECK(fs::exists(executable_directory() / "unit-util"));
}

TEST_CASE("what root makes in another user's directory is that user's") {
  // Giving away takes root.
  if (!running_as_root()) return;
  constexpr uid_t other = 65534;
  const TemporaryDirectory directory;
  REQUIRE(::chown(directory.path().c_str(), other, other) == 0);
  const auto owner_of = [](const fs::path& path) {
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_uid;
  };
  make_private_directories(directory / "a/b");
  write_file_atomically(directory / "a/b/page", "text");
  open_or_make(directory / "a/lock");
  for (const auto* name : {"a", "a/b", "a/b/page", "a/lock"}) {
    INFO(name);
    CHECK(owner_of(directory / name) == other);
  }
  // What was there before may be anybody's, under another name too.
  write_text(directory / "roots", "text");
  fs::create_hard_link(directory / "roots", directory / "a/linked");
  open_or_make(directory / "a/linked");
  CHECK(owner_of(directory / "roots") == 0);
  CHECK(read_text(directory / "roots") == "text");
}
