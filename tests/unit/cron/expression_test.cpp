#include "cron/expression.hpp"

#include <catch2/catch.hpp>

#include "support/error_of.hpp"

using namespace bkp;
using Catch::Matchers::Contains;
using cron::Expression;
using cron::TimeZone;
using test::error_of;

namespace {

/// The first moments after `after`, at most `count`.
std::vector<std::string> due(const std::string& expression, const std::string& after,
                             std::size_t count, const std::string& zone = "UTC") {
  const Expression parsed{expression};
  const TimeZone place{zone};
  std::vector<std::string> moments;
  auto at = std::optional{util::parse_time(after)};
  while (moments.size() < count && (at = parsed.next(*at, place)))
    moments.push_back(util::format_rfc3339(*at));
  return moments;
}

using Moments = std::vector<std::string>;

}  // namespace

TEST_CASE("numbers, ranges, steps, lists and names") {
  CHECK(due("0 2 * * *", "2026-11-27T02:00:00Z", 2) ==
        Moments{"2026-11-28T02:00:00Z", "2026-11-29T02:00:00Z"});
  CHECK(due("0 2 * * *", "2026-11-27T01:59:59.5Z", 1) == Moments{"2026-11-27T02:00:00Z"});
  CHECK(due("*/20 8-9,17 * * Mon-FRI", "2026-11-27T09:21:00Z", 5) ==
        Moments{"2026-11-27T09:40:00Z", "2026-11-27T17:00:00Z", "2026-11-27T17:20:00Z",
                "2026-11-27T17:40:00Z", "2026-11-30T08:00:00Z"});
  CHECK(due("5-50/15 0 1 jan,Jul *", "2026-06-01", 5) ==
        Moments{"2026-07-01T00:05:00Z", "2026-07-01T00:20:00Z", "2026-07-01T00:35:00Z",
                "2026-07-01T00:50:00Z", "2027-01-01T00:05:00Z"});
  CHECK(due(" 0\t0  *  * 7 ", "2026-11-27", 1) == Moments{"2026-11-29T00:00:00Z"});
  CHECK(due("0 0 * * 5-7", "2026-11-27", 3) ==
        Moments{"2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z", "2026-12-04T00:00:00Z"});
}

TEST_CASE("two restricted days: one is enough; one that begins with a star: both") {
  CHECK(due("0 0 13 * fri", "2026-11-12", 3) ==
        Moments{"2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z"});
  CHECK(due("0 0 */10 * fri", "2026-11-28", 2) ==
        Moments{"2026-12-11T00:00:00Z", "2027-01-01T00:00:00Z"});
}

TEST_CASE("the last day of the month") {
  CHECK(due("0 3 L * *", "2028-01-31T03:00:00Z", 3) ==
        Moments{"2028-02-29T03:00:00Z", "2028-03-31T03:00:00Z", "2028-04-30T03:00:00Z"});
  CHECK(due("0 3 15,l 2 *", "2027-01-01", 2) ==
        Moments{"2027-02-15T03:00:00Z", "2027-02-28T03:00:00Z"});
}

TEST_CASE("names for what is usual") {
  CHECK(due("@hourly", "2026-11-27T23:00:00Z", 1) == Moments{"2026-11-28T00:00:00Z"});
  CHECK(due("@daily", "2026-11-27", 1) == Moments{"2026-11-28T00:00:00Z"});
  CHECK(due("@Midnight", "2026-11-27", 1) == Moments{"2026-11-28T00:00:00Z"});
  CHECK(due("@weekly", "2026-11-27", 1) == Moments{"2026-11-29T00:00:00Z"});
  CHECK(due("@monthly", "2026-11-27", 1) == Moments{"2026-12-01T00:00:00Z"});
  CHECK(due("@yearly", "2026-11-27", 1) == Moments{"2027-01-01T00:00:00Z"});
}

TEST_CASE("days that are rare, and days that never are") {
  CHECK(due("0 0 29 2 *", "2097-01-01", 1) == Moments{"2104-02-29T00:00:00Z"});
  CHECK(due("0 0 30 2 *", "2026-01-01", 1).empty());
  CHECK(due("0 0 31 4,6,9,11 *", "2026-01-01", 1).empty());
}

