#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

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

/// One step of it, ended by the destructor, also when the step ends with an exception.
class ProgressStep {
 public:
  ProgressStep(Progress& progress, std::string step, std::optional<std::uint64_t> total_bytes)
      : m_progress{progress} {
    m_progress.begin(std::move(step), total_bytes);
  }
  ~ProgressStep() { m_progress.end(); }
  ProgressStep(const ProgressStep&) = delete;
  ProgressStep& operator=(const ProgressStep&) = delete;

 private:
  Progress& m_progress;
};

}  // namespace bkp::run
