#include "store/open.hpp"

#include <catch2/catch.hpp>

#include "store/url.hpp"
#include "support/error_of.hpp"
#include "support/open_store.hpp"
#include "support/store_contract.hpp"
#include "support/temporary_directory.hpp"
#include "util/error.hpp"

using namespace bkp::store;
using namespace bkp::test;
using bkp::util::Error;
using bkp::util::ErrorKind;

TEST_CASE("file URLs and paths are each other's inverse") {
  const auto [path, url] = GENERATE(table<std::string, std::string>({
      {"/var/backups/bkp", "file:///var/backups/bkp"},
      {"/srv/back up/ü%?#", "file:///srv/back%20up/%C3%BC%25%3F%23"},
      {"/odd\n\xe9", "file:///odd%0A%E9"},
      {"/", "file:///"},
  }));
  CHECK(file_url(path) == url);
  CHECK(path_of_file_url(url) == path);
}

TEST_CASE("file URLs may be written in other ways") {
  CHECK(path_of_file_url("FILE://localhost/srv/%7euser") == "/srv/~user");
  CHECK(path_of_file_url("file:///plain text") == "/plain text");
}

TEST_CASE("what is no file URL of this machine is refused") {
  for (const std::string url :
       {"file://", "file://relative/path", "file://otherhost/srv", "file:///srv/%",
        "file:///srv/%4", "file:///srv/%zz", "file:///srv/%00", "file:///srv?x=1", "file:///srv#x",
        "file:///srv/%+1"}) {
    CAPTURE(url);
    const Error error = error_of([&] { bkp::test::open_store(url, OpenMode::create); });
    CHECK(error.kind() == ErrorKind::config);
    CHECK(error.message().find(url) != std::string::npos);
    CHECK_FALSE(error.hint().empty());
  }
}

TEST_CASE("a URL without a store is refused, and its secrets are not shown") {
  for (const std::string url : {"", "/var/backups", "file:/var/backups", "://x", "no url://x"}) {
    CHECK(error_of([&] { bkp::test::open_store(url, OpenMode::existing); }).kind() ==
          ErrorKind::config);
  }
  const Error error =
      error_of([] { bkp::test::open_store("ftp://user:hunter2@host/x", OpenMode::existing); });
  CHECK(error.kind() == ErrorKind::config);
  CHECK(error.message() == "this version has no store for \"ftp\" URLs");
}

TEST_CASE("an existing store is opened, a missing one is made only on request") {
  const TemporaryDirectory directory;
  const std::string url = file_url(directory / "a b" / "store");
  const Error missing = error_of([&] { bkp::test::open_store(url, OpenMode::existing); });
  CHECK(missing.kind() == ErrorKind::store);
  CHECK(missing.message() == "there is no store at " + url);
  CHECK(missing.hint().find("mounted") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(directory / "a b"));

  put(*bkp::test::open_store(url, OpenMode::create), "s/1", "x");
  const auto store = bkp::test::open_store(url, OpenMode::existing);
  CHECK(store->url() == url);
  CHECK(keys_below(*store, "s") == std::vector<std::string>{"s/1"});
  CHECK(bkp::test::open_store(url + "/", OpenMode::existing)->url() == url);
}

TEST_CASE("a file is no store") {
  const TemporaryDirectory directory;
  write_text(directory / "file", "x");
  for (const auto mode : {OpenMode::existing, OpenMode::create}) {
    const Error error =
        error_of([&] { bkp::test::open_store(file_url(directory / "file"), mode); });
    CHECK(error.kind() == ErrorKind::store);
    CHECK(error.message().find("Not a directory") != std::string::npos);
  }
}
