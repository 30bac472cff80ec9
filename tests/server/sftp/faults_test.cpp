// Connections that break, at every stage of what an SFTP store does.

#include <csignal>
#include <future>

#include <catch2/catch.hpp>

#include "bench.hpp"
#include "support/error_of.hpp"
#include "support/faulty_proxy.hpp"
#include "support/wait_until.hpp"

using namespace bkp;
using namespace bkp::test;
using namespace std::chrono_literals;
using util::Error;
using util::ErrorKind;

namespace fs = std::filesystem;

namespace {

struct FaultyBench : SftpBench {
  FaultyProxy proxy{sshd.port()};
  std::unique_ptr<sftp::Store> store = open("root", proxy.port());
  fs::path root = directory / "root";
};

}  // namespace

TEST_CASE("connections that are refused or reset at first are tried again") {
  FaultyBench bench;
  bench.proxy.next({Damage::refuse}, 2);
  bench.proxy.running({Damage::reset});
  REQUIRE(wait_until([&] { return bench.proxy.counts().reset == 1; }));
  put(*bench.store, "studio/a", "x");
  CHECK(bench.proxy.counts().refused == 2);
  CHECK(fetched(*bench.store, "studio/a") == "x");
}

TEST_CASE("a server that is gone is an error that names it, after a number of attempts") {
  FaultyBench bench;
  put(*bench.store, "studio/a", "x");
  bench.proxy.stop_listening();
  bench.proxy.running({Damage::reset});
  const Error error =
      store_error_of(*bench.store, "studio/a", [&] { bench.store->stat(store::Key{"studio/a"}); });
  CHECK_THAT(error.message(), Catch::Contains("Connection refused, 3 times"));
  CHECK_THAT(error.hint(), Catch::Contains("ssh"));
  store_error_of(*bench.store, "studio/b", [&] { put(*bench.store, "studio/b", "x"); });
  store_error_of(*bench.store, "studio", [&] { bench.store->list(store::Key{"studio"}); });
  const Error opening = error_of([&] { bench.open("root", bench.proxy.port()); });
  CHECK(opening.kind() == ErrorKind::store);

  bench.proxy.listen_again();
  CHECK(fetched(*bench.store, "studio/a") == "x");
}

