#include <catch2/catch.hpp>

#include "bench.hpp"
#include "support/error_of.hpp"
#include "support/store_contract.hpp"

using namespace bkp;
using namespace bkp::test;

TEST_CASE("an object is locked, or it is an error") {
  S3Bench bench{ceph().make_bucket({"x-amz-bucket-object-lock-enabled: true"})};
  bench.options.object_lock = s3::ObjectLock{"GOVERNANCE", 1};
  const auto store = bench.open();
  put(*store, "studio/small", "x");
  const auto head = bench.ask("HEAD", "/some/prefix/studio/small").head;
  CHECK(head.find("x-amz-object-lock-mode: GOVERNANCE") != std::string::npos);
  const auto tomorrow = util::format_rfc3339(bench.clock.now() + std::chrono::hours{24});
  CHECK(head.find("retain-until-date: " + tomorrow.substr(0, 10)) != std::string::npos);

  // radosgw locks no object that came in parts, unless the bucket says that all are to be locked.
  const auto large = noise(std::size_t{9} << 20U);
  const auto error =
      store_error_of(*store, "studio/large", [&] { put(*store, "studio/large", large); });
  CHECK(error.message().find("did not lock it") != std::string::npos);
  CHECK(keys_below(*store, "studio") == std::vector<std::string>{"studio/small"});

  const std::string rule =
      "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>"
      "<DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>"
      "</ObjectLockConfiguration>";
  REQUIRE(bench.ask("PUT", "?object-lock=", {}, rule).status == 200);
  put(*store, "studio/large", large);
  CHECK((fetched(*store, "studio/large") == large));
}

TEST_CASE("a lock that the bucket has not got is an error that says so") {
  S3Bench bench;
  bench.options.object_lock = s3::ObjectLock{"GOVERNANCE", 1};
  const auto store = bench.open();
  const auto error = store_error_of(*store, "studio/a", [&] { put(*store, "studio/a", "x"); });
  CHECK(error.hint().find("object lock") != std::string::npos);
  CHECK_FALSE(bench.has_objects());
}

TEST_CASE("a bucket with versions keeps what was removed, and the key is free") {
  S3Bench bench{ceph().make_bucket({"x-amz-bucket-object-lock-enabled: true"})};
  const auto store = bench.open();
  put(*store, "studio/a", "first");
  CHECK(store->remove(store::Key{"studio/a"}));
  CHECK_FALSE(store->remove(store::Key{"studio/a"}));
  CHECK_FALSE(store->stat(store::Key{"studio/a"}));
  CHECK(keys_below(*store, "studio").empty());
  put(*store, "studio/a", "second");
  CHECK(fetched(*store, "studio/a") == "second");
  const auto versions = bench.listed("?versions=");
  CHECK(versions.find("<DeleteMarker>") != std::string::npos);
  store::replace_text(*store, store::Key{"studio/a"}, "third");
  CHECK(fetched(*store, "studio/a") == "third");
}

TEST_CASE("objects are of the storage class that was asked for") {
  S3Bench bench;
  bench.options.storage_class = "STANDARD";
  put(*bench.open(), "studio/a", "x");
  bench.options.storage_class = "NO_SUCH_CLASS";
  const auto store = bench.open();
  store_error_of(*store, "studio/b", [&] { put(*store, "studio/b", "x"); });
}

TEST_CASE("a bucket can be a host") {
  S3Bench bench;
  bench.options.endpoint = "http://localhost:" + std::to_string(ceph().port());
  bench.options.addressing = s3::Addressing::virtual_host;
  const auto store = bench.open();
  const std::string key = "studio/ü 日本/%41+ ~/n";
  put(*store, key, "x");
  put(*store, "studio/large", noise(std::size_t{9} << 20U));
  CHECK(bench.raw("studio/large").size() == std::size_t{9} << 20U);
  CHECK(fetched(*store, key) == "x");
  CHECK(keys_below(*store, "studio") == std::vector<std::string>{"studio/large", key});
  CHECK(store->remove(store::Key{key}));
  CHECK_FALSE(store->stat(store::Key{key}));
}

TEST_CASE("an S3 store knows its URL, and of no space") {
  S3Bench bench;
  const auto store = bench.open();
  CHECK(store->url() == bench.url);
  put(*store, "studio/a", "x");
  CHECK(bench.raw("studio/a") == "x");
  CHECK_FALSE(store->space());
}
