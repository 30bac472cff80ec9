#include "s3/signature.hpp"

#include <catch2/catch.hpp>

#include "s3/encoding.hpp"
#include "stream/hash.hpp"

using namespace bkp;
using namespace bkp::s3;

namespace {

// The credentials, requests and signatures of AWS's "Examples: Signature calculations in AWS
// Signature Version 4" (Amazon S3 API Reference).
const Credentials documented{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "",
                             std::nullopt};

std::string authorization(const std::string& method, const std::string& path, const Pairs& query,
                          Pairs headers, const std::string& body = "") {
  const auto sha256 = stream::digests_of(body).sha256;
  headers.emplace_back("host", "examplebucket.s3.amazonaws.com");
  headers.emplace_back("x-amz-content-sha256", sha256);
  headers.emplace_back("x-amz-date", "20130524T000000Z");
  return authorization_header({method, path, query, headers, sha256}, documented, "us-east-1",
                              util::parse_time("2013-05-24T00:00:00Z"));
}

std::string signature_of(const std::string& value) {
  return value.substr(value.rfind('=') + 1);
}

}  // namespace

TEST_CASE("requests are signed as AWS's examples are") {
  CHECK(authorization("GET", "/test.txt", {}, {{"range", "bytes=0-9"}}) ==
        "AWS4-HMAC-SHA256 "
        "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  CHECK(signature_of(authorization("PUT", "/" + encoded_path("test$file.text"), {},
                                   {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                                    {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                                   "Welcome to Amazon S3.")) ==
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  CHECK(signature_of(authorization("GET", "/", {{"lifecycle", ""}}, {})) ==
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  CHECK(signature_of(authorization("GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {})) ==
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST_CASE("blanks in a signed value count once") {
  CHECK(authorization("GET", "/", {}, {{"x-amz-meta-a", "  b   c "}}) ==
        authorization("GET", "/", {}, {{"x-amz-meta-a", "b c"}}));
}

TEST_CASE("a query is encoded, and sorted by what is sent") {
  CHECK(encoded_query({{"prefix", "a b/ü+"}, {"list-type", "2"}, {"uploads", ""}}) ==
        "list-type=2&prefix=a%20b%2F%C3%BC%2B&uploads=");
  CHECK(encoded_query({{"a-b", "1"}, {"a", "2"}, {"a", "1"}}) == "a=1&a=2&a-b=1");
  CHECK(encoded_query({}).empty());
}

TEST_CASE("keys are encoded for paths and back from listings") {
  const std::string key = "studio/ü 日本/-rf *?\"'$(x);#%25&+ ~._";
  CHECK(encoded_path(key) ==
        "studio/%C3%BC%20%E6%97%A5%E6%9C%AC/-rf%20%2A%3F%22%27%24%28x%29%3B%23%2525%26%2B%20~._");
  CHECK(decoded(encoded_path(key)) == key);
  CHECK(decoded("a+b%2Bc%2fd") == "a b+c/d");
  for (const char* broken : {"%", "%4", "%zz", "a%+1"}) CHECK_FALSE(decoded(broken));
}
