#include "run/stores.hpp"

#include <catch2/catch.hpp>

#include "store/url.hpp"
#include "support/error_of.hpp"
#include "support/open_store.hpp"
#include "support/store_contract.hpp"
#include "support/temporary_directory.hpp"
#include "util/error.hpp"

using namespace bkp;
using namespace bkp::test;
using store::OpenMode;
using util::Error;
using util::ErrorKind;

TEST_CASE("what is no file URL of this machine is refused") {
  for (const std::string url :
       {"file://", "file://relative/path", "file://otherhost/srv", "file:///srv/%",
        "file:///srv/%4", "file:///srv/%zz", "file:///srv/%00", "file:///srv?x=1", "file:///srv#x",
        "file:///srv/%+1"}) {
    CAPTURE(url);
    const Error error = error_of([&] { open_store(url, OpenMode::create); });
    CHECK(error.kind() == ErrorKind::config);
    CHECK(error.message().find(url) != std::string::npos);
    CHECK_FALSE(error.hint().empty());
  }
}

TEST_CASE("a URL without a store is refused, and its secrets are not shown") {
  for (const std::string url : {"", "/var/backups", "file:/var/backups", "://x", "no url://x"}) {
    CHECK(error_of([&] { open_store(url, OpenMode::existing); }).kind() == ErrorKind::config);
  }
  const Error error = error_of([] { open_store("ftp://user:hunter2@host/x", OpenMode::existing); });
  CHECK(error.kind() == ErrorKind::config);
  CHECK(error.message() == "this version has no store for \"ftp\" URLs");
}

TEST_CASE("an existing store is opened, a missing one is made only on request") {
  const TemporaryDirectory directory;
  const std::string url = store::file_url(directory / "a b" / "store");
  const Error missing = error_of([&] { open_store(url, OpenMode::existing); });
  CHECK(missing.kind() == ErrorKind::store);
  CHECK(missing.message() == "there is no store at " + url);
  CHECK(missing.hint().find("mounted") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(directory / "a b"));

  put(*open_store(url, OpenMode::create), "s/1", "x");
  const auto store = open_store(url, OpenMode::existing);
  CHECK(store->url() == url);
  CHECK(keys_below(*store, "s") == std::vector<std::string>{"s/1"});
  CHECK(open_store(url + "/", OpenMode::existing)->url() == url);
}

TEST_CASE("a file is no store") {
  const TemporaryDirectory directory;
  write_text(directory / "file", "x");
  for (const auto mode : {OpenMode::existing, OpenMode::create}) {
    const Error error = error_of([&] { open_store(store::file_url(directory / "file"), mode); });
    CHECK(error.kind() == ErrorKind::store);
    CHECK(error.message().find("Not a directory") != std::string::npos);
  }
}

TEST_CASE("stores beyond this host are opened with their options") {
  const util::Environment environment;
  NoPrograms programs;
  const util::Interrupt interrupt;
  config::Store wanted;
  wanted.s3.credentials = s3::CredentialsFile{"/nonexistent/s3.ini"};
  wanted.sftp.key_file = "/nonexistent/key";
  const auto [url, named] = GENERATE(table<std::string, std::string>({
      {"s3://bucket/prefix", "/nonexistent/s3.ini"},
      {"sftp://user@host/srv", "/nonexistent/key"},
  }));
  wanted.url = url;
  const Error error = error_of([&] {
    run::open_store(wanted, OpenMode::existing, {environment, programs, interrupt});
  });
  CHECK(error.kind() == ErrorKind::key);
  CHECK(error.message().find(named) != std::string::npos);
}
