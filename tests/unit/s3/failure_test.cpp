#include "s3/failure.hpp"

#include <catch2/catch.hpp>

#include "s3/piece.hpp"
#include "s3/put.hpp"
#include "support/contains.hpp"
#include "support/manual_clock.hpp"
#include "support/no_programs.hpp"

using namespace bkp;
using namespace bkp::s3;
using namespace bkp::test;
using util::ErrorKind;

namespace {

struct FailureBench {
  util::Environment environment;
  NoPrograms programs;
  util::Interrupt interrupt;
  ManualClock clock{};
  Options options{};
  Operation operation{"create", "studio/x", "s3://bucket/prefix"};

  util::Error failure(const Response& response) {
    Client client{"s3://bucket/prefix", options, {environment, programs, interrupt}, clock, {}};
    auto error = s3::failure(operation, client, response);
    UNSCOPED_INFO(error.message() + " / " + error.hint());
    CHECK(error.message().find("s3://bucket/prefix") != std::string::npos);
    CHECK(error.message().find("studio/x") != std::string::npos);
    return error;
  }
  Pairs headers() {
    Client client{"s3://bucket/prefix", options, {environment, programs, interrupt}, clock, {}};
    return object_headers(client, NewObject{operation, "prefix/studio/x"});
  }
};

Response refused(long status, const std::string& code, const std::string& more = "") {
  Response response;
  response.status = status;
  response.error = parse_error("<Error><Code>" + code + "</Code>" + more + "</Error>");
  return response;
}

Response broken(CURLcode code) {
  Response response;
  response.broken = net::TransferError{code, "as libcurl says"};
  return response;
}

bool has(const Pairs& headers, const std::string& name, const std::string& value) {
  return std::find(headers.begin(), headers.end(), std::pair{name, value}) != headers.end();
}

}  // namespace

TEST_CASE("wrong credentials are an error of the key, whose hint says what to compare") {
  FailureBench bench;
  const auto [status, code, said] = GENERATE(table<long, std::string, std::string>({
      {403, "InvalidAccessKeyId", "does not know the access key"},
      {403, "SignatureDoesNotMatch", "the secret key is not the access key's"},
      {400, "ExpiredToken", "session token"},
  }));
  const auto error = bench.failure(refused(status, code));
  CHECK(error.kind() == ErrorKind::key);
  CHECK(contains(error.message(), said));
  CHECK(contains(error.message(), code));
  CHECK_FALSE(error.hint().empty());
}

TEST_CASE("missing rights are named") {
  FailureBench bench;
  const auto error = bench.failure(refused(403, "AccessDenied", "<Message>no\x1b[31m</Message>"));
  CHECK(error.kind() == ErrorKind::store);
  CHECK(contains(error.message(), "403 AccessDenied: no"));
  CHECK_FALSE(contains(error.message(), "\x1b"));
  CHECK(contains(error.hint(), "s3:ListBucket"));
  CHECK(contains(error.hint(), "\"bucket\""));
}

TEST_CASE("a wrong clock is told with the difference") {
  FailureBench bench;
  auto response = refused(403, "RequestTimeTooSkewed");
  response.signed_at = util::parse_time("2026-11-21T04:30:00Z");
  response.headers["date"] = "Sat, 21 Nov 2026 02:00:00 GMT";
  const auto ahead = bench.failure(response);
  CHECK(ahead.kind() == ErrorKind::store);
  CHECK(contains(ahead.message(), "2h 30min ahead of the server's"));
  CHECK(contains(ahead.hint(), "set the clock"));
  response.error->server_time = "2026-11-21T05:00:00Z";
  CHECK(contains(bench.failure(response).message(), "30min behind the server's"));
}

TEST_CASE("a bucket that is elsewhere is told with the place the server names") {
  FailureBench bench;
  auto response = refused(301, "PermanentRedirect", "<Endpoint>b.s3.eu.example</Endpoint>");
  response.headers["x-amz-bucket-region"] = "eu-central-1";
  const auto error = bench.failure(response);
  CHECK(contains(error.message(), "\"us-east-1\""));
  CHECK(contains(error.hint(), "\"eu-central-1\""));
  CHECK(contains(error.hint(), "\"b.s3.eu.example\""));
  CHECK(contains(
      bench.failure(refused(400, "AuthorizationHeaderMalformed", "<Region>ap-1</Region>")).hint(),
      "\"ap-1\""));
}

