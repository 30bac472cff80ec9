#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "util/error.hpp"

namespace bkp::check {

/// What one look at the installation found.
struct Finding {
  enum class Status { ok, warning, error };
  std::string check;  ///< what was looked at: "catalog", "store local"
  Status status = Status::ok;
  std::string message;
  std::string fix;  ///< what to do, a command where there is one; empty when ok
  util::ErrorKind kind = util::ErrorKind::internal;  ///< of an error
};

/// The findings of one `bkp check`, in order.
class Findings {
 public:
  void ok(std::string check, std::string message);
  void warning(std::string check, std::string message, std::string fix);
  void error(std::string check, const util::Error& error);

  /// What is wrong with the store of this name: an error, or a warning where it is optional.
  void store(const std::string& name, bool required, const util::Error& failure);

  /// Runs `body`; an Error that leaves it becomes a finding (an interruption goes on up). Returns
  /// whether `body` came to its end.
  template <class Body>
  bool attempt(const std::string& check, Body&& body) {
    try {
      std::forward<Body>(body)();
      return true;
    } catch (const util::Error& failure) {
      if (failure.kind() == util::ErrorKind::interrupted) throw;
      error(check, failure);
      return false;
    }
  }

  const std::vector<Finding>& all() const { return m_findings; }
  std::size_t count(Finding::Status status) const;

  /// nullopt without errors. Else the kind of the one to be repaired first: configuration, key,
  /// database, store, anything else.
  std::optional<util::Error> verdict() const;

 private:
  std::vector<Finding> m_findings;
};

/// A line for each finding, its fix below it, and a last line that counts.
std::string to_text(const Findings& findings);
/// {"checks": [{"check", "status", "message", "fix"}], "errors": N, "warnings": N}
nlohmann::json to_json(const Findings& findings);

}  // namespace bkp::check