// Europe/Berlin 2026: 29 March 02:00 → 03:00 (01:00Z), 25 October 03:00 → 02:00 (01:00Z).
TEST_CASE("clocks that are set forward: what is due once comes when the hour is over") {
  CHECK(due("30 2 * * *", "2026-03-28T01:30:00Z", 2, "Europe/Berlin") ==
        Moments{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"});
  CHECK(due("0,30 2,3 * * *", "2026-03-29T00:59:00Z", 2, "Europe/Berlin") ==
        Moments{"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"});
  CHECK(due("*/30 2 * * *", "2026-03-28T12:00:00Z", 1, "Europe/Berlin") ==
        Moments{"2026-03-30T00:00:00Z"});
  CHECK(due("30 * * * *", "2026-03-29T00:00:00Z", 2, "Europe/Berlin") ==
        Moments{"2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"});
}

TEST_CASE("clocks that are set back: what is due once comes once") {
  CHECK(due("30 2 * * *", "2026-10-24T12:00:00Z", 2, "Europe/Berlin") ==
        Moments{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"});
  CHECK(due("30 * * * *", "2026-10-25T00:00:00Z", 3, "Europe/Berlin") ==
        Moments{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"});
  CHECK(due("*/30 2 * * *", "2026-10-25T00:00:00Z", 3, "Europe/Berlin") ==
        Moments{"2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"});
}

TEST_CASE("clocks that change at midnight, by half an hour, and by a day") {
  // 4 November 2018 began at 01:00 in Sao Paulo, and 17 February 2018 had 23:00 to 24:00 twice.
  CHECK(due("0 0 * * *", "2018-11-03T12:00:00Z", 1, "America/Sao_Paulo") ==
        Moments{"2018-11-04T03:00:00Z"});
  CHECK(due("15 23 * * *", "2018-02-17T12:00:00Z", 2, "America/Sao_Paulo") ==
        Moments{"2018-02-18T01:15:00Z", "2018-02-19T02:15:00Z"});
  CHECK(due("15 * * * *", "2018-02-18T01:00:00Z", 3, "America/Sao_Paulo") ==
        Moments{"2018-02-18T01:15:00Z", "2018-02-18T02:15:00Z", "2018-02-18T03:15:00Z"});
  CHECK(due("45 1 * * *", "2026-04-04T00:00:00Z", 2, "Australia/Lord_Howe") ==
        Moments{"2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"});
  // There was no 30 December 2011 in Samoa.
  CHECK(due("0 12 30 12 *", "2011-12-01", 1, "Pacific/Apia") == Moments{"2011-12-30T10:00:00Z"});
}

TEST_CASE("what is no schedule is refused, naming the field") {
  struct Case {
    std::string text, names;
  };
  const auto [text, names] = GENERATE(values<Case>({{"", "0 fields"},
                                                    {"0 2 * *", "4 fields"},
                                                    {"0 2 * * * root", "6 fields"},
                                                    {"60 2 * * *", "minute \"60\""},
                                                    {"0 24 * * *", "hour"},
                                                    {"0 2 0 * *", "day of the month"},
                                                    {"0 2 32 * *", "day of the month"},
                                                    {"0 2 * 13 *", "month \"13\""},
                                                    {"0 2 * * 8", "day of the week"},
                                                    {"0 2 * * funday", "\"funday\""},
                                                    {"0 2 * jan-foo *", "\"foo\""},
                                                    {"0 22-4 * * *", "from 22 back to 4"},
                                                    {"*/0 * * * *", "step of 0"},
                                                    {"5/10 * * * *", "step without a range"},
                                                    {"5, * * * *", "lacks a number"},
                                                    {"-5 * * * *", "lacks a number"},
                                                    {"1-5x * * * *", "does not belong"},
                                                    {"L * * * *", "\"L\""},
                                                    {"99999999999 * * * *", "number"},
                                                    {"@reboot", "\"@reboot\""},
                                                    {"@", "\"@\""},
                                                    {"0 2 * * \x1b[2J", "lacks a number"}}));
  const auto error = error_of([&] { Expression{text}; });
  CHECK(error.kind() == util::ErrorKind::usage);
  CHECK_THAT(error.full_message(), Contains(names));
  CHECK_THAT(error.full_message(), !Contains("\x1b"));
  CHECK_FALSE(error.hint().empty());
}

TEST_CASE("the last moment of a time that is over") {
  const auto last = [](const std::string& expression, const std::string& after,
                       const std::string& until, const std::string& zone = "UTC") {
    const auto found = Expression{expression}.last(util::parse_time(after), util::parse_time(until),
                                                   TimeZone{zone});
    return found ? util::format_rfc3339(*found) : std::string{"none"};
  };
  CHECK(last("0 2 * * *", "2026-11-20", "2026-11-27T12:00:00Z") == "2026-11-27T02:00:00Z");
  CHECK(last("0 2 * * *", "2026-11-20", "2026-11-27T02:00:00Z") == "2026-11-27T02:00:00Z");
  CHECK(last("0 2 * * *", "2026-11-27T02:00:00Z", "2026-11-28T01:59:59Z") == "none");
  CHECK(last("0 3 L * *", "2025-01-01", "2026-11-27") == "2026-10-31T03:00:00Z");
  CHECK(last("0 0 30 2 *", "2020-01-01", "2026-11-27") == "none");
  CHECK(last("*/7 * * * *", "2026-11-26T12:00:00Z", "2026-11-27T11:59:00Z") ==
        "2026-11-27T11:56:00Z");
  // Sao Paulo had the hour before midnight twice: the second time belongs to the day that is over.
  CHECK(last("15 * * * *", "2018-02-18T01:00:00Z", "2018-02-18T02:59:00Z", "America/Sao_Paulo") ==
        "2018-02-18T02:15:00Z");
  CHECK(last("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", "Europe/Berlin") ==
        "2026-10-25T00:30:00Z");
}

TEST_CASE("time zones are those of the IANA database") {
  CHECK(TimeZone{"Europe/Berlin"}.name() == "Europe/Berlin");
  const auto error = error_of([] { TimeZone{"Mars/Olympus"}; });
  CHECK(error.kind() == util::ErrorKind::usage);
  CHECK_THAT(error.message(), Contains("Mars/Olympus"));
  CHECK_THROWS_AS(TimeZone{"../../etc/passwd"}, util::Error);
  CHECK_THROWS_AS(TimeZone{""}, util::Error);
}
