#include "stream/tee.hpp"

#include <algorithm>
#include <utility>

#include "stream/queue.hpp"
#include "util/text.hpp"

namespace bkp::stream {

struct TeeSink::Lane {
  explicit Lane(Branch branch)
      : name{std::move(branch.name)}, sink{std::move(branch.sink)}, queue{*sink} {}

  std::string name;
  std::unique_ptr<Sink> sink;
  QueueSink queue;
  std::optional<util::Error> failure;
};

TeeSink::TeeSink(std::vector<Branch> branches) {
  if (branches.empty()) {
    throw util::Error{util::ErrorKind::internal, "a stream to no branch at all"};
  }
  for (Branch& branch : branches) m_lanes.push_back(std::make_unique<Lane>(std::move(branch)));
}

TeeSink::~TeeSink() {
  TeeSink::abort();
}

/// An action that throws costs its lane only.
template <class Action>
void TeeSink::for_each_good_lane(Action action) {
  for (const auto& lane : m_lanes) {
    if (lane->failure) continue;
    try {
      action(*lane);
    } catch (...) {
      lane->failure = util::current_error();
      m_last_failed = lane.get();
      lane->queue.abort();
    }
  }
}

void TeeSink::require_good_lane() const {
  const bool any =
      std::any_of(m_lanes.begin(), m_lanes.end(), [](const auto& lane) { return !lane->failure; });
  if (!any) throw util::Error{*m_last_failed->failure};
}

void TeeSink::write(std::span<const std::byte> data) {
  for_each_good_lane([&](Lane& lane) { lane.queue.write(data); });
  require_good_lane();
}

void TeeSink::finish() {
  for_each_good_lane([](Lane& lane) { lane.queue.start_finish(); });
  for_each_good_lane([](Lane& lane) { lane.queue.finish(); });
  require_good_lane();
  m_ended = true;
}

void TeeSink::abort() noexcept {
  if (std::exchange(m_ended, true)) return;
  for (const auto& lane : m_lanes) lane->queue.abort();
}

std::optional<util::Error> TeeSink::failure(std::string_view branch) const {
  for (const auto& lane : m_lanes) {
    if (lane->name == branch) return lane->failure;
  }
  throw util::Error{util::ErrorKind::internal, "no branch " + util::quoted(branch)};
}

}  // namespace bkp::stream
