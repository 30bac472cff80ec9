#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "catalog/records.hpp"
#include "util/clock.hpp"
#include "verify/check.hpp"

namespace bkp::verify {

/// How one backup stood a verification.
struct Verification {
  std::string label;
  std::string database;
  std::string level;  ///< checksum, restore, drill
  std::string store;
  std::vector<Check> checks;
  double restore_seconds = 0;  ///< from the first byte fetched to the last index built
  std::optional<std::chrono::seconds> objective;  ///< of a drill: the time a restore may take
  std::uint64_t tables_total = 0;                 ///< in the dump
  std::uint64_t rows_total = 0;
  std::uint64_t rows_checked = 0;
  std::string fingerprint = "none";  ///< "full", or "none: why"
  std::vector<std::string> notes;    ///< what was left out, in words
  std::uint64_t bytes_read = 0;      ///< from the store
  /// Backups that this one is built on and in which damage was met: they want to be looked at.
  std::vector<std::string> damaged_below;
  util::Time started_at;
  util::Time finished_at;

  /// No check failed, and there was at least one.
  bool success() const { return passed() == total() && total() > 0; }
  /// Whether the result is about the bytes of this copy and no other: they were re-read, or a test
  /// restore could not even read them. The catalog asks the same of its rows (statements.cpp).
  bool about_the_copy() const;
  /// Whether the result says that the runbook's steps lead nowhere, and nothing of the backup.
  bool about_the_page() const;
  int passed() const;
  /// Without what was skipped.
  int total() const;
  bool objective_met() const {
    return !objective || restore_seconds <= util::Duration{*objective}.count();
  }
  /// One text a failed check; or that nothing was covered.
  std::vector<std::string> errors() const;
};

/// What was looked at and what not, for the record and for machines.
nlohmann::json coverage_json(const Verification& verification);

catalog::VerificationRecord to_record(const Verification& verification);

/// As in the command line contract.
nlohmann::json to_json(const Verification& verification, std::optional<std::int64_t> backup_id);

/// For people.
std::string to_text(const Verification& verification);

}  // namespace bkp::verify
