#include "check/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "util/text.hpp"

namespace bkp::check {

using util::Error;
using util::ErrorKind;
using Status = Finding::Status;

namespace {

std::string_view status_name(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::warning:
      return "warning";
    case Status::error:
      break;
  }
  return "error";
}

// What stands first must be repaired first: without a configuration nothing else can be judged.
int rank(ErrorKind kind) {
  constexpr std::array order{ErrorKind::config, ErrorKind::key, ErrorKind::database,
                             ErrorKind::store};
  return static_cast<int>(std::ranges::find(order, kind) - order.begin());
}

std::string count_text(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

void Findings::ok(std::string check, std::string message) {
  m_findings.push_back({std::move(check), Status::ok, std::move(message), {}, {}});
}

void Findings::warning(std::string check, std::string message, std::string fix) {
  m_findings.push_back({std::move(check), Status::warning, std::move(message), std::move(fix), {}});
}

void Findings::error(std::string check, const Error& error) {
  m_findings.push_back(
      {std::move(check), Status::error, error.full_message(), error.hint(), error.kind()});
}

void Findings::store(const std::string& name, bool required, const Error& failure) {
  if (required) return error("store " + name, failure);
  warning("store " + name, failure.full_message(), failure.hint());
}

std::size_t Findings::count(Status status) const {
  return static_cast<std::size_t>(std::ranges::count(m_findings, status, &Finding::status));
}

std::optional<Error> Findings::verdict() const {
  const Finding* first = nullptr;
  for (const auto& finding : m_findings) {
    if (finding.status != Status::error) continue;
    if (first == nullptr || rank(finding.kind) < rank(first->kind)) first = &finding;
  }
  if (first == nullptr) return std::nullopt;
  const auto errors = count(Status::error);
  return Error{first->kind,
               errors == 1 ? fmt::format("{}: {}", first->check, first->message)
                           : fmt::format("{} found, first of all {}: {}",
                                         count_text(errors, "error"), first->check, first->message),
               first->fix};
}

std::string to_text(const Findings& findings) {
  std::size_t width = 0;
  for (const auto& finding : findings.all()) width = std::max(width, finding.check.size());
  std::string text;
  for (const auto& finding : findings.all()) {
    text += fmt::format("{:<8} {:<{}}  {}\n", status_name(finding.status), finding.check, width,
                        util::printable(finding.message));
    if (!finding.fix.empty()) {
      text += fmt::format("{:<8} {:<{}}  fix: {}\n", "", "", width, util::printable(finding.fix));
    }
  }
  return text + fmt::format("{}: {}, {}\n", count_text(findings.all().size(), "check"),
                            count_text(findings.count(Status::error), "error"),
                            count_text(findings.count(Status::warning), "warning"));
}

nlohmann::json to_json(const Findings& findings) {
  auto checks = nlohmann::json::array();
  for (const auto& finding : findings.all()) {
    checks.push_back({{"check", util::printable(finding.check)},
                      {"status", status_name(finding.status)},
                      {"message", util::printable(finding.message)},
                      {"fix", util::printable(finding.fix)}});
  }
  return {{"checks", std::move(checks)},
          {"errors", findings.count(Status::error)},
          {"warnings", findings.count(Status::warning)}};
}

}  // namespace bkp::check
