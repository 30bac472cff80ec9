#include "schedule/scheduled_processes.hpp"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include <fmt/format.h>

#include "schedule/command_words.hpp"
#include "util/error.hpp"
#include "util/files.hpp"

namespace bkp::schedule {

using util::Error;

namespace {

constexpr std::chrono::hours longest_wait{24};

bool has_option(const std::vector<std::string>& words, std::string_view option) {
  return std::ranges::any_of(words, [&](const std::string& word) {
    return word == option || word.starts_with(fmt::format("{}=", option));
  });
}

}  // namespace

util::Command ScheduledProcesses::command_of(const PlannedRun& planned) const {
  const auto& words = planned.words;
  util::Command command;
  command.argv = {(util::executable_directory() / ("bkp-" + words.front())).string(), "--config",
                  std::filesystem::absolute(m_context.config.file).string()};
  const auto add = [&](std::initializer_list<std::string> more) {
    command.argv.insert(command.argv.end(), more);
  };
  if (!has_option(words, "--triggered-by")) add({"--triggered-by", "schedule"});
  if (!has_option(words, "--lock-wait"))
    add({"--lock-wait",
         fmt::format("{}s",
                     std::min<std::chrono::seconds>(planned.may_be_late, longest_wait).count())});
  if (!has_option(words, "--quiet") && !has_option(words, "-q")) add({"--quiet"});
  // Last: "--" among them ends the options.
  command.argv.insert(command.argv.end(), words.begin() + 1, words.end());
  command.environment = m_context.environment;
  command.environment.set(run::scheduled_run_variable, run::to_text(planned.run));
  return command;
}

void ScheduledProcesses::begin(PlannedRun planned, const Ended& ended) {
  try {
    m_processes.push_back({planned.run, util::IndependentProgram{command_of(planned)}, ended});
    m_context.log.info("schedule {}: begun: bkp {}", planned.run.schedule_id,
                       command_of_words(planned.words));
  } catch (const Error& error) {
    const util::ExitStatus status{error.exit_code(), 0};
    m_context.warn(error.full_message());
    close(planned.run, status);
    ended(status);
  }
}

void ScheduledProcesses::wait() {
  bool told = false;
  while (!m_processes.empty()) {
    std::vector<pollfd> watched;
    for (const auto& process : m_processes) watched.push_back({process.program.fd(), POLLIN, 0});
    if (!told) watched.push_back({m_context.interrupt.fd(), POLLIN, 0});
    ::poll(watched.data(), watched.size(), -1);
    if (!told && m_context.interrupt.signal() != 0) {
      for (const auto& process : m_processes) process.program.send(SIGTERM);
      told = true;
    }
    std::vector<Process> going;
    for (std::size_t i = 0; i < m_processes.size(); ++i) {
      auto& process = m_processes[i];
      if (watched[i].revents == 0) {
        going.push_back(std::move(process));
      } else {
        auto status = process.program.wait();
        if (status.code == run::claimed_by_another) {
          status = util::ExitStatus{};  // that one opens and closes the row
        } else {
          close(process.run, status);
        }
        process.ended(status);
      }
    }
    m_processes.swap(going);
  }
  m_context.interrupt.check();
}

void ScheduledProcesses::close(const catalog::ScheduledRun& run, const util::ExitStatus& status) {
  try {
    // Never requested: the row of a run that was told to end is closed too.
    const util::Interrupt undisturbed;
    auto catalog = catalog::Catalog::open(m_context.catalog_conninfo(),
                                          m_context.config.catalog.schema, undisturbed);
    RunRows{catalog.connection()}.close(
        run.run_key, m_context.clock.now(),
        status.success() ? catalog::status::completed : catalog::status::failed,
        status.signal == 0 ? std::optional{status.code} : std::nullopt,
        status.success() ? "" : fmt::format("it ended with {}", status.to_string()));
  } catch (const Error& error) {
    m_context.log.debug("the end of run {} is not entered: {}", run.run_key, error.full_message());
  }
}

}  // namespace bkp::schedule
