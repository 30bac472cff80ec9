#include "verify/junit.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/text.hpp"

namespace bkp::verify {

namespace {

std::string test_case(const Check& check) {
  std::string xml = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                                escape_xml(check.kind), escape_xml(check.name), check.seconds);
  switch (check.outcome) {
    case Outcome::passed:
      return xml + "/>\n";
    case Outcome::failed:
      return xml +
             fmt::format("><failure message=\"{}\"/></testcase>\n", escape_xml(check.message));
    case Outcome::skipped:
      return xml +
             fmt::format("><skipped message=\"{}\"/></testcase>\n", escape_xml(check.message));
  }
  return xml;
}

/// A label alone may have a suite for each store.
std::string suite_name(const Verification& verification) {
  auto name = verification.level + " " + verification.label;
  if (!verification.store.empty()) name += " on store " + verification.store;
  return name;
}

std::string suite(const Verification& verification) {
  auto checks = verification.checks;
  if (verification.total() == 0) {
    checks.push_back(failed("coverage", "something was covered", verification.errors().front()));
  }
  const auto count = [&](Outcome outcome) {
    return std::count_if(checks.begin(), checks.end(),
                         [&](const Check& check) { return check.outcome == outcome; });
  };
  std::string xml = fmt::format(
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" "
      "time=\"{:.3f}\" timestamp=\"{}\">\n",
      escape_xml(suite_name(verification)), checks.size(), count(Outcome::failed),
      count(Outcome::skipped),
      util::Duration{verification.finished_at - verification.started_at}.count(),
      util::format_rfc3339(verification.started_at));
  for (const auto& check : checks) xml += test_case(check);
  return xml + "  </testsuite>\n";
}

}  // namespace

std::string escape_xml(std::string_view text) {
  auto safe = util::printable(text);
  // Two characters that UTF-8 can hold and XML 1.0 cannot: U+FFFE and U+FFFF.
  for (const auto* pair : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    for (auto at = safe.find(pair); at != safe.npos; at = safe.find(pair, at)) {
      safe.replace(at, 3, "?");
    }
  }
  std::string result;
  for (const char c : safe) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&apos;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string to_junit(const std::vector<Verification>& verifications) {
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"bkp verify\">\n";
  for (const auto& verification : verifications) xml += suite(verification);
  return xml + "</testsuites>\n";
}

}  // namespace bkp::verify
