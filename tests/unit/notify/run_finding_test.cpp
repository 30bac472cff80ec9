#include "notify/run_finding.hpp"

#include <catch2/catch.hpp>

using namespace bkp;
using config::Severity;
using util::Error;
using util::ErrorKind;

namespace {

Severity severity_of(const std::string& command, ErrorKind kind) {
  notify::RunFacts facts;
  facts.command = command;
  facts.subject = command;
  return notify::finding_of(facts, Error{kind, "so it is"}, std::nullopt).severity;
}

}  // namespace

TEST_CASE("how bad a failure is depends on what is at stake, and damage is always bad") {
  CHECK(severity_of("full", ErrorKind::store) == Severity::critical);
  CHECK(severity_of("full", ErrorKind::locked) == Severity::warning);
  CHECK(severity_of("prune", ErrorKind::store) == Severity::warning);
  CHECK(severity_of("assets-check", ErrorKind::partial) == Severity::warning);
  CHECK(severity_of("assets-check", ErrorKind::damaged) == Severity::critical);
  CHECK(severity_of("copy", ErrorKind::damaged) == Severity::critical);
}
