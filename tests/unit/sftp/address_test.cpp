#include "sftp/address.hpp"

#include <catch2/catch.hpp>

#include "support/error_of.hpp"
#include "util/error.hpp"

using namespace bkp::sftp;
using namespace bkp::test;
using bkp::util::Error;
using bkp::util::ErrorKind;

TEST_CASE("an SFTP URL names user, host, port and path") {
  struct Case {
    std::string url, user, host;
    int port;
    std::string path, canonical;
  };
  const auto given = GENERATE(values<Case>({
      {"sftp://bkp@host/srv/b", "bkp", "host", 22, "/srv/b", "sftp://bkp@host/srv/b"},
      {"SFTP://bkp@host:22/srv/b//", "bkp", "host", 22, "/srv/b", "sftp://bkp@host/srv/b"},
      {"sftp://bkp@host:2222/a b/%C3%BC%25", "bkp", "host", 2222, "/a b/ü%",
       "sftp://bkp@host:2222/a%20b/%C3%BC%25"},
      {"sftp://u%40d@host/x", "u@d", "host", 22, "/x", "sftp://u%40d@host/x"},
      {"sftp://bkp@[::1]/x", "bkp", "::1", 22, "/x", "sftp://bkp@[::1]/x"},
      {"sftp://bkp@[::1]:2222/x", "bkp", "::1", 2222, "/x", "sftp://bkp@[::1]:2222/x"},
      {"sftp://bkp@host/", "bkp", "host", 22, "", "sftp://bkp@host/"},
  }));
  CAPTURE(given.url);
  const auto address = parse_url(given.url);
  CHECK(address.user == given.user);
  CHECK(address.host == given.host);
  CHECK(address.port == given.port);
  CHECK(address.path == given.path);
  CHECK(address.url() == given.canonical);
  CHECK(parse_url(address.url()).url() == given.canonical);
}

TEST_CASE("known_hosts names a host with its port only when that is another") {
  CHECK(parse_url("sftp://u@host/x").known_hosts_name() == "host");
  CHECK(parse_url("sftp://u@host:2222/x").known_hosts_name() == "[host]:2222");
  CHECK(parse_url("sftp://u@[::1]:2222/x").known_hosts_name() == "[::1]:2222");
}

TEST_CASE("a malformed SFTP URL is refused") {
  for (const std::string url :
       {"sftp://host/x", "sftp://@host/x", "sftp://u@/x", "sftp://u@host", "sftp://u@host:/x",
        "sftp://u@host:0/x", "sftp://u@host:65536/x", "sftp://u@host:22a/x", "sftp://u@[::1/x",
        "sftp://u@[::1]2/x", "sftp://u@[]/x", "sftp://u@host/%", "sftp://u@host/%00",
        "sftp://u@host/x?y", "sftp://u@host/x#y", "ftp://u@host/x", "/x", ""}) {
    CAPTURE(url);
    const Error error = error_of([&] { parse_url(url); });
    CHECK(error.kind() == ErrorKind::config);
    CHECK_THAT(error.message(), Catch::Contains(url));
    CHECK_FALSE(error.hint().empty());
  }
}

TEST_CASE("a password in an SFTP URL is refused and not repeated") {
  for (const std::string url : {"sftp://bkp:hunter2@host/x", "sftp://bkp:hun/ter2@host/x",
                                "sftp://bkp:@host/x", "sftp://bkp:12/hunter2@host/x"}) {
    CAPTURE(url);
    const Error error = error_of([&] { parse_url(url); });
    CHECK(error.kind() == ErrorKind::config);
    CHECK_THAT(error.message(), Catch::Contains("password") && !Catch::Contains("ter2"));
    CHECK_THAT(error.hint(), Catch::Contains("key file") && !Catch::Contains("ter2"));
  }
}
