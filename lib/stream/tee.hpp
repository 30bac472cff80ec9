#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/sink.hpp"
#include "util/clock.hpp"
#include "util/error.hpp"

namespace bkp::stream {

/// Copies a stream to several branches, each behind a QueueSink of its own, and finishes them side
/// by side. A branch that fails is left out from then on; the others go on. When the last branch
/// has failed, write() and finish() throw that branch's error. finish() returns when at least one
/// branch is complete: ask failure() for the others. A branch that is slow slows the stream, and
/// loses nothing, unless there is a limit to that. Branches that are left out are aborted on their
/// own threads; nothing waits for that but abort() and the destructor.
class TeeSink final : public Sink {
 public:
  struct Branch {
    std::string name;  ///< unique, for failure()
    std::unique_ptr<Sink> sink;
  };
  /// How long the stream waits for a branch while another has nothing to do, all in all; after that
  /// the branch is left behind, a failure. `clock` must outlive the stage.
  struct Patience {
    const util::Clock& clock;
    std::chrono::nanoseconds longest;
  };
  /// At least one branch. Without a patience it has no end.
  explicit TeeSink(std::vector<Branch> branches, std::optional<Patience> patience = {});
  ~TeeSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

  /// Why the branch failed; nullopt while it is good as far as the last write() or finish() could
  /// know. Valid for every branch at any time, also after abort().
  std::optional<util::Error> failure(std::string_view branch) const;
  /// Whether it failed for being slow. Likewise.
  bool left_behind(std::string_view branch) const;

 private:
  struct Lane;
  template <class Action>
  void for_each_good_lane(Action action);
  void require_good_lane() const;
  void wait_for(Lane& full);
  bool any_idle() const;
  void charge(std::chrono::nanoseconds waited);
  const Lane& lane_of(std::string_view branch) const;

  std::vector<std::unique_ptr<Lane>> m_lanes;
  std::optional<Patience> m_patience;
  const Lane* m_last_failed = nullptr;
  bool m_ended = false;
};

}  // namespace bkp::stream
