#include "stream/tee.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>

#include "support/gate.hpp"
#include "support/manual_clock.hpp"
#include "support/recording_sink.hpp"
#include "support/wait_until.hpp"

using namespace bkp::stream;
using namespace bkp::test;
using bkp::util::Error;
using bkp::util::ErrorKind;

namespace {

std::vector<TeeSink::Branch> branches(std::initializer_list<Recording*> recordings) {
  std::vector<TeeSink::Branch> result;
  char name = 'a';
  for (Recording* recording : recordings) {
    result.push_back({std::string{name++}, std::make_unique<RecordingSink>(*recording)});
  }
  return result;
}

/// More than all queues hold together.
const std::string& large_text() {
  static const std::string text = noise(20'000'000);
  return text;
}

void write_in_pieces(Sink& sink, std::string_view text) {
  constexpr std::size_t piece = 100'000;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    sink.write(bytes_of(text.substr(0, piece)));
  }
}

}  // namespace

TEST_CASE("every branch gets everything and is finished") {
  Recording a;
  Recording b;
  Recording c;
  TeeSink tee{branches({&a, &b, &c})};
  write_in_pieces(tee, large_text());
  tee.finish();
  for (const Recording* branch : {&a, &b, &c}) {
    CHECK((branch->text == large_text()));
    CHECK(branch->finished == 1);
    CHECK(branch->aborted == 0);
  }
  CHECK_FALSE(tee.failure("a"));
  CHECK_FALSE(tee.failure("c"));
}

TEST_CASE("a branch that fails on the way is aborted and left out; the others go on") {
  Recording good;
  Recording bad;
  bad.on_write = throwing_at(3, "disk full");
  {
    TeeSink tee{branches({&bad, &good})};
    write_in_pieces(tee, large_text());
    tee.finish();
    REQUIRE(tee.failure("a"));
    CHECK(tee.failure("a")->message() == "disk full");
    CHECK(tee.failure("a")->kind() == ErrorKind::store);
    CHECK_FALSE(tee.failure("b"));
  }
  CHECK((good.text == large_text()));
  CHECK(good.finished == 1);
  CHECK(good.aborted == 0);
  CHECK(bad.sizes.size() == 2);
  CHECK(bad.finished == 0);
  CHECK(bad.aborted == 1);
}

TEST_CASE("a branch that cannot finish does not cost the others theirs") {
  Recording good;
  Recording bad;
  bad.on_finish = throwing("cannot flush");
  {
    TeeSink tee{branches({&good, &bad})};
    tee.write(bytes_of("x"));
    tee.finish();
    CHECK_FALSE(tee.failure("a"));
    CHECK(tee.failure("b")->message() == "cannot flush");
  }
  CHECK(good.finished == 1);
  CHECK(good.aborted == 0);
  CHECK(bad.aborted == 1);
}

TEST_CASE("when the last branch has failed, writing throws its error") {
  Recording a;
  Recording b;
  a.on_write = throwing_at(1, "first failure");
  std::atomic<bool> b_fails = false;
  b.on_write = [&] {
    if (b_fails) throw Error{ErrorKind::store, "last failure"};
  };
  {
    TeeSink tee{branches({&a, &b})};
    while (!tee.failure("a")) write_in_pieces(tee, noise(1'000'000));
    b_fails = true;
    CHECK_THROWS_WITH(write_in_pieces(tee, large_text()), "last failure");
    CHECK(tee.failure("a")->message() == "first failure");
    CHECK(tee.failure("b")->message() == "last failure");
    CHECK_THROWS_WITH(tee.finish(), "last failure");
  }
  CHECK(a.aborted == 1);
  CHECK(b.aborted == 1);
}

TEST_CASE("when the last branch cannot finish, finishing throws its error") {
  Recording a;
  Recording b;
  a.on_finish = throwing("one");
  b.on_finish = throwing("two");
  {
    TeeSink tee{branches({&a, &b})};
    tee.write(bytes_of("x"));
    CHECK_THROWS_WITH(tee.finish(), "two");
  }
  CHECK(a.aborted == 1);
  CHECK(b.aborted == 1);
}

