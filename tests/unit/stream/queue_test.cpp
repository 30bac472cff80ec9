#include "stream/queue.hpp"

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <new>

#include "stream/sinks.hpp"
#include "support/gate.hpp"
#include "support/recording_sink.hpp"
#include "support/task_state.hpp"
#include "support/wait_until.hpp"
#include "util/error.hpp"

using namespace bkp::stream;
using namespace bkp::test;
using bkp::util::Error;

TEST_CASE("a queue passes everything on in order, whatever the sizes of the pieces") {
  StringSink result;
  QueueSink queue{result, 4096};
  const std::string text = noise(300'000);
  std::string_view rest = text;
  for (std::size_t size = 0; !rest.empty(); size = (size + 37) % 3001) {
    const std::size_t taken = std::min(size, rest.size());
    queue.write(bytes_of(rest.substr(0, taken)));
    rest.remove_prefix(taken);
  }
  queue.finish();
  CHECK(result.finished());
  CHECK((result.text() == text));
}

TEST_CASE("small pieces travel together, large ones are cut") {
  Recording next;
  RecordingSink sink{next};
  QueueSink queue{sink, 800};
  for (int round = 0; round < 25; ++round) queue.write(bytes_of("0123456789"));
  queue.finish();
  CHECK(next.sizes == std::vector<std::size_t>{100, 100, 50});
}

TEST_CASE("a queue of hardly any capacity still works") {
  StringSink result;
  QueueSink queue{result, 0};
  queue.write(bytes_of("abcdefgh"));
  queue.finish();
  CHECK(result.text() == "abcdefgh");
}

TEST_CASE("the next stage sees one other thread, and is finished on it") {
  Recording next;
  RecordingSink sink{next};
  QueueSink queue{sink};
  queue.write(bytes_of("x"));
  queue.finish();
  CHECK(next.write_thread != std::this_thread::get_id());
  CHECK(next.finish_thread == next.write_thread);
}

TEST_CASE("the next stage is aborted on its thread, and has been when an abort returns") {
  Recording next;
  RecordingSink sink{next};
  QueueSink queue{sink};
  queue.abort();
  CHECK(next.aborted == 1);
  CHECK(next.abort_thread != std::this_thread::get_id());
}

TEST_CASE("an abort can be begun and not be waited for") {
  Gate gate;
  Recording next;
  next.on_write = [&] { gate.pass(); };
  RecordingSink sink{next};
  {
    QueueSink queue{sink, 80};
    queue.write(bytes_of(std::string(20, 'x')));
    queue.start_abort();
    CHECK(next.aborted == 0);
    gate.open();
  }
  CHECK(next.aborted == 1);
  CHECK(next.finished == 0);
}

TEST_CASE("a writer who does not want to wait learns what there was room for") {
  Gate gate;
  Recording next;
  next.on_write = [&] { gate.pass(); };
  RecordingSink sink{next};
  QueueSink queue{sink, 80};
  CHECK(wait_until([&] { return queue.idle(); }));
  CHECK(queue.write_some(bytes_of(std::string(1000, 'x'))) == 80);
  CHECK_FALSE(queue.idle());
  CHECK(queue.write_some(bytes_of("y")) == 0);
  queue.wait_for_room(std::chrono::milliseconds{1});
  CHECK(queue.write_some(bytes_of("y")) == 0);
  gate.open();
  CHECK(wait_until([&] {
    queue.wait_for_room(std::chrono::hours{1});
    return queue.write_some(bytes_of("z")) == 1;
  }));
  queue.finish();
  CHECK(next.text == std::string(80, 'x') + "z");
}

TEST_CASE("a queue that is full makes the writer wait") {
  Gate gate;
  Recording next;
  next.on_write = [&] { gate.pass(); };
  RecordingSink sink{next};
  QueueSink queue{sink, 80};
  std::atomic<int> written = 0;
  std::atomic<pid_t> thread = 0;
  auto writer = std::async(std::launch::async, [&] {
    thread = ::gettid();
    for (; written < 100; ++written) queue.write(bytes_of("0123456789"));
  });
  // Eight chunks of ten bytes fit, one of which the next stage holds.
  REQUIRE(wait_until([&] { return written == 8 && task_state(thread) == 'S'; }));
  CHECK(written == 8);
  gate.open();
  writer.get();
  queue.finish();
  CHECK(next.text.size() == 1000);
}

TEST_CASE("an exception comes out of the following write, and of every call after it") {
  std::atomic<bool> thrown = false;
  Recording next;
  next.on_write = [&] {
    thrown = true;
    throw Error{bkp::util::ErrorKind::store, "disk full"};
  };
  RecordingSink sink{next};
  {
    QueueSink queue{sink, 80};
    queue.write(bytes_of("0123456789"));
    REQUIRE(wait_until([&] { return thrown.load(); }));
    // One byte is not handed over yet, and must report all the same.
    REQUIRE(wait_until([&] {
      try {
        queue.write(bytes_of("x"));
        return false;
      } catch (const Error& error) {
        return error.message() == "disk full";
      }
    }));
    CHECK_THROWS_WITH(queue.write(bytes_of("y")), "disk full");
    CHECK_THROWS_WITH(queue.finish(), "disk full");
    CHECK_NOTHROW(queue.abort());
  }
  CHECK(next.aborted == 1);
  CHECK(next.finished == 0);
}

TEST_CASE("an exception frees a writer who waits") {
  Gate gate;
  Recording next;
  next.on_write = [&] {
    gate.pass();
    throw Error{bkp::util::ErrorKind::store, "disk full"};
  };
  RecordingSink sink{next};
  QueueSink queue{sink, 80};
  auto writer =
      std::async(std::launch::async, [&] { queue.write(bytes_of(std::string(1000, 'x'))); });
  gate.open();
  CHECK_THROWS_WITH(writer.get(), "disk full");
}

TEST_CASE("an exception of any type crosses the queue") {
  Recording next;
  next.on_finish = [] { throw std::bad_alloc{}; };
  RecordingSink sink{next};
  QueueSink queue{sink};
  CHECK_THROWS_AS(queue.finish(), std::bad_alloc);
}

TEST_CASE("an abort drops what still waits in the queue") {
  Gate gate;
  std::atomic<bool> entered = false;
  Recording next;
  next.on_write = [&] {
    entered = true;
    gate.pass();
  };
  RecordingSink sink{next};
  QueueSink queue{sink, 80};
  queue.write(bytes_of(std::string(50, 'x')));
  REQUIRE(wait_until([&] { return entered.load(); }));
  std::atomic<pid_t> thread = 0;
  auto aborting = std::async(std::launch::async, [&] {
    thread = ::gettid();
    queue.abort();
  });
  // It waits for the next stage, which is within a write; that stage must know before it goes on.
  REQUIRE(wait_until([&] { return task_state(thread) == 'S'; }));
  gate.open();
  aborting.get();
  CHECK(next.sizes == std::vector<std::size_t>{10});
  CHECK(next.aborted == 1);
}

TEST_CASE("queues told to finish do so side by side") {
  std::promise<void> first_finishing;
  std::promise<void> second_finishing;
  Recording first_next;
  Recording second_next;
  // Neither could return if one were finished after the other.
  first_next.on_finish = [&] {
    first_finishing.set_value();
    second_finishing.get_future().wait();
  };
  second_next.on_finish = [&] {
    second_finishing.set_value();
    first_finishing.get_future().wait();
  };
  RecordingSink first_sink{first_next};
  RecordingSink second_sink{second_next};
  QueueSink first{first_sink};
  QueueSink second{second_sink};
  first.write(bytes_of("a"));
  second.write(bytes_of("b"));
  first.start_finish();
  second.start_finish();
  first.finish();
  second.finish();
  CHECK(first_next.text == "a");
  CHECK(first_next.finished == 1);
  CHECK(second_next.text == "b");
  CHECK(second_next.finished == 1);
}
