#include "cli/mask.hpp"

#include <regex>

namespace bkp::cli {

std::string mask_secrets(std::string_view argument) {
  static const std::regex in_authority{R"((://[^/?#@:]*):[^/?#]*@)"};
  static const std::regex in_keywords{
      R"(((password|secret|token|sslpassword)\s*=\s*)('(\\.|[^'\\])*'|[^\s&']+))",
      std::regex::icase};
  std::string text{argument};
  text = std::regex_replace(text, in_authority, "$1:***@");
  return std::regex_replace(text, in_keywords, "$1***");
}

}  // namespace bkp::cli
