#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bkp::run {

/// How far a long step is, for a terminal line and for SIGUSR1. Calls are cheap; any thread.
class Progress {
 public:
  virtual ~Progress() = default;
  /// "dumping x121"; total bytes where known.
  virtual void begin(std::string step, std::optional<std::uint64_t> total_bytes) = 0;
  virtual void advance(std::uint64_t bytes) = 0;
  virtual void end() = 0;
};

class NoProgress final : public Progress {
 public:
  void begin(std::string, std::optional<std::uint64_t>) override {}
  void advance(std::uint64_t) override {}
  void end() override {}
};

}  // namespace bkp::run
