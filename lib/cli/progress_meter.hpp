#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "run/progress.hpp"
#include "util/clock.hpp"
#include "util/fd.hpp"

namespace bkp::cli {

/// Progress on stderr: a line that renews itself on a terminal, and a status line whenever a byte
/// arrives at status_fd() (SIGUSR1).
class ProgressMeter final : public run::Progress {
 public:
  /// `live`: stderr is a terminal and progress is wanted.
  ProgressMeter(std::string program, bool live, const util::Clock& clock);
  ~ProgressMeter() override;

  void begin(std::string step, std::optional<std::uint64_t> total_bytes) override;
  void advance(std::uint64_t bytes) override { m_done.fetch_add(bytes, std::memory_order_relaxed); }
  void end() override;

  int status_fd() const { return m_wakeup.write.get(); }
  /// "dumping x121: 1.2 GiB of 4.0 GiB, 96.4 MiB/s, 30s left"
  std::string status_line() const;

 private:
  void watch();

  std::string m_program;
  bool m_live;
  const util::Clock& m_clock;
  util::Pipe m_wakeup;
  mutable std::mutex m_mutex;
  std::string m_step;
  std::optional<std::uint64_t> m_total;
  std::chrono::steady_clock::time_point m_started;
  std::atomic<std::uint64_t> m_done = 0;
  std::jthread m_watcher;
};

}  // namespace bkp::cli
