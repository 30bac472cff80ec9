#include "verify/verification.hpp"

#include <catch2/catch.hpp>

#include "verify/junit.hpp"

using namespace bkp;
using Catch::Matchers::Contains;
using verify::Verification;

namespace {

Verification mixed() {
  Verification verification;
  verification.label = "20261121T020000Z-full-x121";
  verification.database = "x121";
  verification.level = "restore";
  verification.store = "local";
  verification.started_at = util::parse_time("2026-11-21T03:00:00Z");
  verification.finished_at = util::parse_time("2026-11-21T03:00:07Z");
  verification.restore_seconds = 5;
  verification.checks = {verify::passed("rows", "public.a"),
                         verify::failed("rows", "public.<\"b\">&", "3 rows\x01, not 4"),
                         verify::skipped("foreign_key", "c", "NOT VALID in the original")};
  return verification;
}

}  // namespace

TEST_CASE("one failed check makes a verification fail, a skipped one does not count") {
  const auto verification = mixed();
  CHECK_FALSE(verification.success());
  CHECK(verification.passed() == 1);
  CHECK(verification.total() == 2);
  REQUIRE(verification.errors().size() == 1);
  CHECK(verification.errors()[0] == "rows \"public.<\"b\">&\": 3 rows\\x01, not 4");
}

TEST_CASE("a verification that covered nothing proves nothing") {
  Verification verification;
  verification.checks = {verify::skipped("foreign_key", "c", "NOT VALID in the original")};
  CHECK_FALSE(verification.success());
  REQUIRE(verification.errors().size() == 1);
  CHECK_THAT(verification.errors()[0], Contains("nothing was covered"));
}

TEST_CASE("the result has the fields of the contract") {
  const auto json = verify::to_json(mixed(), 17);
  CHECK(json.at("backup_id") == 17);
  CHECK(json.at("label") == "20261121T020000Z-full-x121");
  CHECK(json.at("level") == "restore");
  CHECK(json.at("success") == false);
  CHECK(json.at("restore_duration_seconds") == 5.0);
  CHECK(json.at("validation_queries_passed") == 1);
  CHECK(json.at("validation_queries_total") == 2);
  CHECK(json.at("errors").size() == 1);
  CHECK(json.at("coverage").at("checks").at("rows").at("failed") == 1);
  CHECK(json.at("coverage").at("skipped").at(0).at("name") == "c");
  CHECK(verify::to_json(mixed(), std::nullopt).at("backup_id").is_null());
}

TEST_CASE("a drill says whether the objective was met") {
  auto verification = mixed();
  verification.objective = std::chrono::seconds{5};
  CHECK(verification.objective_met());
  verification.restore_seconds = 5.1;
  CHECK_FALSE(verification.objective_met());
  CHECK(verify::coverage_json(verification).at("objective").at("met") == false);
  CHECK_THAT(verify::to_text(verification), Contains("MISSED"));
}

TEST_CASE("the record carries what the table wants") {
  const auto record = verify::to_record(mixed());
  CHECK(record.backup_label == "20261121T020000Z-full-x121");
  CHECK_FALSE(record.success);
  CHECK(record.validation_queries_total == 2);
  CHECK(record.finished_at - record.started_at == std::chrono::seconds{7});
}

TEST_CASE("JUnit: a suite a backup, a case a check, everything escaped") {
  const auto xml = verify::to_junit({mixed()});
  CHECK_THAT(xml, Catch::Matchers::StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
  CHECK_THAT(xml, Contains("<testsuite name=\"restore 20261121T020000Z-full-x121 on store local\" "
                           "tests=\"3\" "
                           "failures=\"1\" errors=\"0\" skipped=\"1\" time=\"7.000\" "
                           "timestamp=\"2026-11-21T03:00:00Z\">"));
  CHECK_THAT(xml, Contains("name=\"public.&lt;&quot;b&quot;&gt;&amp;\""));
  CHECK_THAT(xml, Contains("<failure message=\"3 rows\\x01, not 4\"/>"));
  CHECK_THAT(xml, Contains("<skipped message=\"NOT VALID in the original\"/>"));
  CHECK_THAT(xml, Catch::Matchers::EndsWith("</testsuites>\n"));
}

TEST_CASE("JUnit: the suites of one backup on two stores have different names") {
  auto near = mixed();
  near.store = "local";
  auto far = mixed();
  far.store = "<vault>";
  const auto xml = verify::to_junit({near, far});
  CHECK_THAT(xml,
             Contains("<testsuite name=\"restore 20261121T020000Z-full-x121 on store local\""));
  CHECK_THAT(xml, Contains("20261121T020000Z-full-x121 on store &lt;vault&gt;\""));
}

TEST_CASE("JUnit: nothing covered is a failed case") {
  const auto xml = verify::to_junit({Verification{}});
  CHECK_THAT(xml, Contains("tests=\"1\" failures=\"1\""));
}

TEST_CASE("XML holds no character it cannot hold") {
  CHECK(verify::escape_xml("a'\xEF\xBF\xBF\xff") == "a&apos;?\\xff");
}