TEST_CASE("a missing bucket is not made") {
  FailureBench bench;
  CHECK(contains(bench.failure(refused(404, "NoSuchBucket")).hint(), "make the bucket"));
}

TEST_CASE("what broke is told with what to look at") {
  FailureBench bench;
  bench.options.endpoint = "https://h:9000";
  bench.options.addressing = Addressing::virtual_host;
  CHECK(contains(bench.failure(broken(CURLE_COULDNT_CONNECT)).message(),
                 "cannot be reached at https://bucket.h:9000"));
  CHECK(contains(bench.failure(broken(CURLE_COULDNT_RESOLVE_HOST)).hint(), "addressing: path"));
  CHECK(contains(bench.failure(broken(CURLE_OPERATION_TIMEDOUT)).message(), "stalled"));
  CHECK(contains(bench.failure(broken(CURLE_RECV_ERROR)).message(), "as libcurl says"));
  CHECK(contains(bench.failure(broken(CURLE_PEER_FAILED_VERIFICATION)).hint(), "as ca_file"));
  bench.options.ca_file = "/etc/own-ca.pem";
  CHECK(contains(bench.failure(broken(CURLE_PEER_FAILED_VERIFICATION)).hint(), "/etc/own-ca.pem"));
}

TEST_CASE("only what may pass with time is tried again") {
  for (const long status : {408, 429, 500, 502, 503, 504}) CHECK(refused(status, "X").may_pass());
  for (const long status : {200, 301, 400, 403, 404, 409, 412, 416, 501})
    CHECK_FALSE(refused(status, "X").may_pass());
  CHECK(refused(200, "InternalError").may_pass());
  CHECK(refused(400, "RequestTimeout").may_pass());
  CHECK(refused(400, "BadDigest").may_pass());
  CHECK(broken(CURLE_RECV_ERROR).may_pass());
  CHECK(broken(CURLE_COULDNT_CONNECT).may_pass());
  CHECK_FALSE(broken(CURLE_PEER_FAILED_VERIFICATION).may_pass());
  CHECK_FALSE(broken(CURLE_SSL_CACERT_BADFILE).may_pass());
}

TEST_CASE("a 200 with an error in it is no success") {
  CHECK_FALSE(refused(200, "InternalError").ok());
  Response good;
  good.status = 200;
  CHECK(good.ok());
}

TEST_CASE("objects are made as the options say") {
  FailureBench bench;
  for (const auto& [name, value] : bench.headers()) {
    CHECK_FALSE(value.empty());
    CHECK((name == "content-type" || name == writer_header));
  }
  bench.options.storage_class = "STANDARD_IA";
  bench.options.server_side_encryption = "aws:kms";
  bench.options.kms_key = "key-id";
  bench.options.object_lock = ObjectLock{"COMPLIANCE", 30};
  const auto headers = bench.headers();
  CHECK(has(headers, "x-amz-storage-class", "STANDARD_IA"));
  CHECK(has(headers, "x-amz-server-side-encryption", "aws:kms"));
  CHECK(has(headers, "x-amz-server-side-encryption-aws-kms-key-id", "key-id"));
  CHECK(has(headers, "x-amz-object-lock-mode", "COMPLIANCE"));
  CHECK(has(headers, "x-amz-object-lock-retain-until-date", "2026-12-21T02:00:00Z"));
}

TEST_CASE("a body goes with its digests") {
  const std::string body = "Welcome to Amazon S3.";
  const auto digests = body_digests(std::as_bytes(std::span{body}));
  CHECK(has(digests.headers, "x-amz-content-sha256",
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"));
  // openssl md5 -binary | base64
  CHECK(has(digests.headers, "content-md5", "1EfQ6PKJ8WoS/2AnznfCWA=="));
}

TEST_CASE("a range of an answer is read, or is none") {
  const auto range = parse_content_range("bytes 5-9/100");
  REQUIRE(range);
  CHECK(range->first == 5);
  CHECK(range->total == 100);
  for (const char* text : {"", "bytes */100", "bytes 5-9/*", "5-9/100", "bytes -/", "bytes 5/9-1",
                           "bytes 5-9/100x", "bytes 99999999999999999999-9/100"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_content_range(text));
  }
  CHECK(range_end({5, 10}) == 15);
  CHECK(range_end({~0ULL, ~0ULL}) == ~0ULL);
}
