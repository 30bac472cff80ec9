#include "run/terminal.hpp"

#include <catch2/catch.hpp>

#include "util/error.hpp"

using namespace bkp;

namespace {

class ScriptedTerminal final : public run::Terminal {
 public:
  explicit ScriptedTerminal(std::optional<std::string> answer) : m_answer{std::move(answer)} {}
  bool interactive() const override { return m_answer.has_value(); }
  void show(std::string_view) override {}
  std::optional<std::string> ask(std::string_view question) override {
    m_question = question;
    return m_answer;
  }
  const std::string& question() const { return m_question; }

 private:
  std::optional<std::string> m_answer;
  std::string m_question;
};

util::ErrorKind refusal(std::optional<std::string> answer, const std::string& yes) {
  ScriptedTerminal terminal{std::move(answer)};
  try {
    run::require_confirmation(terminal, "x121", yes, "everything goes");
  } catch (const util::Error& error) {
    return error.kind();
  }
  FAIL("it was taken for a confirmation");
  std::abort();
}

}  // namespace

TEST_CASE("the name typed back confirms, after saying what happens") {
  ScriptedTerminal terminal{"x121"};
  CHECK(run::require_confirmation(terminal, "x121", "", "everything goes") == "typed x121");
  CHECK(terminal.question().find("everything goes") != std::string::npos);
}

TEST_CASE("--yes with the name confirms without a question") {
  ScriptedTerminal terminal{std::nullopt};
  CHECK(run::require_confirmation(terminal, "x121", "x121", "everything goes") == "--yes x121");
  CHECK(terminal.question().empty());
}

TEST_CASE("everything else means no") {
  CHECK(refusal("x12", "") == util::ErrorKind::refused);
  CHECK(refusal("", "") == util::ErrorKind::refused);
  CHECK(refusal("yes", "") == util::ErrorKind::refused);
  CHECK(refusal(std::nullopt, "") == util::ErrorKind::refused);
  CHECK(refusal("x121", "other") == util::ErrorKind::refused);
}
