#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stream/sink.hpp"
#include "util/error.hpp"

namespace bkp::stream {

/// Copies a stream to several branches, each behind a QueueSink of its own, and finishes them side
/// by side. A branch that fails is aborted and left out from then on; the others go on. When the
/// last branch has failed, write() and finish() throw that branch's error. finish() returns when at
/// least one branch is complete: ask failure() for the others. A branch that is slow slows the
/// stream, and loses nothing.
class TeeSink final : public Sink {
 public:
  struct Branch {
    std::string name;  ///< unique, for failure()
    std::unique_ptr<Sink> sink;
  };
  /// At least one branch.
  explicit TeeSink(std::vector<Branch> branches);
  ~TeeSink() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

  /// Why the branch failed; nullopt while it is good as far as the last write() or finish() could
  /// know. Valid for every branch at any time, also after abort().
  std::optional<util::Error> failure(std::string_view branch) const;

 private:
  struct Lane;
  template <class Action>
  void for_each_good_lane(Action action);
  void require_good_lane() const;

  std::vector<std::unique_ptr<Lane>> m_lanes;
  const Lane* m_last_failed = nullptr;
  bool m_ended = false;
};

}  // namespace bkp::stream
