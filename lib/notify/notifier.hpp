#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "notify/outbox.hpp"
#include "notify/problems.hpp"
#include "notify/run_finding.hpp"
#include "run/condition.hpp"
#include "run/context.hpp"
#include "util/error.hpp"

namespace bkp::notify {

/// Tells the channels of a configuration what they want to know. Remembers what is wrong from run
/// to run, in files beside the spool. Nothing here fails a run: what cannot be done is a warning in
/// the log, messages that cannot be delivered wait for a later run, and where not even that can be
/// noted they are sent at once. Several processes may tell at the same time.
class Notifier {
 public:
  Notifier(const config::Config& config, const util::Clock& clock, util::Log& log);

  /// Tells dead man's switches.
  void started(const RunFacts& run);
  /// Tells of a failure when it is new or worse, of a success when it comes after failures, and of
  /// every success whoever wants that; and of what else the run noticed.
  void ended(const RunFacts& run, const std::optional<util::Error>& error,
             const run::Conditions& conditions);
  /// Tells of a run that was killed, or could not begin: dead man's switches too.
  void lost(const RunFacts& run, const util::Error& error);
  /// Tells of a run that could not say by itself that it failed.
  void failed(const RunFacts& run, const util::Error& error);
  /// The same of one that succeeded, if anything was known to be wrong with it.
  void succeeded(const std::string& subject);

  /// Sends a summary to the channels that want one.
  void tell_summary(const Message& message);

  /// Reminds of what is still wrong, if it is time.
  void remind();
  /// Delivers what waits and is due.
  void deliver();

 private:
  template <class Change>
  void change(config::Topic topic, const Change& change);
  Problems peek();
  Problems read_or_set_aside();
  void tell_of_conditions(const run::Conditions& conditions, bool somebody_watches);
  void tell_of_success(const RunFacts& run);
  void queue(const Message& message, config::Topic topic);
  void queue_for(const config::Channel& channel, Message message);
  void ping(const RunFacts& run, Kind kind, const std::string& what);
  template <class Body>
  void guarded(std::string_view what, const Body& body);

  const config::Config& m_config;
  const util::Clock& m_clock;
  util::Log& m_log;
  std::filesystem::path m_directory;
  Outbox m_outbox;
  bool m_queued = false;
};

/// What is wrong at the site now.
std::filesystem::path problems_file(const config::Config& config);
/// What waits to be delivered.
Outbox outbox_of(const config::Config& config);
/// Forgets a problem as if it had never been found; false when there is none of this subject.
bool forget(const config::Config& config, const std::string& subject);

}  // namespace bkp::notify
