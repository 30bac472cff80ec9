#include "s3/xml.hpp"

#include <catch2/catch.hpp>

#include "util/clock.hpp"

using namespace bkp;
using namespace bkp::s3;

TEST_CASE("an error's body tells what it can") {
  const auto error = parse_error(
      R"(<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>PermanentRedirect</Code><Message>Go &amp; see</Message><Region>eu-central-1</Region>
<Endpoint>bucket.s3.eu-central-1.amazonaws.com</Endpoint><RequestId>1</RequestId></Error>)");
  REQUIRE(error);
  CHECK(error->code == "PermanentRedirect");
  CHECK(error->message == "Go & see");
  CHECK(error->region == "eu-central-1");
  CHECK(error->endpoint == "bucket.s3.eu-central-1.amazonaws.com");
  CHECK(error->server_time.empty());
}

TEST_CASE("blanks that keep a connection alive may come before an error") {
  const auto error = parse_error(" \n  <?xml version=\"1.0\"?><Error><Code>Late</Code></Error>");
  REQUIRE(error);
  CHECK(error->code == "Late");
}

TEST_CASE("what is no error is none") {
  for (const char* text : {"", "   ", "<html><body>Error</body></html>", "<Error", "plain",
                           "<ListBucketResult/>", "<A><Error><Code>x</Code></Error></A>"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_error(text));
  }
}

TEST_CASE("a listing's keys are decoded when it says they are encoded") {
  const std::string contents =
      "<Contents><Key>a%2Fb+c%01</Key><LastModified>2026-11-21T02:00:00.123Z</LastModified>"
      "<ETag>&quot;x&quot;</ETag><Size>5000000000</Size></Contents>"
      "<CommonPrefixes><Prefix>d%20e%2F</Prefix></CommonPrefixes>";
  const auto page = parse_listing(
      "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
      "<NextContinuationToken>1/x=</NextContinuationToken>" +
      contents + "</ListBucketResult>");
  REQUIRE(page);
  REQUIRE(page->objects.size() == 1);
  CHECK(page->objects[0].key == "a/b c\x01");
  CHECK(page->objects[0].size == 5'000'000'000);
  CHECK(util::format_rfc3339(page->objects[0].modified) == "2026-11-21T02:00:00Z");
  CHECK(page->prefixes == std::vector<std::string>{"d e/"});
  CHECK(page->next == "1/x=");

  const auto plain = parse_listing("<ListBucketResult>" + contents + "</ListBucketResult>");
  REQUIRE(plain);
  CHECK(plain->objects[0].key == "a%2Fb+c%01");
  CHECK(plain->next.empty());
}

TEST_CASE("a listing that makes no sense is none") {
  for (const char* text : {
           "",
           "<Error/>",
           // Cut off in the middle it would seem complete.
           "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
           "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
           "<ListBucketResult><Contents><Key>a</Key><Size>1</Size>"
           "<LastModified>yesterday</LastModified></Contents></ListBucketResult>",
           "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%</Key><Size>1</Size>"
           "<LastModified>2026-11-21T02:00:00.000Z</LastModified></Contents></ListBucketResult>",
           "<ListBucketResult><Contents><Key>a</Key><Size>1</Size>",
       }) {
    CAPTURE(text);
    CHECK_FALSE(parse_listing(text));
  }
}

TEST_CASE("uploads under way are read with the place to go on from") {
  const auto page = parse_uploads(
      "<ListMultipartUploadsResult><NextKeyMarker>b</NextKeyMarker>"
      "<NextUploadIdMarker>2</NextUploadIdMarker><IsTruncated>true</IsTruncated>"
      "<Upload><Key>a</Key><UploadId>1</UploadId>"
      "<Initiated>2026-11-27T01:02:03.000Z</Initiated></Upload>"
      "<Upload><Key>b</Key><UploadId>2</UploadId>"
      "<Initiated>2026-11-27T01:02:04.000Z</Initiated></Upload></ListMultipartUploadsResult>");
  REQUIRE(page);
  CHECK(page->uploads.size() == 2);
  CHECK(page->uploads[1].key == "b");
  CHECK(page->uploads[1].id == "2");
  CHECK(page->uploads[1].begun == util::parse_time("2026-11-27T01:02:04Z"));
  CHECK(page->more);
  CHECK(page->next_key == "b");
  CHECK(page->next_id == "2");
  CHECK_FALSE(
      parse_uploads("<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
                    "</ListMultipartUploadsResult>"));
  CHECK_FALSE(
      parse_uploads("<ListMultipartUploadsResult><Upload><Key>a</Key></Upload>"
                    "</ListMultipartUploadsResult>"));
  const auto undated = parse_uploads(
      "<ListMultipartUploadsResult><Upload><Key>a</Key><UploadId>1</UploadId></Upload>"
      "</ListMultipartUploadsResult>");
  REQUIRE(undated);
  CHECK_FALSE(undated->uploads[0].begun);
  CHECK(parse_upload_id("<InitiateMultipartUploadResult><UploadId>7</UploadId>"
                        "</InitiateMultipartUploadResult>") == "7");
  CHECK_FALSE(parse_upload_id("<InitiateMultipartUploadResult/>"));
}

TEST_CASE("many objects are named to be removed, and those that were not") {
  CHECK(deletion_body(std::vector<std::string>{"a<b", "c"}) ==
        "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>"
        "<Object><Key>a&lt;b</Key></Object><Object><Key>c</Key></Object></Delete>");
  CHECK(parse_undeleted("<DeleteResult><Error><Key>a&lt;b</Key><Code>AccessDenied</Code></Error>"
                        "</DeleteResult>") == std::vector<std::string>{"a<b"});
  CHECK(parse_undeleted("<DeleteResult/>") == std::vector<std::string>{});
  CHECK_FALSE(parse_undeleted("<html/>"));
}

TEST_CASE("the parts of an upload are named in their order") {
  CHECK(completion_body({"\"a\"", "b&"}) ==
        "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        "<Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>"
        "<Part><PartNumber>2</PartNumber><ETag>b&amp;</ETag></Part></CompleteMultipartUpload>");
}
