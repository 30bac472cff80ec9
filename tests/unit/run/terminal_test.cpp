#include "run/terminal.hpp"

#include <catch2/catch.hpp>

#include "support/error_of.hpp"
#include "support/scripted_terminal.hpp"

using namespace bkp;
using test::error_of;
using test::ScriptedTerminal;

namespace {

util::ErrorKind refusal(std::optional<std::string> answer, const std::string& yes) {
  ScriptedTerminal terminal;
  terminal.answer = std::move(answer);
  return error_of([&] { run::require_confirmation(terminal, "x121", yes, "everything goes"); })
      .kind();
}

}  // namespace

TEST_CASE("the name typed back confirms, after saying what happens") {
  ScriptedTerminal terminal;
  terminal.answer = "x121";
  CHECK(run::require_confirmation(terminal, "x121", "", "everything goes") == "typed x121");
  CHECK(terminal.asked.find("everything goes") != std::string::npos);
}

TEST_CASE("--yes with the name confirms without a question") {
  ScriptedTerminal terminal;
  CHECK(run::require_confirmation(terminal, "x121", "x121", "everything goes") == "--yes x121");
  CHECK(terminal.asked.empty());
}

TEST_CASE("everything else means no") {
  CHECK(refusal("x12", "") == util::ErrorKind::refused);
  CHECK(refusal("", "") == util::ErrorKind::refused);
  CHECK(refusal("yes", "") == util::ErrorKind::refused);
  CHECK(refusal(std::nullopt, "") == util::ErrorKind::refused);
  CHECK(refusal("x121", "other") == util::ErrorKind::refused);
}
