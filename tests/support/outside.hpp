#pragma once

#include "run/context.hpp"
#include "support/recorded_log.hpp"
#include "support/scripted_terminal.hpp"

namespace bkp::test {

/// What a run works with besides its site: an empty environment, a log that is remembered, nobody
/// at the terminal, the programs of this machine. A test changes what it is about.
struct Outside {
  util::Environment environment{};
  util::Interrupt interrupt{};
  RecordedLog log{};
  run::NoProgress progress{};
  ScriptedTerminal terminal{};
  util::SystemProcessRunner processes{interrupt};

  /// All that is passed must outlive the context, and so must this.
  run::Context context(const config::Config& config, const util::Clock& clock,
                       catalog::Recorder& recorder) {
    return context(config, clock, recorder, processes);
  }
  run::Context context(const config::Config& config, const util::Clock& clock,
                       catalog::Recorder& recorder, util::ProcessRunner& runner) {
    return {.config = config,
            .clock = clock,
            .processes = runner,
            .environment = environment,
            .interrupt = interrupt,
            .log = log,
            .progress = progress,
            .terminal = terminal,
            .recorder = recorder,
            .warnings = {}};
  }
};

}  // namespace bkp::test
