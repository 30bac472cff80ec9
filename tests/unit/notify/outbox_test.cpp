#include "notify/outbox.hpp"

#include <sys/file.h>

#include <catch2/catch.hpp>

#include "notify/refusal.hpp"
#include "support/recorded_log.hpp"
#include "support/temporary_directory.hpp"
#include "util/error.hpp"
#include "util/files.hpp"

namespace bkp::notify {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using util::Error;
using util::ErrorKind;

namespace {

const Time sent = util::parse_time("2026-11-21T02:00:00Z");

Message titled(const std::string& title, Kind kind = Kind::problem, Time at = sent) {
  Message message;
  message.kind = kind;
  message.title = title;
  message.at = at;
  return message;
}

config::Channel channel(const std::string& name) {
  config::Channel result;
  result.name = name;
  return result;
}

/// An outbox whose channels take or refuse what comes.
struct Post {
  test::TemporaryDirectory directory;
  Outbox outbox{directory / "outbox"};
  test::RecordedLog log;
  std::vector<config::Channel> channels{channel("a"), channel("b")};
  std::vector<std::string> delivered;
  std::vector<std::string> down;
  bool refuses = false;

  void deliver(Time now) {
    outbox.deliver(
        channels,
        [&](const config::Channel& to, const Message& message) {
          delivered.push_back(to.name + ": " + message.title);
          if (std::ranges::find(down, to.name) == down.end()) return;
          if (refuses) throw Refusal{ErrorKind::store, "it is no good"};
          throw Error{ErrorKind::store, "it is down"};
        },
        now, log);
  }
};

}  // namespace

TEST_CASE("what was delivered is gone, in the order it came") {
  Post post;
  post.deliver(sent);
  CHECK(post.delivered.empty());
  post.outbox.put("a", titled("one"));
  post.outbox.put("b", titled("two", Kind::problem, sent + 1s));
  post.outbox.put("a", titled("three", Kind::problem, sent + 2s));
  CHECK(post.outbox.all().size() == 3);
  post.deliver(sent + 3s);
  CHECK(post.delivered == std::vector<std::string>{"a: one", "b: two", "a: three"});
  CHECK(post.outbox.all().empty());
  CHECK(post.log.messages().empty());
}

TEST_CASE("a channel that is down is tried once a time, and its messages keep their order") {
  Post post;
  post.down = {"a"};
  post.outbox.put("a", titled("one"));
  post.outbox.put("a", titled("two", Kind::recovered, sent + 1s));
  post.outbox.put("b", titled("three", Kind::problem, sent + 2s));
  post.deliver(sent + 3s);
  CHECK(post.delivered == std::vector<std::string>{"a: one", "b: three"});
  REQUIRE(post.log.warnings().size() == 1);
  CHECK_THAT(post.log.warnings().front(),
             Contains("channel \"a\" was not told of \"one\": it is down"));
  auto waiting = post.outbox.all();
  REQUIRE(waiting.size() == 2);
  CHECK(waiting.front().attempts == 1);
  CHECK(waiting.front().error == "it is down");
  CHECK(waiting.front().next_attempt == sent + 63s);
  post.delivered.clear();
  post.deliver(sent + 4s);
  CHECK(post.delivered.empty());
  post.deliver(sent + 2min);
  CHECK(post.delivered == std::vector<std::string>{"a: one"});
  CHECK(post.log.warnings().size() == 1);
  post.down.clear();
  post.delivered.clear();
  post.deliver(sent + 1h);
  CHECK(post.delivered == std::vector<std::string>{"a: one", "a: two"});
  CHECK(post.outbox.all().empty());
}

TEST_CASE("messages of one moment keep their order, and what replaces others leaves them out") {
  Post post;
  for (int i = 0; i < 20; ++i) post.outbox.put("a", titled(std::to_string(i)));
  post.deliver(sent);
  std::vector<std::string> expected;
  for (int i = 0; i < 20; ++i) expected.push_back("a: " + std::to_string(i));
  CHECK(post.delivered == expected);
  post.delivered.clear();
  post.outbox.put("a", titled("old"));
  post.outbox.put("b", titled("other"));
  post.outbox.clear("a");
  post.outbox.put("a", titled("new"));
  post.deliver(sent);
  CHECK(post.delivered == std::vector<std::string>{"b: other", "a: new"});
}

TEST_CASE("a clock that was wrong makes no message wait for years") {
  Post post;
  post.down = {"a"};
  post.outbox.put("a", titled("one", Kind::problem, sent + 24h * 1500));
  post.deliver(sent + 24h * 1500);
  CHECK(post.delivered.size() == 1);
  post.down.clear();
  post.deliver(sent);
  CHECK(post.delivered.size() == 2);
  CHECK(post.outbox.all().empty());
}

TEST_CASE("delays double up to an hour") {
  CHECK(delay_after(1) == 1min);
  CHECK(delay_after(2) == 2min);
  CHECK(delay_after(6) == 32min);
  CHECK(delay_after(7) == 1h);
  CHECK(delay_after(1000) == 1h);
}

TEST_CASE("what cannot be delivered is given up, a ping and what is refused after an hour") {
  Post post;
  post.down = {"a"};
  auto worth = std::chrono::hours{72};
  SECTION("a message") {}
  SECTION("a ping") {
    post.channels.front().way = config::PingWay{};
    worth = 1h;
  }
  SECTION("what is refused for its form") {
    post.refuses = true;
    worth = 1h;
  }
  post.outbox.put("a", titled("one"));
  auto now = sent;
  for (; now < sent + worth - 1min; now += 1min) post.deliver(now);
  CHECK(post.outbox.all().size() == 1);
  for (; now < sent + worth + 2h; now += 1min) post.deliver(now);
  CHECK(post.outbox.all().empty());
  CHECK(post.delivered.size() > 5);
  CHECK_THAT(post.log.warnings().back(),
             Contains("given up after " + std::to_string(post.delivered.size())));
}

TEST_CASE("one process delivers at a time") {
  Post post;
  post.outbox.put("a", titled("one"));
  const auto lock = util::open_or_make(post.directory / "outbox/lock");
  REQUIRE(::flock(lock.get(), LOCK_EX) == 0);
  post.deliver(sent);
  CHECK(post.delivered.empty());
  ::flock(lock.get(), LOCK_UN);
  post.deliver(sent);
  CHECK(post.delivered.size() == 1);
}

TEST_CASE("a message for a channel that is not configured any more is dropped, and said so") {
  Post post;
  post.outbox.put("c", titled("one"));
  post.deliver(sent);
  CHECK(post.delivered.empty());
  CHECK(post.outbox.all().empty());
  CHECK_THAT(post.log.messages().front(), Contains("\"c\""));
}

TEST_CASE("what is no message is passed over") {
  Post post;
  post.outbox.put("a", titled("one"));
  for (const auto* const text : {"", "[", "{}", "{\"v\":7}"})
    test::write_text(
        post.directory / ("outbox/0" + std::to_string(std::string{text}.size()) + ".json"), text);
  CHECK(post.outbox.all().size() == 1);
  post.deliver(sent);
  CHECK(post.delivered.size() == 1);
}

TEST_CASE("mail waits where the mail server's URL was not read") {
  Post post;
  post.channels.front().way = config::MailWay{};
  post.outbox.put("a", titled("one"));
  post.deliver(sent);
  CHECK(post.delivered.empty());
  CHECK(post.outbox.all().front().attempts == 0);
}

}  // namespace bkp::notify
