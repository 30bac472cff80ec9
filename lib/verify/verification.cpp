#include "verify/verification.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::verify {

using nlohmann::json;

namespace {

struct Count {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
};

std::map<std::string, Count> count_by_kind(const std::vector<Check>& checks) {
  std::map<std::string, Count> counts;
  for (const auto& check : checks) {
    auto& count = counts[check.kind];
    switch (check.outcome) {
      case Outcome::passed:
        ++count.passed;
        break;
      case Outcome::failed:
        ++count.failed;
        break;
      case Outcome::skipped:
        ++count.skipped;
        break;
    }
  }
  return counts;
}

/// "rows" → "tables by their rows": what was looked at, in words.
std::string_view words_for(const std::string& kind) {
  static const std::map<std::string, std::string_view> words{
      {"rows", "tables, every row"},    {"large_objects", "large objects"},
      {"foreign_key", "foreign keys"},  {"index", "indexes"},
      {"constraint", "constraints"},    {"sequence", "sequences"},
      {"assertion", "assertions"},      {"contents", "table of contents"},
      {"manifest", "manifest"},         {"part", "parts"},
      {"fingerprint", "fingerprint"},   {"restore", "restore"},
      {"relations", "tables, indexes"}, {"pages", "page checksums"},
      {"section", "sections"},          {"step", "steps of the runbook"},
  };
  const auto found = words.find(kind);
  return found == words.end() ? std::string_view{kind} : found->second;
}

std::string counts_text(const Verification& verification) {
  std::string text;
  for (const auto& [kind, count] : count_by_kind(verification.checks)) {
    text += fmt::format("  {:<20} {} good", words_for(kind), count.passed);
    if (count.failed > 0) text += fmt::format(", {} FAILED", count.failed);
    if (count.skipped > 0) text += fmt::format(", {} skipped", count.skipped);
    text += '\n';
  }
  return text;
}

/// Something failed, and all that did is of these kinds.
bool only_failed(const std::vector<Check>& checks, std::initializer_list<std::string_view> kinds) {
  const auto is_failed = [](const Check& check) { return check.outcome == Outcome::failed; };
  return std::ranges::any_of(checks, is_failed) &&
         std::ranges::none_of(checks, [&](const Check& check) {
           return is_failed(check) && std::ranges::find(kinds, check.kind) == kinds.end();
         });
}

}  // namespace

bool Verification::about_the_copy() const {
  return level == "checksum" || only_failed(checks, {"part", "manifest", "fingerprint"});
}

bool Verification::about_the_page() const {
  return only_failed(checks, {"step"});
}

int Verification::passed() const {
  return static_cast<int>(std::count_if(checks.begin(), checks.end(), [](const Check& check) {
    return check.outcome == Outcome::passed;
  }));
}

int Verification::total() const {
  return static_cast<int>(std::count_if(checks.begin(), checks.end(), [](const Check& check) {
    return check.outcome != Outcome::skipped;
  }));
}

std::vector<std::string> Verification::errors() const {
  std::vector<std::string> errors;
  for (const auto& check : checks) {
    if (check.outcome != Outcome::failed) continue;
    errors.push_back(fmt::format("{} {}: {}", check.kind, util::quoted(check.name),
                                 util::printable(check.message)));
  }
  if (total() == 0) errors.emplace_back("nothing was covered, so nothing is proven");
  return errors;
}

json coverage_json(const Verification& verification) {
  json kinds = json::object();
  for (const auto& [kind, count] : count_by_kind(verification.checks)) {
    kinds[kind] = {{"passed", count.passed}, {"failed", count.failed}, {"skipped", count.skipped}};
  }
  json skipped_ones = json::array();
  for (const auto& check : verification.checks) {
    if (check.outcome != Outcome::skipped) continue;
    skipped_ones.push_back({{"kind", check.kind},
                            {"name", util::printable(check.name)},
                            {"reason", util::printable(check.message)}});
  }
  json coverage{{"checks", std::move(kinds)},
                {"tables_total", verification.tables_total},
                {"rows_total", verification.rows_total},
                {"rows_checked", verification.rows_checked},
                {"fingerprint", verification.fingerprint},
                {"bytes_read", verification.bytes_read},
                {"skipped", std::move(skipped_ones)},
                {"notes", verification.notes}};
  for (const auto& check : verification.checks) {
    if (check.kind != "step") continue;
    coverage["steps"].push_back({{"name", check.name},
                                 {"passed", check.outcome == Outcome::passed},
                                 {"seconds", check.seconds}});
  }
  if (verification.objective) {
    coverage["objective"] = {{"rto_seconds", verification.objective->count()},
                             {"restore_seconds", verification.restore_seconds},
                             {"met", verification.objective_met()}};
  }
  return coverage;
}

catalog::VerificationRecord to_record(const Verification& verification) {
  catalog::VerificationRecord record;
  record.backup_label = verification.label;
  record.level = verification.level;
  record.store = verification.store;
  record.success = verification.success();
  record.restore_duration_seconds = verification.restore_seconds;
  record.validation_queries_passed = verification.passed();
  record.validation_queries_total = verification.total();
  record.coverage = coverage_json(verification);
  record.errors = verification.errors();
  record.started_at = verification.started_at;
  record.finished_at = verification.finished_at;
  return record;
}

json to_json(const Verification& verification, std::optional<std::int64_t> backup_id) {
  return {{"backup_id", backup_id ? json(*backup_id) : json(nullptr)},
          {"label", verification.label},
          {"database_name", util::printable(verification.database)},
          {"level", verification.level},
          {"store", verification.store},
          {"success", verification.success()},
          {"restore_duration_seconds", verification.restore_seconds},
          {"validation_queries_passed", verification.passed()},
          {"validation_queries_total", verification.total()},
          {"coverage", coverage_json(verification)},
          {"errors", verification.errors()},
          {"started_at", util::format_rfc3339(verification.started_at)},
          {"finished_at", util::format_rfc3339(verification.finished_at)}};
}

std::string to_text(const Verification& verification) {
  std::string text = fmt::format(
      "{} {} on store {}: {} ({} of {} checks passed)\n", verification.level, verification.label,
      util::printable(verification.store), verification.success() ? "good" : "NOT GOOD",
      verification.passed(), verification.total());
  text += counts_text(verification);
  if (verification.rows_total > 0) {
    text += fmt::format("  rows compared        {} of {}\n", verification.rows_checked,
                        verification.rows_total);
  }
  if (verification.restore_seconds > 0) {
    text += fmt::format("  restored in          {}\n",
                        util::format_duration(util::Duration{verification.restore_seconds}));
  }
  if (verification.objective) {
    text += fmt::format("  objective            {}: {}\n",
                        util::format_duration(*verification.objective),
                        verification.objective_met() ? "met" : "MISSED");
  }
  for (const auto& note : verification.notes) text += fmt::format("  note: {}\n", note);
  for (const auto& error : verification.errors()) text += fmt::format("  FAILED {}\n", error);
  return text;
}

}  // namespace bkp::verify
