#include <algorithm>

#include "config/sections.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

void refuse_unshowable(const Value& value, const std::string& text) {
  if (util::printable(text) != text)
    value.fail("has characters that cannot be shown", "take them out; in a command write $'\\xNN'");
}

/// A paragraph: what a block of YAML has as lines follows each other.
std::string read_sentence(const Value& value) {
  auto text = non_empty_text(value);
  std::ranges::replace(text, '\n', ' ');
  text.erase(text.find_last_not_of(' ') + 1);
  if (text.empty()) value.fail("is empty", "write something, or remove it");
  refuse_unshowable(value, text);
  return text;
}

/// Its lines and tabs as they are, but for the line ends behind it, which a block of YAML has.
std::string read_command(const Value& value) {
  auto text = to_text(value);
  text.erase(text.find_last_not_of('\n') + 1);
  auto shown = text;
  std::ranges::replace(shown, '\n', ' ');
  std::ranges::replace(shown, '\t', ' ');
  if (shown.find_first_not_of(' ') == shown.npos)
    value.fail("is empty", "write the command, or remove the key");
  refuse_unshowable(value, shown);
  return text;
}

ProcedureStep read_step(const Section& section) {
  ProcedureStep step;
  if (const auto value = section.find("text")) step.text = read_sentence(*value);
  if (const auto value = section.find("command")) step.command = read_command(*value);
  if (const auto value = section.find("as")) {
    step.as = read_sentence(*value);
    if (step.command.empty()) value->fail("goes with a command", "add `command`, or remove it");
  }
  if (step.text.empty() && step.command.empty()) {
    section.document().fail_at(section.line(), section.path() + " says nothing",
                               "give it a `text`, a `command` or both");
  }
  return step;
}

Procedure read_procedure(const Section& section) {
  Procedure procedure;
  procedure.title = read_sentence(section.require("title", "say what comes back: `title: Redis`"));
  const auto when = section.find("when");
  procedure.when = when ? read_sentence(*when) : procedure.title;
  for (const auto& step : section.sections("steps")) procedure.steps.push_back(read_step(step));
  if (procedure.steps.empty()) {
    section.document().fail_at(section.line(), section.path() + " has no steps",
                               "add them: `steps: [{text: ..., command: ...}]`");
  }
  return procedure;
}

}  // namespace

Runbook read_runbook(const Section& top) {
  const auto section = top.section("runbook");
  Runbook result;
  if (const auto value = section.find("path")) result.path = to_path(*value);
  if (const auto value = section.find("contacts")) result.contacts = to_texts(*value);
  for (const auto& one : section.sections("procedures"))
    result.procedures.push_back(read_procedure(one));
  return result;
}

}  // namespace bkp::config
