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
  bool left_behind = false;
  std::span<const std::byte> rest;       ///< of what is being written, not taken yet
  std::chrono::nanoseconds waited = {};  ///< for this lane while another had nothing to do

  bool full() const { return !failure && !rest.empty(); }
};

TeeSink::TeeSink(std::vector<Branch> branches, std::optional<Patience> patience)
    : m_patience{patience} {
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
    }
  }
}

void TeeSink::require_good_lane() const {
  const bool any =
      std::any_of(m_lanes.begin(), m_lanes.end(), [](const auto& lane) { return !lane->failure; });
  if (!any) throw util::Error{*m_last_failed->failure};
}

void TeeSink::write(std::span<const std::byte> data) {
  for (const auto& lane : m_lanes) lane->rest = data;
  for (;;) {
    for_each_good_lane(
        [](Lane& lane) { lane.rest = lane.rest.subspan(lane.queue.write_some(lane.rest)); });
    require_good_lane();
    const auto full = std::ranges::find_if(m_lanes, [](const auto& lane) { return lane->full(); });
    if (full == m_lanes.end()) return;
    wait_for(**full);
  }
}

/// In slices, so that other full lanes are looked at too, and what counts is the time in which
/// another lane had nothing to do.
void TeeSink::wait_for(Lane& full) {
  constexpr std::chrono::milliseconds slice{1};
  constexpr int slices = 100;
  if (!m_patience) {
    full.queue.wait_for_room(slice * slices);
    return;
  }
  auto last = m_patience->clock.steady();
  bool idle = any_idle();
  for (int i = 0; i < slices && !full.failure; ++i) {
    const bool room = full.queue.wait_for_room(slice);
    const auto now = m_patience->clock.steady();
    const bool was_idle = std::exchange(idle, any_idle());
    if (was_idle && idle) charge(now - last);
    if (room) return;
    last = now;
  }
}

bool TeeSink::any_idle() const {
  return std::ranges::any_of(m_lanes,
                             [](const auto& lane) { return !lane->failure && lane->queue.idle(); });
}

void TeeSink::charge(std::chrono::nanoseconds waited) {
  for (const auto& lane : m_lanes) {
    if (!lane->full() || lane->queue.idle()) continue;
    lane->waited += waited;
    if (lane->waited <= m_patience->longest) continue;
    lane->failure = util::Error{util::ErrorKind::store, "it was too slow and was left behind"};
    lane->left_behind = true;
    m_last_failed = lane.get();
    lane->queue.start_abort();
  }
}

void TeeSink::finish() {
  for_each_good_lane([](Lane& lane) { lane.queue.start_finish(); });
  for_each_good_lane([](Lane& lane) { lane.queue.finish(); });
  require_good_lane();
  m_ended = true;
}

void TeeSink::abort() noexcept {
  if (std::exchange(m_ended, true)) return;
  for (const auto& lane : m_lanes) lane->queue.start_abort();
  for (const auto& lane : m_lanes) lane->queue.abort();
}

const TeeSink::Lane& TeeSink::lane_of(std::string_view branch) const {
  for (const auto& lane : m_lanes) {
    if (lane->name == branch) return *lane;
  }
  throw util::Error{util::ErrorKind::internal, "no branch " + util::quoted(branch)};
}

std::optional<util::Error> TeeSink::failure(std::string_view branch) const {
  return lane_of(branch).failure;
}

bool TeeSink::left_behind(std::string_view branch) const {
  return lane_of(branch).left_behind;
}

}  // namespace bkp::stream
