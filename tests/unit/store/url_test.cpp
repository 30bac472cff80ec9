#include "store/url.hpp"

#include <catch2/catch.hpp>

using namespace bkp::store;

TEST_CASE("a URL is split where its parts meet") {
  const auto [url, scheme, authority, path] =
      GENERATE(table<std::string, std::string, std::string, std::string>({
          {"s3://b/p", "s3", "b", "/p"},
          {"FILE:///srv/a//b", "FILE", "", "/srv/a//b"},
          {"sftp://user@host:22/x?y#z", "sftp", "user@host:22", "/x?y#z"},
          {"s3://bucket", "s3", "bucket", ""},
          {"a://", "a", "", ""},
          {"a://b://c", "a", "b:", "//c"},
      }));
  CAPTURE(url);
  const auto parts = split_url(url);
  REQUIRE(parts);
  CHECK(parts->scheme == scheme);
  CHECK(parts->authority == authority);
  CHECK(parts->path == path);
}

TEST_CASE("what has no scheme is no URL") {
  for (const std::string text : {"", "://", "://x", "local", "/srv/x", "file:/srv/x", "a:/b/"}) {
    CAPTURE(text);
    CHECK_FALSE(split_url(text));
    CHECK_FALSE(scheme_of(text));
    CHECK_FALSE(url_password(text));
  }
}

TEST_CASE("the scheme of a URL in lower case") {
  CHECK(scheme_of("FILE:///srv") == "file");
  CHECK(scheme_of("S3://b") == "s3");
  CHECK_FALSE(scheme_of("no url://x"));
}

TEST_CASE("the password of a URL") {
  const auto [url, password] = GENERATE(table<std::string, std::string>({
      {"sftp://bob:s3cret@host/path", "s3cret"},
      {"s3://key:se/cret@host/b", "se/cret"},
      {"s3://key:12/34@host", "12/34"},
      {"redis://:x@h", "x"},
      {"postgresql://u:p@ss@h/db", "p@ss"},
  }));
  CAPTURE(url);
  if (url == "s3://key:12/34@host") {
    // Cannot be told from a port.
    CHECK_FALSE(url_password(url));
  } else {
    CHECK(url_password(url) == password);
  }
}

TEST_CASE("what has a user or a port only has no password") {
  for (const std::string url : {"sftp://bob@host/x", "sftp://bob:@host", "http://host:80/a@b",
                                "http://[::1]:80/a@b", "file:///srv/a:b@c", "s3://b/p"}) {
    CAPTURE(url);
    CHECK_FALSE(url_password(url));
  }
}

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

TEST_CASE("the host of a URL stands between its user and its port") {
  CHECK(url_host("smtp://mail") == "mail");
  CHECK(url_host("https://user:p%40ss@hooks.example.org:8443/path?x=y") == "hooks.example.org");
  CHECK(url_host("smtp://[::1]:587") == "[::1]");
  CHECK(url_host("file:///srv").empty());
  CHECK(url_host("no url").empty());
  for (const auto* const host : {"localhost", "127.0.0.1", "127.1.2.3", "[::1]"})
    CHECK(is_loopback(host));
  for (const auto* const host : {"", "localhost.example.org", "127.evil.example", "10.0.0.1"})
    CHECK_FALSE(is_loopback(host));
}
