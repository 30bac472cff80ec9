#pragma once

#include "run/terminal.hpp"

namespace bkp::test {

/// The terminal of a cron job: shows nothing, answers nothing.
class NobodyThere final : public run::Terminal {
 public:
  bool interactive() const override { return false; }
  void show(std::string_view) override {}
  std::optional<std::string> ask(std::string_view) override { return std::nullopt; }
};

}  // namespace bkp::test
