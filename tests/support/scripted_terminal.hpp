#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "run/terminal.hpp"

namespace bkp::test {

/// Answers what the test says, and remembers what it was asked and shown. Without an answer nobody
/// is there, as at the terminal of a cron job.
class ScriptedTerminal final : public run::Terminal {
 public:
  bool interactive() const override { return answer.has_value(); }
  void show(std::string_view text) override { shown += text; }
  std::optional<std::string> ask(std::string_view question) override {
    asked += question;
    return answer;
  }

  std::optional<std::string> answer;
  std::string shown;
  std::string asked;
};

}  // namespace bkp::test
