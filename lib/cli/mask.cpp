#include "cli/mask.hpp"

#include <regex>

#include "store/url.hpp"

namespace bkp::cli {

std::string mask_secrets(std::string_view argument) {
  static const std::regex in_authority{R"((://[^/?#@:]*):[^/?#]*@)"};
  static const std::regex in_keywords{
      R"(((password|secret|token|sslpassword)\s*=\s*)('(\\.|[^'\\])*'|[^\s&']+))",
      std::regex::icase};
  std::string text{argument};
  if (const auto password = store::url_password(argument)) {
    text.replace(static_cast<std::size_t>(password->data() - argument.data()), password->size(),
                 "***");
  }
  text = std::regex_replace(text, in_authority, "$1:***@");
  return std::regex_replace(text, in_keywords, "$1***");
}

}  // namespace bkp::cli
