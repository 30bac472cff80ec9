#include "stream/replay_buffer.hpp"

#include <filesystem>

#include <catch2/catch.hpp>

#include "stream/sinks.hpp"
#include "support/recording_sink.hpp"
#include "support/temporary_directory.hpp"

using namespace bkp::stream;
using namespace bkp::test;

namespace {

std::string replayed(const ReplayBuffer& buffer) {
  StringSink text;
  buffer.replay(text);
  return text.text();
}

}  // namespace

TEST_CASE("a replay buffer gives back what it was given, as often as asked") {
  const TemporaryDirectory directory;
  const auto limit = GENERATE(0U, 1'000U, 300'000U, 5'000'000U);
  const auto text = noise(1'000'003);
  ReplayBuffer buffer{limit, directory.path()};
  write_in_pieces(buffer, text, 70'001);
  buffer.finish();
  CHECK(buffer.bytes() == text.size());
  CHECK(replayed(buffer) == text);
  CHECK(replayed(buffer) == text);
  CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("a replay buffer of nothing is nothing") {
  const ReplayBuffer buffer{10, "/nonexistent"};
  CHECK(buffer.bytes() == 0);
  CHECK(replayed(buffer).empty());
}