TEST_CASE("an exception that is no Error is a failure like any other") {
  Recording good;
  Recording bad;
  bad.on_write = [] { throw std::runtime_error{"odd"}; };
  TeeSink tee{branches({&good, &bad})};
  tee.write(bytes_of("x"));
  tee.finish();
  CHECK(tee.failure("b")->kind() == ErrorKind::internal);
  CHECK(tee.failure("b")->message() == "odd");
  CHECK(good.finished == 1);
}

TEST_CASE("a slow branch loses nothing and finishes with the others") {
  std::promise<void> fast_done;
  Recording fast;
  Recording slow;
  fast.on_finish = [&] { fast_done.set_value(); };
  // Takes its data only after the fast one is through: what fits the queue waits there for it.
  slow.on_write = [released = fast_done.get_future().share()] { released.wait(); };
  TeeSink tee{branches({&slow, &fast})};
  const std::string text = noise(3'000'000);
  write_in_pieces(tee, text);
  tee.finish();
  CHECK((slow.text == text));
  CHECK((fast.text == text));
  CHECK(slow.finished == 1);
}

TEST_CASE("a branch that is slower than another is left behind once the stream has waited enough") {
  ManualClock clock;
  Gate gate;
  Recording fast;
  Recording slow;
  slow.on_write = [&] { gate.pass(); };
  {
    TeeSink tee{branches({&slow, &fast}), TeeSink::Patience{clock, std::chrono::minutes{10}}};
    auto writer = std::async(std::launch::async, [&] { write_in_pieces(tee, large_text()); });
    while (writer.wait_for(std::chrono::milliseconds{20}) != std::future_status::ready)
      clock.advance(std::chrono::minutes{1});
    writer.get();
    CHECK(tee.left_behind("a"));
    CHECK_THAT(tee.failure("a")->message(), Catch::Contains("too slow"));
    CHECK_FALSE(tee.left_behind("b"));
    // Neither the rest of the stream nor its end waits for the one that was left.
    tee.finish();
    CHECK(fast.finished == 1);
    CHECK(slow.aborted == 0);
    gate.open();
  }
  CHECK((fast.text == large_text()));
  CHECK(slow.aborted == 1);
  CHECK(slow.finished == 0);
}

TEST_CASE("branches that are slow alike are waited for") {
  ManualClock clock;
  Gate gate;
  Recording a;
  Recording b;
  a.on_write = [&] { gate.pass(); };
  b.on_write = [&] { gate.pass(); };
  TeeSink tee{branches({&a, &b}), TeeSink::Patience{clock, std::chrono::minutes{10}}};
  auto writer = std::async(std::launch::async, [&] { write_in_pieces(tee, large_text()); });
  for (int round = 0; round < 20; ++round) {
    CHECK(writer.wait_for(std::chrono::milliseconds{20}) == std::future_status::timeout);
    clock.advance(std::chrono::minutes{1});
  }
  gate.open();
  writer.get();
  tee.finish();
  CHECK((a.text == large_text()));
  CHECK((b.text == large_text()));
}

TEST_CASE("a failed branch that takes its time to give up holds nobody up") {
  Gate gate;
  Recording good;
  Recording bad;
  bad.on_write = throwing("disk full");
  bad.on_abort = [&] { gate.pass(); };
  {
    TeeSink tee{branches({&bad, &good})};
    write_in_pieces(tee, large_text());
    tee.finish();
    CHECK(tee.failure("a")->message() == "disk full");
    gate.open();
  }
  CHECK((good.text == large_text()));
  CHECK(bad.aborted == 1);
}

TEST_CASE("an abort reaches every branch that is still good, once") {
  Recording a;
  Recording b;
  {
    TeeSink tee{branches({&a, &b})};
    tee.write(bytes_of("x"));
    tee.abort();
    tee.abort();
    CHECK_FALSE(tee.failure("a"));
  }
  CHECK(a.aborted == 1);
  CHECK(b.aborted == 1);
  CHECK(a.finished == 0);
}

TEST_CASE("no branch, or an unknown one, is a fault of the program") {
  CHECK_THROWS_AS(TeeSink{std::vector<TeeSink::Branch>{}}, Error);
  Recording a;
  const TeeSink tee{branches({&a})};
  CHECK_THROWS_AS(tee.failure("b"), Error);
  CHECK_THROWS_AS(tee.left_behind("b"), Error);
}