TEST_CASE("a download that breaks goes on where it was") {
  FaultyBench bench;
  const std::string text = noise(6'000'000);
  put(*bench.store, "studio/large", text);
  // A reset may take all that came with it, and the third time in a row that is the end.
  for (const std::uint64_t after : {1'000'000, 2'000'000}) {
    bench.proxy.next({Damage::reset, Direction::answer, after});
  }
  bench.proxy.running({Damage::cut, Direction::answer, 700'000});
  CHECK((fetched(*bench.store, "studio/large") == text));
  CHECK(bench.proxy.counts().cut == 1);
  CHECK(bench.proxy.counts().reset == 2);

  bench.proxy.running({Damage::reset, Direction::answer, 500'000});
  CHECK((fetched(*bench.store, "studio/large", store::ByteRange{1'000'001, 2'000'000}) ==
         text.substr(1'000'001, 2'000'000)));
  CHECK(bench.proxy.counts().reset == 3);
}

TEST_CASE("a download does not go on with another object") {
  FaultyBench bench;
  const fs::path file = bench.root / "studio/large";
  put(*bench.store, "studio/large", noise(9'000'000));
  const std::string change = GENERATE("size", "time", "nothing left");
  CAPTURE(change);
  Recording recording;
  recording.on_write = [&] {
    if (!recording.sizes.empty()) return;
    fs::remove(file);
    if (change == "size") write_text(file, noise(5'000'000));
    if (change == "time") {
      write_text(file, noise(9'000'000, 2));
      fs::last_write_time(file, fs::last_write_time(file) - 10s);
    }
    bench.proxy.running({Damage::reset});
  };
  RecordingSink sink{recording};
  const Error error = store_error_of(*bench.store, "studio/large", [&] {
    bench.store->fetch(store::Key{"studio/large"}, std::nullopt, sink);
  });
  CHECK_THAT(error.message(), Catch::Contains("replaced or removed"));
  CHECK(bench.proxy.counts().reset == 1);
}

TEST_CASE("an upload that breaks fails, and leaves nothing") {
  FaultyBench bench;
  const auto damage = GENERATE(Damage::cut, Damage::reset);
  const auto after = GENERATE(100'000, 3'000'000);
  bench.proxy.running({damage, Direction::request, static_cast<std::uint64_t>(after)});
  const Error error = store_error_of(*bench.store, "studio/a/large", [&] {
    put(*bench.store, "studio/a/large", noise(6'000'000));
  });
  CHECK_THAT(error.message(), Catch::Contains("connection broke"));
  CHECK(bench.proxy.counts().cut + bench.proxy.counts().reset == 1);
  CHECK(entries_below(bench.root) == 0);
  put(*bench.store, "studio/a/large", "now");
  CHECK(fetched(*bench.store, "studio/a/large") == "now");
}

TEST_CASE("a server that falls silent is given up") {
  FaultyBench bench;
  const std::string text = noise(6'000'000);
  put(*bench.store, "studio/a", text);
  bench.limits.stall = 200ms;
  bench.store = bench.open("root", bench.proxy.port());
  SECTION("in an upload") {
    bench.proxy.running({Damage::stall, Direction::request, 1'000'000});
    const Error error =
        store_error_of(*bench.store, "studio/b", [&] { put(*bench.store, "studio/b", text); });
    CHECK_THAT(error.message(), Catch::Contains("silent for 0.2 s"));
    CHECK(entries_below(bench.root) == 2);
  }
  SECTION("in a download, which goes on") {
    bench.proxy.running({Damage::stall, Direction::answer, 1'000'000});
    CHECK((fetched(*bench.store, "studio/a") == text));
  }
  SECTION("before its first word") {
    bench.limits.connect = 50ms;
    bench.proxy.next({Damage::stall, Direction::answer, 0}, 3);
    const Error error = error_of([&] { bench.open("root", bench.proxy.port()); });
    CHECK_THAT(error.message(), Catch::Contains("silent for 0.05 s, 3 times"));
  }
  CHECK(bench.proxy.counts().stalled >= 1);
}

TEST_CASE("an interrupt ends what waits for a silent server at once") {
  FaultyBench bench;
  put(*bench.store, "studio/a", noise(6'000'000));
  bench.limits.clean_up = 100ms;
  bench.store = bench.open("root", bench.proxy.port());
  const bool downloads = GENERATE(true, false);
  const auto direction = downloads ? Direction::answer : Direction::request;
  bench.proxy.running({Damage::stall, direction, 100'000});
  bench.proxy.next({Damage::stall, Direction::answer, 0}, 10);
  auto transfer = std::async(std::launch::async, [&] {
    if (downloads) {
      fetched(*bench.store, "studio/a");
    } else {
      put(*bench.store, "studio/b", noise(9'000'000));
    }
  });
  REQUIRE(wait_until([&] { return bench.proxy.counts().stalled >= 1; }));
  const auto start = std::chrono::steady_clock::now();
  bench.interrupt.request(SIGTERM);
  CHECK(error_of([&] { transfer.get(); }).kind() == ErrorKind::interrupted);
  CHECK(std::chrono::steady_clock::now() - start < 2s);
}

TEST_CASE("an interrupted upload leaves nothing") {
  SftpBench bench;
  const auto store = bench.open();
  const auto sink = store->create(store::Key{"studio/a"});
  sink->write(bytes_of(noise(1'000'000)));
  bench.interrupt.request(SIGTERM);
  const Error error = error_of([&] { sink->write(bytes_of(noise(20'000'000))); });
  CHECK(error.kind() == ErrorKind::interrupted);
  sink->abort();
  CHECK(entries_below(bench.directory / "root") == 0);
}

TEST_CASE("data that is altered on its way is noticed") {
  FaultyBench bench;
  const std::string text = noise(1'000'000);
  put(*bench.store, "studio/a", text);
  bench.proxy.running({Damage::flip, Direction::answer, 300'000});
  CHECK((fetched(*bench.store, "studio/a") == text));
  CHECK(bench.proxy.counts().flipped == 1);
}

TEST_CASE("a renaming whose answer is lost is looked up") {
  FaultyBench bench;
  // Answers to an upload are short: at each of these lengths the connection breaks somewhere else
  // between the last data and the end.
  int published = 0;
  int failed = 0;
  for (std::uint64_t after = 0; after < 800; after += 40) {
    const std::string key = "studio/" + std::to_string(after);
    const auto sink = bench.store->create(store::Key{key});
    sink->write(bytes_of("contents"));
    bench.proxy.running({Damage::reset, Direction::answer, after});
    try {
      sink->finish();
      ++published;
      CHECK(fetched(*bench.store, key) == "contents");
    } catch (const Error& error) {
      ++failed;
      CHECK(error.kind() == ErrorKind::store);
      sink->abort();
      CHECK_FALSE(fetched(*bench.store, key));
    }
    CHECK(bench.store->remove_unfinished(store::Key{"studio"}, store::whenever).empty());
  }
  CHECK(published > 0);
  CHECK(failed > 0);
  CHECK(bench.proxy.counts().reset > 5);
}
