#include "notify/run_finding.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "util/text.hpp"

namespace bkp::notify {

using config::Severity;
using util::Error;
using util::ErrorKind;

namespace {

struct Stake {
  std::string_view command;
  Severity severity;      ///< of a failure
  std::string_view risk;  ///< for as long as it fails
};

// What the site does not have while a command fails.
constexpr std::array stakes{
    Stake{"full", Severity::critical, "what has changed since the last one is in no full backup"},
    Stake{"incr", Severity::critical,
          "what has changed since the last one is in no incremental backup"},
    Stake{"verify", Severity::critical, "nobody knows whether the backups can be restored"},
    Stake{"wal-push", Severity::critical,
          "what the server has written since the last one is lost with its disk, which fills up"},
    Stake{"wal-check", Severity::critical,
          "nobody knows whether the cluster can be recovered to any point in time"},
    Stake{"schedule", Severity::critical, "nothing runs by itself"},
    Stake{"status", Severity::critical, "nobody knows how the backups are"},
    Stake{"assets-check", Severity::warning,
          "what the database says of files is not so, or nobody knows whether it is"},
    Stake{"config-export", Severity::warning,
          "what was set up beside the databases since the last one is in no export"},
    Stake{"copy", Severity::warning, "not every store has every backup"},
    Stake{"consolidate", Severity::warning, "chains of incremental backups grow longer"},
    Stake{"prune", Severity::warning, "the stores fill up with what is no longer to be kept"},
    Stake{"runbook", Severity::warning, "the runbook on the stores is not of today"},
    Stake{"check", Severity::warning, "the installation is not as it should be"},
};

Severity severity_of(const Stake* stake, const Error& error) {
  // Whoever finds it.
  if (error.kind() == ErrorKind::damaged) return Severity::critical;
  const auto full = stake == nullptr ? Severity::warning : stake->severity;
  // Another run does the same, or is in the way of it.
  return error.kind() == ErrorKind::locked ? std::min(full, Severity::warning) : full;
}

std::string risk_text(const Stake* stake, std::optional<Time> last_good) {
  const auto last = last_good ? fmt::format("the last one that succeeded ended at {}",
                                            util::format_rfc3339(*last_good))
                              : std::string{"when the last one succeeded is not noted here"};
  return stake == nullptr ? last : fmt::format("{}; {}", stake->risk, last);
}

}  // namespace

Finding finding_of(const RunFacts& run, const Error& error, std::optional<Time> last_good) {
  const auto* const found = std::ranges::find(stakes, run.command, &Stake::command);
  const auto* const stake = found == stakes.end() ? nullptr : found;
  Finding finding;
  finding.subject = run.subject;
  finding.severity = severity_of(stake, error);
  const bool partial = error.kind() == ErrorKind::partial;
  finding.title = fmt::format("bkp {} {}", run.subject, partial ? "is not complete" : "failed");
  finding.solved_title = fmt::format("bkp {} works again", run.subject);
  finding.what = util::printable_lines(error.full_message());
  finding.risk = risk_text(stake, last_good);
  finding.next = error.hint().empty() ? "bkp check" : util::printable_lines(error.hint());
  finding.run_key = run.run_key;
  finding.run_id = run.run_id;
  return finding;
}

}  // namespace bkp::notify
