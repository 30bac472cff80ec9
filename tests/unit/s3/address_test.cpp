#include "s3/address.hpp"

#include <catch2/catch.hpp>

#include "support/error_of.hpp"

using namespace bkp;
using namespace bkp::s3;
using bkp::test::error_of;

namespace {

Options options(std::string endpoint, Addressing addressing = Addressing::path) {
  Options result;
  result.endpoint = std::move(endpoint);
  result.addressing = addressing;
  result.region = "eu-central-1";
  return result;
}

}  // namespace

TEST_CASE("objects are addressed by path or by host") {
  const auto path = address_of("s3://bucket/a b/c/", options("http://10.0.0.1:9000/"));
  CHECK(path.url() == "s3://bucket/a b/c");
  CHECK(path.scheme == "http");
  CHECK(path.host() == "10.0.0.1:9000");
  CHECK(path.bucket_key(store::Key{"x"}) == "a b/c/x");
  CHECK(path.path("a b/c/x") == "/bucket/a%20b/c/x");
  CHECK(path.path("") == "/bucket");

  const auto host =
      address_of("s3://bucket", options("https://s3.example.org", Addressing::virtual_host));
  CHECK(host.url() == "s3://bucket");
  CHECK(host.host() == "bucket.s3.example.org");
  CHECK(host.bucket_key(store::Key{"x/y"}) == "x/y");
  CHECK(host.path("x/y") == "/x/y");
  CHECK(host.path("") == "/");
}

TEST_CASE("without an endpoint it is AWS's of the region") {
  CHECK(address_of("s3://b/p", options("")).host() == "s3.eu-central-1.amazonaws.com");
  CHECK(address_of("s3://b/p", options("")).scheme == "https");
  auto china = options("");
  china.region = "cn-north-1";
  CHECK(address_of("s3://b/p", china).host() == "s3.cn-north-1.amazonaws.com.cn");
}

TEST_CASE("a scheme's own port is not named, for it is not sent") {
  CHECK(address_of("s3://b", options("https://h:443")).host() == "h");
  CHECK(address_of("s3://b", options("http://h:80")).host() == "h");
  CHECK(address_of("s3://b", options("http://h:443")).host() == "h:443");
  CHECK(address_of("s3://b", options("https://[::1]:9000")).host() == "[::1]:9000");
}

TEST_CASE("URLs that name no place are refused") {
  for (const char* url : {"s3://", "s3:///prefix", "s3://b ucket/x", "s3://b/a//b", "s3://b/../x",
                          "s3://..", "file:///x", "b/p", "s3://b//", "s3://b:1/x"}) {
    CAPTURE(url);
    const auto error = error_of([&] { address_of(url, options("")); });
    CHECK(error.kind() == util::ErrorKind::config);
    CHECK(error.message().find(url) != std::string::npos);
    CHECK_FALSE(error.hint().empty());
  }
  for (const char* endpoint : {"h:9000", "ftp://h", "https://", "https://h/s3", "https://h?x=1"}) {
    CAPTURE(endpoint);
    const auto error = error_of([&] { address_of("s3://b", options(endpoint)); });
    CHECK(error.kind() == util::ErrorKind::config);
    CHECK(error.message().find(endpoint) != std::string::npos);
  }
}

TEST_CASE("a secret in a URL is refused and not shown") {
  for (const auto& error :
       {error_of([] { address_of("s3://AKIA:hunter2@b/x", options("")); }),
        error_of([] { address_of("s3://b/x", options("https://u:hunter2@h")); })}) {
    CHECK(error.kind() == util::ErrorKind::config);
    CHECK(error.message().find("hunter2") == std::string::npos);
    CHECK(error.hint().find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a key that S3 cannot hold behind the prefix is refused") {
  const auto address = address_of("s3://b/" + std::string(200, 'p'), options(""));
  const std::string key = std::string(250, 'a') + "/" + std::string(250, 'b') + "/" +
                          std::string(250, 'c') + "/" + std::string(200, 'd');
  CHECK(error_of([&] { address.bucket_key(store::Key{key}); }).kind() == util::ErrorKind::store);
}
