#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verify/verification.hpp"

namespace bkp::verify {

/// A JUnit report, in the form CI systems read (testsuites, testsuite, testcase, failure, skipped):
/// a suite a backup and store, a case a check. A backup of which nothing was covered has one failed
/// case.
std::string to_junit(const std::vector<Verification>& verifications);

/// For an attribute or a text: the five entities, and \xNN for what XML 1.0 cannot hold.
std::string escape_xml(std::string_view text);

}  // namespace bkp::verify
