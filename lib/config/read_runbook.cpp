#include "config/sections.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

/// Without the line ends behind it, which a block of YAML has.
std::string read_command(const Value& value) {
  auto text = non_empty_text(value);
  text.erase(text.find_last_not_of(" \n") + 1);
  for (const auto line : util::split_lines(text)) {
    if (util::printable(line) != line)
      value.fail("has characters that cannot be shown", "write them as $'\\x1b'");
  }
  return text;
}

ProcedureStep read_step(const Section& section) {
  ProcedureStep step;
  if (const auto value = section.find("text")) step.text = non_empty_text(*value);
  if (const auto value = section.find("command")) step.command = read_command(*value);
  if (const auto value = section.find("as")) {
    step.as = non_empty_text(*value);
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
  procedure.title = non_empty_text(section.require("title", "say what comes back: `title: Redis`"));
  const auto when = section.find("when");
  procedure.when = when ? non_empty_text(*when) : procedure.title;
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
