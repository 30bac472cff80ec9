#pragma once

#include <functional>
#include <vector>

#include "run/context.hpp"
#include "run/scheduled_run.hpp"
#include "schedule/run_rows.hpp"
#include "util/independent.hpp"

namespace bkp::schedule {

/// The processes of scheduled runs, from their beginning to their end. Everything passed by
/// reference must outlive it; the processes need not end before it does.
class ScheduledProcesses {
 public:
  ScheduledProcesses(run::Context& context, const run::Claims& claims)
      : m_context{context}, m_claims{claims} {}

  using Ended = std::function<void(const util::ExitStatus& status)>;

  /// Starts bkp-COMMAND with the same configuration: quiet, triggered by a schedule, waiting for
  /// locks as long as the run may be late, a day at most, unless its words say otherwise. `ended`
  /// is called when the process has ended, or could not be started.
  void begin(PlannedRun planned, const Ended& ended);

  /// Until all have ended. An interrupt is passed on to them, and thrown when they have ended. A
  /// row that a process has left open is closed: it could not even read its configuration, did not
  /// know an option, or was ended by force.
  void wait();

 private:
  struct Process {
    catalog::ScheduledRun run;
    util::IndependentProgram program;
    Ended ended;
  };

  util::Command command_of(const PlannedRun& planned) const;
  void close(const catalog::ScheduledRun& run, const util::ExitStatus& status);

  run::Context& m_context;
  const run::Claims& m_claims;
  std::vector<Process> m_processes;
};

}  // namespace bkp::schedule
