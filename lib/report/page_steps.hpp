#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bkp::report {

/// A command of a runbook's page.
struct PageStep {
  std::string id;        ///< "stock-1-restore"
  std::string scenario;  ///< "stock-1"
  std::string as;        ///< the user who is to run it
  bool manual = false;   ///< installs software or opens a shell
  std::string text;      ///< for a shell with $'…', as a reader copies it
};

/// All of a page, in its order.
std::vector<PageStep> steps_of(std::string_view html);

}  // namespace bkp::report
