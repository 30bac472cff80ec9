#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bkp::run {

/// The person at the other end, if there is one.
class Terminal {
 public:
  virtual ~Terminal() = default;
  /// stdin and stderr are a terminal: somebody can answer.
  virtual bool interactive() const = 0;
  /// Shows text now (a plan before a question); on stdout, or on stderr when stdout carries JSON.
  virtual void show(std::string_view text) = 0;
  /// Asks and returns the typed line without its end; nullopt at end of input.
  virtual std::optional<std::string> ask(std::string_view question) = 0;
};

/// Dangerous steps need `name` typed back, or passed with --yes NAME where there is no terminal.
/// Returns the confirmation for the audit trail; throws Error{refused} with a hint otherwise (end
/// of input means no).
std::string require_confirmation(Terminal& terminal, std::string_view name,
                                 const std::string& yes_option, std::string_view what_happens);

}  // namespace bkp::run
