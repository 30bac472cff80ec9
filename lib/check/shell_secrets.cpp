#include "check/shell_secrets.hpp"

#include <cctype>
#include <regex>
#include <string>

#include "exports/secrets.hpp"

namespace bkp::check {

namespace {

/// The beginnings of $NAME and of `…` as those of ${NAME} and $(…), which are known as references.
/// In texts that are no shell's "$" may begin a secret.
std::string with_plain_references(std::string_view command) {
  std::string result;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const bool name =
        command[i] == '$' && i + 1 < command.size() &&
        (std::isalpha(static_cast<unsigned char>(command[i + 1])) != 0 || command[i + 1] == '_');
    if (name) {
      result += "${";
    } else if (command[i] == '`') {
      result += "$(";
    } else {
      result += command[i];
    }
  }
  return result;
}

/// Up to the first sign of a password that is no reference.
const std::regex& password_options() {
  static const std::regex options{
      R"re((\bredis-cli\b[^|;&\n]*\s(-a\s*|(AUTH|auth)\s+(default\s+)?)|)re"
      R"re(\bsshpass\s+-p\s*|)re"
      R"re(\bmysql\w*\b[^|;&\n]*\s-p|)re"
      R"re(\bcurl\b[^|;&\n]*\s(-u|--user)\s*["']?[^\s:"'$]+:|)re"
      R"re(\b(requirepass|masterauth)\s+))re"
      R"re(["']?[^\s"'$])re"};
  return options;
}

}  // namespace

bool holds_secret(std::string_view command) {
  const auto text = with_plain_references(command);
  return exports::redact_text(text) != text || std::regex_search(text, password_options());
}

}  // namespace bkp::check
