#pragma once

#include "run/terminal.hpp"

namespace bkp::cli {

/// The process's own terminal. Questions go to stderr, answers come from stdin, plans go to stdout
/// (stderr when stdout carries JSON, nowhere when quiet and nobody could answer).
class SystemTerminal final : public run::Terminal {
 public:
  SystemTerminal(bool json, bool quiet) : m_json{json}, m_quiet{quiet} {}
  bool interactive() const override;
  void show(std::string_view text) override;
  std::optional<std::string> ask(std::string_view question) override;

 private:
  bool m_json;
  bool m_quiet;
};

/// Writes all of it to stdout; a closed or full stdout is Error{store}.
void print(std::string_view text);

}  // namespace bkp::cli
