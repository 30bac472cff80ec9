#include "status/failures.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "catalog/row.hpp"
#include "util/text.hpp"

namespace bkp::status {

namespace {

// cli::SharedOptions: those with a value, and those without.
constexpr std::array<std::string_view, 5> with_value{"--config", "--log-format", "--color",
                                                     "--lock-wait", "--triggered-by"};
constexpr std::array<std::string_view, 7> without_value{
    "--json", "--quiet", "-q", "--verbose", "-v", "--syslog", "--dry-run"};

bool is_shared(std::string_view word) {
  return std::ranges::find(without_value, word) != without_value.end() ||
         std::ranges::any_of(with_value, [&](std::string_view option) {
           return word.starts_with(option) && word.substr(option.size()).starts_with('=');
         });
}

Level level_of(const std::string& command) {
  constexpr std::array<std::string_view, 4> vital{"full", "incr", "verify", "wal-check"};
  return std::ranges::find(vital, command) != vital.end() ? Level::red : Level::yellow;
}

/// A check of all assets is one of each.
void clear(std::map<std::string, Failures>& failing, const std::string& subject) {
  failing.erase(subject);
  if (subject == "assets-check")
    std::erase_if(failing, [](const auto& one) { return one.first.starts_with("assets-check "); });
}

}  // namespace

std::string command_line(const std::string& command, const std::vector<std::string>& arguments) {
  std::string line = command;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (is_shared(arguments[i])) continue;
    if (std::ranges::find(with_value, arguments[i]) != with_value.end()) {
      ++i;
      continue;
    }
    line += " " + util::shell_quoted(arguments[i]);
  }
  return line;
}

std::string subject_of(const std::string& command, std::vector<std::string> arguments) {
  if (command == "assets-check") {
    const auto share = std::ranges::find(arguments, "--share");
    if (share != arguments.end()) arguments.erase(share, std::min(share + 2, arguments.end()));
    std::erase_if(arguments,
                  [](const auto& word) { return word == "--all" || word.starts_with("--share="); });
  }
  return command_line(command, arguments);
}

std::vector<Failures> failures_in(catalog::Catalog& catalog, Time now) {
  const auto found = catalog.connection().exec(
      "SELECT command, arguments, status, started_at, error_message FROM runs "
      "WHERE started_at > $1::timestamptz AND status IN ('completed', 'failed', 'partial') "
      "AND command IN ('full', 'incr', 'verify', 'prune', 'copy', 'wal-check', 'consolidate', "
      "'config-export', 'runbook', 'check', 'assets-check') "
      // What is lost is said of the files themselves.
      "AND NOT (command = 'assets-check' AND exit_code = 8 AND EXISTS (SELECT FROM asset_checks "
      "WHERE state IN ('missing', 'corrupt'))) "
      // Whoever mistypes at a shell is told there: usage, not found, refused.
      "AND NOT (triggered_by = 'manual' AND coalesce(exit_code, 0) IN (2, 10, 11)) ORDER BY "
      "started_at, id",
      {catalog::time_text(now - std::chrono::hours{24 * 30})});
  std::map<std::string, Failures> failing;  ///< by subject
  for (int number = 0; number < found.rows(); ++number) {
    std::string command;
    nlohmann::json arguments;
    std::string status;
    Time started_at;
    std::string error;
    catalog::Row{found, number} >> command >> arguments >> status >> started_at >> error;
    const auto words = arguments.get<std::vector<std::string>>();
    const auto subject = subject_of(command, words);
    if (status == catalog::status::completed) {
      clear(failing, subject);
      continue;
    }
    auto& one = failing[subject];
    if (one.count++ == 0) one.since = started_at;
    one.command = command_line(command, words);
    one.error = error;
    one.level = level_of(command);
  }
  std::vector<Failures> result;
  for (auto& [line, one] : failing) result.push_back(std::move(one));
  return result;
}

}  // namespace bkp::status
