#include "notify/problems.hpp"

#include <catch2/catch.hpp>

#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "util/error.hpp"

namespace bkp::notify {

using namespace std::chrono_literals;
using config::Severity;

namespace {

const Time start = util::parse_time("2026-11-21T02:00:00Z");

Finding finding(const std::string& subject, Severity severity = Severity::critical) {
  Finding result;
  result.subject = subject;
  result.severity = severity;
  result.title = "bkp " + subject + " failed";
  result.solved_title = "bkp " + subject + " works again";
  result.what = "the disk is full";
  return result;
}

}  // namespace

TEST_CASE("a problem is told once, and again when it is solved") {
  Problems problems;
  const auto first = problems.found(finding("full"), start, 1h);
  REQUIRE(first);
  CHECK(first->kind == Kind::problem);
  CHECK(first->title == "bkp full failed");
  CHECK(first->what == "the disk is full");
  CHECK(first->since == start);
  CHECK(first->thread == first->id);
  CHECK_FALSE(problems.found(finding("full"), start + 5min, 1h));
  CHECK_FALSE(problems.found(finding("full"), start + 10min, 1h));
  const auto solved = problems.solved("full", start + 20min);
  REQUIRE(solved);
  CHECK(solved->kind == Kind::recovered);
  CHECK(solved->title == "bkp full works again");
  CHECK(solved->what == "It was: the disk is full");
  CHECK(solved->times == 3);
  CHECK(solved->since == start);
  CHECK(solved->thread == first->id);
  CHECK(problems.open.empty());
  CHECK_FALSE(solved->run_id);
  CHECK_FALSE(problems.solved("full", start + 30min));
  CHECK(problems.found(finding("full"), start + 40min, 1h));
}

TEST_CASE("what becomes worse is told again, what becomes milder is not") {
  Problems problems;
  CHECK(problems.found(finding("full", Severity::warning), start, 1h));
  const auto worse = problems.found(finding("full", Severity::critical), start + 1min, 1h);
  REQUIRE(worse);
  CHECK(worse->since == start);
  CHECK(worse->times == 2);
  auto milder = finding("full", Severity::warning);
  milder.what = "another run is in the way";
  CHECK_FALSE(problems.found(milder, start + 2min, 1h));
  CHECK_FALSE(problems.found(finding("full", Severity::critical), start + 3min, 1h));
  // Who was told how bad it is, is told that it is over, and reminded of what it was.
  problems.found(milder, start + 4min, 1h);
  const auto due = problems.to_remind(start + 2h, 1h);
  REQUIRE(due.size() == 1);
  CHECK(reminder_of(due, start + 2h).what == "the disk is full");
  CHECK(problems.solved("full", start + 5min)->severity == Severity::critical);
}

TEST_CASE("a second finding of the same run says nothing and counts nothing") {
  Problems problems;
  auto one = finding("full", Severity::warning);
  one.run_key = "k1";
  CHECK(problems.found(one, start, 1h));
  one.severity = Severity::critical;
  CHECK_FALSE(problems.found(one, start + 1s, 1h));
  CHECK(problems.open.at("full").times == 1);
  one.run_key = "k2";
  CHECK(problems.found(one, start + 2s, 1h));
}

TEST_CASE("reminders come at intervals that double up to a day") {
  Problems problems;
  problems.found(finding("full"), start, 1h);
  std::vector<std::chrono::hours> reminded;
  for (auto hours = 0h; hours < 24h * 6; ++hours) {
    if (!problems.to_remind(start + hours, 1h).empty()) reminded.push_back(hours);
  }
  CHECK(reminded == std::vector<std::chrono::hours>{1h, 3h, 7h, 15h, 31h, 55h, 79h, 103h, 127h});
}

TEST_CASE("several problems make one reminder, the worst first") {
  Problems problems;
  problems.found(finding("prune", Severity::warning), start, 1h);
  problems.found(finding("full"), start + 50min, 1h);
  CHECK(problems.to_remind(start + 59min, 1h).empty());
  const auto due = problems.to_remind(start + 1h, 1h);
  REQUIRE(due.size() == 2);
  const auto message = reminder_of(due, start + 1h);
  CHECK(message.kind == Kind::reminder);
  CHECK(message.severity == Severity::critical);
  CHECK(message.title == "still: 2 problems");
  CHECK(message.what ==
        "bkp full failed, for 10min: the disk is full\n"
        "bkp prune failed, for 1h: the disk is full");
  CHECK(message.since == start);
  // The younger one's time has moved on too.
  CHECK(problems.to_remind(start + 2h, 1h).empty());
}

TEST_CASE("a clock that was wrong neither silences reminders nor makes ages negative") {
  Problems problems;
  problems.found(finding("full"), start + 24h * 1500, 1h);
  const auto due = problems.to_remind(start, 1h);
  REQUIRE(due.size() == 1);
  problems.found(finding("prune"), start, 1h);
  auto both = problems.to_remind(start + 3h, 1h);
  REQUIRE(both.size() == 2);
  CHECK(reminder_of(both, start + 3h).what.find("-") == std::string::npos);
}

TEST_CASE("whoever wants no reminders gets none") {
  Problems problems;
  problems.found(finding("full"), start, 1h);
  CHECK(problems.to_remind(start + 24h * 365, 0s).empty());
}

TEST_CASE("problems read back as they were written; anything else is refused by name") {
  const test::TemporaryDirectory directory;
  const auto file = directory / "problems.json";
  CHECK(read_problems(file).open.empty());
  Problems problems;
  auto capacity = finding("store local", Severity::warning);
  capacity.topic = config::Topic::capacity;
  capacity.run_id = 17;
  capacity.run_key = "k";
  problems.found(capacity, start, 1h);
  problems.found(finding("full"), start, 1h);
  write_problems(file, problems);
  const auto again = read_problems(file);
  REQUIRE(again.open.size() == 2);
  const auto& read = again.open.at("store local");
  const auto& written = problems.open.at("store local");
  CHECK(read.worst.topic == config::Topic::capacity);
  CHECK(read.worst.severity == Severity::warning);
  CHECK(read.worst.run_id == 17);
  CHECK(read.run_key == "k");
  CHECK(read.worst.title == written.worst.title);
  CHECK(read.thread == written.thread);
  CHECK(read.remind_at == written.remind_at);
  CHECK(read.interval == written.interval);
  for (const auto* const text : {"", "{}", "{\"v\":2}", "{\"v\":1,\"open\":{\"a\":1}}", "[1,"}) {
    test::write_text(file, text);
    const auto error = test::error_of([&] { read_problems(file); });
    CHECK(error.kind() == util::ErrorKind::damaged);
    CHECK(error.message().find("problems.json") != std::string::npos);
  }
}

}  // namespace bkp::notify
